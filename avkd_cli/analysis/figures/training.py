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
    PURPLE,
    SKY,
    VERMILION,
    house_style,
    plain_powers,
)

DASHES = ("-", (0, (5, 1.5)), (0, (1, 1)), (0, (5, 1, 1, 1)))
LOGARITHMIC = ("lr",)


def training_figure(series: Mapping[str, Mapping[str, Mapping]]) -> Figure:
    """Return panels over the step, two abreast.

    Args:
        series: by run, by quantity, {"step": […], "value": […]}.
    """
    names = list(dict.fromkeys(name for one in series.values() for name in one))
    down = -(-len(names) // 2)
    with house_style():
        figure = Figure(figsize=(8.4, 0.4 + 2.3 * down))
        grid = figure.subplots(down, 2, squeeze=False)
        for axes in grid.flat[len(names) :]:
            axes.set_axis_off()
        looks = [
            {"color": colour, "linestyle": DASHES[place // 8 % len(DASHES)]}
            for place, colour in zip(range(len(series)), _colours(), strict=False)
        ]
        for axes, name in zip(grid.flat, names, strict=False):
            for (run, one), look in zip(series.items(), looks, strict=True):
                if name in one:
                    axes.plot(one[name]["step"], one[name]["value"], label=run, **look)
            axes.set_title(name)
            axes.grid(visible=True)
            if name in LOGARITHMIC and all(
                min(s[name]["value"], default=1) > 0 for s in series.values() if name in s
            ):
                axes.set_yscale("log")
                plain_powers(axes.yaxis)
        grid[-1, 0].set_xlabel("step")
        lines = {line.get_label(): line for axes in grid.flat for line in axes.get_lines()}
        figure.legend(lines.values(), lines, loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3)
        figure.tight_layout()
        return figure


def _colours():
    return cycle((BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, GREY, INK))
