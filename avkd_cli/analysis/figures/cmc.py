"""Cumulative match characteristics: how often the right person is among the first k."""

from collections.abc import Mapping

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

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
