"""Networks on spectrograms, whose embedding comes out of a ReLU: VGG, thin ResNet, with SE.

References:
    A. Hajavi, A. Etemad, "Audio representation learning by distilling video as privileged
    information", IEEE TAI 2023, section III (layouts; channel widths are not printed).
    W. Xie et al., "Utterance-level aggregation for speaker recognition in the wild",
    ICASSP 2019, table 1 (the widths of the thin ResNet).
"""

import torch.nn.functional as F
from torch import Tensor, nn

from avkd_cli.models.encoder import Encoder
from avkd_cli.models.levels import Levels
from avkd_cli.models.pooling import MeanOverPlace
from avkd_cli.models.resnet import SqueezeExcite, conv_bn

NARROWEST = 16  # channels: fewer are neither faster on a CPU nor safe channels-last


class Halve(nn.Module):
    """Maximum over pairs of rows and columns; an axis of one stays, so any input will do."""

    def forward(self, maps: Tensor) -> Tensor:
        """Return (batch, channels, height // 2, width // 2), at least 1 each."""
        height, width = (2 if size > 1 else 1 for size in maps.shape[2:])
        return F.max_pool2d(maps, (height, width))


class MeanOverTime(nn.Module):
    """Mean of maps (batch, channels, frequency, time) over time, all frequencies kept."""

    def forward(self, maps: Tensor) -> Levels:
        """Return `pooled`, (batch, channels * frequency)."""
        return {"pooled": maps.mean(dim=3).flatten(1)}


class SpectrogramEncoder(Encoder):
    """Base of the encoders of S1: maps over frequency and time, two layers to the embedding.

    Args:
        n_mels: bins of each frame, 257 for a spectrogram of 512 points.
        embedding_size: width of the embedding.
        width: channels of the stem; None is the printed 64. All others follow in proportion,
            none below 16.
        freq_flatten: keep the rows of the last map apart instead of averaging over them.
        dropout: share of the pooled map set to zero in training.

    Shape:
        features: (batch, frames, n_mels)
        returns: (batch, embedding_size), at least 0: a ReLU stands behind the second layer.
    """

    halvings: int

    def __init__(
        self,
        *,
        n_mels: int = 257,
        embedding_size: int = 512,
        width: int | None = None,
        freq_flatten: bool = False,
        dropout: float = 0.0,
    ) -> None:
        super().__init__((None, n_mels), embedding_size)
        self.trunk, channels = self.layers(width or 64)
        rows = max(1, n_mels // 2**self.halvings) if freq_flatten else 1
        self.pool = MeanOverTime() if freq_flatten else MeanOverPlace()
        self.embed = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear(channels * rows, embedding_size),
            nn.Linear(embedding_size, embedding_size),
            nn.ReLU(),
        )

    def layers(self, width: int) -> tuple[nn.Sequential, int]:
        """Return the trunk and the channels of its last map."""
        raise NotImplementedError

    def frames(self, features: Tensor) -> Tensor:
        """Return the last map, (batch, channels, frequency, time)."""
        return self.trunk(features.transpose(1, 2).unsqueeze(1).contiguous())


def scaled(channels: int, width: int) -> int:
    """Return the channels of a layer that has `channels` where the stem has 64."""
    return max(NARROWEST, round(channels * width / 64))


class Vgg(SpectrogramEncoder):
    """Two groups of three 3x3 convolutions: 772,800 weights at the defaults."""

    halvings = 2

    def layers(self, width: int) -> tuple[nn.Sequential, int]:
        """Return the trunk and the channels of its last map."""
        layers: list[nn.Module] = []
        before = 1
        for channels in (scaled(64, width), scaled(128, width)):
            for _ in range(3):
                layers += [*conv_bn(before, channels, 3, 1), nn.ReLU(inplace=True)]
                before = channels
            layers.append(Halve())
        return nn.Sequential(*layers), before


class ThinBlock(nn.Module):
    """1x1, 3x3 and 1x1 convolutions, each with BatchNorm, plus a shortcut."""

    def __init__(self, before: int, inner: tuple[int, int], channels: int, squeeze: bool) -> None:
        super().__init__()
        first, second = inner
        self.residual = nn.Sequential(
            *conv_bn(before, first, 1, 1),
            nn.ReLU(inplace=True),
            *conv_bn(first, second, 3, 1),
            nn.ReLU(inplace=True),
            *conv_bn(second, channels, 1, 1),
            *([SqueezeExcite(channels, least=4)] if squeeze else []),
        )
        self.shortcut = nn.Sequential()
        if before != channels:
            self.shortcut = nn.Sequential(*conv_bn(before, channels, 1, 1))

    def forward(self, maps: Tensor) -> Tensor:
        """Return (batch, channels, height, width)."""
        return F.relu(self.residual(maps) + self.shortcut(maps), inplace=True)


class ThinResNet(SpectrogramEncoder):
    """A thin ResNet, halved after the stem and after each stage: 4,215,552 weights."""

    halvings = 5
    squeeze_excite = False
    stages = ((48, 48, 96, 2), (96, 96, 128, 3), (128, 128, 256, 3), (256, 256, 512, 3))

    def layers(self, width: int) -> tuple[nn.Sequential, int]:
        """Return the trunk and the channels of its last map."""
        before = scaled(64, width)
        layers = [*conv_bn(1, before, 7, 1), nn.ReLU(inplace=True), Halve()]
        for first, second, last, count in self.stages:
            inner, channels = (scaled(first, width), scaled(second, width)), scaled(last, width)
            for _ in range(count):
                layers.append(ThinBlock(before, inner, channels, self.squeeze_excite))
                before = channels
            layers.append(Halve())
        return nn.Sequential(*layers), before


class ThinSeResNet(ThinResNet):
    """`ThinResNet` with squeeze-and-excitation in each block: 4,349,940 weights."""

    squeeze_excite = True
