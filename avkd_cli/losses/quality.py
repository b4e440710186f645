"""How much each sample counts, by how good it is: weights of mean 1, without a gradient.

VGSR (S2) weighs samples by their quality; how was never published. What stands here is a
reconstruction: the quality in running standard deviations, through a sigmoid, over its batch mean.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SMALLEST_DEVIATION = 1e-12


class QualityWeights(nn.Module):
    """Weights of a batch from one quality of its samples, or from the product of several.

    w_i = s_i / mean(s) with s_i = prod_k sigmoid(slope * (q_ik - mean_k) / deviation_k), the means
    and deviations running over the run's batches (exponential, the first batch as they are).
    Equal qualities give weights of exactly 1.

    Args:
        qualities: how many figures describe a sample.
        slope: k of the sigmoid.
        momentum: share of each batch in the running statistics.

    Shape:
        quality: (batch, qualities) or (batch,), finite, in any unit.
        everyone: the same of all processes' samples, this one's among them; None: one process.
        returns: (batch,) float32, whose mean over everyone's samples is 1.

    Reference:
        S2, a reconstruction.
    """

    mean: Tensor
    variance: Tensor
    batches: Tensor

    def __init__(self, qualities: int = 1, slope: float = 1.0, momentum: float = 0.1) -> None:
        super().__init__()
        self.slope, self.momentum = slope, momentum
        # In float64 equal qualities stay equal to their mean, whatever the batch.
        self.register_buffer("mean", torch.zeros(qualities, dtype=torch.float64))
        self.register_buffer("variance", torch.zeros(qualities, dtype=torch.float64))
        self.register_buffer("batches", torch.zeros((), dtype=torch.int64))

    @torch.no_grad()
    def forward(self, quality: Tensor, everyone: Tensor | None = None) -> Tensor:
        """Return the weights; in training the statistics take in the batch first."""
        own = quality.detach().double().reshape(len(quality), -1)
        every = own if everyone is None else everyone.detach().double().reshape(len(everyone), -1)
        if self.training:
            self._take_in(every)
        own, every = self._log_strength(own), self._log_strength(every)
        most = every.max()  # however bad all are, they are compared with the best
        return ((own - most).exp() / (every - most).exp().mean()).float()

    def _take_in(self, quality: Tensor) -> None:
        mean = quality.mean(dim=0)
        variance = quality.var(dim=0, unbiased=False)
        # On the device: asking whether this is the first batch would wait for it.
        share = torch.where(self.batches == 0, 1.0, self.momentum)
        apart = mean - self.mean
        # Of the mixture of both: a batch elsewhere widens it.
        self.variance.copy_(
            (1 - share) * (self.variance + share * apart.square()) + share * variance
        )
        self.mean += share * apart
        self.batches += 1

    def _log_strength(self, quality: Tensor) -> Tensor:
        deviation = self.variance.sqrt().clamp(min=SMALLEST_DEVIATION)
        z = (quality - self.mean) / deviation
        return F.logsigmoid(self.slope * z).sum(dim=1)


class RunningQuality(nn.Module):
    """A figure of each training sample, averaged over the times that it was drawn.

    Of `speech-cos` it is the student's own cosine to the sample's person, which is only known as
    training goes on.

    Args:
        n_samples: rows of the training set.
        momentum: share of the newest figure.

    Shape:
        rows: (batch,) int64, of all processes' samples; a row may come twice.
        figure: (batch,).
    """

    table: Tensor

    def __init__(self, n_samples: int, momentum: float = 0.1) -> None:
        super().__init__()
        self.momentum = momentum
        self.register_buffer("table", torch.full((n_samples,), torch.nan))

    @torch.no_grad()
    def take_in(self, rows: Tensor, figure: Tensor) -> None:
        """Average new figures in; a row's first one stands as it is."""
        each, place = rows.unique(return_inverse=True)
        zeros = torch.zeros(len(each), dtype=torch.float64, device=rows.device)
        count = zeros.index_add(0, place, torch.ones_like(place, dtype=torch.float64))
        new = (zeros.index_add(0, place, figure.detach().double()) / count).to(self.table.dtype)
        old = self.table[each]
        self.table[each] = torch.where(old.isnan(), new, old + self.momentum * (new - old))

    def forward(self, rows: Tensor) -> Tensor:
        """Return the figures of rows, NaN of those that were never drawn; shape (batch,)."""
        return self.table[rows]


def stacked(figures: Sequence[Tensor]) -> Tensor:
    """Return several figures of each sample as `QualityWeights` takes them, (batch, figures)."""
    return torch.stack([one.detach().float() for one in figures], dim=1)
