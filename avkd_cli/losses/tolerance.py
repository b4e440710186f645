"""A loose constraint: a distance counts only where it is above a tolerance.

VGSR (S2) says that a teacher of another sense constrains its student loosely; its formulas were
never published. The hinge here is a reconstruction, and so is everything named after that system.

Reference:
    Y. Jin et al., "Cross-modal distillation for speaker recognition", AAAI 2023 (the abstract).
"""

import torch
from torch import Tensor

from avkd_cli.losses.moment import Moment, Schedule, constant
from avkd_cli.losses.terms import Term, Wrapper
from avkd_cli.models.levels import Batch, Levels

LARGEST = {"cos": 2.0, "class-cos": 2.0, "l2": 4.0}
"""The largest value of the distances that have one: nothing is learnt at a tolerance above."""


def beyond(distance: Tensor, tolerance: float) -> Tensor:
    """Return max(0, distance - tolerance), of each sample or of a batch's scalar.

    At a tolerance of 0 this is the distance itself, bit for bit: no hinge is taken, which would
    cut off what rounding (or an unbiased estimate) puts below 0.

    Args:
        distance: shape (batch,) or ().
        tolerance: mu, at least 0, in the distance's unit.

    Raises:
        ValueError: a tolerance that is below 0 or not a number.
    """
    if not tolerance >= 0:
        raise ValueError(f"a tolerance of {tolerance}; at least 0 wanted")
    return distance if tolerance == 0 else torch.relu(distance - tolerance)


def share_within(distance: Tensor, tolerance: float) -> Tensor:
    """Return the share of distances that are not above the tolerance, a scalar in [0, 1]."""
    return (distance.detach() <= tolerance).to(torch.float32).mean()


def narrowing(narrow: float, wide: float | None = None, share: float = 0.0) -> Schedule:
    """Return the schedule of a tolerance: constant, or narrowing linearly from `wide`.

    Args:
        narrow: what it is in the end.
        wide: what it is at step 0; None: constant.
        share: of the run until it is `narrow`; 0: from the first step.

    Raises:
        ValueError: `wide` is below `narrow`, or a share outside 0 to 1.
    """
    if wide is None:
        return constant(narrow)
    if wide < narrow or not 0 <= share <= 1:
        raise ValueError(f"from {wide} to {narrow} over a share of {share} does not narrow")

    def at(moment: Moment) -> float:
        until = share * moment.total
        left = max(0.0, 1 - moment.step / until) if until > 0 else 0.0
        return narrow + (wide - narrow) * left

    return at


class Loose(Wrapper):
    """A term that costs nothing up to a tolerance: max(0, distance - mu).

    Of each sample, or of the batch where the term has one loss for it. What is logged beside:
    `distance` before the hinge and `within`, the share that is inside the tolerance.

    Args:
        term: any term.
        tolerance: mu, a schedule.

    Reference:
        S2, a reconstruction.
    """

    def __init__(self, term: Term, tolerance: Schedule) -> None:
        super().__init__(term)
        self.tolerance = tolerance
        self.last: dict[str, Tensor] = {}

    def forward(self, levels: Levels, batch: Batch, moment: Moment) -> Tensor:
        """Return what is beyond the tolerance, (batch,) or a scalar."""
        distance, mu = self.term(levels, batch, moment), self.tolerance(moment)
        self.last = {"distance": distance.detach().mean(), "within": share_within(distance, mu)}
        return beyond(distance, mu)

    def said(self) -> dict[str, Tensor]:
        """Return the distance and the share within the tolerance, of the last batch."""
        return self.term.said() | self.last
