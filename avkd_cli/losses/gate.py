"""Whose label is believed: a gate on losses, and labels put right by the student itself.

A cluster that is impure gives labels that the student learns late or never: their losses stay
large. At each epoch's beginning a mixture of two Gaussians is fitted to the losses that the
utterances had in the epoch before, and only those that are surely of its small part count. Of the
others, those whose person the student itself was sure of then take that person for their label.

Reference:
    B. Han, Z. Chen, Y. Qian, "Self-supervised learning with cluster-aware-DINO for
    high-performance robust speaker verification", arXiv:2304.05754 (dynamic loss-gate, label
    correction). There the corrected label is the whole posterior of a clean view; here it is the
    person that an earlier crop was taken for.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from avkd_cli.losses.heads import Head
from avkd_cli.losses.mmd import gathered
from avkd_cli.losses.moment import Moment
from avkd_cli.losses.terms import Taught, Term
from avkd_cli.models.levels import Batch, Levels, level_of

COUNTS, LABEL = "gate", "gated.label"  # levels that the gate gives
SMALLEST_DEVIATION = 1e-6
_ROUNDS, _ENOUGH = 200, 1e-9


@dataclass(frozen=True)
class TwoParts:
    """A mixture of two Gaussians, the smaller first.

    Attributes:
        means, deviations, shares: of each part.
    """

    means: tuple[float, float]
    deviations: tuple[float, float]
    shares: tuple[float, float]

    def of_small(self, values: Tensor) -> Tensor:
        """Return how probably each value is of the small part; below its mean surely."""
        one, other = (
            math.log(share) - math.log(deviation) - ((values.double() - mean) / deviation) ** 2 / 2
            for mean, deviation, share in zip(self.means, self.deviations, self.shares, strict=True)
        )
        return torch.where(values <= self.means[0], 1.0, torch.sigmoid(one - other))


def two_parts(values: Tensor) -> TwoParts | None:
    """Return the mixture of two Gaussians that makes values most likely, by EM from their halves.

    Args:
        values: (n,); the order is no matter.

    Returns:
        None where there are fewer than four values, or no two parts: all are alike.
    """
    ordered = values.detach().double().cpu().sort().values
    if len(ordered) < 4 or float(ordered[-1] - ordered[0]) < SMALLEST_DEVIATION:
        return None
    large = (torch.arange(len(ordered)) >= len(ordered) // 2).double()
    found, before = _part_fit(ordered, large), -math.inf
    for _ in range(_ROUNDS):
        large = 1 - _plain_posterior(found, ordered)
        found = _part_fit(ordered, large)
        likely = _log_likelihood(found, ordered)
        if likely - before < _ENOUGH * len(ordered):
            break
        before = likely
    return found if found.means[1] - found.means[0] > SMALLEST_DEVIATION else None


def _part_fit(values: Tensor, large: Tensor) -> TwoParts:
    """Return both parts of values of which so much belongs to the large one."""
    means, deviations, shares = [], [], []
    for own in (1 - large, large):
        total = own.sum().clamp(min=1e-12)
        mean = (own * values).sum() / total
        variance = (own * (values - mean).square()).sum() / total
        means.append(float(mean))
        deviations.append(max(float(variance.sqrt()), SMALLEST_DEVIATION))
        shares.append(max(float(total / len(values)), 1e-12))
    order = (0, 1) if means[0] <= means[1] else (1, 0)
    return TwoParts(*(tuple(x[i] for i in order) for x in (means, deviations, shares)))


def _log_densities(found: TwoParts, values: Tensor) -> Tensor:
    """Return the log of share times density of each part, (2, n), but for a constant."""
    return torch.stack(
        [
            math.log(share) - math.log(deviation) - ((values - mean) / deviation).square() / 2
            for mean, deviation, share in zip(
                found.means, found.deviations, found.shares, strict=True
            )
        ]
    )


def _plain_posterior(found: TwoParts, values: Tensor) -> Tensor:
    return _log_densities(found, values).softmax(dim=0)[0]


def _log_likelihood(found: TwoParts, values: Tensor) -> float:
    return float(_log_densities(found, values).logsumexp(dim=0).sum())


class LossGate(nn.Module):
    """What is known of each training row, and what follows from it for the epoch that runs.

    Everything is a buffer, so that a run that goes on decides as one left alone.

    Args:
        labels: class of each row, (rows,) int64. doubtful: whether a teacher gave it, (rows,).
        sure: the least probability of the small part with which a row counts.
        correction: the least posterior of the student's with which it corrects; 0: never.
        begins: share of the run before the gate closes for the first time.
    """

    labels: Tensor
    doubtful: Tensor
    loss: Tensor
    seen: Tensor
    guess: Tensor
    belief: Tensor
    counts: Tensor
    label: Tensor
    epoch: Tensor

    def __init__(
        self, labels: Tensor, doubtful: Tensor, sure: float, correction: float, begins: float
    ) -> None:
        super().__init__()
        self.sure, self.correction, self.begins = sure, correction, begins
        n = len(labels)
        self.register_buffer("labels", labels, persistent=False)
        self.register_buffer("doubtful", doubtful.bool(), persistent=False)
        self.register_buffer("loss", torch.zeros(n))
        self.register_buffer("seen", torch.zeros(n, dtype=torch.bool))
        self.register_buffer("guess", labels.clone())
        self.register_buffer("belief", torch.zeros(n))
        self.register_buffer("counts", torch.ones(n))
        self.register_buffer("label", labels.clone())
        self.register_buffer("epoch", torch.zeros((), dtype=torch.int64))

    @torch.no_grad()
    def begin(self, moment: Moment) -> None:
        """Decide anew at an epoch's first step, once the gate's time has come."""
        number = moment.step // moment.epoch
        if number == int(self.epoch):
            return
        self.epoch.fill_(number)
        if moment.step >= self.begins * moment.total:
            self.close()

    @torch.no_grad()
    def close(self) -> None:
        """Fit the mixture to what was seen, and say who counts, as whom."""
        known = self.seen & self.doubtful
        found = two_parts(self.loss[known])
        small = torch.ones_like(self.counts, dtype=torch.bool)
        if found is not None:
            small[known] = (found.of_small(self.loss[known]) >= self.sure).to(small.device)
        corrected = ~small & (self.belief >= self.correction if self.correction else False)
        self.counts.copy_((small | corrected).float())
        self.label.copy_(torch.where(corrected, self.guess, self.labels))

    @torch.no_grad()
    def take_in(self, rows: Tensor, loss: Tensor, guess: Tensor, belief: Tensor) -> None:
        """Remember what a step found of rows; of a row that comes twice the smaller loss.

        Args:
            rows: (batch,) int64 of all processes. loss: in nats, of the label that was given.
            guess: class that the student finds most probable. belief: how probable.
        """
        each, place = rows.unique(return_inverse=True)
        least = torch.full((len(each),), torch.inf, dtype=loss.dtype, device=loss.device)
        least.scatter_reduce_(0, place, loss, "amin")
        at = torch.arange(len(rows), device=rows.device)
        first = torch.full_like(each, len(rows))
        best = (loss == least[place]) & loss.isfinite()
        first.scatter_reduce_(0, place, torch.where(best, at, len(rows)), "amin")
        there = first < len(rows)  # a loss that is not finite is never taken in
        each, first = each[there], first[there]
        self.loss[each], self.seen[each] = loss[first].to(self.loss.dtype), True
        self.guess[each], self.belief[each] = guess[first], belief[first].to(self.belief.dtype)

    def forward(self, rows: Tensor, label: Tensor) -> tuple[Tensor, Tensor]:
        """Return what rows count, (batch,) 0 or 1, and their labels, (batch,) int64.

        Args:
            label: as the batch has it, which is another class for a voice at another speed.
        """
        return self.counts[rows], label - self.labels[rows] + self.label[rows]


def shut(labels: Tensor, doubtful: Tensor) -> LossGate:
    """Return the gate through which no label passes that a teacher gave, in no epoch."""
    gate = LossGate(labels, doubtful, sure=1.0, correction=0.0, begins=math.inf)
    gate.counts.copy_((~gate.doubtful).float())
    return gate


class WatchGate(Term):
    """No loss: lets a gate take in losses and posteriors of the batch, for the next epoch.

    Args:
        gate: where they are kept; not a part of this term. head: that gives them.
        n_classes: persons; voices at other speeds are classes beyond.

    Returns:
        The share of the batch that counts, which is logged.
    """

    reads = ("label", "row")
    zero_at_match = False

    def __init__(self, taught: Taught, gate: LossGate, head: Head, n_classes: int) -> None:
        super().__init__(taught)
        self.kept = (gate, head)  # in a tuple they are saved once, where they belong
        self.n_classes, self.corrected = n_classes, torch.zeros(())

    @torch.no_grad()
    def forward(self, levels: Levels, batch: Batch, moment: Moment) -> Tensor:
        """Return a scalar without a gradient."""
        gate, head = self.kept
        scores, label = level_of(levels, "person.scores").detach(), batch["label"]
        if self.training:
            belief, guess = (head.scale * scores.float()).softmax(dim=1).max(dim=1)
            loss = head.losses(scores, label, moment).float()
            rows = (batch["row"], loss, guess % self.n_classes, belief)
            gate.take_in(*(gathered(one) for one in rows))
        counts, chosen = level_of(levels, COUNTS), level_of(levels, LABEL)
        self.corrected = (counts * (chosen != label)).mean()
        return counts.mean()

    def said(self) -> dict[str, Tensor]:
        """Return the share of the batch whose label was put right."""
        return {"corrected": self.corrected}
