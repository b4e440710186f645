"""One table, whatever it is of, before it becomes text, Markdown, LaTeX or HTML. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

NOTHING = "–"


@dataclass(frozen=True)
class Cell:
    """One cell: what is shown, what it sorts by, and how it looks.

    Args:
        text: shown.
        value: sorted by; None for words.
        style: "best" (of its column), "printed" (by somebody else), "code", "names", "number" (that
            there is none of).
    """

    text: str
    value: float | None = None
    style: str = ""

    @property
    def is_number(self) -> bool:
        """Whether it is one, or says that there is none."""
        return self.value is not None or self.style == "number"

    @property
    def bracketed(self) -> str:
        """The text, a printed number in brackets, for where there is no colour."""
        printed = self.style == "printed" and self.value is not None
        return f"({self.text})" if printed else self.text


@dataclass(frozen=True)
class Table:
    """Heads and rows of one length, what stands above and what below.

    Args:
        align: l or r for each column, the last letter for all that follow.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    title: str = ""
    notes: tuple[str, ...] = ()
    align: str = "lr"

    def sides(self) -> str:
        """Return l or r for each column."""
        return self.align[: len(self.head)].ljust(len(self.head), self.align[-1])

    def numeric(self) -> list[bool]:
        """Return which columns have numbers, and sort by them."""
        return [any(row[i].is_number for row in self.rows) for i in range(len(self.head))]


Part = str | Table
"""What a result is said in: a paragraph, or a table."""


def cell(value: object) -> Cell:
    """Return a plain cell; numbers sort as numbers, None is a dash."""
    if isinstance(value, Cell):
        return value
    if isinstance(value, int | float):
        return Cell(f"{value:,}" if isinstance(value, int) else f"{value:.4g}", float(value))
    return Cell(NOTHING if value is None else str(value))


def number(value: float | None, form: str, style: str = "") -> Cell:
    """Return a number in a form such as `+.2f`, with a true minus; a dash for None."""
    if value is None:
        return Cell(NOTHING, style="number")
    text = f"{value:{form}}"
    if float(text) == 0:  # no sign of a zero but the one that the form asks for
        text = f"{0.0:{form}}"
    return Cell(text.replace("-", "−"), value, style)


def table(
    head: Sequence[str],
    rows: Iterable[Sequence[object]],
    title: str = "",
    notes: Sequence[str] = (),
    align: str = "lr",
) -> Table:
    """Return a table of cells, numbers and words.

    Raises:
        ValueError: a row has another length than the head.
    """
    cells = tuple(tuple(cell(one) for one in row) for row in rows)
    if any(len(row) != len(head) for row in cells):
        raise ValueError(
            f"a row has not {len(head)} cells, as the head of {title or head[0]!r} has"
        )
    return Table(tuple(head), cells, title, tuple(filter(None, notes)), align)
