"""How two batches of embeddings differ as distributions.

Reference:
    A. Gretton et al., "A kernel two-sample test", JMLR 2012; L. Zhang, Z. Chen, Y. Qian,
    Interspeech 2021, eq. 5 and 6.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from avkd_cli.losses.checks import check_choice, check_sets
from avkd_cli.losses.geometry import SMALLEST_NORM, squared_distances
from avkd_cli.losses.moment import Moment
from avkd_cli.losses.precision import at_least_float32, without_autocast
from avkd_cli.losses.terms import Taught, Term
from avkd_cli.models.levels import Batch, Levels

SMALLEST_SPREAD = 1e-12  # of embeddings all at one place, where any bandwidth gives kernels of 1
MMD_EPSILON = 1e-8  # under the root, whose gradient is infinite at 0


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
        S0, eq. 5 and 6; Gretton et al., eq. 3 and 5.
    """
    check_choice("form", form, ("sqrt", "squared", "unbiased"))
    check_choice("kernel", kernel, ("sum", "mean"))
    check_sets(student, teacher, least=2 if form == "unbiased" else 1)
    with without_autocast(student):
        student, teacher = at_least_float32(student, teacher)
        if normalise:
            student, teacher = (F.normalize(x, eps=SMALLEST_NORM) for x in (student, teacher))
        squared = _squared_mmd(student, teacher, bandwidth, n_kernels, form != "unbiased")
    if kernel == "mean":
        squared = squared / n_kernels
    return (squared.clamp(min=0) + MMD_EPSILON).sqrt() if form == "sqrt" else squared


def _squared_mmd(
    student: Tensor, teacher: Tensor, bandwidth: float | None, n_kernels: int, with_self: bool
) -> Tensor:
    centre, spread = _centre_and_spread(student.detach(), teacher.detach())
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
    distance = squared_distances(left, right)
    kernel = torch.exp(distance * (-1 / widest))
    total = kernel.sum()
    for _ in range(n_kernels - 1):
        kernel = kernel * kernel
        total = total + kernel.sum()
    if with_self:
        return total / distance.numel()
    n = len(left)  # each embedding has distance 0 to itself, and every kernel is 1 there
    return (total - n * n_kernels) / (n * (n - 1))


class Mmd(Term):
    """MMD between the student's and the teacher's batch (S0, eq. 5).

    Args:
        form, kernels, bandwidth: see `mmd_loss`; a bandwidth of 0 is the batch's.
        gather: compare the batches of all processes together.
    """

    compares_sizes = True

    def __init__(
        self,
        taught: Taught,
        *,
        form: str = "sqrt",
        kernels: str = "sum",
        bandwidth: float = 0.0,
        gather: bool = False,
    ) -> None:
        super().__init__(taught)
        self.form, self.kernels, self.bandwidth = form, kernels, bandwidth or None
        self.gather = gather

    def forward(self, levels: Levels, batch: Batch, moment: Moment) -> Tensor:
        """Return a scalar."""
        student, teacher = self.pair(levels, batch)
        if self.gather:
            student, teacher = gathered(student), gathered(teacher)
        return mmd_loss(
            student, teacher, form=self.form, kernel=self.kernels, bandwidth=self.bandwidth
        )


def gathered(values: Tensor) -> Tensor:
    """Return the rows of all processes; gradients flow back to each one's own."""
    if not (torch.distributed.is_available() and torch.distributed.is_initialized()):
        return values
    from torch.distributed.nn.functional import all_gather

    return torch.cat(all_gather(values))
