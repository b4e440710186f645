"""ECAPA-TDNN: dilated Res2Net blocks that weigh their channels, pooled with attention.

Reference:
    B. Desplanques, J. Thienpondt, K. Demuynck, "ECAPA-TDNN: emphasized channel attention,
    propagation and aggregation in TDNN based speaker verification", Interspeech 2020.
"""

import torch
from torch import Tensor, nn

from avkd_cli.models.encoder import Encoder
from avkd_cli.models.pooling import pooling as pooling_by_name
from avkd_cli.models.tdnn import tdnn_layer

SCALE = 8  # groups of channels in a Res2Net convolution
BOTTLENECK = 128  # of squeeze-and-excitation and of the attention


class Res2Conv(nn.Module):
    """Convolutions over groups of channels, each group also seeing the result of the one before.

    The first group passes unchanged.
    """

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        group = channels // SCALE
        self.convs = nn.ModuleList(
            nn.Sequential(*tdnn_layer(group, group, 3, 1, dilation, bias=True))
            for _ in range(SCALE - 1)
        )

    def forward(self, frames: Tensor) -> Tensor:
        """Return (batch, channels, time)."""
        first, *groups = frames.chunk(SCALE, dim=1)
        results, last = [first], torch.zeros_like(first)
        for conv, group in zip(self.convs, groups, strict=True):
            last = conv(group + last)
            results.append(last)
        return torch.cat(results, dim=1)


class SqueezeExcite(nn.Module):
    """Scale each channel of (batch, channels, time) by a weight in (0, 1) from its mean."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weigh = nn.Sequential(
            nn.Linear(channels, BOTTLENECK),
            nn.ReLU(),
            nn.Linear(BOTTLENECK, channels),
            nn.Sigmoid(),
        )

    def forward(self, frames: Tensor) -> Tensor:
        """Return (batch, channels, time)."""
        return frames * self.weigh(frames.mean(dim=-1)).unsqueeze(-1)


class SeRes2Block(nn.Module):
    """1x1, Res2Net convolution, 1x1, squeeze-and-excitation; plus the input."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.residual = nn.Sequential(
            *tdnn_layer(channels, channels, 1, bias=True),
            Res2Conv(channels, dilation),
            *tdnn_layer(channels, channels, 1, bias=True),
            SqueezeExcite(channels),
        )

    def forward(self, frames: Tensor) -> Tensor:
        """Return (batch, channels, time)."""
        return frames + self.residual(frames)


class EcapaTdnn(Encoder):
    """ECAPA-TDNN as WeSpeaker and the published counts have it.

    Args:
        n_mels: mel bins of each frame.
        embedding_size: width of the embedding; 6,190,720 weights at 192 with 80 bins.
        width: channels C, a multiple of 8; None is 512, the other published size is 1024.
        global_context: whether the attention sees the utterance's statistics.
        pooling: over time; "attentive" as published, or one of `pooling.POOLING`.

    Shape:
        features: (batch, frames, n_mels)
        returns: (batch, embedding_size)
    """

    def __init__(
        self,
        *,
        n_mels: int = 80,
        embedding_size: int = 192,
        width: int | None = None,
        global_context: bool = True,
        pooling: str = "attentive",
    ) -> None:
        super().__init__((None, n_mels), embedding_size)
        width = width or 512
        if width % SCALE:
            raise ValueError(f"width must be a multiple of {SCALE}, not {width}")
        joined = min(3 * width, 1536)
        self.stem = nn.Sequential(*tdnn_layer(n_mels, width, 5, bias=True))
        self.blocks = nn.ModuleList(SeRes2Block(width, dilation) for dilation in (2, 3, 4))
        self.join = nn.Sequential(nn.Conv1d(3 * width, joined, kernel_size=1), nn.ReLU())
        self.pool = pooling_by_name(pooling, joined, global_context=global_context)
        self.embed = nn.Sequential(
            nn.BatchNorm1d(2 * joined), nn.Linear(2 * joined, embedding_size)
        )

    def frames(self, features: Tensor) -> Tensor:
        """Return what is pooled, (batch, channels, frames)."""
        frames = self.stem(features.transpose(1, 2))
        outputs = []
        for block in self.blocks:
            frames = block(frames)
            outputs.append(frames)
        return self.join(torch.cat(outputs, dim=1))
