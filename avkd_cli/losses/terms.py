"""What a student, or any network, is taught beside its labels: one term, one object.

A term looks at levels of the network and at the batch, and gives a loss for each sample, or one
for the batch. It says what it needs; `recipes.terms` makes it from settings. To add one: a class
here or in a file beside, a line in the dict of `losses/__init__.py`, and its weight in
`config.DistillTerms`, whose help is its documentation.
"""

from dataclasses import dataclass
from typing import ClassVar, Self

from torch import Tensor, nn

from avkd_cli.losses.moment import Moment, Schedule, constant
from avkd_cli.models.levels import Batch, Levels, level_of


@dataclass(frozen=True)
class Taught:
    """What a term may know of the teacher when it is made.

    Attributes:
        size: width of the teacher's embedding. student_size: of the student's.
        classifier: the teacher's row of each class of the student, (classes, size), None where
            the teacher has none.
        scale: of the teacher's head, None where unknown. bias: of its classes, None where it has
            none. student_scale: of the student's head.
    """

    size: int
    student_size: int
    classifier: Tensor | None = None
    scale: float | None = None
    bias: Tensor | None = None
    student_scale: float | None = None


class Term(nn.Module):
    """Base of every term: a distance of a level of the network to what it should be.

    Attributes:
        weight: what the term counts in the loss, a schedule.
        level: the level of the network that it looks at.
        target: the level, or the part of the batch, that it is held against; what comes from
            the batch gets no gradient.
        per_sample: whether it gives (batch,), so that samples can be weighed or let off.
        compares_sizes: whether level and target must have one width.
        needs_classifier: whether it looks at the teacher's classifier.
        reads: the parts of the batch, beside `target`, that it looks at.
        zero_at_match: whether it is 0 where the level is its target.
        blind_to_length: whether only directions count, so that no length overflows it.
    """

    compares_sizes: bool = False
    needs_classifier: ClassVar[bool] = False
    reads: tuple[str, ...] = ()
    zero_at_match: ClassVar[bool] = True
    blind_to_length: ClassVar[bool] = True

    def __init__(self, taught: Taught) -> None:
        super().__init__()
        self.weight: Schedule = constant(1.0)
        self.level, self.target, self.per_sample = "embedding", "teacher", False

    def counting(self, weight: float) -> Self:
        """Return the term, which counts so much from now on; 0: it is told, and teaches nothing."""
        self.weight = constant(weight)
        return self

    def pair(self, levels: Levels, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return the level and its target."""
        known = self.target in levels  # a bridge may learn with it; what is stored never does
        target = levels[self.target] if known else level_of({}, self.target, batch).detach()
        return level_of(levels, self.level), target

    def forward(self, levels: Levels, batch: Batch, moment: Moment) -> Tensor:
        """Return the loss of each sample, (batch,), or of the batch, a scalar."""
        raise NotImplementedError

    def figures(self, moment: Moment) -> dict[str, float]:
        """Return what its schedules stand at, by name, for the log."""
        return {}

    def said(self) -> dict[str, Tensor]:
        """Return what is logged of the last batch beside its loss, by name; no gradient."""
        return {}

    def adversaries(self) -> list[nn.Parameter]:
        """Return the weights that a second optimizer moves, such as those of a discriminator."""
        return []


class Wrapper(Term):
    """A term around another one: its weight and its needs are those of the inner term."""

    def __init__(self, term: Term) -> None:
        nn.Module.__init__(self)
        self.term = term
        self.weight, self.level, self.target = term.weight, term.level, term.target
        self.per_sample, self.compares_sizes = term.per_sample, term.compares_sizes
        self.reads = term.reads

    def figures(self, moment: Moment) -> dict[str, float]:
        """Return the inner term's."""
        return self.term.figures(moment)

    def said(self) -> dict[str, Tensor]:
        """Return the inner term's."""
        return self.term.said()

    def adversaries(self) -> list[nn.Parameter]:
        """Return the inner term's."""
        return self.term.adversaries()


class OfTaught(Wrapper):
    """A term of those rows alone that the teacher knows; of none or one it is 0.

    Args:
        term: what is wrapped.
        rows: the part of the batch, (batch,), that is 0 for the rows that the teacher knows.
        n_classes: the first classes, whom the teacher knows; class scores are cut to them.
    """

    def __init__(self, term: Term, rows: str = "speed", n_classes: int | None = None) -> None:
        super().__init__(term)
        self.rows, self.n_classes = rows, n_classes
        self.reads = (*term.reads, rows)

    def forward(self, levels: Levels, batch: Batch, moment: Moment) -> Tensor:
        """Return the inner term of the rows that are known."""
        own = (level_of({}, self.rows, batch) == 0).nonzero().squeeze(1)
        if len(own) < 2:  # one alone has no relations, and is not worth a case in each term
            return 0 * levels["embedding"].float().sum()
        mine = {name: level[own] for name, level in levels.items()}
        for name in mine:
            if name.endswith(".scores"):
                mine[name] = mine[name][:, : self.n_classes]
        seen = (self.target, *self.reads)
        known = {name: batch[name][own] for name in seen if name in batch}
        return self.term(mine, known, moment)
