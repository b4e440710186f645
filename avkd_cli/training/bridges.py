"""Bridges: modules beside a network that add levels for terms to look at.

They are trained with the network and end with the training: a projection of the student to the
teacher's size, a projection of the teacher, a decoder.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from avkd_cli.losses.gate import COUNTS, LABEL, LossGate
from avkd_cli.losses.heads import AamSoftmax
from avkd_cli.losses.mmd import gathered
from avkd_cli.losses.moment import Moment
from avkd_cli.losses.quality import LEVEL, QualityWeights, RunningQuality, stacked
from avkd_cli.losses.terms import Taught, Term
from avkd_cli.models.levels import Batch, Levels, level_of

BESIDE = "beside"
"""The part of a batch that a teacher of the other sense sees or hears."""
INPUT = "input"
"""The level of what an encoder took, where a network is asked to give it."""


class Bridge(nn.Module):
    """Base of every bridge."""

    def begin(self, moment: Moment) -> None:
        """Take note of a training step that begins."""

    def forward(self, levels: Levels, batch: Batch) -> Levels:
        """Return the levels that it adds."""
        raise NotImplementedError


class Projection(Bridge):
    """A linear map of a level, as the level `projected`.

    Args:
        size: width of the level. projected: of the result, such as the teacher's embedding.
    """

    def __init__(self, size: int, projected: int, level: str = "embedding") -> None:
        super().__init__()
        self.level = level
        self.map = nn.Linear(size, projected, bias=False)

    def forward(self, levels: Levels, batch: Batch) -> Levels:
        """Return `projected`, (batch, projected)."""
        return {"projected": self.map(level_of(levels, self.level))}


class TeacherProjection(Bridge):
    """A linear map of the teacher's stored embedding to the student's size, as `taught`.

    Beside it stands a small classifier of the mapped embeddings into the student's persons,
    without which the map could send everybody to one place (`TeacherClasses`).

    Args:
        taught: sizes. classes: the student's persons. scale: of the classifier's cosines.
    """

    def __init__(self, taught: Taught, classes: Sequence[str], scale: float) -> None:
        super().__init__()
        self.map = nn.Linear(taught.size, taught.student_size, bias=False)
        self.head = AamSoftmax(
            classes, taught.student_size, margin=0.0, scale=scale, level="taught"
        )

    def forward(self, levels: Levels, batch: Batch) -> Levels:
        """Return `taught`, (batch, student_size)."""
        return {"taught": self.map(level_of(levels, "teacher", batch).float())}


class TeacherClasses(Term):
    """The small classification loss that keeps a projection of the teacher from collapsing.

    Args:
        bridge: the projection; not a part of this term.

    Reference:
        S2, a reconstruction.
    """

    reads = ("label",)

    def __init__(self, taught: Taught, bridge: TeacherProjection) -> None:
        super().__init__(taught)
        self.level, self.target, self.per_sample = "taught", "label", True
        self.kept = (bridge,)

    def forward(self, levels: Levels, batch: Batch, moment: Moment) -> Tensor:
        """Return nats, (batch,)."""
        head = self.kept[0].head
        return head.losses(head(levels), batch["label"], moment)


class Quality(Bridge):
    """Weights of the batch's samples by their quality, as the level `quality`, of mean 1.

    Args:
        stored: how many figures each sample has in the part `quality` of the batch.
        running: figures that training itself finds, by the part `row`; None for none.
        slope: see `QualityWeights`.
    """

    def __init__(
        self, stored: int, running: RunningQuality | None = None, slope: float = 1.0
    ) -> None:
        super().__init__()
        self.running = running
        self.weights = QualityWeights(stored + (running is not None), slope)

    def forward(self, levels: Levels, batch: Batch) -> Levels:
        """Return `quality`, (batch,)."""
        figures = list(batch["quality"].unbind(dim=1)) if "quality" in batch else []
        if self.running is not None:
            figures.append(self.running(batch["row"]))
        found = stacked(figures)
        return {LEVEL: self.weights(found, gathered(found))}


class LiveNetworks(Bridge):
    """A frozen teacher that runs on what the student sees, as the level `teacher`.

    Its weights are neither trained nor saved: they are those of finished runs.

    Args:
        parts: by modality: networks of audio, visual and fusion, in evaluation mode.
        modality: of the student, whose input (the level `input`) its own sense's encoder takes;
            the other sense's network takes `beside` of the batch.
    """

    def __init__(self, parts: Mapping[str, nn.Module], modality: str) -> None:
        super().__init__()
        self.kept, self.modality = (dict(parts),), modality  # in a tuple they are no part of it

    @torch.no_grad()
    def forward(self, levels: Levels, batch: Batch) -> Levels:
        """Return `teacher`, (batch, size) float32."""
        parts, found = self.kept[0], {}
        for name, network in parts.items():
            network.to(levels["embedding"].device)
            if name == self.modality:
                found[name] = network.encoder(levels[INPUT])["embedding"]
            elif name != "fusion":
                found[name] = network({network.key: batch[BESIDE]})["embedding"]
        if "fusion" in parts:
            both = {name: one.float() for name, one in found.items()}
            return {"teacher": parts["fusion"](both)["embedding"].float()}
        return {"teacher": next(iter(found.values())).float()}


class Gate(Bridge):
    """Who of the batch counts and as whom: the levels `gate` and `gated.label`.

    Args:
        gate: decides. weights: the level that samples count by beside, "" for none.
    """

    def __init__(self, gate: LossGate, weights: str = "") -> None:
        super().__init__()
        self.gate, self.also = gate, weights

    def begin(self, moment: Moment) -> None:
        """Let the gate decide anew where an epoch begins."""
        self.gate.begin(moment)

    def forward(self, levels: Levels, batch: Batch) -> Levels:
        """Return both levels, (batch,)."""
        counts, label = self.gate(batch["row"], batch["label"])
        counts = level_of(levels, self.also) * counts if self.also else counts
        return {COUNTS: counts, LABEL: label}


class Decoder(Bridge):
    """Two layers from the embedding to the teacher's, as the level `decoded`.

    Args:
        size: width of the embedding, and of the layer between. decoded: of the result.
    """

    def __init__(self, size: int, decoded: int) -> None:
        super().__init__()
        self.map = nn.Sequential(nn.Linear(size, size), nn.ReLU(), nn.Linear(size, decoded))

    def forward(self, levels: Levels, batch: Batch) -> Levels:
        """Return `decoded`, (batch, decoded)."""
        return {"decoded": self.map(level_of(levels, "embedding"))}
