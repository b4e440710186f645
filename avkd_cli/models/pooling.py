"""From frames to one vector: statistics over time, plain or with learned weights; of pictures,
the mean over place, or all of it.

A pooling gives Levels: `pooled` (batch, output_size), and what else it knows.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from avkd_cli.models.encoder import at_least_float32
from avkd_cli.models.levels import Levels
from avkd_cli.models.moments import EPSILON, statistics
from avkd_cli.models.weasp import MODES, WeightEnhancedPooling


class StatisticsPooling(nn.Module):
    """Mean and unbiased standard deviation over time.

    Shape:
        features: (batch, channels, time)
        returns: `pooled`, (batch, 2 * channels) in float32 or better, means first. A single
            frame has a deviation of sqrt(1e-7), not NaN.

    Reference:
        D. Snyder et al., "X-vectors: robust DNN embeddings for speaker recognition",
        ICASSP 2018; epsilon as in WeSpeaker.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.output_size = 2 * channels

    def forward(self, features: Tensor) -> Levels:
        """Return `pooled`, (batch, output_size)."""
        return {"pooled": statistics(features)}


class AttentiveStatisticsPooling(nn.Module):
    """Weighted mean and standard deviation over time, the weights learned per channel.

    Args:
        channels: size of each frame's feature.
        bottleneck: width of the attention network.
        global_context: whether the attention also sees the utterance's plain mean and
            standard deviation beside each frame.

    Shape:
        features: (batch, channels, time)
        returns: `pooled`, (batch, 2 * channels) in float32 or better, means first.

    Reference:
        K. Okabe, T. Koshinaka, K. Shinoda, "Attentive statistics pooling for deep speaker
        embedding", Interspeech 2018; per-channel weights and global context as in ECAPA-TDNN,
        B. Desplanques, J. Thienpondt, K. Demuynck, Interspeech 2020, section 3.1.
    """

    def __init__(self, channels: int, bottleneck: int = 128, global_context: bool = False) -> None:
        super().__init__()
        self.output_size = 2 * channels
        self.global_context = global_context
        self.attention = nn.Sequential(
            nn.Conv1d(channels * (3 if global_context else 1), bottleneck, kernel_size=1),
            nn.Tanh(),
            nn.Conv1d(bottleneck, channels, kernel_size=1),
        )

    def forward(self, features: Tensor) -> Levels:
        """Return `pooled`, (batch, output_size)."""
        features = at_least_float32(features)
        scores = at_least_float32(self.attention(self._seen_by_attention(features)))
        weights = scores.softmax(dim=-1)  # (batch, channels, time)
        mean = (weights * features).sum(dim=-1)  # (batch, channels)
        variance = (weights * (features - mean.unsqueeze(-1)) ** 2).sum(dim=-1)
        return {"pooled": torch.cat([mean, (variance + EPSILON).sqrt()], dim=1)}

    def _seen_by_attention(self, features: Tensor) -> Tensor:
        if not self.global_context:
            return features
        context = statistics(features).unsqueeze(-1)  # (batch, 2 * channels, 1)
        return torch.cat([features, context.expand(-1, -1, features.shape[-1])], dim=1)


class MeanOverPlace(nn.Module):
    """Mean of maps (batch, channels, height, width) over both axes."""

    def forward(self, maps: Tensor) -> Levels:
        """Return `pooled`, (batch, channels)."""
        return {"pooled": maps.mean(dim=(2, 3))}


class AllOfIt(nn.Module):
    """Maps as they are, for a network whose embedding knows where in the face it looks."""

    def forward(self, maps: Tensor) -> Levels:
        """Return `pooled`, (batch, channels, height, width)."""
        return {"pooled": maps}


def weight_enhanced(mode: str) -> Callable[[int], nn.Module]:
    """Return what makes the weight-enhanced pooling of a mode."""
    return lambda channels, **context: WeightEnhancedPooling(channels, mode, **context)


POOLING: dict[str, Callable[..., nn.Module]] = {
    "statistics": StatisticsPooling,
    "attentive": AttentiveStatisticsPooling,
    **{f"weasp-{mode}": weight_enhanced(mode) for mode in MODES},
}


def pooling(name: str, channels: int, **context: bool) -> nn.Module:
    """Return the pooling called `name`; ValueError when there is none.

    Args:
        context: `global_context`, of those with attention.
    """
    if name not in POOLING:
        raise ValueError(f"no pooling {name!r}; there are {', '.join(POOLING)}")
    return POOLING[name](channels, **({} if name == "statistics" else context))
