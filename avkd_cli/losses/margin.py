"""The additive angular margin softmax: the classifier that every network here trains with."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from avkd_cli.losses.precision import at_least_float32, without_autocast

FALLBACKS = ("a", "b", "c")
SMALLEST_NORM = 1e-6  # an embedding of zeros has cosines of 0 and a bounded gradient
LARGEST_COSINE = 1 - 1e-6  # the sine's gradient is infinite where the cosine is 1


class AamSoftmax(nn.Module):
    """Cross entropy of scaled cosines to one vector a person, the target's angle widened.

    `weight`, shape (n_persons, embedding_size), holds a row a person.

    Args:
        n_persons: classes.
        embedding_size: width of the embedding.
        margin: radians added to the target's angle, unless a call says otherwise.
        scale: factor of all cosines before the softmax.
        fallback: what to do when the widened angle would exceed pi; see
            `additive_angular_margin`.

    Reference:
        J. Deng et al., "ArcFace: additive angular margin loss for deep face recognition",
        CVPR 2019, eq. 3; L. Zhang, Z. Chen, Y. Qian, Interspeech 2021, eq. 1.
    """

    def __init__(
        self,
        n_persons: int,
        embedding_size: int,
        margin: float = 0.2,
        scale: float = 32.0,
        *,
        fallback: str = "a",
    ) -> None:
        super().__init__()
        if fallback not in FALLBACKS:
            raise ValueError(f"no fallback {fallback!r}; there are {', '.join(FALLBACKS)}")
        self.margin, self.scale, self.fallback = margin, scale, fallback
        self.weight = nn.Parameter(torch.empty(n_persons, embedding_size))
        nn.init.xavier_uniform_(self.weight)

    def forward(self, embedding: Tensor, label: Tensor, margin: float | None = None) -> Tensor:
        """Return the loss, a scalar in nats averaged over the batch.

        Args:
            embedding: shape (batch, embedding_size), of any length.
            label: row of `weight` of each one's person, shape (batch,).
            margin: in radians, when a schedule moves it; None is the one of construction.
        """
        return self.loss(self.cosines(embedding), label, margin)

    def cosines(self, embedding: Tensor) -> Tensor:
        """Return the cosines of (batch, embedding_size) to all persons: (batch, n_persons)."""
        return cosines(embedding, self.weight)

    def loss(self, cosine: Tensor, label: Tensor, margin: float | None = None) -> Tensor:
        """Return the loss from `cosines`, for a step that needs these for distillation too."""
        margin = self.margin if margin is None else margin
        index = label.unsqueeze(1)
        target = additive_angular_margin(cosine.gather(1, index), margin, self.fallback)
        return F.cross_entropy(self.scale * cosine.scatter(1, index, target), label)


def cosines(embedding: Tensor, classifier: Tensor) -> Tensor:
    """Return cosines (batch, n_persons) of (batch, size) to the rows of (n_persons, size).

    In float32 or better, also under autocast: times a scale of 32, bfloat16 would be off by 0.1.
    """
    with without_autocast(embedding):
        embedding, classifier = at_least_float32(embedding, classifier)
        return F.linear(
            F.normalize(embedding, eps=SMALLEST_NORM), F.normalize(classifier, eps=SMALLEST_NORM)
        )


def additive_angular_margin(cosine: Tensor, margin: float, fallback: str = "a") -> Tensor:
    """Return cos(theta + margin) for cosines of theta, decreasing in theta to the end.

    Beyond theta = pi - margin that cosine would rise again. There, `fallback` "a" gives
    cos - (1 - cos margin), which goes on without a jump; "b" gives cos - margin sin margin, the
    common code, which jumps down; "c" lets it rise, the formula as printed.

    Args:
        cosine: any shape, values in [-1, 1].
        margin: radians, at least 0.
        fallback: one of "a", "b", "c".
    """
    sine = (1 - cosine.clamp(-LARGEST_COSINE, LARGEST_COSINE) ** 2).sqrt()
    widened = cosine * math.cos(margin) - sine * math.sin(margin)
    if fallback == "c":
        return widened
    penalty = 1 - math.cos(margin) if fallback == "a" else margin * math.sin(margin)
    return torch.where(cosine > -math.cos(margin), widened, cosine - penalty)
