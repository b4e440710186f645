"""The four ways to write a table: text, Markdown, LaTeX (booktabs), HTML. Pure."""

from collections.abc import Iterable, Sequence
from html import escape

from avkd_cli.analysis.table import Cell, Table


def as_text(one: Table) -> str:
    """Return aligned columns, the first `left` ones to the left, the others to the right."""
    rows = [list(one.head), *([_bracketed(each) for each in row] for row in one.rows)]
    return "\n".join(filter(None, [one.title, columns(rows, one.left), *one.notes]))


def columns(rows: Sequence[Sequence[str]], left: int = 1) -> str:
    """Return rows of words as aligned columns."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            each.ljust(width) if i < left else each.rjust(width)
            for i, (each, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def _bracketed(one: Cell) -> str:
    return f"({one.text})" if "printed" in one.style and one.value is not None else one.text


def as_markdown(one: Table) -> str:
    """Return a second-level heading, the table with columns of equal width, and the notes."""
    rows = [one.head, *([_emphasised(each) for each in row] for row in one.rows)]
    title = f"## {one.title}\n\n" if one.title else ""
    notes = "".join(f"\n\n{each}" for each in one.notes)
    return title + _markdown_rows(rows, one.left) + notes


def _emphasised(one: Cell) -> str:
    if "code" in one.style:
        return f"`{one.text}`"
    return f"**{one.text}**" if "best" in one.style else _bracketed(one)


def _markdown_rows(rows: Iterable[Sequence[str]], left: int) -> str:
    rows = [[each.replace("|", "\\|") for each in row] for row in rows]
    widths = [max(3, *(len(row[i]) for row in rows)) for i in range(len(rows[0]))]
    head, *lines = [
        "| "
        + " | ".join(
            each.ljust(width) if i < left else each.rjust(width)
            for i, (each, width) in enumerate(zip(row, widths, strict=True))
        )
        + " |"
        for row in rows
    ]
    rule = "|".join("-" * (w + 1) + ("-" if i < left else ":") for i, w in enumerate(widths))
    return "\n".join([head, f"|{rule}|", *lines])


def as_latex(one: Table) -> str:
    """Return a tabular for booktabs, its title and notes as comments."""
    lines = [[_latex_cell(each) for each in row] for row in one.rows]
    body = " \\\\\n".join(" & ".join(line) for line in lines)
    title = f"% {one.title}\n" if one.title else ""
    return (
        title
        + "".join(f"% {each}\n" for each in one.notes)
        + f"\\begin{{tabular}}{{{'l' * one.left}{'r' * (len(one.head) - one.left)}}}\n\\toprule\n"
        + f"{' & '.join(map(latex, one.head))} \\\\\n\\midrule\n"
        + f"{body} \\\\\n\\bottomrule\n\\end{{tabular}}"
    )


def _latex_cell(one: Cell) -> str:
    text = latex(_bracketed(one)).replace("–", "--").replace("−", "$-$")
    return f"\\textbf{{{text}}}" if "best" in one.style else text


def latex(text: str) -> str:
    """Return text with the characters that LaTeX would act on escaped."""
    special = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    return "".join(special.get(c, f"\\{c}" if c in "&%$#_{}" else c) for c in text)


NUMBER = ' class="number"'


def as_html(one: Table) -> str:
    """Return a table that sorts by a click on a column's head, with its title and notes."""
    numeric = [any(_is_number(row[i]) for row in one.rows) for i in range(len(one.head))]
    heads = "".join(
        f'<th scope="col"{NUMBER if yes else ""}><button>{_words(each)}</button></th>'
        for each, yes in zip(one.head, numeric, strict=True)
    )
    body = "\n".join(_html_row(row, numeric) for row in one.rows)
    title = f"<h3>{escape(one.title)}</h3>" if one.title else ""
    notes = "".join(f'<p class="note">{escape(each)}</p>' for each in one.notes)
    return (
        f'{title}<div class="wide"><table><thead><tr>{heads}</tr></thead>\n'
        f"<tbody>{body}</tbody></table></div>{notes}"
    )


def _is_number(one: Cell) -> bool:
    return one.value is not None or one.style == "number"


def _words(head: str) -> str:
    """Return a column's head, which may break between words and nowhere else."""
    return " ".join(f"<span>{escape(word)}</span>" for word in head.split())


def _html_row(row: Sequence[Cell], numeric: Sequence[bool]) -> str:
    first, *rest = zip(row, numeric, strict=True)
    others = "".join(_html_cell("td", *one) for one in rest)
    return f"<tr>{_html_cell('th', *first, ' scope=row')}{others}</tr>"


def _html_cell(tag: str, one: Cell, number: bool, scope: str = "") -> str:
    value = "" if one.value is None else f' data-value="{one.value!r}"'
    kind = " ".join(dict.fromkeys(filter(None, ("number" if number else "", one.style))))
    styled = f' class="{kind}"' if kind else ""
    return f"<{tag}{scope}{value}{styled}>{escape(one.text)}</{tag}>"
