"""How trainings went: one panel a quantity, one line a run."""

from collections.abc import Mapping
from itertools import cycle

from matplotlib.figure import Figure

from avkd_cli.analysis.figures.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    OTHER_DASHES,
    PURPLE,
    SKY,
    VERMILION,
    house_style,
    legend_above,
    plain_powers,
)

COLOURS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, GREY, INK)
LOGARITHMIC = ("lr",)


@house_style()
def training_figure(series: Mapping[str, Mapping[str, Mapping]]) -> Figure:
    """Return panels over the step, two abreast.

    Args:
        series: by run, by quantity, {"step": […], "value": […]}.
    """
    names = list(dict.fromkeys(name for one in series.values() for name in one))
    down = -(-len(names) // 2)
    figure = Figure(figsize=(8.4, 0.4 + 2.3 * down))
    grid = figure.subplots(down, 2, squeeze=False)
    for axes in grid.flat[len(names) :]:
        axes.set_axis_off()
    looks = cycle((color, dashes) for dashes in OTHER_DASHES for color in COLOURS)
    styles = dict(zip(series, looks, strict=False))
    for axes, name in zip(grid.flat, names, strict=False):
        found = {run: one[name] for run, one in series.items() if name in one}
        for run, one in found.items():
            color, dashes = styles[run]
            axes.plot(one["step"], one["value"], label=run, color=color, linestyle=dashes)
        axes.set_title(name)
        axes.grid(visible=True)
        if name in LOGARITHMIC and all(min(s["value"], default=1) > 0 for s in found.values()):
            axes.set_yscale("log")
            plain_powers(axes.yaxis)
    grid[-1, 0].set_xlabel("step")
    legend_above(figure, ncols=3)
    figure.tight_layout()
    return figure
