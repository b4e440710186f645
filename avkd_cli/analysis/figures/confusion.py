"""Confusions: what each class was taken for, a panel a system."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from avkd_cli.analysis.figures.style import BLUE, FAINT, INK, PAPER, house_style

SHADES = LinearSegmentedColormap.from_list("avkd", [PAPER, BLUE])
MOST_WRITTEN = 12  # classes; of more, numbers in cells are too small to read


@house_style()
def confusion_figure(result: Mapping) -> Figure:
    """Return the picture of a `classify` result: shares of each true class in percent."""
    systems, classes = result["systems"], result["classes"]
    side = 1.6 + 0.42 * min(len(classes), 24)
    figure = Figure(figsize=(side * len(systems), side + 0.4))
    grid = figure.subplots(1, len(systems), squeeze=False)[0]
    for axes, system in zip(grid, systems, strict=True):
        _panel(axes, system, classes)
    grid[0].set_ylabel(f"true {result['label']}")
    figure.tight_layout()
    return figure


def _panel(axes: Axes, system: Mapping, classes: list[str]) -> None:
    counts = np.array(system["confusion"], float)
    whole = counts.sum(axis=1, keepdims=True)
    shares = 100 * np.divide(counts, whole, out=np.zeros_like(counts), where=whole > 0)
    axes.imshow(shares, cmap=SHADES, vmin=0, vmax=100)
    places = range(len(classes))
    axes.set_xticks(places, classes, rotation=90)
    axes.set_yticks(places, classes)
    axes.set_xlabel("taken for, %")
    axes.set_title(f"{system['name']}: {system['unweighted_accuracy']['percent']:.1f} %")
    for spine in axes.spines.values():
        spine.set(visible=True, color=FAINT)
    if len(classes) <= MOST_WRITTEN:
        for (row, column), share in np.ndenumerate(shares):
            look = {"color": PAPER if share > 55 else INK, "fontsize": 7.5}
            axes.text(column, row, f"{share:.0f}", ha="center", va="center", **look)
