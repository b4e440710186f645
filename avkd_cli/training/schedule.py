"""The learning rate as a pure function of the moment, so that nothing needs saving."""

import math

from avkd_cli.losses.moment import Moment

HALF_CYCLE, HALVING = 4.0, 5.0  # epochs of a triangle's rise; between halvings


def exponential(moment: Moment, peak: float, final: float, period: float) -> float:
    """Return peak * exp(step / total * ln(final / peak)); `period` is of no use to it.

    Reference:
        The schedule of the S0 authors' 2020 code and of WeSpeaker's ExponentialDecrease.
    """
    return peak * math.exp(moment.step / max(moment.total, 1) * math.log(final / peak))


def triangular(moment: Moment, peak: float, final: float, period: float) -> float:
    """Return a rate that rises from `final` to `peak` in `period` epochs, falls, and so on.

    Reference:
        L. N. Smith, "Cyclical learning rates for training neural networks", WACV 2017, sec. 3.1.
    """
    half = max(1.0, (period or HALF_CYCLE) * moment.epoch)
    place = (moment.step / half) % 2
    return final + (peak - final) * (place if place <= 1 else 2 - place)


def halving(moment: Moment, peak: float, final: float, period: float) -> float:
    """Return `peak`, halved after every `period` epochs, never below `final`.

    Reference:
        The schedule of S4, Sun et al., Interspeech 2023, section 3.1.
    """
    every = max(1.0, (period or HALVING) * moment.epoch)
    return max(final, peak * 0.5 ** int(moment.step / every))


SCHEDULES = {"exponential": exponential, "triangular": triangular, "halving": halving}


def learning_rate(
    moment: Moment,
    *,
    peak: float,
    final: float,
    warmup: float = 0.0,
    kind: str = "exponential",
    period: float = 0.0,
) -> float:
    """Return the learning rate of a step: the schedule, times a linear warm-up.

    Args:
        peak: after warm-up. final: at the end, at the foot of a triangle, or the least.
        warmup: share of the run, in [0, 1], in which the rate is (step + 1) / (warmup * total)
            of the schedule's.
        kind: a key of `SCHEDULES`.
        period: epochs of half a triangle, or between halvings; 0: 4 and 5.
    """
    rate = SCHEDULES[kind](moment, peak, final, period)
    ramp = 1.0
    if warmup * moment.total >= 1:
        ramp = min(1.0, (moment.step + 1) / (warmup * moment.total))
    return rate * ramp
