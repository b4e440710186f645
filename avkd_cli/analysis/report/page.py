"""The page, from its parts; nothing on it refers to anything outside it."""

from collections.abc import Mapping, Sequence
from html import escape
from importlib.resources import files

from avkd_cli.analysis import printed
from avkd_cli.analysis.report.elements import items, paragraph, section
from avkd_cli.analysis.report.explained import embeddings, venns, what_was_run
from avkd_cli.analysis.report.rates import curves, error_rates, signatures

TITLE = "What a student keeps of two senses"
LEAD = (
    "Person verification by voice, by face and by both; and by students of one sense that were "
    "taught by both."
)


def page(content: Mapping) -> str:
    """Return the report as one HTML document.

    Args:
        content: arranged (of `tables.arrange`), sentences, differences (of students, with
            intervals), uncertainty (in words), figures (by name: svg, caption),
            venns (rows), correlation (a `pcc` result or None), runs and stores (each
            with name, row, settings), avkd (version).
    """
    arranged, figures = content["arranged"], content["figures"]
    statement = paragraph(arranged["statement"] or "", "statement")
    rates = error_rates(arranged, figures, content["differences"], content["uncertainty"])
    parts = [
        section("words", "In words", items(content["sentences"])),
        section(
            "tables",
            "Error rates",
            *rates,
        ),
        section("curves", "Curves", *curves(arranged, figures)),
        section("venn", "What distillation corrected", *venns(content["venns"], figures)),
        section(
            "embeddings",
            "Embeddings",
            *embeddings(content["correlation"], content["outliers"], figures),
        ),
        section("runs", "What was run", *what_was_run(content["runs"], content["stores"])),
        section("signatures", "Signatures", signatures(arranged)),
    ]
    return _document([statement, *filter(None, parts)], statement, content["avkd"])


def _document(parts: Sequence[str], statement: str, avkd: str) -> str:
    links = "".join(
        f'<a href="#{name}">{title}</a>' for name, title in NAVIGATION if _has(parts, name)
    )
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(TITLE)}</title>
<style>
{_shipped("page.css")}</style>
</head>
<body>
<header><h1>{escape(TITLE)}</h1>
{paragraph(LEAD, "lead")}{parts[0]}
<nav aria-label="Sections">{links}</nav></header>
<main>
{"".join(parts[1:])}
</main>
<footer>{statement}
<p>Made by avkd {escape(avkd)}. Beside our figures, in italics: {escape(printed.NOTE)}.
Source: {escape(printed.PAPER)}.</p></footer>
<script>
{_shipped("page.js")}</script>
</body>
</html>
"""


NAVIGATION = (
    ("words", "In words"),
    ("tables", "Error rates"),
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
