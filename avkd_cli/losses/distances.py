"""Distances of each sample to its teacher, or to its person's class of the teacher: (batch,).

Those that compare the two embeddings need one size; a projection of either gives it.
"""

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor

from avkd_cli.losses.checks import check_one_shape
from avkd_cli.losses.geometry import SMALLEST_NORM, cosines
from avkd_cli.losses.moment import Moment
from avkd_cli.losses.precision import at_least_float32
from avkd_cli.losses.terms import Taught, Term
from avkd_cli.models.levels import Batch, Levels, level_of

USUAL_SCALE = 32.0  # of a teacher's head that does not say its own


def squared_distance(student: Tensor, teacher: Tensor) -> Tensor:
    """Return |student / |student| - teacher / |teacher||^2, in [0, 4]: twice 1 - cosine.

    Args:
        student, teacher: embeddings of any length, shape (batch, size).

    Raises:
        ValueError: if the shapes differ.
    """
    check_one_shape(student, teacher)
    student, teacher = at_least_float32(student, teacher)
    student, teacher = (F.normalize(one, eps=SMALLEST_NORM) for one in (student, teacher))
    return (student - teacher).square().sum(dim=1)


def raw_squared_distance(student: Tensor, teacher: Tensor) -> Tensor:
    """Return half of |student - teacher|^2, lengths and all; it grows with the size.

    Args:
        student, teacher: shape (batch, size).

    Raises:
        ValueError: if the shapes differ.

    Reference:
        A. Romero et al., "FitNets: hints for thin deep nets", ICLR 2015, eq. 3.
    """
    check_one_shape(student, teacher)
    student, teacher = at_least_float32(student, teacher)
    return 0.5 * (student - teacher).square().sum(dim=1)


def class_cross_entropy(
    student: Tensor, classifier: Tensor, label: Tensor, scale: float = 32.0
) -> Tensor:
    """Return the cross entropy of the student's embedding in the teacher's classes, in nats.

    -log softmax(scale * cosines to the teacher's class weights)[label]; the weights are frozen.

    Args:
        student: of the teacher's size, shape (batch, size).
        classifier: the teacher's class weights, shape (n_persons, size).
        label: each sample's row of the classifier, shape (batch,).
        scale: what the teacher's cosines were trained with.

    Raises:
        ValueError: if the sizes differ.

    Reference:
        S2, a reconstruction.
    """
    _check_size(student, classifier)
    cosine = cosines(student, classifier.detach())
    return F.cross_entropy(scale * cosine, label, reduction="none")


def class_cosine_distance(student: Tensor, classifier: Tensor, label: Tensor) -> Tensor:
    """Return 1 - cosine of the student's embedding to its person's class weight, in [0, 2].

    Beyond a tolerance of mu this is max(0, (1 - mu) - cosine).

    Args:
        student, classifier, label: as `class_cross_entropy`.

    Raises:
        ValueError: if the sizes differ.
    """
    return 1 - cosine_to_class(student, classifier, label)


def cosine_to_class(embedding: Tensor, classifier: Tensor, label: Tensor) -> Tensor:
    """Return each embedding's cosine to its own person's class weight, shape (batch,).

    Of a teacher's own embedding it says how well the sample shows whom it is said to show.

    Args:
        embedding, classifier, label: as `class_cross_entropy`.

    Raises:
        ValueError: if the sizes differ.
    """
    _check_size(embedding, classifier)
    embedding, classifier = at_least_float32(embedding, classifier.detach())
    return F.cosine_similarity(embedding, classifier[label], dim=1, eps=SMALLEST_NORM)


def _check_size(embedding: Tensor, classifier: Tensor) -> None:
    if embedding.shape[1:] != classifier.shape[1:]:
        raise ValueError(
            f"embeddings {tuple(embedding.shape)} and class weights {tuple(classifier.shape)} "
            "must have one size: learn a projection to the teacher's"
        )


class L2(Term):
    """Squared distance of student and teacher, both at length 1."""

    compares_sizes = True

    def __init__(self, taught: Taught) -> None:
        super().__init__(taught)
        self.per_sample = True

    def forward(self, levels: Levels, batch: Batch, moment: Moment) -> Tensor:
        """Return distances in [0, 4], (batch,)."""
        return squared_distance(*self.pair(levels, batch))


class L2Raw(L2):
    """Half the squared distance of student and teacher as they are (FitNets)."""

    blind_to_length = False

    def forward(self, levels: Levels, batch: Batch, moment: Moment) -> Tensor:
        """Return distances, (batch,)."""
        return raw_squared_distance(*self.pair(levels, batch))


class ClassCe(Term):
    """Cross entropy of the student among the teacher's frozen classes.

    Attributes:
        rows: returns the class weights, (classes, size); another place of theirs, such as a
            projection of the teacher, puts its own function here.

    Reference:
        S2, a reconstruction.
    """

    needs_classifier = True
    compares_sizes = True
    reads = ("label",)
    zero_at_match = False

    def __init__(self, taught: Taught) -> None:
        super().__init__(taught)
        self.per_sample, self.target = True, "label"
        self.scale = taught.scale or USUAL_SCALE
        self.register_buffer("classifier", taught.classifier, persistent=False)
        self.rows: Callable[[], Tensor] = lambda: self.classifier

    def forward(self, levels: Levels, batch: Batch, moment: Moment) -> Tensor:
        """Return nats, (batch,)."""
        student, label = level_of(levels, self.level), batch["label"]
        return class_cross_entropy(student, self.rows(), label, self.scale)


class ClassCosine(ClassCe):
    """1 - cosine of the student to its person's frozen class weight of the teacher."""

    zero_at_match = True

    def forward(self, levels: Levels, batch: Batch, moment: Moment) -> Tensor:
        """Return distances in [0, 2], (batch,)."""
        return class_cosine_distance(level_of(levels, self.level), self.rows(), batch["label"])
