"""From pieces in a row to one embedding: two bidirectional LSTM layers and attention.

Reference:
    A. Hajavi, A. Etemad, "Audio representation learning by distilling video as privileged
    information", IEEE TAI 2023, eq. 5, 6, 9 and 10.
"""

import torch
from torch import Tensor, nn

from avkd_cli.models.encoder import Encoder
from avkd_cli.models.levels import Levels

ATTENTION = 128  # hidden units of the attention


class Aggregator(nn.Module):
    """Two BiLSTM layers, ReLU, and a mean weighted by additive attention.

    Args:
        size: of each piece; 3,153,920 + 65,793 weights where both sizes are 512.
        embedding_size: width of the embedding, even: half from each direction.

    Shape:
        pieces: (batch, pieces, size)
        returns: Levels with `embedding` (batch, embedding_size) and `weights` (batch, pieces),
            which sum to 1.

    Raises:
        ValueError: embedding_size is odd.
    """

    def __init__(self, size: int = 512, embedding_size: int = 512) -> None:
        super().__init__()
        if embedding_size % 2:
            raise ValueError(f"embedding_size must be even, not {embedding_size}: two directions")
        self.size, self.embedding_size = size, embedding_size
        self.lstm = nn.LSTM(
            size, embedding_size // 2, num_layers=2, bidirectional=True, batch_first=True
        )
        self.attention = nn.Sequential(
            nn.Linear(embedding_size, ATTENTION), nn.Tanh(), nn.Linear(ATTENTION, 1)
        )

    def forward(self, pieces: Tensor) -> Levels:
        """Return `embedding` and `weights`."""
        states = self.lstm(pieces)[0].relu()  # (batch, pieces, embedding_size)
        weights = self.attention(states).float().softmax(dim=1)  # (batch, pieces, 1)
        return {"embedding": (weights * states).sum(dim=1), "weights": weights.squeeze(-1)}


class Segmented(nn.Module):
    """An encoder of pieces in a row, and what aggregates them.

    Args:
        encoder: of one piece, (batch, length, …) to its level `embedding`.
        length: of a piece, in the input's frames.

    Shape:
        features: (batch, time, …)
        returns: Levels with `embedding` (batch, d), `segments` (batch, pieces, d) and `weights`
            (batch, pieces).
    """

    def __init__(self, encoder: Encoder, length: int) -> None:
        super().__init__()
        self.encoder, self.length = encoder, length
        self.embedding_size = encoder.embedding_size
        self.aggregator = Aggregator(encoder.embedding_size, encoder.embedding_size)
        self.labels_share = 1.0  # of the labels' gradient, for the encoder

    def forward(self, features: Tensor) -> Levels:
        """Return the levels; segments of all utterances pass through the encoder together."""
        pieces = in_pieces(features, self.length)  # (batch, pieces, length, …)
        segments = self.encoder(pieces.flatten(0, 1))["embedding"].unflatten(0, pieces.shape[:2])
        return {
            **self.aggregator(scale_gradient(segments, self.labels_share)),
            "segments": segments,
        }


class OfFrames(Encoder):
    """Stored frame embeddings in a row: their aggregate, and the means of their segments.

    Args:
        size: of a frame's embedding.
        embedding_size: width of the embedding, even.
        length: frames of a segment.

    Shape:
        frames: (batch, time, size)
        returns: Levels with `embedding` (batch, embedding_size), `segments` (batch, pieces, size)
            and `weights` (batch, time).
    """

    def __init__(self, *, size: int = 512, embedding_size: int = 512, length: int = 25) -> None:
        super().__init__((None, size), embedding_size)
        self.length = length
        self.aggregator = Aggregator(size, embedding_size)

    def forward(self, frames: Tensor) -> Levels:
        """Return the levels of a batch."""
        self.check(frames)
        return {**self.aggregator(frames), "segments": means_of_pieces(frames, self.length)}


class OfPictures(nn.Module):
    """Pictures in a row: an encoder of each, and what `OfFrames` makes of them.

    Args:
        encoder: of one picture, (batch, channels, height, width) to its level `embedding`.
        length: frames of a segment.
        embedding_size: width of the aggregate; None: of a frame's embedding.

    Shape:
        clips: (batch, time, channels, height, width)
        returns: Levels of `OfFrames`, and `frames` (batch, time, d).
    """

    def __init__(self, encoder: Encoder, length: int, embedding_size: int | None = None) -> None:
        super().__init__()
        size = encoder.embedding_size
        self.encoder, self.embedding_size = encoder, embedding_size or size
        self.sequence = OfFrames(size=size, embedding_size=self.embedding_size, length=length)

    def forward(self, clips: Tensor) -> Levels:
        """Return the levels of a batch."""
        frames = self.encoder(clips.flatten(0, 1))["embedding"].unflatten(0, clips.shape[:2])
        return {**self.sequence(frames), "frames": frames}


def in_pieces(features: Tensor, length: int) -> Tensor:
    """Return (batch, time, …) cut into pieces of a length: (batch, pieces, length, …).

    The last piece is filled by repeating it when it is at least half as long; when it is
    shorter it is dropped. What is shorter than one piece is filled.
    """
    time = features.shape[1]
    whole, rest = divmod(time, length)
    full = features[:, : whole * length]
    if whole and 2 * rest < length:
        return full.unflatten(1, (whole, length))
    last = features[:, whole * length :]
    repeated = last.repeat(1, -(-length // rest), *(1 for _ in last.shape[2:]))[:, :length]
    if not whole:
        return repeated.unsqueeze(1)
    return torch.cat([full, repeated], dim=1).unflatten(1, (whole + 1, length))


def count_pieces(time: int, length: int) -> int:
    """Return how many pieces `in_pieces` makes of a time."""
    whole, rest = divmod(time, length)
    return max(1, whole + (2 * rest >= length))


def means_of_pieces(frames: Tensor, length: int) -> Tensor:
    """Return the mean of each piece's frames: (batch, time, d) to (batch, pieces, d) (eq. 6)."""
    return in_pieces(frames, length).mean(dim=2)


class _Scaled(torch.autograd.Function):
    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, values: Tensor, factor: float) -> Tensor:
        ctx.factor = factor
        return values.view_as(values)

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, gradient: Tensor) -> tuple:
        return gradient * ctx.factor, None


def scale_gradient(values: Tensor, factor: float) -> Tensor:
    """Return the same values; their gradient is multiplied by a factor on its way back.

    Between an encoder and a header it gives the encoder a share of the labels' gradient while
    the header keeps all of it (eq. 8, 12 and 13).
    """
    return values if factor == 1 else _Scaled.apply(values, factor)
