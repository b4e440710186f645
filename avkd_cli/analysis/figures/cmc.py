"""Cumulative match characteristics: how often the right person is among the first k."""

from collections.abc import Mapping

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from avkd_cli.analysis.figures.style import GREY, house_style, looks
from avkd_cli.papers import USUAL
from avkd_cli.papers.form import Paper


def cmc_figure(result: Mapping, paper: Paper = USUAL) -> Figure:
    """Return the curves of an `identify` result: rank-k rate against k, and where chance is.

    Reference:
        ISO/IEC 19795-1:2021, cumulative match characteristic.
    """
    with house_style():
        figure = Figure(figsize=(4.8, 3.6))
        axes = figure.subplots()
        styles = looks([one["name"] for one in result["systems"]], paper)
        for one in result["systems"]:
            ranks = range(1, len(one["cmc_percent"]) + 1)
            label = f"{paper.label(one['name'])}: {one['cmc_percent'][0]:.1f} %"
            axes.plot(ranks, one["cmc_percent"], label=label, linewidth=1.3, **styles[one["name"]])
            _bars(axes, one, styles[one["name"]]["color"])
        if result["gallery"]["smallest"] == result["gallery"]["largest"]:
            size = result["gallery"]["smallest"]
            axes.plot(
                ranks,
                [100 * k / size for k in ranks],
                color=GREY,
                linewidth=0.9,
                linestyle=(0, (4, 2)),
                label=f"chance: {100 / size:.1f} %",
            )
        axes.set(xlabel="rank k", ylabel="right person among the first k, %", ylim=(0, 102))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.grid(visible=True)
        axes.set_axisbelow(True)
        axes.legend(title="system: rank 1", loc="lower right")
        return figure


def _bars(axes, one: Mapping, colour: str) -> None:
    """Draw the interval of each rank that has one."""
    for name, rate in one.items():
        if name.startswith("rank_") and rate["low"] is not None:
            k = int(name.removeprefix("rank_"))
            axes.plot(
                [k, k],
                [rate["low"], rate["high"]],
                color=colour,
                linewidth=1,
                marker="_",
                markersize=6,
            )
