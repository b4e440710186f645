"""Which moments counted: a panel an utterance, a line a store, over seconds."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from avkd_cli.analysis.figures.style import BLUE, FAINT, OTHERS, VERMILION, house_style

COLOURS, DASHES = (BLUE, VERMILION, *OTHERS), ("-", (0, (5, 1.5)), (0, (1, 1)), (0, (5, 1, 1, 1)))


def timelines_figure(shown: Sequence[dict]) -> Figure:
    """Return the standardised weights of some utterances; a dot marks each highest moment.

    Args:
        shown: of `steps.analyze.weights`: `id` and, by store, `time_s`, `standardised` and
            `highest_s`.
    """
    with house_style():
        figure = Figure(figsize=(7.2, 0.6 + 1.3 * max(1, len(shown))))
        axes = figure.subplots(max(1, len(shown)), 1, squeeze=False)[:, 0]
        for place, one in zip(axes, shown, strict=False):
            for number, (name, series) in enumerate(one["series"].items()):
                look = {"color": COLOURS[number % len(COLOURS)]}
                values = series["standardised"]
                place.plot(
                    series["time_s"],
                    values,
                    label=name,
                    linewidth=1.2,
                    linestyle=DASHES[number % len(DASHES)],
                    **look,
                )
                place.plot(series["highest_s"], max(values), "o", markersize=4, **look)
            place.axhline(0, color=FAINT, linewidth=0.8, zorder=0)
            place.set_title(one["id"], fontsize=8, loc="left", fontweight="normal")
        axes[-1].set(xlabel="seconds", ylabel="weight")
        lines = {
            line.get_label(): line
            for line in axes[0].get_lines()
            if not line.get_label().startswith("_")
        }
        figure.legend(lines.values(), lines, loc="lower center", bbox_to_anchor=(0.5, 1), ncols=4)
        figure.tight_layout()
        return figure
