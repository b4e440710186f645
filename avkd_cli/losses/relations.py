"""How the relations within a batch of students differ from those within their teachers'.

The sizes of the embeddings may differ.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from avkd_cli.losses.checks import check_one_batch
from avkd_cli.losses.geometry import SMALLEST_NORM, cosines, squared_distances
from avkd_cli.losses.moment import Moment
from avkd_cli.losses.precision import at_least_float32, without_autocast
from avkd_cli.losses.terms import Taught, Term
from avkd_cli.models.levels import Batch, Levels


def similarity_preserving_loss(student: Tensor, teacher: Tensor) -> Tensor:
    """Return the mean squared difference of the rows of both similarity matrices.

    A similarity matrix is the inner products within a batch, each row at length 1; the sizes of
    the embeddings may differ.

    Raises:
        ValueError: if the batches differ.

    Reference:
        F. Tung, G. Mori, "Similarity-preserving knowledge distillation", ICCV 2019, eq. 2 to 4.
    """
    check_one_batch(student, teacher)
    with without_autocast(student):
        student, teacher = at_least_float32(student, teacher)
        difference = _row_normalised_gram(student) - _row_normalised_gram(teacher)
        return difference.square().mean()


def _row_normalised_gram(embedding: Tensor) -> Tensor:
    return F.normalize(embedding @ embedding.T, eps=SMALLEST_NORM)


def relational_distance_loss(student: Tensor, teacher: Tensor) -> Tensor:
    """Return how much the distances within a batch differ, each set's divided by its mean.

    Huber loss with its corner at 1, averaged over pairs of different rows; the sizes of the
    embeddings may differ. A batch of one has no pairs: 0.

    Raises:
        ValueError: if the batches differ.

    Reference:
        W. Park et al., "Relational knowledge distillation", CVPR 2019, eq. 6 to 8.
    """
    check_one_batch(student, teacher)
    with without_autocast(student):
        student, teacher = at_least_float32(student, teacher)
        if len(student) < 2:
            return (student * 0).sum()  # a zero that the backward pass can go through
        return F.smooth_l1_loss(_relative_distances(student), _relative_distances(teacher))


def _relative_distances(embedding: Tensor) -> Tensor:
    embedding = embedding - embedding.detach().mean(dim=0)
    n = len(embedding)
    first, second = torch.triu_indices(n, n, offset=1, device=embedding.device)
    squared = squared_distances(embedding, embedding)[first, second]
    distance = (squared + SMALLEST_NORM**2).sqrt()  # the root's gradient is infinite at 0
    return distance / distance.mean()


def batch_posterior_loss(student: Tensor, teacher: Tensor, temperature: float = 0.1) -> Tensor:
    """Return for each sample KL(teacher || student) of whom of the batch's others it resembles.

    A posterior is the softmax of the cosines to all others, divided by the temperature; the
    cosine with itself is left out. The sizes of the embeddings may differ. A sample that has one
    other or none has nothing to choose: 0.

    Args:
        student, teacher: (batch, size of each).

    Returns:
        Nats, (batch,).

    Raises:
        ValueError: if the batches differ.
    """
    check_one_batch(student, teacher)
    with without_autocast(student):
        student, teacher = at_least_float32(student, teacher)
        found, wanted = (_log_posteriors(one, temperature) for one in (student, teacher))
        return (wanted.exp() * (wanted - found)).sum(dim=1)


def _log_posteriors(embedding: Tensor, temperature: float) -> Tensor:
    """Return log posteriors of the others of a batch, (batch, batch - 1)."""
    n = len(embedding)
    similarity = cosines(embedding, embedding) / temperature
    others = ~torch.eye(n, dtype=torch.bool, device=embedding.device)
    return F.log_softmax(similarity[others].reshape(n, max(n - 1, 0)), dim=1)


class Posteriors(Term):
    """Whom of the batch's others each sample resembles: clusters in soft form.

    Args:
        temperature: of both posteriors.
    """

    def __init__(self, taught: Taught, *, temperature: float = 0.1) -> None:
        super().__init__(taught)
        self.temperature, self.per_sample = temperature, True

    def forward(self, levels: Levels, batch: Batch, moment: Moment) -> Tensor:
        """Return nats, (batch,)."""
        return batch_posterior_loss(*self.pair(levels, batch), self.temperature)


class Similarity(Term):
    """How the batch's similarities differ (Tung and Mori)."""

    blind_to_length = False

    def forward(self, levels: Levels, batch: Batch, moment: Moment) -> Tensor:
        """Return a scalar."""
        return similarity_preserving_loss(*self.pair(levels, batch))


class Relational(Term):
    """How the batch's distances differ (Park et al.)."""

    blind_to_length = False

    def forward(self, levels: Levels, batch: Batch, moment: Moment) -> Tensor:
        """Return a scalar."""
        return relational_distance_loss(*self.pair(levels, batch))
