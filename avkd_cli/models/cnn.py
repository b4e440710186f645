"""A small convolutional network for face crops: trains in minutes on two cores."""

from torch import Tensor, nn

from avkd_cli.models.encoder import Encoder
from avkd_cli.models.pooling import AllOfIt
from avkd_cli.models.resnet import conv_bn

HALVINGS = 4  # of height and width, by the stem and the stages together


class Cnn(Encoder):
    """Four strided convolutions and a linear layer that knows where in the face it looks.

    The last map is flattened, not averaged: crops are aligned, so place means something.

    Args:
        in_channels: 3 for colour, 1 for grey.
        height, width_px: size of the crop, in pixels; another size is refused.
        embedding_size: width of the embedding.
        width: channels after the stem, doubled by each of three stages; None is 16. Fewer than
            16 is refused: narrower maps are neither faster on a CPU nor safe channels-last.
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
        width_px: int = 96,
        embedding_size: int = 128,
        width: int | None = None,
        dropout: float = 0.0,
    ) -> None:
        super().__init__((in_channels, height, width_px), embedding_size)
        width = width or 16
        if width < 16:
            raise ValueError(f"width must be at least 16, not {width}")
        layers = [*conv_bn(in_channels, width, 5, 2), nn.ReLU(inplace=True)]
        for stage in range(1, HALVINGS):
            channels = width * 2**stage
            layers += [*conv_bn(channels // 2, channels, 3, 2), nn.ReLU(inplace=True)]
        self.trunk = nn.Sequential(*layers)
        cells = -(-height // 2**HALVINGS) * -(-width_px // 2**HALVINGS)
        self.pool = AllOfIt()
        self.embed = nn.Sequential(
            nn.Flatten(),
            nn.Dropout(dropout),
            nn.Linear(width * 2 ** (HALVINGS - 1) * cells, embedding_size),
        )

    def frames(self, images: Tensor) -> Tensor:
        """Return the last map, (batch, channels, height, width)."""
        return self.trunk(images)
