"""What a person says of how systems and pictures look, and of how their files are read.

Loaded for `--help`: the standard library only.
"""

from dataclasses import dataclass, field
from pathlib import Path


class Named(str):
    """A path with the name that its system has in tables and pictures.

    Args:
        path: of a score file, store or run.
        name: of its system.
    """

    __slots__ = ("name",)
    name: str

    def __new__(cls, path: str, name: str) -> "Named":
        """Return the path as it is, and its name beside it."""
        found = super().__new__(cls, path)
        found.name = name
        return found


@dataclass(frozen=True)
class Reading:
    """How score files are read.

    Args:
        path: of the trial list to take labels from; "" for none: the files have them.
        intersect: take the trials that all files have.
        columns: what columns of CSV files are called, such as {"label": "same"}.
        format: of all score files, one of `config.SCORE_FORMATS`; None: guessed one by one.
    """

    path: str = ""
    intersect: bool = False
    columns: dict[str, str] = field(default_factory=dict)
    format: str | None = None


AS_THEY_ARE = Reading()
"""Score files that say all of themselves."""


@dataclass(frozen=True)
class Picture:
    """A picture to draw.

    Args:
        path: where; its ending says in which format. None of what is drawn into a page.
        width: in inches, of the whole picture; None: as wide as it is by itself.
        dpi: dots an inch, of PNG.
        xlim: ends of the x axis, in the axis' unit; None: where the data end.
        ylim: the same of the y axis.
    """

    path: Path | None = None
    width: float | None = None
    dpi: int = 200
    xlim: tuple[float, float] | None = None
    ylim: tuple[float, float] | None = None


PLAIN = Picture()
"""One of which nothing is asked."""
