"""What training and extraction know of any network: its input, its embedding, its head's input."""

import torch
from torch import Tensor, nn


class Encoder(nn.Module):
    """Base of every network that turns one recording, or one face, into an embedding.

    `forward` gives the embedding that is stored and scored. `for_head` gives what the
    AAM-softmax sees of it: the same, or, with `emb_bn`, the embedding after a batch
    normalisation without weights, which centres it for the classifier only.

    Args:
        input_shape: sizes of the axes after the batch; None where any size will do.
        embedding_size: width of the embedding.
        emb_bn: whether the head sees the embedding batch-normalised.

    Reference:
        `emb_bn`: released training code of Z. Chen, S. Wang, Y. Qian, "Multi-modality matters:
        a performance leap on VoxCeleb", Interspeech 2020 (face model).
    """

    def __init__(
        self, input_shape: tuple[int | None, ...], embedding_size: int, emb_bn: bool = False
    ) -> None:
        super().__init__()
        self.input_shape = input_shape
        self.embedding_size = embedding_size
        self.head_norm = nn.BatchNorm1d(embedding_size, affine=False) if emb_bn else nn.Identity()

    def for_head(self, embedding: Tensor) -> Tensor:
        """Return what the classification head sees of (batch, embedding_size)."""
        return self.head_norm(embedding)

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
