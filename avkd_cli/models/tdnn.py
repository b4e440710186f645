"""A small time-delay network: trains on a few hundred utterances in minutes on two cores."""

from torch import Tensor, nn

from avkd_cli.models.encoder import Encoder
from avkd_cli.models.pooling import pooling as pooling_by_name

# (kernel size, stride, dilation) of each layer. A step sees 27 frames; from the second layer on
# there are half as many steps as frames, which halves the work.
LAYERS = ((5, 1, 1), (3, 2, 1), (3, 1, 2), (3, 1, 3), (1, 1, 1))


class Tdnn(Encoder):
    """Dilated convolutions over time, statistics pooling, a linear embedding.

    Args:
        n_mels: mel bins of each frame.
        embedding_size: width of the embedding.
        width: channels of every layer; None is 192, the last layer being three times as wide.
        pooling: "statistics", or "attentive" for learned weights over time.
        dropout: share of the pooled statistics set to zero in training.

    Shape:
        features: (batch, frames, n_mels), the utterance's mean taken off each bin
        returns: (batch, embedding_size)

    Reference:
        D. Snyder et al., "X-vectors: robust DNN embeddings for speaker recognition",
        ICASSP 2018, table 1, narrowed; the stride is ours.
    """

    def __init__(
        self,
        *,
        n_mels: int = 40,
        embedding_size: int = 128,
        width: int | None = None,
        pooling: str = "statistics",
        dropout: float = 0.0,
    ) -> None:
        super().__init__((None, n_mels), embedding_size)
        width = width or 192
        sizes = [n_mels, *[width] * (len(LAYERS) - 1), 3 * width]
        layers: list[nn.Module] = []
        for channels_in, channels_out, shape in zip(sizes, sizes[1:], LAYERS, strict=False):
            layers += tdnn_layer(channels_in, channels_out, *shape)
        self.layers = nn.Sequential(*layers)
        self.pool = pooling_by_name(pooling, 3 * width)
        self.embed = nn.Sequential(
            nn.BatchNorm1d(self.pool.output_size),
            nn.Dropout(dropout),
            nn.Linear(self.pool.output_size, embedding_size),
        )

    def frames(self, features: Tensor) -> Tensor:
        """Return what is pooled, (batch, channels, frames / 2)."""
        return self.layers(features.transpose(1, 2))


def tdnn_layer(
    channels_in: int,
    channels_out: int,
    size: int,
    stride: int = 1,
    dilation: int = 1,
    *,
    bias: bool = False,
) -> list[nn.Module]:
    """Return a convolution that keeps the edges, ReLU and BatchNorm, in the x-vector's order."""
    padding = dilation * (size // 2)
    return [
        nn.Conv1d(channels_in, channels_out, size, stride, padding, dilation, bias=bias),
        nn.ReLU(inplace=True),
        nn.BatchNorm1d(channels_out),
    ]
