"""Venn diagrams: two circles with right areas, or bars of all regions for more systems."""

import textwrap
from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from avkd_cli.analysis.figures.style import FAINT, GREY, INK, SKY, VERMILION, house_style
from avkd_cli.analysis.geometry import two_circles

LINE = 22  # letters of a system's name beside another's
NOTE = "Areas are proportional to the number of trials decided wrongly."


@house_style()
def venn_figure(result: Mapping, width: float | None = None) -> Figure:
    """Return the picture of a `venn` result: circles for two systems, bars of regions for more."""
    if len(result["systems"]) > 2:
        return _regions_figure(result)
    wide = width or 5.2
    figure = Figure(figsize=(wide, 0.78 * wide))
    axes = figure.add_axes((0, 0.07, 1, 0.93))
    draw_circles(axes, result, "")
    _names(axes, result)
    figure.text(0.5, 0.01, NOTE, ha="center", fontsize=7)
    return figure


@house_style()
def venn_panels(results: Mapping[str, Mapping]) -> Figure:
    """Return one small diagram for each titled `venn` result of two systems, on one scale."""
    across = 3
    down = -(-len(results) // across)
    figure = Figure(figsize=(3.1 * across, 2.75 * down))
    grid = figure.subplots(down, across, squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
    for axes, (title, result) in zip(grid.flat, results.items(), strict=False):
        draw_circles(axes, result, title)
    figure.subplots_adjust(left=0, right=1, bottom=0.02, top=0.94, hspace=0.22, wspace=0.05)
    return figure


def draw_circles(axes: Axes, result: Mapping, title: str) -> None:
    """Draw what a and b decide wrongly: corrected to the left, broken to the right."""
    newly_right, newly_wrong = result["newly_right"], result["newly_wrong"]
    both = result["both_wrong"]
    if both + newly_right + newly_wrong == 0:
        axes.text(0, 0, "no trial is decided wrongly", ha="center", va="center")
    else:
        r, s, distance = two_circles(newly_right + both, newly_wrong + both, both)
        unit = max(r, s, (r + s + distance) / 2.6)
        left, right, distance = r / unit, s / unit, distance / unit
        _areas(axes, left, right, distance)
        _labels(axes, result, left, right, distance)
    axes.set_title(title, pad=2)
    note = f"both right {result['both_right']:,} of {result['trials']:,} trials"
    axes.text(0, -1.46, note, ha="center", va="center", fontsize=8)
    axes.set(xlim=(-1.75, 1.75), ylim=(-1.55, 1.2), aspect="equal")
    axes.set_axis_off()


def _names(axes: Axes, result: Mapping) -> None:
    """Write above each circle whose mistakes it holds, and how many."""
    sides = (("a", "newly_right", -1.7, "left", "―"), ("b", "newly_wrong", 1.7, "right", "- -"))
    for letter, alone, x, align, line in sides:
        wrong = result[alone] + result["both_wrong"]
        name = textwrap.fill(result["systems"][letter]["name"], LINE)
        text = f"{line} wrong for\n{name}\n({wrong:,})"
        axes.text(x, 1.28, text, ha=align, va="bottom", fontsize=8.5, linespacing=1.2)


def _areas(axes: Axes, left: float, right: float, distance: float) -> None:
    """Fill the crescents and the overlap; the baseline's outline is solid, the other's dashed."""
    x_left, x_right = _centres(left, right, distance)
    a, b = ((x_left, 0.15), left), ((x_right, 0.15), right)
    axes.add_patch(Circle(*a, facecolor=SKY, edgecolor="none"))
    axes.add_patch(Circle(*b, facecolor=VERMILION, edgecolor="none"))
    overlap = Circle(*b, facecolor=FAINT, edgecolor=GREY, hatch="////", linewidth=0)
    axes.add_patch(overlap)
    overlap.set_clip_path(Circle(*a, transform=axes.transData))
    axes.add_patch(Circle(*a, fill=False, edgecolor=INK, linewidth=1.1))
    axes.add_patch(Circle(*b, fill=False, edgecolor=INK, linewidth=1.1, linestyle=(0, (4, 2))))


def _centres(left: float, right: float, distance: float) -> tuple[float, float]:
    """Return the centres' x, the whole pair being in the middle."""
    low, high = min(-left, distance - right), max(left, distance + right)
    shift = -(low + high) / 2
    return shift, distance + shift


def _labels(axes: Axes, result: Mapping, left: float, right: float, distance: float) -> None:
    """Write the three counts under the circles, each tied to its area by a line."""
    x_left, x_right = _centres(left, right, distance)
    ends_a, ends_b = (x_left - left, x_left + left), (x_right - right, x_right + right)
    spots = {
        "newly_right": (ends_a[0] + min(ends_a[1], max(ends_b[0], ends_a[0]))) / 2,
        "both_wrong": (max(ends_a[0], ends_b[0]) + min(ends_a[1], ends_b[1])) / 2,
        "newly_wrong": (ends_b[1] + max(ends_b[0], min(ends_a[1], ends_b[1]))) / 2,
    }
    places = {"newly_right": -1.15, "both_wrong": 0.0, "newly_wrong": 1.15}
    for name, place in places.items():
        text = f"{result[name]:,}\n{name.replace('_', ' ')}"
        axes.text(place, -1.07, text, ha="center", va="center", fontsize=8.5, linespacing=1.25)
        if result[name]:
            axes.plot([spots[name], place], [0.15, -0.86], color=INK, linewidth=0.7)
            axes.plot([spots[name]], [0.15], marker="o", markersize=2.5, color=INK)


def _regions_figure(result: Mapping) -> Figure:
    """Return bars of all regions over a matrix of who is right, most frequent first."""
    letters = list(result["systems"])
    regions = sorted(result["regions"], key=lambda one: -one["trials"])
    figure = Figure(figsize=(1.6 + 0.5 * len(regions), 3.8))
    bars, matrix = figure.subplots(2, 1, sharex=True, height_ratios=[2.2, 0.28 * len(letters)])
    trials = np.array([one["trials"] for one in regions])
    bars.bar(range(len(regions)), trials, color=SKY, edgecolor=INK, linewidth=0.7)
    for x, number in enumerate(trials):
        bars.text(x, number, f"{number:,}", ha="center", va="bottom", fontsize=7.5)
    bars.set_yscale("symlog", linthresh=10)
    bars.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    bars.set_ylim(0, max(10, trials.max()) * 3)
    bars.set_ylabel("trials (log)")
    bars.tick_params(bottom=False)
    for y, letter in enumerate(letters):
        for x, one in enumerate(regions):
            face = INK if letter in one["right"] else "none"
            matrix.scatter(x, y, s=42, facecolor=face, edgecolor=INK, linewidth=0.9)
    names = [f"{one['name']} ({letter})" for letter, one in result["systems"].items()]
    matrix.set_yticks(range(len(letters)), names)
    matrix.set_ylim(len(letters) - 0.5, -0.5)
    matrix.tick_params(bottom=False, left=False, labelbottom=False)
    matrix.spines[:].set_visible(False)
    matrix.set_xlabel("● right   ○ wrong")
    figure.subplots_adjust(hspace=0.06)
    return figure
