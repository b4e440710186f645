"""A loose constraint: a distance counts only where it is above a tolerance.

VGSR (S2) says that a teacher of another sense constrains its student loosely; its formulas were
never published. The hinge here is a reconstruction, and so is everything named after that system.

Reference:
    Y. Jin et al., "Video-guided speaker recognition", AAAI 2023 (abstract only).
"""

import torch
from torch import Tensor

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


def weighted_mean(values: Tensor, weights: Tensor | None) -> Tensor:
    """Return the mean over the batch of weight times value; None: every weight is 1.

    Args:
        values: shape (batch,).
        weights: shape (batch,), of mean 1 over the whole batch (`QualityWeights`); no gradient
            reaches them.
    """
    return values.mean() if weights is None else (weights.detach() * values).mean()


def tolerance_at(
    step: int, total: int, tolerance: float, *, wide: float | None = None, share: float = 0.0
) -> float:
    """Return the tolerance at a step: constant, or narrowing linearly from `wide`.

    Args:
        step: of the run, from 0.
        total: steps of the run.
        tolerance: what it is in the end.
        wide: what it is at step 0; None: constant.
        share: of the run until it is `tolerance`; 0: from the first step.

    Raises:
        ValueError: `wide` is below `tolerance`, or a share outside 0 to 1.
    """
    if wide is None:
        return tolerance
    if wide < tolerance or not 0 <= share <= 1:
        raise ValueError(f"from {wide} to {tolerance} over a share of {share} does not narrow")
    until = share * total
    left = max(0.0, 1 - step / until) if until > 0 else 0.0
    return tolerance + (wide - tolerance) * left
