"""Plain statistics of frames over time."""

import torch
from torch import Tensor

from avkd_cli.models.encoder import at_least_float32

EPSILON = 1e-7  # under the root of a variance, whose gradient is infinite at 0


def statistics(features: Tensor) -> Tensor:
    """Return means and deviations over time of (batch, channels, time): (batch, 2 * channels)."""
    features = at_least_float32(features)
    mean = features.mean(dim=-1, keepdim=True)
    # Written out: torch.var_mean takes twice as long on a CPU.
    squares = (features - mean).square().sum(dim=-1)
    variance = squares / max(1, features.shape[-1] - 1)
    return torch.cat([mean.squeeze(-1), (variance + EPSILON).sqrt()], dim=1)
