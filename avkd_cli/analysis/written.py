"""Arranged results as whole Markdown and LaTeX documents. Pure."""

from collections.abc import Iterator, Mapping

from avkd_cli.analysis.render import as_latex, as_markdown, document
from avkd_cli.analysis.table import Part
from avkd_cli.analysis.tables import list_groups, paper_of, shared_signatures, tables_on
from avkd_cli.analysis.views import (
    dcf_table,
    figure_table,
    list_table,
    paper_table,
)

DIGITS = 3  # of error rates, as papers print them


def results_parts(arranged: Mapping) -> Iterator[Part]:
    """Yield all tables, the corpus statement first and last."""
    statement = f"**{arranged['statement']}**" if arranged["statement"] else ""
    yield "# Results"
    yield statement
    yield from (paper_table(arranged, one, DIGITS) for one in _tables(arranged))
    if arranged["results"]:
        yield dcf_table(arranged)
        yield list_table(arranged)
    yield figure_table(arranged) or ""
    yield _signatures(arranged)
    yield statement


def to_markdown(arranged: Mapping) -> str:
    """Return all tables as Markdown."""
    return document(results_parts(arranged), as_markdown) + "\n"


def _signatures(arranged: Mapping) -> str:
    """Return the signatures as a list of lines, not a table: they hold bars, and are copied."""
    label = paper_of(arranged).list_label
    lines = [
        f"- {label(name)} ({len(labels)} systems): `{text}`"
        for name, labels, text in shared_signatures(arranged)
    ]
    return "## Signatures\n\n" + "\n".join(lines) if lines else ""


def to_latex(arranged: Mapping) -> str:
    """Return the paper's tables for a paper (booktabs), printed figures in brackets."""
    statement = f"% {arranged['statement']}\n" if arranged["statement"] else ""
    note = paper_of(arranged).note
    said = f"% in brackets: {note}\n" if note else ""
    parts = [as_latex(paper_table(arranged, one, DIGITS)) for one in _tables(arranged)]
    return statement + said + "\n" + "\n\n".join(parts) + "\n"


def _tables(arranged: Mapping) -> list[dict]:
    groups = list_groups(arranged) or {"main": []}
    return [one for group in groups for one in tables_on(arranged, group)]
