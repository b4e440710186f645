"""Mean cosines within and between persons, from store to store."""

from collections.abc import Mapping

from matplotlib.figure import Figure

from avkd_cli.analysis.figures.style import (
    BLUE,
    ORANGE,
    OTHER_DASHES,
    VERMILION,
    house_style,
    lay_grid,
)

_LINES = (
    ("within", "of one person", BLUE),
    ("between", "of two people", VERMILION),
    ("absolute_between", "of two people, absolute", ORANGE),
)


@house_style()
def cosines_figure(result: Mapping) -> Figure:
    """Return the three means of a `cosines` result against its stores, in their order.

    Reference:
        M. S. Saeed et al., ICASSP 2022, Fig. 3.
    """
    figure = Figure(figsize=(4.8, 3.2))
    axes = figure.subplots()
    names = [one["name"] for one in result["stores"]]
    for (key, label, color), dashes in zip(_LINES, OTHER_DASHES, strict=False):
        value = [float("nan") if s[key] is None else s[key] for s in result["stores"]]
        look = {"color": color, "linestyle": dashes, "marker": "o", "markersize": 3}
        axes.plot(range(len(names)), value, label=label, **look)
    axes.set(ylabel="mean cosine", ylim=(-1.02, 1.02))
    axes.set_xticks(range(len(names)), names, rotation=30, ha="right")
    lay_grid(axes, "y")
    axes.legend(loc="lower right")
    return figure
