"""VGG-16 for faces, with batch normalisation and the two layers of S1 behind it.

References:
    K. Simonyan, A. Zisserman, "Very deep convolutional networks for large-scale image
    recognition", ICLR 2015, table 1, column D. A. Hajavi, A. Etemad, IEEE TAI 2023 (two layers
    of 512 after the last maximum, ReLU behind the second only).
"""

from torch import Tensor, nn

from avkd_cli.models.encoder import Encoder
from avkd_cli.models.pooling import MeanOverPlace
from avkd_cli.models.resnet import conv_bn
from avkd_cli.models.spectrogram import Halve, scaled

GROUPS = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))


class FaceVgg16(Encoder):
    """Thirteen 3x3 convolutions in five groups, halved after each.

    Args:
        in_channels: 3 for colour, 1 for grey.
        height, width_px: size of the crop, in pixels; another size is refused.
        embedding_size: width of the embedding; 15,244,224 weights at 512 with three channels.
        width: channels of the first group; None is the printed 64. All others follow in
            proportion, none below 16.
        dropout: share of the pooled map set to zero in training.

    Shape:
        images: (batch, in_channels, height, width_px), values in [-0.5, 0.5]
        returns: (batch, embedding_size), at least 0
    """

    def __init__(
        self,
        *,
        in_channels: int = 3,
        height: int = 224,
        width_px: int = 224,
        embedding_size: int = 512,
        width: int | None = None,
        dropout: float = 0.0,
    ) -> None:
        super().__init__((in_channels, height, width_px), embedding_size)
        layers: list[nn.Module] = []
        before = in_channels
        for printed, count in GROUPS:
            channels = scaled(printed, width or 64)
            for _ in range(count):
                layers += [*conv_bn(before, channels, 3, 1), nn.ReLU(inplace=True)]
                before = channels
            layers.append(Halve())
        self.trunk = nn.Sequential(*layers)
        self.pool = MeanOverPlace()
        self.embed = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear(before, embedding_size),
            nn.Linear(embedding_size, embedding_size),
            nn.ReLU(),
        )

    def frames(self, images: Tensor) -> Tensor:
        """Return the last map, (batch, channels, height, width)."""
        return self.trunk(images)
