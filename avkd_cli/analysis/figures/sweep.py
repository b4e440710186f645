"""A measure against a number, such as accuracy against the share of imitation."""

from collections.abc import Mapping, Sequence
from itertools import cycle

from matplotlib.figure import Figure

from avkd_cli.analysis.figures.style import OTHER_DASHES, OTHERS, house_style
from avkd_cli.analysis.sweeps import Point
from avkd_cli.papers.form import MEASURES, Sweep

MARKERS = "osD^vP"


def sweep_figure(sweep: Sweep, lines: Mapping[str, Sequence[Point]]) -> Figure:
    """Return a line through the points of each label, with their intervals where known."""
    looks = zip(cycle(OTHERS), cycle(OTHER_DASHES), cycle(MARKERS), strict=False)
    with house_style():
        figure = Figure(figsize=(5.2, 3.6))
        axes = figure.subplots()
        for (label, found), (color, dashes, marker) in zip(lines.items(), looks, strict=False):
            x, y = [one.at for one in found], [one.value.value for one in found]
            axes.plot(
                x,
                y,
                label=label,
                color=color,
                linestyle=dashes,
                linewidth=1.3,
                marker=marker,
                markersize=4,
            )
            for one in found:
                if one.value.low is not None:
                    limits = [one.value.low, one.value.high]
                    axes.plot([one.at] * 2, limits, color=color, linewidth=1)
        axes.set(xlabel=sweep.axis, ylabel=MEASURES[sweep.measure].label)
        axes.grid(visible=True)
        axes.set_axisbelow(True)
        axes.legend(loc="upper left", bbox_to_anchor=(1.02, 1), borderaxespad=0)
        return figure
