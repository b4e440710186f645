"""Lines over a number: steps, seconds, shares, disturbance, or stores in a row."""

from collections.abc import Mapping, Sequence
from itertools import cycle

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from avkd_cli.analysis.figures.style import (
    BLUE,
    FAINT,
    GREEN,
    GREY,
    INK,
    MARKERS,
    ORANGE,
    OTHER_DASHES,
    OTHERS,
    PURPLE,
    SKY,
    VERMILION,
    house_style,
    lay_grid,
    legend_above,
    looks,
    plain_powers,
)
from avkd_cli.analysis.robustness import CLEAN, LABELS
from avkd_cli.analysis.sweeps import Point
from avkd_cli.papers import USUAL
from avkd_cli.papers.form import MEASURES, Paper, Sweep

RUNS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, GREY, INK)
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
    looks = cycle((color, dashes) for dashes in OTHER_DASHES for color in RUNS)
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
    return figure


STORES = (BLUE, VERMILION, *OTHERS)


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
            color, values = STORES[number % len(STORES)], series["standardised"]
            look = {"color": color, "linestyle": OTHER_DASHES[number % len(OTHER_DASHES)]}
            place.plot(series["time_s"], values, label=name, linewidth=1.2, **look)
            place.plot(series["highest_s"], max(values), "o", markersize=4, color=color)
        place.axhline(0, color=FAINT, linewidth=0.8, zorder=0)
        place.set_title(one["id"], fontsize=8, loc="left", fontweight="normal")
    axes[-1].set(xlabel="seconds", ylabel="weight")
    legend_above(figure, ncols=4)
    return figure


@house_style()
def sweep_figure(sweep: Sweep, lines: Mapping[str, Sequence[Point]]) -> Figure:
    """Return a line through the points of each label, with their intervals where known."""
    looks = zip(cycle(OTHERS), cycle(OTHER_DASHES), cycle(MARKERS), strict=False)
    figure = Figure(figsize=(5.2, 3.6))
    axes = figure.subplots()
    for (label, found), (color, dashes, marker) in zip(lines.items(), looks, strict=False):
        x, y = [one.at for one in found], [one.value.value for one in found]
        look = {"color": color, "linestyle": dashes, "marker": marker}
        axes.plot(x, y, label=label, linewidth=1.3, markersize=4, **look)
        for one in found:
            if one.value.low is not None:
                axes.plot([one.at] * 2, one.value[1:], color=color, linewidth=1)
    axes.set(xlabel=sweep.axis, ylabel=MEASURES[sweep.measure].label)
    lay_grid(axes)
    axes.legend(loc="upper left", bbox_to_anchor=(1.02, 1), borderaxespad=0)
    return figure


@house_style()
def robustness_figure(result: Mapping, paper: Paper = USUAL) -> Figure:
    """Return the picture of a `robustness` result: from clean to the worst, with intervals."""
    rows = result["conditions"]
    clean = [one for one in rows if one["kind"] == CLEAN]
    kinds = list(dict.fromkeys(one["kind"] for one in rows if one["kind"] != CLEAN)) or [CLEAN]
    figure = Figure(figsize=(1.0 + 2.2 * len(kinds), 2.8))
    panels = figure.subplots(1, len(kinds), sharey=True, squeeze=False)[0]
    for axes, kind in zip(panels, kinds, strict=True):
        shown = clean + [one for one in rows if one["kind"] == kind and kind != CLEAN]
        _panel(axes, shown, result["systems"], paper)
        axes.set_xlabel(LABELS.get(kind, kind))
    panels[0].set_ylabel("EER, %")
    panels[0].set_ylim(bottom=0)
    legend_above(figure, ncols=4)
    return figure


def _panel(axes: Axes, rows: Sequence[Mapping], systems: Sequence[str], paper: Paper) -> None:
    """Draw each system's line, a little beside the others so that no interval hides another."""
    for number, (name, look) in enumerate(looks(list(systems), paper).items()):
        shift = 0.08 * (number - (len(systems) - 1) / 2)
        places = [place for place, one in enumerate(rows) if one["eer_percent"].get(name)]
        found = [rows[place]["eer_percent"][name] for place in places]
        x = [place + shift for place in places]
        low, value, high = ([one[key] for one in found] for key in ("low", "value", "high"))
        axes.vlines(x, low, high, color=look["color"], linewidth=0.8)
        marks = {"markersize": 4, "marker": MARKERS[number % len(MARKERS)], "linewidth": 1.3}
        axes.plot(x, value, label=paper.label(name), **marks, **look)
    labels = [one["kind"] if one["level"] is None else f"{one['level']:g}" for one in rows]
    axes.set_xticks(range(len(rows)), labels)
    lay_grid(axes, "y")


COSINES = (
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
    for (key, label, color), dashes in zip(COSINES, OTHER_DASHES, strict=False):
        value = [float("nan") if s[key] is None else s[key] for s in result["stores"]]
        look = {"color": color, "linestyle": dashes, "marker": "o", "markersize": 3}
        axes.plot(range(len(names)), value, label=label, **look)
    axes.set(ylabel="mean cosine", ylim=(-1.02, 1.02))
    axes.set_xticks(range(len(names)), names, rotation=30, ha="right")
    lay_grid(axes, "y")
    axes.legend(loc="lower right")
    return figure
