"""Where a training is, and schedules: pure functions of that, so that nothing needs saving."""

import math
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Moment:
    """Where a training is.

    Attributes:
        step: steps taken, 0 at the first. total: of the whole run. epoch: of one pass.
    """

    step: int
    total: int
    epoch: int = 1


Schedule = Callable[[Moment], float]


def constant(value: float) -> Schedule:
    """Return the schedule that stays at a value."""
    return lambda moment: value


def growing(full: float, start: float, end: float, initial: float = 0.0) -> Schedule:
    """Return the schedule of a margin in radians.

    `initial` until start * total, `full` from end * total on, between them
    m0 + (m1 - m0) * (1 - exp(share * ln 1e-3)), which rises fast and ends flat.

    Args:
        start, end: shares of the run.

    Reference:
        WeSpeaker's MarginScheduler; the rise is scaled here to reach `full` exactly.
    """

    def at(moment: Moment) -> float:
        first, last = start * moment.total, end * moment.total
        if moment.step >= last or last <= first:
            return full if moment.step >= last else initial
        if moment.step <= first:
            return initial
        share = (moment.step - first) / (last - first)
        rise = (1 - math.exp(share * math.log(1e-3))) / (1 - 1e-3)
        return initial + (full - initial) * rise

    return at
