"""Voices and faces in one space, compared with each other: two branches and a fusion of both.

Reference:
    M. S. Saeed et al., "Fusion and orthogonal projection for improved face-voice association",
    ICASSP 2022, section 2 and eq. 1, 2; layers inside a branch as in the released code.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from avkd_cli.models.levels import Levels

SMALLEST_NORM = 1e-6  # an embedding of zeros stays zeros, with a bounded gradient


class Branch(nn.Module):
    """Linear, batch norm, ReLU, dropout, and length one.

    Shape:
        embedding: (batch, size); returns (batch, embedding_size), no value negative.
    """

    def __init__(self, size: int, embedding_size: int, dropout: float) -> None:
        super().__init__()
        self.linear = nn.Linear(size, embedding_size)
        self.norm = nn.BatchNorm1d(embedding_size)
        self.dropout = nn.Dropout(dropout)

    def forward(self, embedding: Tensor) -> Tensor:
        """Return directions in the common space."""
        found = self.dropout(self.norm(self.linear(embedding)).relu())
        return F.normalize(
            found.to(torch.promote_types(found.dtype, torch.float32)), eps=SMALLEST_NORM
        )


class Pair(nn.Module):
    """What both pairs share: a branch a sense.

    Args:
        visual_size, audio_size: widths of the two embeddings, 4096 and 512 in the paper.
        embedding_size: width of the common space.
        dropout: at the end of each branch, in training.

    Shape:
        visual: (batch, visual_size), audio: (batch, audio_size). Returns Levels with `visual` and
        `audio`, u and v of length one, which are compared, and `embedding`, their fusion, which is
        classified; all (batch, embedding_size).
    """

    def __init__(
        self,
        *,
        visual_size: int = 4096,
        audio_size: int = 512,
        embedding_size: int = 128,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        self.sizes, self.embedding_size = (visual_size, audio_size), embedding_size
        self.visual = Branch(visual_size, embedding_size, dropout)
        self.audio = Branch(audio_size, embedding_size, dropout)
        self.begin(embedding_size)
        self.apply(_draw)

    def begin(self, embedding_size: int) -> None:
        """Make what fuses both senses."""
        raise NotImplementedError

    def forward(self, visual: Tensor, audio: Tensor) -> Levels:
        """Return the levels of a batch of pairs.

        Raises:
            ValueError: a width is not the one that the network was made for.
        """
        for name, one, size in zip(("visual", "audio"), (visual, audio), self.sizes, strict=True):
            if one.ndim != 2 or one.shape[1] != size:
                raise ValueError(
                    f"{type(self).__name__} takes {name} (batch, {size}), got {tuple(one.shape)}"
                )
        face, voice = self.visual(visual), self.audio(audio)
        return {"embedding": self.fuse(face, voice), "visual": face, "audio": voice}

    def side(self, sense: str, embedding: Tensor) -> Tensor:
        """Return the directions of one sense alone, (batch, embedding_size).

        Args:
            sense: "visual" or "audio".
            embedding: of that sense.
        """
        return {"visual": self.visual, "audio": self.audio}[sense](embedding)

    def fuse(self, face: Tensor, voice: Tensor) -> Tensor:
        """Return the fused embedding."""
        raise NotImplementedError


class GatedPair(Pair):
    """A weight in (0, 1) for each dimension, from both: 640,256 weights.

    k = sigmoid(A2 relu(bn(A1 [u, v]))); k tanh(u) + (1 - k) tanh(v), eq. 2.
    """

    def begin(self, embedding_size: int) -> None:
        """Make the gate."""
        self.gate = nn.Sequential(
            nn.Linear(2 * embedding_size, embedding_size),
            nn.BatchNorm1d(embedding_size),
            nn.ReLU(),
            nn.Linear(embedding_size, embedding_size),
        )

    def fuse(self, face: Tensor, voice: Tensor) -> Tensor:
        """Return the gated sum."""
        k = self.gate(torch.cat([face, voice], dim=1)).sigmoid()
        return k * face.tanh() + (1 - k) * voice.tanh()


class LinearPair(Pair):
    """The sum of both with two learned weights: 590,594 weights.

    w1 u + w2 v, both weights drawn from (0, 1).
    """

    def begin(self, embedding_size: int) -> None:
        """Draw the two weights."""
        self.share = nn.Parameter(torch.rand(2))  # of the face, of the voice

    def fuse(self, face: Tensor, voice: Tensor) -> Tensor:
        """Return the weighted sum."""
        return self.share[0] * face + self.share[1] * voice


def _draw(module: nn.Module) -> None:
    """Draw a linear layer as the released code does."""
    if isinstance(module, nn.Linear):
        nn.init.xavier_uniform_(module.weight)
        nn.init.constant_(module.bias, 0.01)


PAIRS: dict[str, type[Pair]] = {"gated": GatedPair, "linear": LinearPair}
