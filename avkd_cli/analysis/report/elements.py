"""Pieces of the page; every text that comes from outside is escaped here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True)
class Cell:
    """One cell: what is shown, what it sorts by, and how it looks."""

    text: str
    value: float | None = None
    style: str = ""


def cell(value: object) -> Cell:
    """Return a plain cell; numbers sort as numbers."""
    if isinstance(value, Cell):
        return value
    if isinstance(value, int | float):
        return Cell(f"{value:,}" if isinstance(value, int) else f"{value:.4g}", float(value))
    return Cell("–" if value is None else str(value))


def table(head: Sequence[str], rows: Iterable[Sequence[object]], caption: str = "") -> str:
    """Return a table that sorts by a click on a column's head."""
    cells = [[cell(one) for one in row] for row in rows]
    numeric = [any(row[i].value is not None for row in cells) for i in range(len(head))]
    heads = "".join(
        f'<th scope="col"{NUMBER if yes else ""}><button>{_words(one)}</button></th>'
        for one, yes in zip(head, numeric, strict=True)
    )
    body = "\n".join(_row(row, numeric) for row in cells)
    shown = f"<caption>{escape(caption)}</caption>" if caption else ""
    return (
        f'<div class="wide"><table>{shown}<thead><tr>{heads}</tr></thead>\n'
        f"<tbody>{body}</tbody></table></div>"
    )


def _words(head: str) -> str:
    """Return a column's head, which may break between words and nowhere else."""
    return " ".join(f"<span>{escape(word)}</span>" for word in head.split())


def _row(row: Sequence[Cell], numeric: Sequence[bool]) -> str:
    first, *rest = zip(row, numeric, strict=True)
    return (
        f"<tr>{_cell('th', *first, ' scope=row')}{''.join(_cell('td', *one) for one in rest)}</tr>"
    )


def _cell(tag: str, one: Cell, number: bool, scope: str = "") -> str:
    value = "" if one.value is None else f' data-value="{one.value!r}"'
    kind = " ".join(filter(None, ("number" if number else "", one.style)))
    styled = f' class="{kind}"' if kind else ""
    return f"<{tag}{scope}{value}{styled}>{escape(one.text)}</{tag}>"


NUMBER = ' class="number"'


def section(name: str, title: str, *parts: str) -> str:
    """Return a section of the page, or nothing when it would be empty."""
    inside = "\n".join(filter(None, parts))
    return f'<section id="{name}"><h2>{escape(title)}</h2>\n{inside}\n</section>' if inside else ""


def paragraph(text: str, style: str = "") -> str:
    """Return a paragraph, or nothing for no text."""
    styled = f' class="{style}"' if style else ""
    return f"<p{styled}>{escape(text)}</p>" if text else ""


def items(texts: Iterable[str]) -> str:
    """Return a list of lines, or nothing for none."""
    lines = "\n".join(f"<li>{escape(one)}</li>" for one in texts)
    return f"<ul>{lines}</ul>" if lines else ""


def figure(svg: str, caption: str) -> str:
    """Return a picture, already an SVG element, over its caption."""
    return f"<figure>{svg}<figcaption>{escape(caption)}</figcaption></figure>"


def details(summary: str, inside: str) -> str:
    """Return what is shown on demand, or nothing when it would be empty."""
    return f"<details><summary>{escape(summary)}</summary>\n{inside}</details>" if inside else ""
