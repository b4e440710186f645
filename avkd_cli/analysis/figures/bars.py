"""Bars of error rates: one row a system, one panel a list."""

from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from avkd_cli.analysis.figures.style import INK, as_rows, house_style, looks
from avkd_cli.analysis.tables import paper_of
from avkd_cli.papers.form import Paper

HATCHES = {"visual": "////"}


@house_style()
def bars_figure(arranged: Mapping) -> Figure:
    """Return the EER of every system, in the order of the tables, with intervals where known.

    Args:
        arranged: what `tables.arrange` returns.
    """
    paper = paper_of(arranged)
    names = sorted({one["system"] for one in arranged["results"]}, key=paper.order)
    lists = arranged["lists"]
    figure = Figure(figsize=(2.1 + 2.5 * len(lists), 0.7 + 0.27 * len(names)))
    panels = figure.subplots(1, len(lists), sharey=True, squeeze=False)[0]
    for axes, one in zip(panels, lists, strict=True):
        results = {r["system"]: r for r in arranged["results"] if r["list"] == one["list"]}
        _panel(axes, names, results, paper)
        axes.set_title(one["label"])
    as_rows(panels, [paper.label(name) for name in names], -0.6)
    figure.subplots_adjust(wspace=0.08)
    return figure


def _panel(axes: Axes, names: list[str], results: Mapping[str, Mapping], paper: Paper) -> None:
    """Draw one list's bars, what has a baseline lighter than that."""
    for y, (name, look) in enumerate(looks(names, paper).items()):
        if name in results:
            _bar(axes, y, results[name], look["color"], paper)
    ends = [max(r["eer_percent"], *(r.get("eer_interval") or (0,))) for r in results.values()]
    axes.set_xlim(0, 1.22 * max([*ends, 1e-6]))
    axes.set_xlabel("EER, %")


def _bar(axes: Axes, y: int, result: Mapping, color: str, paper: Paper) -> None:
    value, one = result["eer_percent"], paper.system(result["system"])
    axes.barh(
        y,
        value,
        height=0.68,
        color=color,
        alpha=0.45 if one.baseline else 0.95,
        edgecolor=INK,
        linewidth=0.6,
        hatch=HATCHES.get(one.sense, ""),
    )
    low, high = result.get("eer_interval") or (value, value)
    if high > low:
        axes.plot([low, high], [y, y], color=INK, linewidth=1.2)
    place = {"textcoords": "offset points", "va": "center", "ha": "left"}
    axes.annotate(f"{value:.2f}", (high, y), (3, 0), fontsize=8, **place)
