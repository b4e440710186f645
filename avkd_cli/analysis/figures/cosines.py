"""Mean cosines within and between persons, from store to store."""

from collections.abc import Mapping

from matplotlib.figure import Figure

from avkd_cli.analysis.figures.style import BLUE, ORANGE, VERMILION, house_style

_LINES = (
    ("within", "of one person", BLUE, "-"),
    ("between", "of two people", VERMILION, (0, (5, 1.5))),
    ("absolute_between", "of two people, absolute", ORANGE, (0, (1, 1))),
)


def cosines_figure(result: Mapping) -> Figure:
    """Return the three means of a `cosines` result against its stores, in their order.

    Reference:
        M. S. Saeed et al., ICASSP 2022, Fig. 3.
    """
    with house_style():
        figure = Figure(figsize=(4.8, 3.2))
        axes = figure.subplots()
        place = range(len(result["stores"]))
        for key, label, colour, dashes in _LINES:
            value = [float("nan") if s[key] is None else s[key] for s in result["stores"]]
            axes.plot(
                place, value, color=colour, linestyle=dashes, marker="o", markersize=3, label=label
            )
        axes.set(ylabel="mean cosine", ylim=(-1.02, 1.02))
        axes.set_xticks(
            list(place), [one["name"] for one in result["stores"]], rotation=30, ha="right"
        )
        axes.grid(visible=True, axis="y")
        axes.set_axisbelow(True)
        axes.legend(loc="lower right")
        return figure
