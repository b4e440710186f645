"""DET and ROC curves."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from avkd_cli.analysis.bands import Band
from avkd_cli.analysis.figures.probit import LEAST, AxisEnds, draw_axes, ends_of
from avkd_cli.analysis.figures.style import INK, house_style, looks
from avkd_cli.config import P_TARGETS
from avkd_cli.papers import USUAL
from avkd_cli.papers.form import Paper
from avkd_cli.shown import PLAIN, Picture
from avkd_cli.verification.metrics import error_rates, interpolated_eer, lowest_cost_at

MARKERS = {"^": "triangle", "s": "square", "D": "diamond"}  # of minDCF, by prior
LINE, LETTER = 0.45, 0.065  # inches of a line in a legend, and of a letter beside it
POINTS = 300  # of a curve that are drawn; a list may have a million thresholds


NO_BANDS: Mapping[str, Band] = {}
Pairs = Mapping[str, tuple[ArrayLike, ArrayLike]]
"""(target scores, nontarget scores) by system name."""


@house_style()
def det_figure(
    scores: Pairs,
    title: str = "",
    *,
    p_targets: Sequence[float] = P_TARGETS,
    bands: Mapping[str, Band] = NO_BANDS,
    paper: Paper = USUAL,
    look: Picture = PLAIN,
) -> Figure:
    """Return the DET curves of several systems on probit axes, with EER and minDCF points.

    Args:
        p_targets: priors of the minDCFs, at most as many as `MARKERS`.
        look: width and ends of the axes, these in percent.

    Reference:
        A. Martin et al., "The DET curve in assessment of detection task performance",
        Eurospeech 1997.
    """
    side = look.width or 4.2
    figure = Figure(figsize=(side, side))
    axes = figure.subplots()
    draw_det(axes, scores, p_targets, bands, paper, look)
    axes.set_title(title)
    return figure


def draw_det(
    axes: Axes,
    scores: Pairs,
    p_targets: Sequence[float],
    bands: Mapping[str, Band],
    paper: Paper = USUAL,
    look: Picture = PLAIN,
) -> None:
    """Draw DET curves; the axes run from where the lists tell anything to where curves end."""
    points = {name: operating_points(*pair, p_targets) for name, pair in scores.items()}
    ends, lines = _ends(scores, points, look), looks(list(scores), paper)
    # An end that was asked for may cut a curve; its clipped part must then lie outside.
    low = min(ends.x[0], ends.y[0], 0.5 * min(smallest(scores)))
    for name, one in lines.items():
        if name in bands:
            _band(axes, bands[name], one["color"], low)
        miss, false_alarm = curve(*scores[name], low)
        axes.plot(ndtri(false_alarm), ndtri(miss), linewidth=1.3, **one)
        for marker, point in zip(("o", *MARKERS), points[name], strict=False):
            _mark(axes, marker, point, ends, one["color"])
    draw_axes(axes, ends)
    below = {"loc": "upper center", "borderaxespad": 0, "handletextpad": 0.5}
    axes.add_artist(_legend_of_marks(axes, p_targets, below))
    labels = [f"{paper.label(name)}, EER {100 * points[name][0][0]:.2f} %" for name in lines]
    _legend_of_lines(axes, dict(zip(labels, lines.values(), strict=True)), below)


def smallest(scores: Pairs) -> tuple[float, float]:
    """Return the false-alarm and the miss rate that one trial makes, of the longest list."""
    most = [max(len(np.atleast_1d(pair[side])) for pair in scores.values()) for side in (1, 0)]
    return 1 / max(most[0], 1), 1 / max(most[1], 1)


def _ends(
    scores: Pairs, points: Mapping[str, Sequence[tuple[float, float]]], look: Picture
) -> AxisEnds:
    """Return the ends of the axes: those asked for, else those of the data."""
    curves = [
        (rates.false_alarm, rates.miss) for rates in (error_rates(*p) for p in scores.values())
    ]
    found = ends_of(curves, [one for each in points.values() for one in each], smallest(scores))
    asked = [
        own if wanted is None else tuple(np.clip(np.array(wanted) / 100, LEAST / 10, 1 - LEAST))
        for own, wanted in zip(found, (look.xlim, look.ylim), strict=True)
    ]
    return AxisEnds(*asked)


def _legend_of_marks(axes: Axes, p_targets: Sequence[float], place: Mapping) -> Legend:
    """Write below what each mark is."""
    look = {"markersize": 5, "markerfacecolor": "none", "markeredgecolor": INK}
    texts = ["EER", *(f"minDCF {p:g}" for p in p_targets)]
    marks = [
        Line2D([], [], linestyle="none", marker=marker, markeredgewidth=0.7, label=text, **look)
        for marker, text in zip(("o", *MARKERS), texts, strict=False)
    ]
    return axes.legend(
        handles=marks,
        ncols=len(marks),
        bbox_to_anchor=(0.5, _inches_below(axes, 0.48)),
        columnspacing=1.0,
        handlelength=1.0,
        **place,
    )


def _legend_of_lines(axes: Axes, looks: Mapping[str, Mapping], place: Mapping) -> None:
    """Write below that what each line is, in two columns where they fit."""
    lines = [Line2D([], [], linewidth=1.3, **look, label=label) for label, look in looks.items()]
    two_columns = 2 * (LINE + LETTER * max(map(len, looks)))
    across = axes.get_figure(root=False).bbox.width / axes.get_figure(root=True).dpi
    axes.legend(
        handles=lines,
        ncols=2 if len(lines) > 1 and two_columns <= across else 1,
        bbox_to_anchor=(0.5, _inches_below(axes, 0.68)),
        **place,
    )


def _inches_below(axes: Axes, inches: float) -> float:
    """Return how far below an axes something is, in its heights."""
    height = axes.get_position().height * axes.get_figure(root=False).bbox.height
    return -inches * axes.get_figure(root=True).dpi / height


def operating_points(
    target: ArrayLike, nontarget: ArrayLike, p_targets: Sequence[float]
) -> list[tuple[float, float]]:
    """Return (false-alarm rate, miss rate) of the EER, then of the least cost at each prior."""
    rates = error_rates(target, nontarget)
    eer = interpolated_eer(rates)
    places = [lowest_cost_at(rates, p_target) for p_target in p_targets]
    return [
        (eer, eer),
        *((float(rates.false_alarm[at]), float(rates.miss[at])) for at in places),
    ]


def _band(axes: Axes, band: Band, color: str, low: float) -> None:
    x, *limits = (ndtri(np.clip(one, low, 1 - low)) for one in band)
    axes.fill_between(x, *limits, color=color, alpha=0.18, linewidth=0)
    for limit in limits:
        axes.plot(x, limit, color=color, linewidth=0.5, alpha=0.7)


def _mark(axes: Axes, marker: str, point: tuple[float, float], ends: AxisEnds, color: str) -> None:
    """Mark an operating point; one beyond the axes sits on their edge, whole."""
    place = [np.clip(one, *within) for one, within in zip(point, ends, strict=True)]
    axes.plot(
        *ndtri(place)[:, None],
        marker=marker,
        markersize=5,
        markerfacecolor=color,
        markeredgecolor=INK,
        markeredgewidth=0.7,
        clip_on=False,
        zorder=3,
    )


def curve(target: ArrayLike, nontarget: ArrayLike, low: float) -> tuple[NDArray, NDArray]:
    """Return (miss, false alarm) along the curve, clipped to [low, 1 - low], at most `POINTS`."""
    miss, false_alarm, _ = error_rates(target, nontarget)
    miss, false_alarm = (np.clip(rate, low, 1 - low) for rate in (miss, false_alarm))
    along = ndtri(miss) - ndtri(false_alarm)  # monotone along the curve, even on probit axes
    if len(along) <= POINTS:
        return miss, false_alarm
    wanted = np.linspace(along.min(), along.max(), POINTS)
    order = np.argsort(along, kind="stable")
    at = order[np.searchsorted(along[order], wanted).clip(0, len(along) - 1)]
    return miss[at], false_alarm[at]


@house_style()
def roc_figure(scores: Pairs, look: Picture = PLAIN) -> Figure:
    """Return the ROC curves of several systems, the false-alarm axis in decades."""
    wide = look.width or 4.6
    figure = Figure(figsize=(wide, 0.83 * wide))
    axes = figure.subplots()
    lowest = smallest(scores)[0]
    for name, line in looks(list(scores)).items():
        miss, false_alarm, _ = error_rates(*scores[name])
        x = np.clip(false_alarm, lowest, 1)
        axes.step(100 * x, 100 * (1 - miss), where="post", label=USUAL.label(name), **line)
    axes.set_xscale("log")
    axes.set(xlim=look.xlim or (100 * lowest, 100), ylim=look.ylim or (0, 101))
    axes.set(xlabel="false alarms, % of nontarget trials", ylabel="accepted, % of target trials")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.grid(visible=True)
    axes.legend(loc="lower right")
    return figure
