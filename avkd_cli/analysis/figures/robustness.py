"""EER against how much the test was disturbed: a panel a kind, a line a system."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from avkd_cli.analysis.figures.style import house_style, looks
from avkd_cli.analysis.robustness import CLEAN, LABELS
from avkd_cli.papers import USUAL
from avkd_cli.papers.form import Paper

MARKERS = "osD^vP"


def robustness_figure(result: Mapping, paper: Paper = USUAL) -> Figure:
    """Return the picture of a `robustness` result: from clean to the worst, with intervals.

    Args:
        paper: whose labels systems have.
    """
    rows = result["conditions"]
    clean = [one for one in rows if one["kind"] == CLEAN]
    kinds = list(dict.fromkeys(one["kind"] for one in rows if one["kind"] != CLEAN)) or [CLEAN]
    with house_style():
        figure = Figure(figsize=(1.0 + 2.2 * len(kinds), 2.8))
        panels = figure.subplots(1, len(kinds), sharey=True, squeeze=False)[0]
        for axes, kind in zip(panels, kinds, strict=True):
            shown = clean + [one for one in rows if one["kind"] == kind and kind != CLEAN]
            _panel(axes, shown, result["systems"], paper)
            axes.set_xlabel(LABELS.get(kind, kind))
        panels[0].set_ylabel("EER, %")
        panels[0].set_ylim(bottom=0)
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="lower center", ncols=4, bbox_to_anchor=(0.5, 1.0))
        figure.tight_layout()
        return figure


def _panel(axes: Axes, rows: Sequence[Mapping], systems: Sequence[str], paper: Paper) -> None:
    """Draw each system's line, a little beside the others so that no interval hides another."""
    for number, (name, look) in enumerate(looks(list(systems), paper).items()):
        shift = 0.08 * (number - (len(systems) - 1) / 2)
        found = [(x + shift, one["eer_percent"].get(name)) for x, one in enumerate(rows)]
        found = [(x, one) for x, one in found if one is not None]
        x = [place for place, _ in found]
        axes.vlines(
            x,
            [one["low"] for _, one in found],
            [one["high"] for _, one in found],
            color=look["color"],
            linewidth=0.8,
        )
        axes.plot(
            x,
            [one["value"] for _, one in found],
            label=paper.label(name),
            markersize=4,
            marker=MARKERS[number % len(MARKERS)],
            linewidth=1.3,
            **look,
        )
    labels = [CLEAN if one["level"] is None else f"{one['level']:g}" for one in rows]
    labels = [
        one["kind"] if one["level"] is None else label
        for one, label in zip(rows, labels, strict=True)
    ]
    axes.set_xticks(range(len(rows)), labels)
    axes.grid(visible=True, axis="y")
    axes.set_axisbelow(True)
