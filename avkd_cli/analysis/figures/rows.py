"""Panels of rows, one a system or a group: error rates, and differences with their intervals."""

import textwrap
from collections.abc import Iterable, Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from avkd_cli.analysis.bands import Band
from avkd_cli.analysis.figures.curves import MARKERS, Pairs, draw_det
from avkd_cli.analysis.figures.style import (
    CHANCE,
    INK,
    SKY,
    VERMILION,
    as_rows,
    draw_dot,
    house_style,
    looks,
)
from avkd_cli.analysis.tables import paper_of
from avkd_cli.papers.form import Paper
from avkd_cli.shown import PLAIN, Picture

HATCHES = {"visual": "////"}


@house_style()
def bars_figure(arranged: Mapping) -> Figure:
    """Return the EER of every system, in the order of the tables, with intervals where known."""
    paper = paper_of(arranged)
    names = sorted({one["system"] for one in arranged["results"]}, key=paper.order)
    lists = arranged["lists"]
    figure = Figure(figsize=(2.1 + 2.5 * len(lists), 0.7 + 0.27 * len(names)))
    panels = figure.subplots(1, len(lists), sharey=True, squeeze=False)[0]
    for axes, one in zip(panels, lists, strict=True):
        results = {r["system"]: r for r in arranged["results"] if r["list"] == one["list"]}
        _bars(axes, names, results, paper)
        axes.set_title(one["label"])
    as_rows(panels, [paper.label(name) for name in names], -0.6)
    figure.subplots_adjust(wspace=0.08)
    return figure


def _bars(axes: Axes, names: list[str], results: Mapping[str, Mapping], paper: Paper) -> None:
    """Draw one list's bars, what has a baseline lighter than that."""
    for y, (name, look) in enumerate(looks(names, paper).items()):
        if name in results:
            _bar(axes, y, results[name], look["color"], paper)
    ends = [max(r["eer_percent"], *(r.get("eer_interval") or (0,))) for r in results.values()]
    axes.set_xlim(0, 1.22 * max([*ends, 1e-6]))
    axes.set_xlabel("EER, %")


def _bar(axes: Axes, y: int, result: Mapping, color: str, paper: Paper) -> None:
    value, one = result["eer_percent"], paper.system(result["system"])
    axes.barh(
        y,
        value,
        height=0.68,
        color=color,
        alpha=0.45 if one.baseline else 0.95,
        edgecolor=INK,
        linewidth=0.6,
        hatch=HATCHES.get(one.sense, ""),
    )
    low, high = result.get("eer_interval") or (value, value)
    if high > low:
        axes.plot([low, high], [y, y], color=INK, linewidth=1.2)
    place = {"textcoords": "offset points", "va": "center", "ha": "left"}
    axes.annotate(f"{value:.2f}", (high, y), (3, 0), fontsize=8, **place)


ERRORS = {"miss": "misses, % of targets", "false_alarm": "false alarms, % of nontargets"}


@house_style()
def groups_figure(result: Mapping) -> Figure:
    """Return the picture of a `breakdown` result: a row a group, a panel a kind of error.

    The dashed line is the rate of all trials; a group without figures has an empty row.
    """
    groups = result["groups"]
    figure = Figure(figsize=(6.6, 1.0 + 0.3 * len(groups)))
    panels = figure.subplots(1, len(ERRORS), sharey=True)
    for axes, (key, title) in zip(panels, ERRORS.items(), strict=True):
        _groups(axes, result, f"{key}_percent")
        axes.set_title(title)
    as_rows(panels, [f"{one['name']} ({one['persons']:,} persons)" for one in groups])
    figure.subplots_adjust(wspace=0.1)
    return figure


def _groups(axes: Axes, result: Mapping, key: str) -> None:
    if result["all"][key] is not None:
        axes.axvline(result["all"][key], **CHANCE)
    ends = [result["all"][key] or 0]
    for y, one in enumerate(result["groups"]):
        if one[key] is not None:
            limits = (one.get("intervals") or {}).get(key) or [one[key]] * 2
            draw_dot(axes, y, one[key], limits, SKY)
            ends.append(limits[1])
    axes.set_xlim(0, 1.08 * max(*ends, 1e-3))


