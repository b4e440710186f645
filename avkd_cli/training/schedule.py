"""Learning rate and margin as pure functions of the step, so that nothing needs saving."""

import math


def learning_rate(
    step: int, total: int, *, peak: float, final: float, warmup: float = 0.0
) -> float:
    """Return the learning rate of a step: linear warm-up times exponential decay.

    lr(k) = peak * exp(k / total * ln(final / peak)), times k / (warmup * total) while below 1.

    Args:
        step: 0 is the first.
        total: steps of the whole run, at least 1.
        warmup: share of the run, in [0, 1].

    Reference:
        The schedule of the S0 authors' 2020 code and of WeSpeaker's ExponentialDecrease.
    """
    decay = math.exp(step / max(total, 1) * math.log(final / peak))
    ramp = min(1.0, (step + 1) / (warmup * total)) if warmup * total >= 1 else 1.0
    return peak * decay * ramp


def margin(
    step: int, total: int, *, full: float, start: float, end: float, initial: float = 0.0
) -> float:
    """Return the AAM-softmax margin of a step, in radians.

    `initial` until start * total, `full` from end * total on, between them
    m0 + (m1 - m0) * (1 - exp(share * ln 1e-3)), which rises fast and ends flat.

    Reference:
        WeSpeaker's MarginScheduler; the rise is scaled here to reach `full` exactly.
    """
    first, last = start * total, end * total
    if step >= last or last <= first:
        return full if step >= last else initial
    if step <= first:
        return initial
    share = (step - first) / (last - first)
    rise = (1 - math.exp(share * math.log(1e-3))) / (1 - 1e-3)
    return initial + (full - initial) * rise
