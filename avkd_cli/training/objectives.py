"""From a batch to named losses: all that differs between a baseline, a fusion and a student.

An objective is a module, so that one wrapper carries every weight that is trained. Its forward
returns a dict: `loss`, which is minimised, and beside it each term by name, unweighted.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from avkd_cli.losses.distillation import (
    embedding_cosine_loss,
    label_level_kd_loss,
    mmd_loss,
    relational_distance_loss,
    similarity_preserving_loss,
)
from avkd_cli.losses.margin import AamSoftmax, cosines
from avkd_cli.training.networks import Batch

Losses = dict[str, Tensor]


class Classify(nn.Module):
    """AAM-softmax over persons: the baseline of a sense, or a fusion.

    Args:
        network: from a batch to (batch, embedding).
        n_persons: classes.

    Reference:
        S0, eq. 1.
    """

    def __init__(
        self, network: nn.Module, n_persons: int, embedding_size: int, scale: float, fallback: str
    ) -> None:
        super().__init__()
        self.network = network
        self.head = AamSoftmax(n_persons, embedding_size, scale=scale, fallback=fallback)

    def forward(self, batch: Batch, margin: float) -> Losses:
        """Return the losses of a batch at a margin in radians."""
        return self.from_embedding(self.network(batch), batch, margin)

    def from_embedding(self, embedding: Tensor, batch: Batch, margin: float) -> Losses:
        """Return the losses of embeddings (batch, embedding_size)."""
        return self.classify(self.cosines(embedding), batch["label"], margin)

    def cosines(self, embedding: Tensor) -> Tensor:
        """Return cosines to every person's row of the classifier: (batch, n_persons)."""
        return self.head.cosines(self.network.for_head(embedding))

    def classify(self, cosine: Tensor, label: Tensor, margin: float) -> Losses:
        """Return the AAM-softmax and how often the nearest person is the right one."""
        aam = self.head.loss(cosine, label, margin)
        accuracy = (cosine.detach().argmax(dim=1) == label).float().mean()
        return {"loss": aam, "aam": aam, "accuracy": accuracy}


class Corrupted(Classify):
    """Classify a fusion of which one sense is spoilt now and then.

    With `probability`, each pair loses one sense: to zeros, to noise, or to itself plus half a
    standard deviation of noise, all equally likely.

    Reference:
        The S0 authors' released fusion code; Y. Qian et al., TASLP 2021 (noise distribution).
    """

    def __init__(self, *arguments: object, probability: float, **keywords: object) -> None:
        super().__init__(*arguments, **keywords)
        self.probability = probability

    def forward(self, batch: Batch, margin: float) -> Losses:
        """Return the losses of a batch at a margin in radians."""
        return super().forward(self.spoil(batch) if self.training else batch, margin)

    def spoil(self, batch: Batch) -> Batch:
        """Return the batch with some senses replaced."""
        chance, which, how = torch.rand(3, len(batch["label"]), 1, device=batch["label"].device)
        spoilt = dict(batch)
        for sense, hit in (("visual", which < 0.5), ("audio", which >= 0.5)):
            values = batch[sense]
            noise = torch.randn_like(values)
            noisy = values + 0.5 * values.std(dim=1, keepdim=True) * noise
            instead = torch.where(how < 1 / 3, torch.zeros_like(values), noise)
            instead = torch.where(how < 2 / 3, instead, noisy)
            spoilt[sense] = torch.where(hit & (chance < self.probability), instead, values)
        return spoilt


@dataclass(frozen=True)
class Terms:
    """Weights and forms of the distillation terms; a weight of 0 leaves a term out entirely."""

    alpha: float = 0.0
    beta: float = 0.0
    gamma: float = 0.0
    similarity: float = 0.0
    relational: float = 0.0
    temperature: float = 1 / 32
    kl_form: str = "kl"
    kl_reduction: str = "mean"
    kl_student_head: str = "own"
    cos_form: str = "mean"
    mmd_form: str = "sqrt"
    mmd_kernels: str = "sum"
    mmd_bandwidth: float = 0.0
    mmd_gather: bool = False

    def weighted(self) -> dict[str, float]:
        """Return the terms that are on."""
        weights = {
            "kl": self.alpha,
            "cos": self.beta,
            "mmd": self.gamma,
            "similarity": self.similarity,
            "relational": self.relational,
        }
        return {name: weight for name, weight in weights.items() if weight}


