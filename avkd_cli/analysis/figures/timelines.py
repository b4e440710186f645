"""Which moments counted: a panel an utterance, a line a store, over seconds."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from avkd_cli.analysis.figures.style import (
    BLUE,
    FAINT,
    OTHER_DASHES,
    OTHERS,
    VERMILION,
    house_style,
    legend_above,
)

COLOURS = (BLUE, VERMILION, *OTHERS)


@house_style()
def timelines_figure(shown: Sequence[dict]) -> Figure:
    """Return the standardised weights of some utterances; a dot marks each highest moment.

    Args:
        shown: of `steps.analyze.weights`: `id` and, by store, `time_s`, `standardised` and
            `highest_s`.
    """
    figure = Figure(figsize=(7.2, 0.6 + 1.3 * max(1, len(shown))))
    axes = figure.subplots(max(1, len(shown)), 1, squeeze=False)[:, 0]
    for place, one in zip(axes, shown, strict=False):
        for number, (name, series) in enumerate(one["series"].items()):
            color, values = COLOURS[number % len(COLOURS)], series["standardised"]
            look = {"color": color, "linestyle": OTHER_DASHES[number % len(OTHER_DASHES)]}
            place.plot(series["time_s"], values, label=name, linewidth=1.2, **look)
            place.plot(series["highest_s"], max(values), "o", markersize=4, color=color)
        place.axhline(0, color=FAINT, linewidth=0.8, zorder=0)
        place.set_title(one["id"], fontsize=8, loc="left", fontweight="normal")
    axes[-1].set(xlabel="seconds", ylabel="weight")
    legend_above(figure, ncols=4)
    figure.tight_layout()
    return figure