LETTERS = 10  # that an inch of a picture has room for above a panel
COLUMN = 6.0  # inches: in less, differences stand below the curves, not beside them


@house_style()
def comparison_figure(
    result: Mapping,
    scores: Pairs,
    bands: Mapping[str, Band],
    look: Picture = PLAIN,
) -> Figure:
    """Return the picture of a `compare` result: DET curves, and a panel a figure of differences.

    Args:
        look: width of the whole, and ends of the curves' axes in percent.
    """
    panels, rows = result["figures"], len(result["differences"])
    width = look.width or 9.4
    letters = int(LETTERS * width / (2.2 if width >= COLUMN else 1))
    figure, left, right = _halves(0.45 * len(panels) * (rows + 2.5), width, len(scores))
    names = [one["name"] for one in panels if one["name"].startswith("min_dcf_")]
    priors = [float(name.removeprefix("min_dcf_")) for name in names[: len(MARKERS)]]
    draw_det(left.subplots(), scores, priors, bands, look=look)
    axes = right.subplots(len(panels), 1, squeeze=False)[:, 0]
    for one, each in zip(axes, panels, strict=True):
        _difference_panel(one, each, result["differences"], letters)
    right.subplots_adjust(hspace=1.1 + 0.4 / rows, left=0.3, right=0.97)
    return figure


def _halves(panels: float, width: float, systems: int) -> tuple[Figure, SubFigure, SubFigure]:
    """Return a figure and its parts, curves of some systems and panels of a height in inches."""
    if width >= COLUMN:
        figure = Figure(figsize=(width, max(0.45 * width, panels)))
        return figure, *figure.subfigures(1, 2, width_ratios=(1.15, 1))
    legend = 1.2 + 0.18 * systems
    above = 0.85 * width + legend
    figure = Figure(figsize=(width, above + panels))
    curves, below = figure.subfigures(2, 1, height_ratios=(above, panels))
    curves.subplots_adjust(bottom=legend / above, top=0.98, left=0.16, right=0.97)
    return figure, curves, below


def _difference_panel(
    axes: Axes, one: Mapping, differences: Sequence[Mapping], letters: int
) -> None:
    lower = one["better"] == "lower"
    _draw(axes, enumerate(each[one["key"]] for each in differences), -1 if lower else 1)
    as_rows([axes], [textwrap.fill(each["system"], letters // 2) for each in differences])
    unit = ", points" if one["percent"] else ""
    side = "left" if lower else "right"
    title = f"{one['label']} minus that of {differences[0]['against']}"
    axes.set_title(textwrap.fill(title, letters), fontsize=8.5)
    axes.set_xlabel(f"difference{unit} ({side}: better)")


@house_style()
def interval_panels(panels: Mapping[str, Sequence[tuple[str, Mapping]]]) -> Figure:
    """Return panels of differences: a dot and its interval a row, filled where it excludes 0.

    Args:
        panels: by title, (label, {value, low, high}) of each row, in percentage points; where a
            row says `claimed`, that fills its dot instead.
    """
    # A system missing on one list leaves its row empty there.
    labels = list(dict.fromkeys(label for found in panels.values() for label, _ in found))
    place = {label: y for y, label in enumerate(labels)}
    figure = Figure(figsize=(1.4 + 2.6 * len(panels), 1.0 + 0.28 * len(labels)))
    axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for one, (title, found) in zip(axes, panels.items(), strict=True):
        _draw(one, ((place[label], interval) for label, interval in found))
        one.set_title(title)
        one.set_xlabel("difference, points (left: better)")
    as_rows(axes, labels)
    figure.subplots_adjust(wspace=0.1)
    return figure


def _draw(axes: Axes, rows: Iterable[tuple[int, Mapping]], better: int = -1) -> None:
    axes.axvline(0, color=INK, linewidth=0.9)
    for y, one in rows:
        beyond = one.get("claimed", one["high"] < 0 or one["low"] > 0)
        face = (SKY if one["value"] * better > 0 else VERMILION) if beyond else "none"
        draw_dot(axes, y, one["value"], [one["low"], one["high"]], face)
