"""How much each sample counts, by how good it is: weights of mean 1, without a gradient.

VGSR (S2) weighs samples by their quality; how was never published. What stands here is a
reconstruction: the quality in running standard deviations, through a sigmoid, over its batch mean.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from avkd_cli.losses.mmd import gathered
from avkd_cli.losses.moment import Moment
from avkd_cli.losses.terms import Taught, Term, Wrapper
from avkd_cli.models.levels import Batch, Levels, level_of

LEVEL = "quality"  # under which the weights of a batch stand beside the network's levels

SMALLEST_DEVIATION = 1e-12


class QualityWeights(nn.Module):
    """Weights of a batch from one quality of its samples, or from the product of several.

    w_i = s_i / mean(s) with s_i = prod_k sigmoid(slope * (q_ik - mean_k) / deviation_k), the means
    and deviations running over the run's batches (exponential, the first batch as they are).
    Equal qualities give weights of exactly 1. A figure that is not known (NaN) is taken for the
    mean, and moves no statistic.

    Args:
        qualities: how many figures describe a sample.
        slope: k of the sigmoid.
        momentum: share of each batch in the running statistics.

    Shape:
        quality: (batch, qualities) or (batch,), in any unit.
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
        self.register_buffer("batches", torch.zeros(qualities, dtype=torch.int64))

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
        known = ~quality.isnan()
        count = known.sum(dim=0)
        figures = torch.where(known, quality, 0.0)
        # In place and without asking the device whether this is the first batch, or has none.
        mean = torch.where(count > 0, figures.sum(dim=0) / count.clamp(min=1), self.mean)
        apart = torch.where(known, quality - mean, 0.0)
        variance = apart.square().sum(dim=0) / count.clamp(min=1)
        share = torch.where(self.batches == 0, 1.0, self.momentum) * (count > 0)
        moved = mean - self.mean
        # Of the mixture of both: a batch elsewhere widens it.
        mixed = (1 - share) * (self.variance + share * moved.square()) + share * variance
        self.variance.copy_(mixed)
        self.mean += share * moved
        self.batches += count > 0

    def _log_strength(self, quality: Tensor) -> Tensor:
        deviation = self.variance.sqrt().clamp(min=SMALLEST_DEVIATION)
        z = ((quality - self.mean) / deviation).nan_to_num(nan=0.0)
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
    seen: Tensor

    def __init__(self, n_samples: int, momentum: float = 0.1) -> None:
        super().__init__()
        self.momentum = momentum
        self.register_buffer("table", torch.zeros(n_samples))
        self.register_buffer("seen", torch.zeros(n_samples, dtype=torch.bool))

    @torch.no_grad()
    def take_in(self, rows: Tensor, figure: Tensor) -> None:
        """Average new figures in; a row's first one stands as it is, NaN is none."""
        each, place = rows.unique(return_inverse=True)
        known = ~figure.isnan()
        zeros = torch.zeros(len(each), dtype=torch.float64, device=rows.device)
        count = zeros.index_add(0, place, known.double())
        total = zeros.index_add(0, place, torch.where(known, figure, 0.0).detach().double())
        new, old = (total / count.clamp(min=1)).to(self.table.dtype), self.table[each]
        moved = torch.where(self.seen[each], old + self.momentum * (new - old), new)
        self.table[each] = torch.where(count > 0, moved, old)
        self.seen[each] |= count > 0

    def forward(self, rows: Tensor) -> Tensor:
        """Return the figures of rows, NaN of those that were never drawn; shape (batch,)."""
        return self.table[rows].masked_fill(~self.seen[rows], torch.nan)


def stacked(figures: Sequence[Tensor]) -> Tensor:
    """Return several figures of each sample as `QualityWeights` takes them, (batch, figures)."""
    return torch.stack([one.detach().float() for one in figures], dim=1)


class Weighed(Wrapper):
    """A term whose samples count by their quality: the level `quality`, of mean 1.

    Args:
        term: one that has a loss for each sample.

    Raises:
        ValueError: it has none.
    """

    def __init__(self, term: Term) -> None:
        super().__init__(term)
        if not term.per_sample:
            raise ValueError("has one loss for a batch, so its samples cannot be weighed")

    def forward(self, levels: Levels, batch: Batch, moment: Moment) -> Tensor:
        """Return the weighed loss of each sample, (batch,)."""
        return level_of(levels, LEVEL) * self.term(levels, batch, moment)


class OwnCosine(Term):
    """No loss: takes in how near the student is to its own person, for later weights.

    Args:
        running: where the figures are kept; not a part of this term.

    Returns:
        The mean of the batch's figures, a scalar without a gradient, which is logged.
    """

    reads = ("label", "row")
    zero_at_match = False

    def __init__(self, taught: Taught, running: RunningQuality) -> None:
        super().__init__(taught)
        self.kept = (running,)  # in a tuple it is saved once, with the weights that read it

    @torch.no_grad()
    def forward(self, levels: Levels, batch: Batch, moment: Moment) -> Tensor:
        """Return the mean of the student's class scores of the right persons."""
        scores = level_of(levels, "person.scores").detach()
        own = scores.gather(1, batch["label"].unsqueeze(1)).squeeze(1).float()
        if "speed" in batch:  # a voice at another speed is another class
            own = own.masked_fill(batch["speed"] != 0, torch.nan)
        if self.training:
            self.kept[0].take_in(gathered(batch["row"]), gathered(own))
        known = ~own.isnan()
        return own.nan_to_num(0.0).sum() / known.sum().clamp(min=1)
