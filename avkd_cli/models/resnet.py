"""ResNet-34 for voices (the "r-vector") and for faces, and their squeeze-and-excitation kin.

References:
    K. He et al., "Deep residual learning for image recognition", CVPR 2016, table 1.
    H. Zeinali et al., "BUT system description to VoxCeleb speaker recognition challenge 2019",
    arXiv:1910.12592 (the voice network). J. Hu, L. Shen, G. Sun, "Squeeze-and-excitation
    networks", CVPR 2018, figure 3.
"""

import torch.nn.functional as F
from torch import Tensor, nn

from avkd_cli.models.encoder import Encoder
from avkd_cli.models.pooling import MeanOverPlace
from avkd_cli.models.pooling import pooling as pooling_by_name

REDUCTION = 16  # of channels inside a squeeze-and-excitation, as printed


class SqueezeExcite(nn.Module):
    """Scale each channel of (batch, channels, height, width) by a weight in (0, 1).

    Args:
        least: fewest hidden units, so that one dead unit is not the end of a narrow network.
    """

    def __init__(self, channels: int, least: int = 1) -> None:
        super().__init__()
        inner = max(least, channels // REDUCTION)
        self.down = nn.Linear(channels, inner)
        self.up = nn.Linear(inner, channels)

    def forward(self, maps: Tensor) -> Tensor:
        """Return (batch, channels, height, width)."""
        weights = self.up(self.down(maps.mean(dim=(2, 3))).relu()).sigmoid()
        return maps * weights[:, :, None, None]


class Block(nn.Module):
    """A residual block: `residual` plus a shortcut, projected when the shape changes."""

    expansion = 1

    def __init__(self, channels_in: int, channels: int, stride: int, squeeze_excite: bool) -> None:
        super().__init__()
        channels_out = channels * self.expansion
        layers = self.layers(channels_in, channels, stride)
        if squeeze_excite:
            layers.append(SqueezeExcite(channels_out))
        self.residual = nn.Sequential(*layers)
        self.shortcut = nn.Sequential()
        if stride != 1 or channels_in != channels_out:
            self.shortcut = nn.Sequential(*conv_bn(channels_in, channels_out, 1, stride))

    def layers(self, channels_in: int, channels: int, stride: int) -> list[nn.Module]:
        """Return two 3x3 convolutions, the first with the stride."""
        return [
            *conv_bn(channels_in, channels, 3, stride),
            nn.ReLU(inplace=True),
            *conv_bn(channels, channels, 3, 1),
        ]

    def forward(self, maps: Tensor) -> Tensor:
        """Return (batch, channels, height, width)."""
        return F.relu(self.residual(maps) + self.shortcut(maps), inplace=True)


class Bottleneck(Block):
    """The block of ResNet-50: 1x1, 3x3 with the stride, 1x1 to four times the channels."""

    expansion = 4

    def layers(self, channels_in: int, channels: int, stride: int) -> list[nn.Module]:
        """Return the three convolutions."""
        return [
            *conv_bn(channels_in, channels, 1, 1),
            nn.ReLU(inplace=True),
            *conv_bn(channels, channels, 3, stride),
            nn.ReLU(inplace=True),
            *conv_bn(channels, channels * self.expansion, 1, 1),
        ]


def conv_bn(channels_in: int, channels_out: int, size: int, stride: int) -> list[nn.Module]:
    """Return a bias-free `size` x `size` convolution that keeps the edges, and its BatchNorm."""
    return [
        nn.Conv2d(channels_in, channels_out, size, stride, padding=size // 2, bias=False),
        nn.BatchNorm2d(channels_out),
    ]


def four_stages(
    block: type[Block], width: int, counts: tuple[int, ...], squeeze_excite: bool
) -> nn.Sequential:
    """Return the trunk: stages of `counts` blocks, each but the first halving and doubling."""
    blocks, channels_in = [], width
    for stage, count in enumerate(counts):
        channels = width * 2**stage
        for index in range(count):
            stride = 2 if stage > 0 and index == 0 else 1
            blocks.append(block(channels_in, channels, stride, squeeze_excite))
            channels_in = channels * block.expansion
    return nn.Sequential(*blocks)


class AudioResNet34(Encoder):
    """ResNet-34 over time and frequency, with statistics pooling over time.

    Args:
        n_mels: mel bins of each frame.
        embedding_size: width of the embedding; 6,634,592 weights at 512 with 40 bins.
        width: channels of the first stage, doubled by each next; None is the printed 32.
        pooling: "statistics", or "attentive" for learned weights over time.
        embedding_layers: 2 adds ReLU, BatchNorm and a second linear layer, as WeSpeaker can.
        squeeze_excite: whether each block weighs its channels.

    Shape:
        features: (batch, frames, n_mels)
        returns: (batch, embedding_size)
    """

    def __init__(
        self,
        *,
        n_mels: int = 40,
        embedding_size: int = 512,
        width: int | None = None,
        pooling: str = "statistics",
        embedding_layers: int = 1,
        squeeze_excite: bool = False,
    ) -> None:
        super().__init__((None, n_mels), embedding_size)
        width = width or 32
        self.stem = nn.Sequential(*conv_bn(1, width, 3, 1), nn.ReLU(inplace=True))
        self.trunk = four_stages(Block, width, (3, 4, 6, 3), squeeze_excite)
        self.pool = pooling_by_name(pooling, width * 8 * -(-n_mels // 8))
        self.embed = embedding_mlp(self.pool.output_size, embedding_size, embedding_layers)

    def frames(self, features: Tensor) -> Tensor:
        """Return all rows of the last map over time, (batch, channels, frames / 8)."""
        image = features.transpose(1, 2).unsqueeze(1).contiguous()  # (batch, 1, mels, frames)
        return self.trunk(self.stem(image)).flatten(1, 2)


def embedding_mlp(size: int, embedding_size: int, layers: int) -> nn.Module:
    """Return one linear layer, or two with ReLU and a weightless BatchNorm between."""
    if layers not in (1, 2):
        raise ValueError(f"embedding_layers is 1 or 2, not {layers}")
    first = nn.Linear(size, embedding_size)
    if layers == 1:
        return first
    between = nn.BatchNorm1d(embedding_size, affine=False)
    return nn.Sequential(first, nn.ReLU(), between, nn.Linear(embedding_size, embedding_size))


class FaceResNet34(Encoder):
    """The ImageNet ResNet-34 on face crops, with a linear layer to the embedding.

    Args:
        in_channels: 3 for colour, 1 for grey.
        height, width_px: size of the crop, in pixels; another size is refused.
        embedding_size: width of the embedding; 21,547,328 weights at 512 with three channels.
        width: channels of the first stage, doubled by each next; None is the printed 64.

    Shape:
        images: (batch, in_channels, height, width_px), values in [-0.5, 0.5]
        returns: (batch, embedding_size)
    """

    block = Block
    counts = (3, 4, 6, 3)
    squeeze_excite = False

    def __init__(
        self,
        *,
        in_channels: int = 3,
        height: int = 112,
        width_px: int = 96,
        embedding_size: int = 512,
        width: int | None = None,
    ) -> None:
        super().__init__((in_channels, height, width_px), embedding_size)
        width = width or 64
        self.stem = nn.Sequential(
            *conv_bn(in_channels, width, 7, 2),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, stride=2, padding=1),
        )
        self.trunk = four_stages(self.block, width, self.counts, self.squeeze_excite)
        self.pool = MeanOverPlace()
        self.embed = nn.Linear(width * 8 * self.block.expansion, embedding_size)

    def frames(self, images: Tensor) -> Tensor:
        """Return the last map, (batch, channels, height, width)."""
        return self.trunk(self.stem(images))


class FaceSeResNet34(FaceResNet34):
    """`FaceResNet34` with squeeze-and-excitation: 21,708,524 weights at 512."""

    squeeze_excite = True


class FaceSeResNet50(FaceResNet34):
    """ResNet-50 with squeeze-and-excitation on face crops: 27,088,112 weights at 512."""

    block = Bottleneck
    squeeze_excite = True
