"""Losses are computed in float32, or better where they are given better, under any autocast."""

import torch
from torch import Tensor


def at_least_float32(*tensors: Tensor) -> tuple[Tensor, ...]:
    """Return half-precision tensors in float32, float32 and float64 ones as they are."""
    return tuple(t.to(torch.promote_types(t.dtype, torch.float32)) for t in tensors)


def without_autocast(tensor: Tensor) -> torch.autocast:
    """Return a context in which matrix products on `tensor`'s device keep their precision."""
    return torch.autocast(tensor.device.type, enabled=False)
