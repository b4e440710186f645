"""Differences between systems with their intervals, against the line of no difference."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from avkd_cli.analysis.figures.style import FAINT, INK, SKY, VERMILION, house_style


def differences_figure(result: Mapping) -> Figure:
    """Return the EER differences of a `compare` result, a row a system."""
    rows = [(one["system"], one["eer_percent"]) for one in result["differences"]]
    against = result["differences"][0]["against"]
    return interval_panels({f"EER against {against}": rows})


def interval_panels(panels: Mapping[str, Sequence[tuple[str, Mapping]]]) -> Figure:
    """Return panels of differences: a dot and its interval a row, filled where it excludes 0.

    Args:
        panels: by title, (label, {value, low, high}) of each row, in percentage points.
    """
    rows = max(len(one) for one in panels.values())
    with house_style():
        figure = Figure(figsize=(1.4 + 2.6 * len(panels), 1.0 + 0.28 * rows))
        axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
        for one, (title, found) in zip(axes, panels.items(), strict=True):
            _panel(one, found)
            one.set_title(title)
        labels = [label for label, _ in max(panels.values(), key=len)]
        axes[0].set_yticks(range(rows), labels)
        axes[0].set_ylim(rows - 0.5, -0.5)
        figure.subplots_adjust(wspace=0.1)
        return figure


def _panel(axes: Axes, rows: Sequence[tuple[str, Mapping]]) -> None:
    axes.axvline(0, color=INK, linewidth=0.9)
    for y, (_, one) in enumerate(rows):
        beyond = one["high"] < 0 or one["low"] > 0
        face = (SKY if one["value"] < 0 else VERMILION) if beyond else "none"
        axes.plot([one["low"], one["high"]], [y, y], color=INK, linewidth=1.2)
        axes.plot([one["value"]], [y], marker="o", markersize=6, markerfacecolor=face,
                  markeredgecolor=INK)  # fmt: skip
    axes.set_xlabel("difference, points (left: better)")
    axes.grid(visible=True, axis="x")
    axes.set_axisbelow(True)
    axes.tick_params(left=False)
    axes.spines["left"].set_color(FAINT)
