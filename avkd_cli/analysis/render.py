"""The four ways to write a table: text, Markdown, LaTeX (booktabs), HTML. Pure."""

from collections.abc import Callable, Iterable, Sequence

from avkd_cli.analysis.table import Cell, Part, Table
from avkd_cli.analysis.templates import environment


def document(parts: Iterable[Part], as_table: Callable[[Table], str] | None = None) -> str:
    """Return paragraphs and tables, an empty line between; empty ones are left out.

    Args:
        as_table: one of the ways below; None: as text.
    """
    written = as_table or as_text
    return "\n\n".join(
        filter(None, (one if isinstance(one, str) else written(one) for one in parts))
    )


def as_text(one: Table) -> str:
    """Return aligned columns."""
    rows = [one.head, *([each.bracketed for each in row] for row in one.rows)]
    lines = ("  ".join(row).rstrip() for row in _aligned(rows, one.sides()))
    return "\n".join(filter(None, [one.title, *lines, *one.notes]))


def _aligned(rows: Sequence[Sequence[str]], sides: str, least: int = 0) -> list[list[str]]:
    """Return cells of one width a column."""
    widths = [max(least, *map(len, column)) for column in zip(*rows, strict=True)]
    return [
        [
            f"{cell:{'<' if side == 'l' else '>'}{width}}"
            for cell, side, width in zip(row, sides, widths, strict=True)
        ]
        for row in rows
    ]


def as_markdown(one: Table) -> str:
    """Return a second-level heading, the table with columns of equal width, and the notes."""
    head, *lines = _aligned(_markdown_rows(one), one.sides(), least=3)
    rule = [
        f"{'':-<{len(cell) + 1}}{'-' if side == 'l' else ':'}"
        for cell, side in zip(head, one.sides(), strict=True)
    ]
    title = [f"## {one.title}", ""] if one.title else []
    rows = [f"| {' | '.join(row)} |" for row in (head, *lines)]
    notes = (line for note in one.notes for line in ("", note))
    return "\n".join([*title, rows[0], f"|{'|'.join(rule)}|", *rows[1:], *notes])


def as_plain_markdown(one: Table) -> str:
    """Return the table alone, for long cells: no column is as wide as its widest one."""
    head, *lines = _markdown_rows(one)
    rule = ["---" if side == "l" else "--:" for side in one.sides()]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *lines))


def _markdown_rows(one: Table) -> list[list[str]]:
    rows = [one.head, *([_emphasised(each) for each in row] for row in one.rows)]
    return [[each.replace("|", "\\|").replace("\n", " ") for each in row] for row in rows]


def _emphasised(one: Cell) -> str:
    marks = {"code": "`", "best": "**"}.get(one.style, "")
    return f"{marks}{one.text}{marks}" if marks else one.bracketed


def as_latex(one: Table) -> str:
    """Return a tabular for booktabs, its title and notes as comments."""
    said = [f"% {each}" for each in (one.title, *one.notes) if each]
    rows = [f"{' & '.join(map(_latex_cell, row))} \\\\" for row in one.rows]
    head = f"{' & '.join(map(latex, one.head))} \\\\"
    begin, end = f"\\begin{{tabular}}{{{one.sides()}}}", "\\end{tabular}"
    return "\n".join([*said, begin, "\\toprule", head, "\\midrule", *rows, "\\bottomrule", end])


def _latex_cell(one: Cell) -> str:
    text = latex(one.bracketed).replace("–", "--").replace("−", "$-$")
    return f"\\textbf{{{text}}}" if one.style == "best" else text


def latex(text: str) -> str:
    """Return text with the characters that LaTeX would act on escaped."""
    special = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    return "".join(special.get(c, f"\\{c}" if c in "&%$#_{}" else c) for c in text)


def as_html(one: Table) -> str:
    """Return a table that sorts by a click on a column's head, with its title and notes."""
    return environment().get_template("parts.html").module.table(one).strip()