class Distill(Classify):
    """The baseline's loss plus alpha KL + beta COS + gamma MMD against a frozen teacher.

    Weights are drawn in the order of the baseline's, so that with all terms off student and
    baseline are the same bits.

    Args:
        teacher_classifier: W~, shape (n_persons, d~), in the student's order of persons; None
            when no term needs it.
        projection_size: d~, to learn a linear map of the student's embedding to the teacher's
            size for COS and MMD; None when the sizes are equal.
        n_taught: the first classes, whom the teacher knows; the others are voices at other
            speeds, from which the AAM-softmax alone learns. None: all.

    Reference:
        S0, eq. 2 to 7.
    """

    def __init__(
        self,
        network: nn.Module,
        n_persons: int,
        embedding_size: int,
        scale: float,
        fallback: str,
        *,
        terms: Terms,
        teacher_classifier: Tensor | None,
        projection_size: int | None = None,
        n_taught: int | None = None,
    ) -> None:
        super().__init__(network, n_persons, embedding_size, scale, fallback)
        self.terms = terms
        self.n_taught = n_taught
        self.register_buffer("teacher_classifier", teacher_classifier, persistent=False)
        self.projection = (
            nn.Linear(embedding_size, projection_size, bias=False)
            if projection_size
            else nn.Identity()
        )

    def from_embedding(self, embedding: Tensor, batch: Batch, margin: float) -> Losses:
        """Return the losses of student embeddings; batch["teacher"] is (batch, d~)."""
        cosine = self.cosines(embedding)
        losses = self.classify(cosine, batch["label"], margin)
        taught = self.taught(embedding, cosine, batch)
        for name, weight in self.terms.weighted().items():
            # A batch in which the teacher knows nobody, or one voice alone, has nothing to teach.
            losses[name] = getattr(self, name)(*taught) if len(taught[0]) > 1 else 0 * losses["aam"]
            losses["loss"] = losses["loss"] + weight * losses[name]
        return losses

    def taught(self, embedding: Tensor, cosine: Tensor, batch: Batch) -> tuple[Tensor, ...]:
        """Return the embeddings, cosines and teacher's embeddings of what the teacher heard."""
        if "speed" not in batch:
            return embedding, cosine, batch["teacher"]
        own = (batch["speed"] == 0).nonzero().squeeze(1)
        return embedding[own], cosine[own, : self.n_taught], batch["teacher"][own]

    def kl(self, embedding: Tensor, cosine: Tensor, teacher: Tensor) -> Tensor:
        """Return eq. 3, between posteriors."""
        if self.terms.kl_student_head == "teacher":
            cosine = cosines(self.projection(embedding), self.teacher_classifier)
        return label_level_kd_loss(
            cosine,
            cosines(teacher, self.teacher_classifier),
            self.terms.temperature,
            form=self.terms.kl_form,
            reduction="sum" if self.terms.kl_reduction == "sum" else "batchmean",
        )

    def cos(self, embedding: Tensor, _cosine: Tensor, teacher: Tensor) -> Tensor:
        """Return eq. 4, between embeddings."""
        return embedding_cosine_loss(
            self.projection(embedding), teacher, reduction=self.terms.cos_form
        )

    def mmd(self, embedding: Tensor, _cosine: Tensor, teacher: Tensor) -> Tensor:
        """Return eq. 5, between the batches' distributions."""
        student = self.projection(embedding)
        if self.terms.mmd_gather:
            student, teacher = gathered(student), gathered(teacher)
        return mmd_loss(
            student,
            teacher,
            form=self.terms.mmd_form,
            kernel=self.terms.mmd_kernels,
            bandwidth=self.terms.mmd_bandwidth or None,
        )

    def similarity(self, embedding: Tensor, _cosine: Tensor, teacher: Tensor) -> Tensor:
        """Return how the batch's similarities differ (Tung and Mori)."""
        return similarity_preserving_loss(embedding, teacher)

    def relational(self, embedding: Tensor, _cosine: Tensor, teacher: Tensor) -> Tensor:
        """Return how the batch's distances differ (Park et al.)."""
        return relational_distance_loss(embedding, teacher)


def gathered(values: Tensor) -> Tensor:
    """Return the rows of all processes; gradients flow back to each one's own."""
    if not (torch.distributed.is_available() and torch.distributed.is_initialized()):
        return values
    from torch.distributed.nn.functional import all_gather

    return torch.cat(all_gather(values))
