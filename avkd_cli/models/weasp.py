"""Weight-enhanced attentive statistics pooling: one weight a moment, made more decided.

Attention gives a score to each channel of each frame. Their sum over channels is the weight of
a moment, lambda (time,); a tanh about its mean drives it towards nothing or twice the mean, and
the scores are scaled to sum to that. The weights are a level, which the two senses may share.

Reference:
    P. Sun et al., "A method of audio-visual person verification by mining connections between
    time series", Interspeech 2023, eq. 1 to 7.
"""

import torch
from torch import Tensor, nn

from avkd_cli.models.encoder import at_least_float32
from avkd_cli.models.levels import Levels
from avkd_cli.models.moments import statistics

MODES = ("safe", "printed", "shift", "post", "off")
SMALLEST_VARIANCE = 1e-7  # under the root, whose gradient is infinite at 0
LEAST_SPREAD, LEAST_SHARE = 1e-8, 1e-4


class WeightEnhancedPooling(nn.Module):
    """Weighted mean and standard deviation over time, the weights of moments enhanced.

    Args:
        channels: size of each frame's feature.
        mode: "printed" is eq. 2 to 5 to the letter: where the mean of lambda is negative it
            reverses the ranking of moments, where a lambda is near 0 its ratio explodes; "safe"
            multiplies by the mean's size and keeps the divisor away from 0, equal to it
            elsewhere; "shift" adds what is wanted of each moment to its channels and never
            divides; "post" enhances after the softmax, where all is positive; "off" is plain
            attentive statistics pooling.
        bottleneck: width of the attention network.
        global_context: whether the attention also sees the utterance's plain mean and deviation.

    Shape:
        features: (batch, channels, time)
        returns: `pooled`, (batch, 2 * channels) in float32 or better, means first; `weights`,
            (batch, time), lambda' of eq. 4 (lambda with "off").
    """

    def __init__(
        self,
        channels: int,
        mode: str = "safe",
        bottleneck: int = 128,
        global_context: bool = False,
    ) -> None:
        super().__init__()
        if mode not in MODES:
            raise ValueError(f"no weight enhancement {mode!r}; there are {', '.join(MODES)}")
        self.output_size, self.mode, self.global_context = 2 * channels, mode, global_context
        self.attention = nn.Sequential(
            nn.Conv1d(channels * (3 if global_context else 1), bottleneck, kernel_size=1),
            nn.Tanh(),
            nn.Conv1d(bottleneck, channels, kernel_size=1),
        )
        # Scores of either sign sum to about nothing, and a ratio to that is noise from which no
        # network learns; no softmax over time sees what is added to all moments of a channel.
        nn.init.ones_(self.attention[-1].bias)

    def forward(self, features: Tensor) -> Levels:
        """Return `pooled` and `weights`."""
        features = at_least_float32(features)
        seen = features
        if self.global_context:
            context = statistics(features).unsqueeze(-1)
            seen = torch.cat([features, context.expand(-1, -1, features.shape[-1])], dim=1)
        alpha, weights = attention_weights(at_least_float32(self.attention(seen)), self.mode)
        mean = (alpha * features).sum(dim=-1)
        variance = (alpha * (features - mean.unsqueeze(-1)).square()).sum(dim=-1)
        deviation = variance.clamp(min=SMALLEST_VARIANCE).sqrt()
        return {"pooled": torch.cat([mean, deviation], dim=1), "weights": weights}


def attention_weights(scores: Tensor, mode: str) -> tuple[Tensor, Tensor]:
    """Return alpha, (batch, channels, time) summing to 1 over time, and lambda', (batch, time).

    Args:
        scores: of each channel and moment, (batch, channels, time), of any sign.
        mode: see `WeightEnhancedPooling`.

    Reference:
        Eq. 2, 3 and 5 (eq. 3 as printed sums over time, of which a weight a moment cannot
        result; eq. 5 prints the inner index outside).
    """
    if mode == "post":
        alpha = scores.softmax(dim=-1)
        wanted = enhanced(alpha.sum(dim=1))
        alpha = alpha * (wanted / alpha.sum(dim=1)).unsqueeze(1)
        return alpha / alpha.sum(dim=-1, keepdim=True), wanted
    weights = scores.sum(dim=1)  # lambda, (batch, time)
    if mode == "off":
        return scores.softmax(dim=-1), weights
    wanted = enhanced(weights, literal=mode == "printed")
    if mode == "shift":
        moved = scores + ((wanted - weights) / scores.shape[1]).unsqueeze(1)
    else:
        divisor = weights if mode == "printed" else away_from_zero(weights)
        moved = scores * (wanted / divisor).unsqueeze(1)
    return moved.softmax(dim=-1), wanted


def enhanced(weights: Tensor, *, literal: bool = False) -> Tensor:
    """Return lambda' of lambda, (batch, time): |mu| tanh((lambda - mu) / sigma) + mu.

    mu and sigma are the mean and the population deviation over time.

    Args:
        literal: multiply by mu as printed, which reverses the ranking where it is negative.

    Reference:
        Eq. 4.
    """
    mean = weights.mean(dim=-1, keepdim=True)
    spread = (weights - mean).square().mean(dim=-1, keepdim=True)
    spread = (spread + LEAST_SPREAD**2).sqrt() + LEAST_SPREAD  # of equal weights, finite gradients
    size = mean if literal else mean.abs()
    return size * torch.tanh((weights - mean) / spread) + mean


def away_from_zero(weights: Tensor) -> Tensor:
    """Return weights whose size is at least a small share of their mean's, signs kept."""
    least = LEAST_SHARE * weights.mean(dim=-1, keepdim=True).abs() + LEAST_SPREAD
    sign = torch.where(weights < 0, -1.0, 1.0)
    return sign * torch.maximum(weights.abs(), least)
