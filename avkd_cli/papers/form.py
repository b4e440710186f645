"""The form in which a paper is written down: its systems, its tables, its printed figures.

Data only: nothing here computes a figure, and nothing but the standard library is imported.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

VOX1 = {
    "vox1-o": "Vox1-O",
    "vox1-e": "Vox1-E",
    "vox1-h": "Vox1-H",
    "vox1-o-cleaned": "Vox1-O cleaned",
    "vox1-e-cleaned": "Vox1-E cleaned",
    "vox1-h-cleaned": "Vox1-H cleaned",
}
PUBLISHED = {name: VOX1[name] for name in ("vox1-o", "vox1-e", "vox1-h")}
"""The lists as first published, on which papers of VoxCeleb print their figures."""
EER = (("", "eer_percent"),)
OTHER = {"audio": "visual", "visual": "audio"}
SENSES = ("audio", "visual", "fusion")  # what a system's name begins with says what it perceives


@dataclass(frozen=True)
class Measure:
    """A kind of figure.

    Args:
        label: for a table's note.
        digits: decimals that ours are shown with.
        better: 1 where higher is better, -1 where lower is.
    """

    label: str
    digits: int
    better: int


MEASURES = {
    "eer_percent": Measure("EER in %", 2, -1),
    "auc_percent": Measure("area under the ROC curve in %", 2, 1),
    "min_dcf_0.01": Measure("minDCF at a prior of 0.01", 4, -1),
    "min_dcf_0.05": Measure("minDCF at a prior of 0.05", 4, -1),
    "accuracy_percent": Measure("accuracy in %", 2, 1),
    "unweighted_accuracy_percent": Measure("unweighted accuracy in %", 2, 1),
    "macro_f1_percent": Measure("macro F1 in %", 2, 1),
    "step_seconds": Measure("seconds of a training step", 4, -1),
    "cosine_within": Measure("mean cosine within a person", 3, 1),
    "cosine_between": Measure("mean cosine between persons", 3, -1),
    "cosine_absolute_between": Measure("mean absolute cosine between persons", 3, -1),
    **{
        f"match_1_of_{n}_percent": Measure(f"right one found among {n} in %", 2, 1)
        for n in range(2, 11)
    },
}
ANY = "*"  # in a column: the first list at hand
RELATIVE = Measure("relative change in %, above 0 is better", 2, 1)


@dataclass(frozen=True)
class System:
    """A system, by its name in files.

    Args:
        name: as in `NAME.LIST.scores`; no point in it.
        label: what pages call it.
        short: what a table of its own kind calls it; "" is the label.
        sense: one of `SENSES`, its colour; "" for none.
        baseline: name of the system that it is held against; "" for none.
        other: name of the other sense's system, which is asked what it knew of what was corrected.
    """

    name: str
    label: str
    short: str = ""
    sense: str = ""
    baseline: str = ""
    other: str = ""

    @property
    def brief(self) -> str:
        """Return the name in a table of its own kind."""
        return self.short or self.label


@dataclass(frozen=True)
class Column:
    """A column of a paper's table: which figure of which of a row's systems.

    Args:
        label: its head.
        on: list of trials, or task, that the figure is of; `ANY` for the first at hand.
        measure: one of `MEASURES`; "" for a column of words that only the paper has.
        role: which of the row's systems.
        against: role of the system that a relative change is counted from; "": the figure itself.
        several: which of several systems is taken, "best" or "worst".
    """

    label: str
    on: str = ""
    measure: str = ""
    role: str = ""
    against: str = ""
    several: str = "best"


@dataclass(frozen=True)
class Row:
    """A row of a paper's table.

    Args:
        label: what the paper calls it.
        systems: by role, the names of the systems, or patterns such as `vgg-plain-l*`; a row
            without any is of the paper alone.
        printed: what the paper prints, column by column, character by character; "" for nothing.
        group: heading that it stands under; "" for none.
    """

    label: str
    systems: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    printed: tuple[str, ...] = ()
    group: str = ""


@dataclass(frozen=True)
class Layout:
    """A table as the paper arranges it.

    Args:
        name: `table-1`.
        title: what stands above it.
        head: head of the first column.
        columns: the paper's.
        rows: the paper's.
        by_list: (what follows the list's name in the head, measure) of the columns that every
            list at hand gets; lists that are not at hand get none. () where columns are fixed.
        more: pattern of systems beyond the printed ones that belong here.
        baseline: system that changes are counted from, shown beside each figure; "" for none.
        notes: what is odd in print.
    """

    name: str
    title: str
    head: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    by_list: tuple[tuple[str, str], ...] = ()
    more: str = ""
    baseline: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Line:
    """A line of a sweep: systems that differ in one number only.

    Args:
        label: in the legend.
        prefix: of the systems' names; hundredths of the number follow, such as 50 for 0.5.
        at: names of systems whose number is known otherwise, such as a baseline's 0.
    """

    label: str
    prefix: str
    at: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Sweep:
    """A figure of the paper: a measure against a number.

    Args:
        name: `figure-4`.
        title: above it.
        axis: what the number is.
        on: list or task, or `ANY`.
        measure: one of `MEASURES`.
        lines: what is drawn.
    """

    name: str
    title: str
    axis: str
    on: str
    measure: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Likeness:
    """A printed correlation of two systems' embeddings."""

    a: str
    b: str
    value: float


@dataclass(frozen=True)
class Paper:
    """A published system.

    Args:
        name: as `--paper` takes it.
        source: authors, title, where and when, which tables.
        note: what must be said beside printed figures; "" where nothing is printed.
        title: of the report.
        lead: what the report is of, one sentence.
        claim: what may be claimed of figures beside the printed ones, one sentence.
        systems: in the order of tables.
        layouts: its tables.
        lists: labels of lists and tasks, in the order of tables.
        taught: what a system with a baseline is: a student.
        corrected: title of the section on trials corrected.
        venn_list: list whose corrected trials are drawn large.
        likeness: printed correlations of embeddings.
        sweeps: figures of a measure against a number.
    """

    name: str
    source: str
    note: str
    title: str
    lead: str
    claim: str
    systems: tuple[System, ...]
    layouts: tuple[Layout, ...]
    lists: Mapping[str, str] = field(default_factory=lambda: VOX1)
    taught: str = "system"
    corrected: str = "What was corrected"
    venn_list: str = ""
    likeness: tuple[Likeness, ...] = ()
    sweeps: tuple[Sweep, ...] = ()

    def system(self, name: str) -> System:
        """Return the system of a name; one that the paper does not know says itself."""
        known = next((one for one in self.systems if one.name == name), None)
        sense = name.split("-", maxsplit=1)[0]
        return known or System(name, name, sense=sense if sense in SENSES else "")

    def label(self, name: str) -> str:
        """Return what pages call a system."""
        return self.system(name).label

    def baseline_of(self, name: str) -> str:
        """Return the system that a system is held against, or ""."""
        return self.system(name).baseline

    def order(self, name: str) -> tuple[int, str]:
        """Sort key of systems: those of the paper as it has them, then others by name."""
        return _place([one.name for one in self.systems], name)

    def list_label(self, name: str) -> str:
        """Return what pages call a list or task."""
        return self.lists.get(name, name)

    def list_order(self, name: str) -> tuple[int, str]:
        """Sort key of lists: those of the paper as it has them, then others by name."""
        return _place(list(self.lists), name)

    def alone(self, sense: str) -> str:
        """Return the first system of a sense that is held against none, or ""."""
        found = (one.name for one in self.systems if one.sense == sense and not one.baseline)
        return next(found, "")

    def families(self) -> dict[str, list[System]]:
        """Return the systems that are held against each baseline."""
        found: dict[str, list[System]] = {}
        for one in self.systems:
            if one.baseline:
                found.setdefault(one.baseline, []).append(one)
        return found


def _place(names: list[str], name: str) -> tuple[int, str]:
    return (names.index(name), "") if name in names else (len(names), name)


def matches(name: str, patterns: tuple[str, ...]) -> bool:
    """Return whether a system's name is one of these, or of the form of one."""
    return any(name == one or fnmatchcase(name, one) for one in patterns)


def columns_by_list(
    lists: Mapping[str, str], measures: tuple[tuple[str, str], ...]
) -> tuple[Column, ...]:
    """Return a column of each measure for each list."""
    return tuple(
        Column(f"{label} {suffix}".strip(), on, measure)
        for on, label in lists.items()
        for suffix, measure in measures
    )


def named(name: str) -> Mapping[str, tuple[str, ...]]:
    """Return the systems of a row that has one only."""
    return {"": (name,)}


def printed(text: str) -> tuple[str, ...]:
    """Return figures that stand in one line, by blanks; a hyphen is one that is not printed."""
    return tuple("" if one == "-" else one for one in text.split())
