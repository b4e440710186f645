"""EER against how much the test was disturbed: a panel a kind, a line a system."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from avkd_cli.analysis.figures.style import MARKERS, house_style, lay_grid, legend_above, looks
from avkd_cli.analysis.robustness import CLEAN, LABELS
from avkd_cli.papers import USUAL
from avkd_cli.papers.form import Paper


@house_style()
def robustness_figure(result: Mapping, paper: Paper = USUAL) -> Figure:
    """Return the picture of a `robustness` result: from clean to the worst, with intervals.

    Args:
        paper: whose labels systems have.
    """
    rows = result["conditions"]
    clean = [one for one in rows if one["kind"] == CLEAN]
    kinds = list(dict.fromkeys(one["kind"] for one in rows if one["kind"] != CLEAN)) or [CLEAN]
    figure = Figure(figsize=(1.0 + 2.2 * len(kinds), 2.8))
    panels = figure.subplots(1, len(kinds), sharey=True, squeeze=False)[0]
    for axes, kind in zip(panels, kinds, strict=True):
        shown = clean + [one for one in rows if one["kind"] == kind and kind != CLEAN]
        _panel(axes, shown, result["systems"], paper)
        axes.set_xlabel(LABELS.get(kind, kind))
    panels[0].set_ylabel("EER, %")
    panels[0].set_ylim(bottom=0)
    legend_above(figure, ncols=4)
    figure.tight_layout()
    return figure


def _panel(axes: Axes, rows: Sequence[Mapping], systems: Sequence[str], paper: Paper) -> None:
    """Draw each system's line, a little beside the others so that no interval hides another."""
    for number, (name, look) in enumerate(looks(list(systems), paper).items()):
        shift = 0.08 * (number - (len(systems) - 1) / 2)
        places = [place for place, one in enumerate(rows) if one["eer_percent"].get(name)]
        found = [rows[place]["eer_percent"][name] for place in places]
        x = [place + shift for place in places]
        low, value, high = ([one[key] for one in found] for key in ("low", "value", "high"))
        axes.vlines(x, low, high, color=look["color"], linewidth=0.8)
        marks = {"markersize": 4, "marker": MARKERS[number % len(MARKERS)], "linewidth": 1.3}
        axes.plot(x, value, label=paper.label(name), **marks, **look)
    labels = [one["kind"] if one["level"] is None else f"{one['level']:g}" for one in rows]
    axes.set_xticks(range(len(rows)), labels)
    lay_grid(axes, "y")
