"""What a student is taught beside the labels: the teacher's posteriors, directions, geometry.

Each returns a scalar and lets no gradient reach the teacher. Embedding-level terms take
(batch, size) of the student, then of the teacher; only those that compare distances within each
set allow the two sizes to differ.

Reference, unless a function names another:
    L. Zhang, Z. Chen, Y. Qian, "Knowledge distillation from multi-modality to single-modality
    for person verification", Interspeech 2021, eq. 2 to 5.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from avkd_cli.losses.precision import at_least_float32, without_autocast

SMALLEST_NORM = 1e-6
SMALLEST_SPREAD = 1e-12  # of embeddings all at one place, where any bandwidth gives kernels of 1
MMD_EPSILON = 1e-8  # under the root, whose gradient is infinite at 0


def label_level_kd_loss(
    student_logits: Tensor,
    teacher_logits: Tensor,
    temperature: float = 1 / 32,
    *,
    form: str = "kl",
    reduction: str = "batchmean",
) -> Tensor:
    """Return how far the student's posteriors are from the teacher's.

    KL(teacher || student) of softmax(cosine / temperature). There is no factor of temperature
    squared: with cosines, 1 / temperature is the scale that the AAM-softmax was trained with.

    Args:
        student_logits: cosines to the student's classes, shape (batch, n_persons).
        teacher_logits: cosines to the teacher's classes, same persons in the same order.
        temperature: 1 / 32 in the paper.
        form: "kl", or "ce" for the cross entropy as printed: larger by the teacher's entropy,
            with the same gradient.
        reduction: "batchmean", or "sum" over the batch as printed.

    Returns:
        A scalar in nats, at least 0; with "kl", 0 when the posteriors agree.

    Raises:
        ValueError: if the shapes differ, or an option is unknown.

    Reference:
        Eq. 2 and 3 (eq. 2 as printed has a product of norms for the cosine).
    """
    _check_choice("form", form, ("kl", "ce"))
    _check_choice("reduction", reduction, ("batchmean", "sum"))
    if student_logits.shape != teacher_logits.shape:
        raise ValueError(
            f"student logits {tuple(student_logits.shape)} and teacher logits "
            f"{tuple(teacher_logits.shape)} must have one shape: "
            "were they trained on the same persons?"
        )
    student, teacher = at_least_float32(student_logits, teacher_logits.detach())
    student = F.log_softmax(student / temperature, dim=-1)
    teacher = F.log_softmax(teacher / temperature, dim=-1)
    if form == "kl":
        total = F.kl_div(student, teacher, reduction="sum", log_target=True)
    else:
        total = -(teacher.exp() * student).sum()
    return total if reduction == "sum" else total / len(student)


def embedding_cosine_loss(student: Tensor, teacher: Tensor, *, reduction: str = "mean") -> Tensor:
    """Return the mean over the batch of 1 - cosine, in [0, 2].

    Args:
        student, teacher: embeddings of one size, shape (batch, size), of any length.
        reduction: "mean", or "sum1" for 1 - sum of cosines as printed, whose least value is
            1 - batch.

    Raises:
        ValueError: if the shapes differ, or the reduction is unknown.

    Reference:
        Eq. 4.
    """
    _check_choice("reduction", reduction, ("mean", "sum1"))
    _check_one_shape(student, teacher)
    student, teacher = at_least_float32(student, teacher.detach())
    cosine = F.cosine_similarity(student, teacher, dim=1, eps=SMALLEST_NORM)
    return 1 - cosine.sum() if reduction == "sum1" else (1 - cosine).mean()


def mmd_loss(
    student: Tensor,
    teacher: Tensor,
    *,
    form: str = "sqrt",
    kernel: str = "sum",
    bandwidth: float | None = None,
    n_kernels: int = 5,
    normalise: bool = True,
) -> Tensor:
    """Return the maximum mean discrepancy of two sets of embeddings, under Gaussian kernels.

    The kernels are exp(-distance^2 / b) with b = `bandwidth` * (1/4, 1/2, 1, 2, 4): eq. 6 with
    2 sigma^2 = b. Two samples of one distribution do not give 0: at 512 dimensions the squared
    form is about 0.098, 0.048, 0.025 for batches of 64, 128, 256.

    Args:
        student, teacher: shapes (m, size) and (n, size).
        form: "sqrt", as printed; "squared", the widespread code; "unbiased", squared without
            the kernels of each embedding with itself, which may be negative.
        kernel: "sum" or "mean" over the kernels.
        bandwidth: the middle b; None takes the mean squared distance of all pairs of both sets.
        n_kernels: how many, each twice as wide as the one before, from b / 2^(n_kernels // 2).
        normalise: whether embeddings are taken at length 1, as printed.

    Raises:
        ValueError: if the sizes differ, an option is unknown, or a set is too small: empty, or
            a single embedding with "unbiased".

    Reference:
        Eq. 5 and 6; A. Gretton et al., "A kernel two-sample test", JMLR 2012, eq. 3 and 5.
    """
    _check_choice("form", form, ("sqrt", "squared", "unbiased"))
    _check_choice("kernel", kernel, ("sum", "mean"))
    _check_sets(student, teacher, least=2 if form == "unbiased" else 1)
    with without_autocast(student):
        student, teacher = at_least_float32(student, teacher.detach())
        if normalise:
            student, teacher = (F.normalize(x, eps=SMALLEST_NORM) for x in (student, teacher))
        squared = _squared_mmd(student, teacher, bandwidth, n_kernels, form != "unbiased")
    if kernel == "mean":
        squared = squared / n_kernels
    return (squared.clamp(min=0) + MMD_EPSILON).sqrt() if form == "sqrt" else squared


def _squared_mmd(
    student: Tensor, teacher: Tensor, bandwidth: float | None, n_kernels: int, with_self: bool
) -> Tensor:
    centre, spread = _centre_and_spread(student.detach(), teacher)
    student, teacher = student - centre, teacher - centre  # smaller numbers, exacter distances
    middle = spread if bandwidth is None else torch.full_like(spread, bandwidth)
    widest = middle * 2 ** (n_kernels - 1 - n_kernels // 2)
    within = _mean_kernel(student, student, widest, n_kernels, with_self)
    across = _mean_kernel(student, teacher, widest, n_kernels, True)
    return within - 2 * across + _mean_kernel(teacher, teacher, widest, n_kernels, with_self)


def _centre_and_spread(student: Tensor, teacher: Tensor) -> tuple[Tensor, Tensor]:
    """Return the mean of the union and the mean squared distance of its pairs, without pairs.

    The sum of all squared distances of n points is 2 n times that of those to their mean.
    """
    union = torch.cat([student, teacher])
    centre = union.mean(dim=0)
    spread = 2 * (union - centre).square().sum() / (len(union) - 1)
    return centre, spread.clamp(min=SMALLEST_SPREAD)


def _mean_kernel(
    left: Tensor, right: Tensor, widest: Tensor, n_kernels: int, with_self: bool
) -> Tensor:
    """Return the mean over pairs of the summed kernels.

    One exponential serves all: a kernel of half the bandwidth is the square of this one.
    """
    distance = _squared_distances(left, right)
    kernel = torch.exp(distance * (-1 / widest))
    total = kernel.sum()
    for _ in range(n_kernels - 1):
        kernel = kernel * kernel
        total = total + kernel.sum()
    if with_self:
        return total / distance.numel()
    n = len(left)  # each embedding has distance 0 to itself, and every kernel is 1 there
    return (total - n * n_kernels) / (n * (n - 1))


def _squared_distances(left: Tensor, right: Tensor) -> Tensor:
    """Return the squared distances (m, n) of (m, size) and (n, size), by one matrix product."""
    lengths = left.square().sum(dim=1, keepdim=True) + right.square().sum(dim=1)
    return torch.addmm(lengths, left, right.T, alpha=-2).clamp(min=0)


def similarity_preserving_loss(student: Tensor, teacher: Tensor) -> Tensor:
    """Return the mean squared difference of the rows of both similarity matrices.

    A similarity matrix is the inner products within a batch, each row at length 1; the sizes of
    the embeddings may differ.

    Raises:
        ValueError: if the batches differ.

    Reference:
        F. Tung, G. Mori, "Similarity-preserving knowledge distillation", ICCV 2019, eq. 2 to 4.
    """
    _check_one_batch(student, teacher)
    with without_autocast(student):
        student, teacher = at_least_float32(student, teacher.detach())
        difference = _row_normalised_gram(student) - _row_normalised_gram(teacher)
        return difference.square().mean()


def _row_normalised_gram(embedding: Tensor) -> Tensor:
    return F.normalize(embedding @ embedding.T, eps=SMALLEST_NORM)


def relational_distance_loss(student: Tensor, teacher: Tensor) -> Tensor:
    """Return how much the distances within a batch differ, each set's divided by its mean.

    Huber loss with its corner at 1, averaged over pairs of different rows; the sizes of the
    embeddings may differ. A batch of one has no pairs: 0.

    Raises:
        ValueError: if the batches differ.

    Reference:
        W. Park et al., "Relational knowledge distillation", CVPR 2019, eq. 6 to 8.
    """
    _check_one_batch(student, teacher)
    with without_autocast(student):
        student, teacher = at_least_float32(student, teacher.detach())
        if len(student) < 2:
            return (student * 0).sum()  # a zero that the backward pass can go through
        return F.smooth_l1_loss(_relative_distances(student), _relative_distances(teacher))


def _relative_distances(embedding: Tensor) -> Tensor:
    embedding = embedding - embedding.detach().mean(dim=0)
    n = len(embedding)
    first, second = torch.triu_indices(n, n, offset=1, device=embedding.device)
    squared = _squared_distances(embedding, embedding)[first, second]
    distance = (squared + SMALLEST_NORM**2).sqrt()  # the root's gradient is infinite at 0
    return distance / distance.mean()


def _check_choice(option: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ValueError(f"no {option} {value!r}; there are {', '.join(choices)}")


def _check_one_batch(student: Tensor, teacher: Tensor) -> None:
    if len(student) != len(teacher):
        raise ValueError(f"{len(student)} student and {len(teacher)} teacher embeddings differ")


def _check_sets(student: Tensor, teacher: Tensor, least: int) -> None:
    if student.ndim != 2 or student.shape[1:] != teacher.shape[1:]:
        raise ValueError(
            f"student embeddings {tuple(student.shape)} and teacher embeddings "
            f"{tuple(teacher.shape)} must have one size"
        )
    if min(len(student), len(teacher)) < least:
        raise ValueError(f"sets of {len(student)} and {len(teacher)}; at least {least} wanted")


def _check_one_shape(student: Tensor, teacher: Tensor) -> None:
    if student.shape != teacher.shape:
        raise ValueError(
            f"student embeddings {tuple(student.shape)} and teacher embeddings "
            f"{tuple(teacher.shape)} must have one shape: give the student the teacher's size"
        )
