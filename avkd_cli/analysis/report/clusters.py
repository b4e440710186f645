"""A page of clusters: the largest, the smallest, the most doubtful, size against confidence."""

from collections.abc import Iterator, Mapping
from html import escape
from importlib.resources import files

from avkd_cli.analysis.render import as_html, as_text
from avkd_cli.analysis.report.elements import figure, items, paragraph, section
from avkd_cli.analysis.table import Cell, Table, cell, number

LEAD = (
    "Who a teacher took for one person. A cluster's confidence is the mean affinity of its pairs "
    "less that to the nearest other cluster: below zero its utterances are nearer to others than "
    "to each other. Labelled people are clusters, too."
)
CAPTION = "Each dot a cluster. Small ones of low confidence are often parts of others."


def tables(result: Mapping) -> Iterator[tuple[str, Table]]:
    """Yield the name and the table of each part of a result."""
    yield "by-size", _by_size(result["by_size"])
    for name in ("largest", "smallest"):
        rows = tuple(_cluster(one) for one in result[name])
        head = ("cluster", "utterances", "within", "nearest other", "between", "confidence")
        yield name, Table(head, rows, f"The {name}")
    rows = tuple(
        (_name(one["one"]), _name(one["other"]), number(one["affinity"], ".4f"))
        for one in result["doubtful"]
    )
    yield (
        "doubtful",
        Table(
            ("cluster", "other", "affinity"), rows, "Nearly one: the most doubtful pairs", left=2
        ),
    )
    rows = tuple(
        (
            _name(one["id"]),
            _name(one["cluster"]),
            number(one["own"], ".4f"),
            _name(one["mate"]),
            number(one["affinity"], ".4f"),
        )
        for one in result["misfits"]
    )
    yield (
        "misfits",
        Table(
            ("utterance", "cluster", "to its others", "least like", "affinity"),
            rows,
            "Least like their own cluster",
            left=2,
        ),
    )


def _by_size(rows: list[Mapping]) -> Table:
    head = ("utterances", "clusters", "utterances in all", "lower quartile", "median", "upper")
    lines = tuple(
        (
            cell(_range(one["from"], one["to"])),
            cell(one["clusters"]),
            cell(one["utterances"]),
            *(number(x, "+.4f") for x in one["confidence"]),
        )
        for one in rows
    )
    return Table(head, lines, "Confidence by size")


def _range(low: int, high: int | None) -> str:
    return f"{low}" if low == high else f"{low} and more" if high is None else f"{low} to {high}"


def _cluster(one: Mapping) -> tuple[Cell, ...]:
    figures = (
        number(one["within"], ".4f"),
        _name(one["nearest"]),
        number(one["between"], ".4f"),
        number(one["confidence"], "+.4f"),
    )
    return (_name(one["name"]), cell(one["size"]), *figures)


def _name(text: str) -> Cell:
    return Cell(text, style="code")


def said(result: Mapping) -> str:
    """Return in a sentence what there is."""
    return (
        f"{result['clusters']:,} clusters of {result['utterances']:,} utterances; "
        f"{result['with_guessed']:,} of them have somebody by what the teacher says."
    )


def clusters_text(result: Mapping) -> str:
    """Return all tables as text."""
    parts = [said(result), *(as_text(one) for _, one in tables(result)), *result["notes"]]
    return "\n\n".join(parts)


def clusters_page(result: Mapping, svg: str, avkd: str) -> str:
    """Return one HTML document that refers to nothing outside it.

    Args:
        svg: picture of size against confidence.
    """
    shipped = files("avkd_cli.analysis.report")
    css, script = (shipped.joinpath(f"page.{x}").read_text("utf-8") for x in ("css", "js"))
    parts = dict(tables(result))
    sections = [
        section(
            "sizes", "Size against confidence", figure(svg, CAPTION), as_html(parts["by-size"])
        ),
        section(
            "extremes",
            "Largest and smallest",
            as_html(parts["largest"]),
            as_html(parts["smallest"]),
        ),
        section("doubt", "Doubtful", as_html(parts["doubtful"]), as_html(parts["misfits"])),
    ]
    title = f"Clusters of {escape(result['list'])}"
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
{css}</style>
</head>
<body>
<header><h1>{title}</h1>
{paragraph(LEAD, "lead")}{paragraph(said(result))}{items(result["notes"])}</header>
<main>
{"".join(sections)}
</main>
<footer><p>Made by avkd {escape(avkd)}.</p></footer>
<script>
{script}</script>
</body>
</html>
"""
