"""How far a student's embedding or posteriors are from the teacher's, sample by sample.

Reference, unless a function names another:
    L. Zhang, Z. Chen, Y. Qian, "Knowledge distillation from multi-modality to single-modality
    for person verification", Interspeech 2021, eq. 2 to 4.
"""

import torch.nn.functional as F
from torch import Tensor

from avkd_cli.losses.checks import check_choice, check_one_shape
from avkd_cli.losses.geometry import SMALLEST_NORM, cosines
from avkd_cli.losses.moment import Moment
from avkd_cli.losses.precision import at_least_float32
from avkd_cli.losses.terms import Taught, Term
from avkd_cli.models.levels import Batch, Levels, level_of

REDUCTIONS = ("mean", "sum", "none")


def label_level_kd_loss(
    student_logits: Tensor,
    teacher_logits: Tensor,
    temperature: float = 1 / 32,
    *,
    form: str = "kl",
    reduction: str = "mean",
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
        reduction: "mean" over the batch, "sum" as printed, or "none".

    Returns:
        A scalar in nats, or with "none" (batch,); at least 0; with "kl", 0 when the posteriors
        agree.

    Raises:
        ValueError: if the shapes differ, or an option is unknown.

    Reference:
        Eq. 2 and 3 (eq. 2 as printed has a product of norms for the cosine).
    """
    check_choice("form", form, ("kl", "ce"))
    check_choice("reduction", reduction, REDUCTIONS)
    if student_logits.shape != teacher_logits.shape:
        raise ValueError(
            f"student logits {tuple(student_logits.shape)} and teacher logits "
            f"{tuple(teacher_logits.shape)} must have one shape: "
            "were they trained on the same persons?"
        )
    student, teacher = at_least_float32(student_logits, teacher_logits)
    student = F.log_softmax(student / temperature, dim=-1)
    teacher = F.log_softmax(teacher / temperature, dim=-1)
    if form == "kl":
        each = F.kl_div(student, teacher, reduction="none", log_target=True).sum(dim=-1)
    else:
        each = -(teacher.exp() * student).sum(dim=-1)
    return reduced(each, reduction)


def embedding_cosine_loss(student: Tensor, teacher: Tensor, *, reduction: str = "mean") -> Tensor:
    """Return 1 - cosine, in [0, 2], by default averaged over the batch.

    Args:
        student, teacher: embeddings of one size, shape (batch, size), of any length.
        reduction: "mean", "none" for (batch,), or "sum1" for 1 - sum of cosines as printed,
            whose least value is 1 - batch.

    Raises:
        ValueError: if the shapes differ, or the reduction is unknown.

    Reference:
        Eq. 4.
    """
    check_choice("reduction", reduction, ("mean", "none", "sum1"))
    check_one_shape(student, teacher)
    student, teacher = at_least_float32(student, teacher)
    cosine = F.cosine_similarity(student, teacher, dim=1, eps=SMALLEST_NORM)
    return 1 - cosine.sum() if reduction == "sum1" else reduced(1 - cosine, reduction)


def reduced(each: Tensor, reduction: str) -> Tensor:
    """Return (batch,) as it is, its sum or its mean."""
    return each if reduction == "none" else each.sum() if reduction == "sum" else each.mean()


class Kl(Term):
    """KL between the posteriors of teacher and student (S0, eq. 2 and 3).

    Args:
        temperature, form, reduction: see `label_level_kd_loss`.
        student_head: "own" takes the student's class scores, "teacher" the cosines of its
            embedding to the teacher's classes.
    """

    needs_classifier = True

    def __init__(
        self,
        taught: Taught,
        *,
        temperature: float = 1 / 32,
        form: str = "kl",
        reduction: str = "mean",
        student_head: str = "own",
    ) -> None:
        super().__init__(taught)
        self.compares_sizes = student_head == "teacher"
        self.per_sample = reduction == "mean"
        self.temperature, self.form = temperature, form
        self.reduction = "none" if self.per_sample else reduction
        self.student_head = student_head
        self.register_buffer("classifier", taught.classifier, persistent=False)

    def forward(self, levels: Levels, batch: Batch, moment: Moment) -> Tensor:
        """Return nats, (batch,)."""
        student, teacher = self.pair(levels, batch)
        if self.student_head == "teacher":
            scores = cosines(student, self.classifier)
        else:
            scores = level_of(levels, "person.scores")
        teacher = cosines(teacher, self.classifier)
        return label_level_kd_loss(
            scores, teacher, self.temperature, form=self.form, reduction=self.reduction
        )


class Cosine(Term):
    """1 - cosine of student and teacher (S0, eq. 4).

    Args:
        form: "mean", or "sum1", see `embedding_cosine_loss`.
    """

    compares_sizes = True

    def __init__(self, taught: Taught, *, form: str = "mean") -> None:
        super().__init__(taught)
        self.per_sample = form == "mean"
        self.reduction = "none" if self.per_sample else form

    def forward(self, levels: Levels, batch: Batch, moment: Moment) -> Tensor:
        """Return distances in [0, 2], (batch,)."""
        return embedding_cosine_loss(*self.pair(levels, batch), reduction=self.reduction)
