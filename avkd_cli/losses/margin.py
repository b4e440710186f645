"""The additive angular margin: cos(theta + m), and what to do where it would rise again."""

import math

import torch
from torch import Tensor

FALLBACKS = ("a", "b", "c")
LARGEST_COSINE = 1 - 1e-6  # the sine's gradient is infinite where the cosine is 1


def additive_angular_margin(cosine: Tensor, margin: float, fallback: str = "a") -> Tensor:
    """Return cos(theta + margin) for cosines of theta, decreasing in theta to the end.

    Beyond theta = pi - margin that cosine would rise again. There, `fallback` "a" gives
    cos - (1 - cos margin), which goes on without a jump; "b" gives cos - margin sin margin, the
    common code, which jumps down; "c" lets it rise, the formula as printed.

    Args:
        cosine: any shape, values in [-1, 1].
        margin: radians, at least 0.
        fallback: one of "a", "b", "c".
    """
    sine = (1 - cosine.clamp(-LARGEST_COSINE, LARGEST_COSINE) ** 2).sqrt()
    widened = cosine * math.cos(margin) - sine * math.sin(margin)
    if fallback == "c":
        return widened
    penalty = 1 - math.cos(margin) if fallback == "a" else margin * math.sin(margin)
    return torch.where(cosine > -math.cos(margin), widened, cosine - penalty)
