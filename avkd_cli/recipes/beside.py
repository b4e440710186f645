"""What stands beside a student in training: projections, weights of samples, terms around which
tolerance and quality are put."""

from dataclasses import dataclass, field

import torch.nn.functional as F
from torch import nn

from avkd_cli.config import DistillTerms
from avkd_cli.errors import UsageError
from avkd_cli.losses.distances import ClassCe
from avkd_cli.losses.gate import COUNTS, LABEL, LossGate, WatchGate
from avkd_cli.losses.heads import Head
from avkd_cli.losses.moment import Schedule, constant
from avkd_cli.losses.quality import LEVEL, OwnCosine, Weighed
from avkd_cli.losses.terms import OfTaught, Taught, Term
from avkd_cli.losses.tolerance import Loose
from avkd_cli.recipes.imitation import look_at, share_labels
from avkd_cli.recipes.live import LiveTeacher
from avkd_cli.recipes.quality import Measured
from avkd_cli.recipes.teachers import UNTAUGHT
from avkd_cli.recipes.terms import make_terms
from avkd_cli.training.bridges import (
    Bridge,
    Decoder,
    Gate,
    Projection,
    Quality,
    TeacherClasses,
    TeacherProjection,
)


@dataclass
class Beside:
    """Makes the bridges of a student, then its terms, which look at them.

    Attributes:
        classes: of the student. scale: of its head.
        speeds: whether voices at other speeds are classes, of whom the teacher knows nothing.
        loose: tolerance of each term that has one. measured: qualities, or None.
        untaught: whether there are samples that the teacher has nothing of.
        gate: says whose label is believed, or None.
        live: the teacher that runs beside, or None.
    """

    settings: DistillTerms
    taught: Taught
    classes: list[str]
    scale: float
    speeds: bool = False
    loose: dict[str, Schedule] = field(default_factory=dict)
    measured: Measured | None = None
    untaught: bool = False
    gate: LossGate | None = None
    live: LiveTeacher | None = None
    made: dict[str, Head] = field(default_factory=dict)
    projection: TeacherProjection | None = None
    quality: Quality | None = None

    def finish(self, network: nn.Module) -> None:
        """Let a new network share gradients, and give its input where the teacher takes it."""
        share_labels(network, self.settings)
        if self.live is not None:
            network.gives_input = True

    def heads(self, made: dict[str, Head]) -> dict[str, Head]:
        """Return the heads, weighed where --quality-scope says so."""
        if self.measured is not None and self.settings.quality_scope == "all":
            for head in made.values():
                head.weights = LEVEL
        if self.gate is not None:
            first = next(iter(made.values()))
            first.label, first.weights = LABEL, COUNTS
        self.made = made
        if self.settings.soft_labels:  # the labels count what the teacher's posteriors leave
            next(iter(made.values())).share = constant(1 - self.settings.soft_labels)
        return made

    def bridges(self) -> list[Bridge]:
        """Return the bridges; their weights are drawn."""
        settings, found = self.settings, []
        if self.live is not None:  # the others look at what it says
            found.append(self.live.bridge())
        if settings.projection:
            level = "imitated" if settings.imitation else "embedding"
            found.append(Projection(self.taught.student_size, self.taught.size, level))
        if settings.multitask:
            found.append(Decoder(self.taught.student_size, self.taught.size))
        if settings.teacher_projection:
            self.projection = TeacherProjection(self.taught, self.classes, self.scale)
            found.append(self.projection)
        if self.measured is not None:
            self.quality = self.measured.bridge(settings)
            found.append(self.quality)
        if self.gate is not None:
            every = self.quality is not None and settings.quality_scope == "all"
            found.append(Gate(self.gate, LEVEL if every else ""))
        return found

    def terms(self) -> dict[str, Term]:
        """Return the terms that are on, after the bridges."""
        found = make_terms(self.settings, self.taught, self.wrap)
        if self.projection is not None:
            one = TeacherClasses(self.taught, self.projection)
            found["teacher-ce"] = self.of_taught(one.counting(self.settings.teacher_ce))
        if self.quality is not None and self.quality.running is not None:
            found["own-cos"] = OwnCosine(self.taught, self.quality.running).counting(0)
        if self.gate is not None:
            head = next(iter(self.made.values()))
            watch = WatchGate(self.taught, self.gate, head, len(self.classes))
            found["counted"] = watch.counting(0)
        return found

    def wrap(self, name: str, term: Term) -> Term:
        """Return a term with its tolerance, its weights and its rows."""
        look_at(name, term, self.settings)
        if self.projection is not None:
            look_through(self.projection, term)
        if name in self.loose:
            term = Loose(term, self.loose[name])
        if self.quality is not None:
            try:
                term = Weighed(term)
            except ValueError as error:
                raise UsageError(f"--quality: {name} {error}; leave it out, or --quality") from None
        return self.of_taught(term)

    def of_taught(self, term: Term) -> Term:
        """Return a term of the rows that the teacher knows, where there are others."""
        if self.speeds:
            term = OfTaught(term, "speed", len(self.classes))
        return OfTaught(term, UNTAUGHT) if self.untaught else term


def look_through(projection: TeacherProjection, term: Term) -> None:
    """Let a term see the teacher as the projection maps it.

    Class weights are mapped too, and frozen; where the teacher does not know the persons, those
    of the projection's own classifier stand for them.
    """
    if isinstance(term, ClassCe):
        if term.classifier is None:
            term.rows = projection.head.weight.detach
        else:
            term.rows = lambda: F.linear(term.classifier, projection.map.weight.detach())
    elif term.compares_sizes:
        term.target = "taught"
