"""Distances of each sample to its teacher, or to its person's class of the teacher: (batch,).

No gradient reaches the teacher. Those that compare the two embeddings need one size; a projection
of either gives it.
"""

import torch.nn.functional as F
from torch import Tensor

from avkd_cli.losses.checks import check_one_shape
from avkd_cli.losses.geometry import SMALLEST_NORM
from avkd_cli.losses.precision import at_least_float32, without_autocast


def squared_distance(student: Tensor, teacher: Tensor) -> Tensor:
    """Return |student / |student| - teacher / |teacher||^2, in [0, 4]: twice 1 - cosine.

    Args:
        student, teacher: embeddings of any length, shape (batch, size).

    Raises:
        ValueError: if the shapes differ.
    """
    check_one_shape(student, teacher)
    student, teacher = at_least_float32(student, teacher.detach())
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
    student, teacher = at_least_float32(student, teacher.detach())
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
        S2, a reconstruction (`systems.md` of the project's reference, 3.1).
    """
    cosine = _cosines(student, classifier)
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


def _cosines(embedding: Tensor, classifier: Tensor) -> Tensor:
    _check_size(embedding, classifier)
    with without_autocast(embedding):
        embedding, classifier = at_least_float32(embedding, classifier.detach())
        embedding, classifier = (F.normalize(x, eps=SMALLEST_NORM) for x in (embedding, classifier))
        return embedding @ classifier.T


def _check_size(embedding: Tensor, classifier: Tensor) -> None:
    if embedding.shape[1:] != classifier.shape[1:]:
        raise ValueError(
            f"embeddings {tuple(embedding.shape)} and class weights {tuple(classifier.shape)} "
            "must have one size: learn a projection to the teacher's"
        )
