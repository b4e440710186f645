"""Learning from a teacher that saw what the student only hears: imitation, and its rivals.

Reference:
    A. Hajavi, A. Etemad, "Audio representation learning by distilling video as privileged
    information", IEEE TAI 2023, eq. 8, 12 and 13; the distance is not printed. The rivals:
    D. Lopez-Paz et al., "Unifying distillation and privileged information", ICLR 2016 (soft
    labels); a decoder of the teacher's vectors (multitask), as the paper re-implements both.
"""

import torch.nn.functional as F
from torch import Tensor

from avkd_cli.losses.checks import check_choice, check_one_shape
from avkd_cli.losses.geometry import SMALLEST_NORM, cosines
from avkd_cli.losses.moment import Moment
from avkd_cli.losses.precision import at_least_float32, without_autocast
from avkd_cli.losses.terms import Taught, Term
from avkd_cli.models.levels import Batch, Levels, level_of

DISTANCES = ("mse", "l2", "l1", "cosine")


def vector_distance(student: Tensor, teacher: Tensor, distance: str = "mse") -> Tensor:
    """Return how far vectors are from each other, over their last axis: (…,).

    Args:
        student, teacher: shape (…, size).
        distance: "mse", the mean of squares over dimensions; "l2", the root of their sum; "l1",
            the mean of absolute differences; "cosine", 1 - cosine.

    Raises:
        ValueError: the shapes differ, or there is no such distance.
    """
    check_choice("distance", distance, DISTANCES)
    check_one_shape(student, teacher)
    student, teacher = at_least_float32(student, teacher)
    if distance == "cosine":
        return 1 - F.cosine_similarity(student, teacher, dim=-1, eps=SMALLEST_NORM)
    gap = student - teacher
    if distance == "l1":
        return gap.abs().mean(dim=-1)
    squares = gap.square()
    if distance == "mse":
        return squares.mean(dim=-1)
    return (squares.sum(dim=-1) + 1e-12).sqrt()  # the gradient of sqrt is infinite at 0


class Imitation(Term):
    """Distance of a level to the teacher's vectors (eq. 8, 12 and 13).

    Of segments it is the mean over those that the teacher saw, which `known` tells.

    Args:
        distance: see `vector_distance`.
    """

    compares_sizes = True
    reads = ("known",)
    blind_to_length = False

    def __init__(self, taught: Taught, *, distance: str = "mse") -> None:
        super().__init__(taught)
        self.distance, self.per_sample = distance, True

    def forward(self, levels: Levels, batch: Batch, moment: Moment) -> Tensor:
        """Return distances, (batch,)."""
        each = vector_distance(*self.pair(levels, batch), self.distance)
        if each.ndim == 1:
            return each
        known = level_of({}, "known", batch).to(each.dtype)  # (batch, segments)
        return (known * each).sum(dim=1) / known.sum(dim=1).clamp(min=1)


class SoftLabels(Term):
    """Cross entropy of the student's posteriors to the teacher's, at temperature 1."""

    needs_classifier = True
    zero_at_match = False

    def __init__(self, taught: Taught) -> None:
        super().__init__(taught)
        self.per_sample = True
        self.scale, self.own_scale = taught.scale, taught.student_scale or taught.scale or 1.0
        self.register_buffer("classifier", taught.classifier, persistent=False)
        self.register_buffer("bias", taught.bias, persistent=False)

    def posteriors(self, teacher: Tensor) -> Tensor:
        """Return the teacher's posteriors of its vectors, (batch, classes)."""
        (teacher,) = at_least_float32(teacher)
        if self.bias is None:
            return (cosines(teacher, self.classifier) * (self.scale or 1.0)).softmax(dim=1)
        with without_autocast(teacher):
            return F.linear(teacher, self.classifier, self.bias).softmax(dim=1)

    def forward(self, levels: Levels, batch: Batch, moment: Moment) -> Tensor:
        """Return nats, (batch,)."""
        _, teacher = self.pair(levels, batch)
        (scores,) = at_least_float32(level_of(levels, "person.scores"))
        return -(self.posteriors(teacher) * (self.own_scale * scores).log_softmax(dim=1)).sum(dim=1)


class Multitask(Term):
    """Mean square of what a decoder of the embedding makes, less the teacher's vector."""

    compares_sizes = True
    blind_to_length = False

    def __init__(self, taught: Taught) -> None:
        super().__init__(taught)
        self.per_sample = True

    def forward(self, levels: Levels, batch: Batch, moment: Moment) -> Tensor:
        """Return distances, (batch,)."""
        return vector_distance(*self.pair(levels, batch))
