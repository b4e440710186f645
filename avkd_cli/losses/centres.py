"""Losses about a centre a person: each embedding near its own, and far from the others'.

Centres are no weights of an optimizer: they follow the embeddings of each training batch by a rule
of their own, and live in buffers, so they are saved and resumed with the rest.
"""

import torch
from torch import Tensor, nn

from avkd_cli.losses.precision import at_least_float32, without_autocast


class CentreLoss(nn.Module):
    """Half the squared distance of each embedding to the centre of its person.

    Args:
        n_persons: how many centres.
        size: width of an embedding.
        rate: how far a centre goes towards the mean of its batch, 0.5 in the paper.

    Shape:
        embedding: (batch, size), label: (batch,) integers; returns (batch,), before the centres
        move. In training mode they move afterwards.

    Reference:
        Y. Wen et al., "A discriminative feature learning approach for deep face recognition",
        ECCV 2016, eq. 2 to 4 (a centre moves by the sum of differences over 1 + their number).
    """

    centre: Tensor

    def __init__(self, n_persons: int, size: int, rate: float = 0.5) -> None:
        super().__init__()
        self.rate = rate
        self.register_buffer("centre", torch.zeros(n_persons, size))

    def forward(self, embedding: Tensor, label: Tensor) -> Tensor:
        """Return the loss of each sample."""
        with without_autocast(embedding):
            (embedding,) = at_least_float32(embedding)
            loss = self.distances(embedding, label)
            if self.training:
                self.move(embedding.detach(), label)
        return loss

    def distances(self, embedding: Tensor, label: Tensor) -> Tensor:
        """Return the loss of each sample; the centres stay."""
        return 0.5 * (embedding - self.centre[label]).square().sum(dim=1)

    @torch.no_grad()
    def move(self, embedding: Tensor, label: Tensor) -> None:
        """Move the centres of the persons of a batch towards their embeddings."""
        difference = (embedding - self.centre[label]).to(self.centre.dtype)
        total = torch.zeros_like(self.centre).index_add_(0, label, difference)
        count = torch.bincount(label, minlength=len(self.centre))
        self.centre += self.rate * total / (1 + count).unsqueeze(1)


class GitLoss(CentreLoss):
    """The centre loss, and a push away from the centres of the other persons of the batch.

    1/2 |l - c_y|^2 + push / 2 * the sum over the batch's other persons j of 1 / (1 + |l - c_j|^2).

    Args:
        n_persons, size, rate: as in `CentreLoss`.
        push: weight of the second part against the first; 1 where both weights are equal.

    Reference:
        A. Calefati et al., "Git loss for deep face recognition", BMVC 2018, eq. 3.
    """

    def __init__(self, n_persons: int, size: int, rate: float = 0.5, push: float = 1.0) -> None:
        super().__init__(n_persons, size, rate)
        self.push = push

    def distances(self, embedding: Tensor, label: Tensor) -> Tensor:
        """Return the loss of each sample; the centres stay."""
        there = label.unique()
        squared = (embedding.unsqueeze(1) - self.centre[there]).square().sum(dim=2)
        other = label.unsqueeze(1) != there
        pushed = (other / (1 + squared)).sum(dim=1)
        return super().distances(embedding, label) + 0.5 * self.push * pushed
