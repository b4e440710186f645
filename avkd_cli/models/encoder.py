"""What training and extraction know of any encoder: frames, what pools them, an embedding."""

import torch
from torch import Tensor, nn

from avkd_cli.models.levels import Levels


class Encoder(nn.Module):
    """Base of every network that turns one recording, or one face, into an embedding.

    Three parts, so that a sequence model, a weight over time or a second output needs no second
    class: `frames` gives features over time or place, `pool` makes one vector of them and may
    give levels of its own (such as `weights`), `embed` makes the embedding of that vector.

    Args:
        input_shape: sizes of the axes after the batch; None where any size will do.
        embedding_size: width of the embedding.

    Shape:
        returns: Levels with `embedding` (batch, embedding_size), which is stored and scored.
    """

    pool: nn.Module
    embed: nn.Module

    def __init__(self, input_shape: tuple[int | None, ...], embedding_size: int) -> None:
        super().__init__()
        self.input_shape = input_shape
        self.embedding_size = embedding_size

    def frames(self, inputs: Tensor) -> Tensor:
        """Return features over time, (batch, channels, time), or place, (batch, channels, …)."""
        raise NotImplementedError

    def forward(self, inputs: Tensor) -> Levels:
        """Return the levels of a batch.

        Raises:
            ValueError: the input's shape is not the one that the network was made for.
        """
        self.check(inputs)
        pooled = dict(self.pool(self.frames(inputs)))
        return {"embedding": self.embed(pooled.pop("pooled")), **pooled}

    def check(self, inputs: Tensor) -> None:
        """Raise ValueError unless `inputs` is (batch, *input_shape)."""
        sizes = inputs.shape[1:]
        fits = len(sizes) == len(self.input_shape) and all(
            wanted is None or size == wanted
            for size, wanted in zip(sizes, self.input_shape, strict=True)
        )
        if not fits:
            wanted = ", ".join("any" if size is None else str(size) for size in self.input_shape)
            raise ValueError(
                f"{type(self).__name__} takes (batch, {wanted}), got {tuple(inputs.shape)}"
            )


def at_least_float32(values: Tensor) -> Tensor:
    """Return half-precision values in float32, others as they are.

    Variances, norms and exponentials of bfloat16 or float16 lose what they are to measure.
    """
    return values.to(torch.promote_types(values.dtype, torch.float32))
