"""How often the right one is found: among the first k of all, and picked of N."""

from collections.abc import Mapping

from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, MaxNLocator

from avkd_cli.analysis.figures.style import CHANCE, draw_whisker, house_style, lay_grid, looks
from avkd_cli.papers import USUAL
from avkd_cli.papers.form import Paper


@house_style()
def cmc_figure(result: Mapping, paper: Paper = USUAL) -> Figure:
    """Return the curves of an `identify` result: rank-k rate against k, and where chance is.

    Reference:
        ISO/IEC 19795-1:2021, cumulative match characteristic.
    """
    figure = Figure(figsize=(4.8, 3.6))
    axes = figure.subplots()
    styles = looks([one["name"] for one in result["systems"]], paper)
    for one in result["systems"]:
        ranks = range(1, len(one["cmc_percent"]) + 1)
        label = f"{paper.label(one['name'])}: {one['cmc_percent'][0]:.1f} %"
        axes.plot(ranks, one["cmc_percent"], label=label, linewidth=1.3, **styles[one["name"]])
        for name, rate in one.items():
            if name.startswith("rank_"):
                k = int(name.removeprefix("rank_"))
                draw_whisker(axes, k, rate, styles[one["name"]]["color"])
    size = result["gallery"]["smallest"]
    if size == result["gallery"]["largest"]:
        rates = [100 * k / size for k in ranks]
        axes.plot(ranks, rates, label=f"chance: {100 / size:.1f} %", **CHANCE)
    axes.set(xlabel="rank k", ylabel="right person among the first k, %", ylim=(0, 102))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    lay_grid(axes)
    axes.legend(title="system: rank 1", loc="lower right")
    return figure


MATCH = "match_1_of_"


@house_style()
def matching_figure(result: Mapping, paper: Paper = USUAL) -> Figure:
    """Return a curve a system of an `identify` result, with intervals, and where chance is.

    Reference:
        M. S. Saeed et al., ICASSP 2022, Fig. 2.
    """
    figure = Figure(figsize=(4.8, 3.6))
    axes = figure.subplots()
    styles = looks([one["name"] for one in result["systems"]], paper)
    sizes = [int(key.removeprefix(MATCH)) for key in result["systems"][0] if MATCH in key]
    for one in result["systems"]:
        rates = [one[f"{MATCH}{n}"] for n in sizes]
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
