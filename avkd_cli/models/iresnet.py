"""IResNet-18, the face network of insightface.

References:
    J. Deng et al., "ArcFace: additive angular margin loss for deep face recognition",
    CVPR 2019, section 3.1; layout of insightface's published models;
    I. C. Duta et al., "Improved residual networks for image and video recognition", ICPR 2020.
"""

from torch import Tensor, nn

from avkd_cli.models.encoder import Encoder
from avkd_cli.models.pooling import AllOfIt

HALVINGS = 4  # each of the four stages begins with a stride of 2


class PreNormBlock(nn.Module):
    """BN, conv, BN, PReLU, conv with the stride, BN; plus the input, projected by need."""

    def __init__(self, channels_in: int, channels: int, stride: int) -> None:
        super().__init__()
        self.residual = nn.Sequential(
            nn.BatchNorm2d(channels_in),
            nn.Conv2d(channels_in, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
            nn.PReLU(channels),
            nn.Conv2d(channels, channels, 3, stride, padding=1, bias=False),
            nn.BatchNorm2d(channels),
        )
        self.shortcut = nn.Sequential()
        if stride != 1 or channels_in != channels:
            self.shortcut = nn.Sequential(
                nn.Conv2d(channels_in, channels, 1, stride, bias=False), nn.BatchNorm2d(channels)
            )

    def forward(self, maps: Tensor) -> Tensor:
        """Return (batch, channels, height, width)."""
        return self.residual(maps) + self.shortcut(maps)


class IResNet18(Encoder):
    """Four stages of two pre-norm blocks; the last map is flattened into the embedding.

    The batch normalisation of the embedding is part of the network here and has a learned
    shift; its scale stays at 1, frozen, so that no dimension can be switched off.

    Args:
        in_channels: 3 for colour, 1 for grey.
        height, width_px: size of the crop, in pixels; another size is refused.
        embedding_size: width of the embedding; 24,025,600 weights at 512 and 3 x 112 x 112.
        width: channels of the first stage, doubled by each next; None is the printed 64.
        dropout: share of the last map set to zero in training.

    Shape:
        images: (batch, in_channels, height, width_px), values in [-0.5, 0.5]
        returns: (batch, embedding_size)
    """

    def __init__(
        self,
        *,
        in_channels: int = 3,
        height: int = 112,
        width_px: int = 112,
        embedding_size: int = 512,
        width: int | None = None,
        dropout: float = 0.0,
    ) -> None:
        super().__init__((in_channels, height, width_px), embedding_size)
        width = width or 64
        self.stem = nn.Sequential(
            nn.Conv2d(in_channels, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.PReLU(width),
        )
        blocks, channels_in = [], width
        for stage in range(HALVINGS):
            channels = width * 2**stage
            blocks += [PreNormBlock(channels_in, channels, 2), PreNormBlock(channels, channels, 1)]
            channels_in = channels
        self.trunk = nn.Sequential(*blocks, nn.BatchNorm2d(channels_in))
        cells = -(-height // 2**HALVINGS) * -(-width_px // 2**HALVINGS)
        self.pool = AllOfIt()
        self.embed = nn.Sequential(
            nn.Flatten(),
            nn.Dropout(dropout),
            nn.Linear(channels_in * cells, embedding_size),
            nn.BatchNorm1d(embedding_size),
        )
        self.embed[-1].weight.requires_grad_(False)

    def frames(self, images: Tensor) -> Tensor:
        """Return the last map, (batch, channels, height, width)."""
        return self.trunk(self.stem(images))
