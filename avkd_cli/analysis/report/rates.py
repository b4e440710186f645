"""Error rates on the page: tables, bars, curves, signatures."""

from collections.abc import Mapping, Sequence
from html import escape

from avkd_cli.analysis.render import as_html
from avkd_cli.analysis.report.elements import details, figure, items, paragraph
from avkd_cli.analysis.tables import list_groups, only_lists, tables_on
from avkd_cli.analysis.views import (
    Certain,
    dcf_table,
    figure_intervals,
    figure_table,
    interval_table,
    list_table,
    paper_table,
)

MOST_OPEN = 12  # rows of further figures that are not folded
DIGITS = 2  # of error rates: more than the lists at hand tell


def at_a_glance(told: Sequence[str], figures: Mapping) -> list[str]:
    """Return the picture of the error rates, under a few plain sentences on them."""
    return [items(told), *_drawn(figures, "eer-main")]


def error_rates(
    arranged: Mapping, figures: Mapping, differences: Sequence[Mapping], uncertainty: str
) -> list[str]:
    """Return tables and bars of the lists as they are, and of the cleaned ones on demand.

    Args:
        arranged: what `tables.arrange` returns.
        figures: (SVG element, caption) by name.
        differences: EERs of systems minus their baseline's, with intervals.
        uncertainty: how the intervals came about, or why there are none.
    """
    certain = {(one["system"], one["list"]) for one in differences if one["verdict"] != "open"}
    groups = list_groups(arranged)
    parts = _main(arranged, figures, certain, uncertainty)
    if "cleaned" in groups:
        inside = [*_tables(arranged, "cleaned", certain), *_drawn(figures, "eer-cleaned")]
        inside.append(_costs(arranged, groups["cleaned"]))
        parts.append(details("The cleaned lists", "\n".join(inside)))
    intervals = [interval_table(arranged, differences), figure_intervals(arranged)]
    parts.append(details("All intervals", "".join(as_html(one) for one in intervals if one.rows)))
    return [*parts, as_html(list_table(arranged))] if arranged["lists"] else parts


def _main(arranged: Mapping, figures: Mapping, certain: Certain, uncertainty: str) -> list[str]:
    names = list_groups(arranged).get("main", [])
    return [
        *_tables(arranged, "main", certain),
        *_further(arranged),
        *(figure(*figures[name]) for name in figures if name.startswith(("sweep-", "beside-"))),
        *(figure(*figures[name]) for name in figures if name.startswith("change-")),
        *([paragraph(uncertainty, "note"), _costs(arranged, names)] if names else []),
    ]


def _tables(arranged: Mapping, group: str, certain: Certain) -> list[str]:
    """Return the tables of a group of lists; those with nothing of ours are folded."""
    shown = []
    for one in tables_on(arranged, group):
        html = as_html(paper_table(arranged, one, DIGITS, certain))
        said = f"{one['title']}: printed figures only"
        shown.append(html if one["ours"] else details(said, html))
    return shown


def _further(arranged: Mapping) -> list[str]:
    """Return the figures that no table has a place for, folded where they are many."""
    found = figure_table(arranged)
    if found is None:
        return []
    html = as_html(found)
    return [html if len(found.rows) <= MOST_OPEN else details("Further figures", html)]


def _drawn(figures: Mapping, name: str) -> list[str]:
    return [figure(*figures[name])] if name in figures else []


def _costs(arranged: Mapping, names: Sequence[str]) -> str:
    return as_html(dcf_table(only_lists(arranged, names)))


def curves(arranged: Mapping, figures: Mapping) -> list[str]:
    """Return the DET curves of each list: those of the first list open, others on demand."""
    parts = []
    for place, one in enumerate(arranged["lists"]):
        wanted = [f"det-{one['list']}-{group}" for group in ("audio", "visual", "others")]
        drawn = [figure(*figures[name]) for name in wanted if name in figures]
        inside = f'<div class="pair">{"".join(drawn)}</div>' if drawn else ""
        calibration = f"reliability-{one['list']}"
        inside += figure(*figures[calibration]) if calibration in figures else ""
        title = f"<h3>{escape(one['label'])}</h3>"
        parts.append(title + inside if place == 0 and inside else details(one["label"], inside))
    return parts
