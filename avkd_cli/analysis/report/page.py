"""The page, from its parts; nothing on it refers to anything outside it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from html import escape
from importlib.resources import files

from avkd_cli.analysis.render import as_html
from avkd_cli.analysis.report.elements import items, paragraph, section
from avkd_cli.analysis.report.explained import embeddings, venns, what_was_run
from avkd_cli.analysis.report.rates import at_a_glance, curves, error_rates
from avkd_cli.analysis.tables import paper_of
from avkd_cli.analysis.views import signature_table
from avkd_cli.papers.form import Paper


def page(content: Mapping) -> str:
    """Return the report as one HTML document.

    Args:
        content: arranged (of `tables.arrange`), glance, sentences, differences (of students, with
            intervals), uncertainty (in words), figures (by name: svg, caption),
            venns (rows), correlation (a `pcc` result or None), runs and stores (each
            with name, row, settings), avkd (version).
    """
    arranged, figures = content["arranged"], content["figures"]
    paper = paper_of(arranged)
    statement = paragraph(arranged["statement"] or "", "statement")
    rates = error_rates(arranged, figures, content["differences"], content["uncertainty"])
    spaces = embeddings(content["correlation"], content["outliers"], figures, paper)
    lines = as_html(replace(signature_table(arranged), title="")) if arranged["results"] else ""
    parts = [
        section("glance", "At a glance", *at_a_glance(content["glance"], figures)),
        section("words", "In words", items(content["sentences"])),
        section("tables", "Results", *rates),
        section("curves", "Curves", *curves(arranged, figures)),
        section("venn", paper.corrected, *venns(content["venns"], figures, paper)),
        section("embeddings", "Embeddings", *spaces),
        section("runs", "What was run", *what_was_run(content["runs"], content["stores"])),
        section("signatures", "Signatures", lines),
    ]
    return _document(paper, [statement, *filter(None, parts)], statement, content["avkd"])


def _document(paper: Paper, parts: Sequence[str], statement: str, avkd: str) -> str:
    links = "".join(
        f'<a href="#{name}">{title}</a>' for name, title in NAVIGATION if _has(parts, name)
    )
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(paper.title)}</title>
<style>
{_shipped("page.css")}</style>
</head>
<body>
<header><h1>{escape(paper.title)}</h1>
{paragraph(paper.lead, "lead")}{parts[0]}
<nav aria-label="Sections">{links}</nav></header>
<main>
{"".join(parts[1:])}
</main>
<footer>{statement}
<p>Made by avkd {escape(avkd)}.{_beside(paper)} Source: {escape(paper.source)}.</p></footer>
<script>
{_shipped("page.js")}</script>
</body>
</html>
"""


def _beside(paper: Paper) -> str:
    return f" Beside our figures, in italics: {escape(paper.note)}." if paper.note else ""


NAVIGATION = (
    ("glance", "At a glance"),
    ("words", "In words"),
    ("tables", "Results"),
    ("curves", "Curves"),
    ("venn", "Corrected"),
    ("embeddings", "Embeddings"),
    ("runs", "What was run"),
    ("signatures", "Signatures"),
)


def _has(parts: Sequence[str], name: str) -> bool:
    return any(f'<section id="{name}">' in part for part in parts)


def _shipped(name: str) -> str:
    return files("avkd_cli.analysis.report").joinpath(name).read_text(encoding="utf-8")
