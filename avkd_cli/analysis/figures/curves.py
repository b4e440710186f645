"""DET and ROC curves."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from avkd_cli.analysis.bands import Band
from avkd_cli.analysis.figures.style import FAINT, INK, house_style, looks
from avkd_cli.papers import USUAL
from avkd_cli.papers.form import Paper
from avkd_cli.verification.metrics import error_rates, interpolated_eer, lowest_cost_at

TICKS = (0.0001, 0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.95)
APART = 1 / 18  # of an axis: closer ticks have no room for both their numbers
ENDS = (0.6, 0.9, 0.99)  # of the axes: minDCF at low priors may lie at many misses
MARKERS = {"^": "triangle", "s": "square", "D": "diamond"}  # of minDCF, by prior
POINTS = 300  # of a curve that are drawn; a list may have a million thresholds


NO_BANDS: Mapping[str, Band] = {}


def det_figure(
    scores: Mapping[str, tuple[ArrayLike, ArrayLike]],
    title: str = "",
    *,
    p_targets: Sequence[float] = (0.01, 0.05),
    bands: Mapping[str, Band] = NO_BANDS,
    paper: Paper = USUAL,
) -> Figure:
    """Return the DET curves of several systems on probit axes, with EER and minDCF points.

    Args:
        scores: (target scores, nontarget scores) by system name.
        title: above.
        p_targets: priors of the minDCFs, at most as many as `MARKERS`.
        bands: intervals by system name, drawn where there are.
        paper: whose names of systems are known.

    Reference:
        A. Martin et al., "The DET curve in assessment of detection task performance",
        Eurospeech 1997.
    """
    with house_style():
        figure = Figure(figsize=(4.2, 4.2))
        axes = figure.subplots()
        draw_det(axes, scores, p_targets, bands, paper)
        axes.set_title(title)
        return figure


def draw_det(
    axes: Axes,
    scores: Mapping[str, tuple[ArrayLike, ArrayLike]],
    p_targets: Sequence[float],
    bands: Mapping[str, Band],
    paper: Paper = USUAL,
) -> None:
    """Draw DET curves; both axes run from where the lists tell anything to above all points."""
    smallest = min(
        1 / max(len(np.atleast_1d(side)), 1) for pair in scores.values() for side in pair
    )
    low = max(smallest / 2, TICKS[0])
    points = {name: operating_points(*pair, p_targets) for name, pair in scores.items()}
    farthest = max(max(point) for one in points.values() for point in one)
    high = next((one for one in ENDS if one >= farthest), ENDS[-1])
    for name, look in looks(list(scores), paper).items():
        if name in bands:
            _band(axes, bands[name], look["color"], low)
        miss, false_alarm = curve(*scores[name], low)
        label = f"{paper.label(name)}: {100 * points[name][0][0]:.2f} %"
        axes.plot(ndtri(false_alarm), ndtri(miss), label=label, linewidth=1.3, **look)
        for marker, point in zip(("o", *MARKERS), points[name], strict=False):
            _mark(axes, marker, np.clip(point, low, high), look["color"])
    _probit_axes(axes, low, high)
    costs = [f"minDCF {p:g} ({m})" for m, p in zip(MARKERS.values(), p_targets, strict=False)]
    axes.legend(title=", ".join(["EER (dot)", *costs]), loc="upper center", ncols=2,
                bbox_to_anchor=(0.5, -0.14), title_fontsize=8, borderaxespad=0)  # fmt: skip


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


def _mark(axes: Axes, marker: str, point: NDArray, color: str) -> None:
    """Mark an operating point; one beyond the axes sits on their edge, whole."""
    axes.plot(*ndtri(point)[:, None], marker=marker, markersize=5, markerfacecolor=color,
              markeredgecolor=INK, markeredgewidth=0.7, clip_on=False, zorder=3)  # fmt: skip


def _probit_axes(axes: Axes, low: float, high: float) -> None:
    limits = (ndtri(low), ndtri(high))
    ticks = [one for one in TICKS if low <= one <= high]
    labels = _labels(ticks, APART * (limits[1] - limits[0]))
    axes.plot(limits, limits, color=FAINT, linewidth=0.8, zorder=0)
    axes.set_xticks(ndtri(ticks), labels)
    axes.set_yticks(ndtri(ticks), labels)
    axes.set(xlim=limits, ylim=limits, aspect="equal")
    axes.set(xlabel="false alarms, % of nontarget trials", ylabel="misses, % of target trials")
    axes.grid(visible=True)


def _labels(ticks: Sequence[float], apart: float) -> list[str]:
    """Return what stands at ticks: their percentage, nothing where the one before is too close."""
    labels, last = [], -np.inf
    for tick in ticks:
        shown = ndtri(tick) - last >= apart
        last = ndtri(tick) if shown else last
        labels.append(f"{100 * tick:g}" if shown else "")
    return labels


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


def roc_figure(
    scores: Mapping[str, tuple[ArrayLike, ArrayLike]], title: str = "", paper: Paper = USUAL
) -> Figure:
    """Return the ROC curves of several systems, the false-alarm axis in decades.

    Args:
        scores: (target scores, nontarget scores) by system name.
    """
    with house_style():
        figure = Figure(figsize=(4.6, 3.8))
        axes = figure.subplots()
        lowest = min(1 / max(len(np.atleast_1d(pair[1])), 1) for pair in scores.values())
        for name, look in looks(list(scores), paper).items():
            miss, false_alarm, _ = error_rates(*scores[name])
            x = np.clip(false_alarm, lowest, 1)
            axes.step(100 * x, 100 * (1 - miss), where="post", label=paper.label(name), **look)
        axes.set_xscale("log")
        axes.set(xlim=(100 * lowest, 100), ylim=(0, 101))
        axes.set(
            xlabel="false alarms, % of nontarget trials", ylabel="accepted, % of target trials"
        )
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.grid(visible=True)
        axes.legend(loc="upper left", bbox_to_anchor=(1.02, 1), borderaxespad=0)
        axes.set_title(title)
        return figure
