"""Dots: embeddings in a plane, and how large clusters are against how sure they are."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from avkd_cli.analysis.figures.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    house_style,
    lay_grid,
    plain_powers,
)

COLOURS = (BLUE, ORANGE, GREEN, VERMILION, SKY, PURPLE, GREY)
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "*")


@house_style()
def plane_figure(
    panels: Mapping[str, tuple[ArrayLike, ArrayLike]],
    persons: Sequence[str],
    hard: Sequence[bool] = (),
) -> Figure:
    """Return the places of all recordings, outliers ringed, hard ones crossed.

    Args:
        panels: by title, places of shape (n, 2) and whether each is an outlier, shape (n,).
        persons: who is heard or seen in each recording, the same in all panels.
        hard: which recordings stand in many wrong trials; none: nobody knows.
    """
    crossed = np.asarray(hard, bool) if any(hard) else None
    figure = Figure(figsize=(3.4 * len(panels), 3.6))
    axes = figure.subplots(1, len(panels), squeeze=False)[0]
    for one, (title, (places, outlying)) in zip(axes, panels.items(), strict=True):
        spots = np.asarray(places)
        _panel(one, spots, np.asarray(outlying, bool), np.asarray(persons, str))
        if crossed is not None:
            one.scatter(*spots[crossed].T, s=34, marker="x", color=INK, linewidth=1)
        number = int(np.count_nonzero(outlying))
        one.set_title(f"{title}: {number} outlier{'s' if number != 1 else ''}")
    crosses = "" if crossed is None else "; crosses: hard ones"
    note = f"{len(set(persons))} persons by colour and marker; rings: outliers{crosses}. "
    figure.text(0.5, 0.02, note + "No axis has a meaning.", ha="center", fontsize=7.5)
    figure.subplots_adjust(wspace=0.06, left=0.02, right=0.98, bottom=0.08)
    return figure


def _panel(axes: Axes, places: np.ndarray, outlying: np.ndarray, persons: np.ndarray) -> None:
    for place, person in enumerate(np.unique(persons).tolist()):
        look = {"color": COLOURS[place % len(COLOURS)], "marker": MARKERS[place % len(MARKERS)]}
        axes.scatter(*places[persons == person].T, s=16, edgecolor=INK, linewidth=0.3, **look)
    axes.scatter(*places[outlying].T, s=90, facecolor="none", edgecolor=INK, linewidth=1.1)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_aspect("equal", adjustable="datalim")
    for spine in axes.spines.values():
        spine.set_visible(True)


@house_style()
def sizes_figure(sizes: Sequence[int], confidence: Sequence[float]) -> Figure:
    """Return a dot for each cluster: its utterances, on an axis of powers, and its confidence."""
    figure = Figure(figsize=(5.2, 3.6))
    axes = figure.subplots()
    # Thousands of dots stay legible where they lie on each other.
    axes.scatter(sizes, confidence, s=12, color=BLUE, alpha=0.5, edgecolor="none")
    axes.axhline(0, color=INK, linewidth=0.8)
    axes.set(xscale="log", xlabel="Utterances of a cluster", ylabel="Confidence")
    plain_powers(axes.xaxis)
    lay_grid(axes)
    return figure
