"""A measure against a number, such as accuracy against the share of imitation."""

from collections.abc import Mapping, Sequence
from itertools import cycle

from matplotlib.figure import Figure

from avkd_cli.analysis.figures.style import MARKERS, OTHER_DASHES, OTHERS, house_style, lay_grid
from avkd_cli.analysis.sweeps import Point
from avkd_cli.papers.form import MEASURES, Sweep


@house_style()
def sweep_figure(sweep: Sweep, lines: Mapping[str, Sequence[Point]]) -> Figure:
    """Return a line through the points of each label, with their intervals where known."""
    looks = zip(cycle(OTHERS), cycle(OTHER_DASHES), cycle(MARKERS), strict=False)
    figure = Figure(figsize=(5.2, 3.6))
    axes = figure.subplots()
    for (label, found), (color, dashes, marker) in zip(lines.items(), looks, strict=False):
        x, y = [one.at for one in found], [one.value.value for one in found]
        look = {"color": color, "linestyle": dashes, "marker": marker}
        axes.plot(x, y, label=label, linewidth=1.3, markersize=4, **look)
        for one in found:
            if one.value.low is not None:
                axes.plot([one.at] * 2, one.value[1:], color=color, linewidth=1)
    axes.set(xlabel=sweep.axis, ylabel=MEASURES[sweep.measure].label)
    lay_grid(axes)
    axes.legend(loc="upper left", bbox_to_anchor=(1.02, 1), borderaxespad=0)
    return figure
