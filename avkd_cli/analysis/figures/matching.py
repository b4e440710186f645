"""1:N matching: how often the right one is picked of N, against N."""

from collections.abc import Mapping

from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator

from avkd_cli.analysis.figures.style import CHANCE, draw_whisker, house_style, lay_grid, looks
from avkd_cli.papers import USUAL
from avkd_cli.papers.form import Paper

_KEY = "match_1_of_"


@house_style()
def matching_figure(result: Mapping, paper: Paper = USUAL) -> Figure:
    """Return a curve a system of an `identify` result, with intervals, and where chance is.

    Reference:
        M. S. Saeed et al., ICASSP 2022, Fig. 2.
    """
    figure = Figure(figsize=(4.8, 3.6))
    axes = figure.subplots()
    styles = looks([one["name"] for one in result["systems"]], paper)
    sizes = [int(key.removeprefix(_KEY)) for key in result["systems"][0] if _KEY in key]
    for one in result["systems"]:
        rates = [one[f"{_KEY}{n}"] for n in sizes]
        look = {"marker": "o", "markersize": 3, "linewidth": 1.3, **styles[one["name"]]}
        shown = [rate["percent"] for rate in rates]
        axes.plot(sizes, shown, label=paper.label(one["name"]), **look)
        for n, rate in zip(sizes, rates, strict=True):
            draw_whisker(axes, n, rate, look["color"])
    axes.plot(sizes, [100 / n for n in sizes], label="chance", **CHANCE)
    axes.set(xlabel="N", ylabel="right one picked of N, %", ylim=(0, 102))
    axes.xaxis.set_major_locator(FixedLocator(sizes))
    lay_grid(axes)
    axes.legend(loc="upper right")
    return figure
