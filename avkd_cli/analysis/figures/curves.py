"""DET and ROC curves."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from avkd_cli.analysis.figures.style import FAINT, INK, house_style, looks
from avkd_cli.analysis.systems import system
from avkd_cli.verification.metrics import equal_error_rate, error_rates

TICKS = (0.0001, 0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6)
POINTS = 300  # of a curve that are drawn; a list may have a million thresholds


def det_figure(scores: Mapping[str, tuple[ArrayLike, ArrayLike]], title: str = "") -> Figure:
    """Return the DET curves of several systems on probit axes, with their EER points.

    Args:
        scores: (target scores, nontarget scores) by system name.

    Reference:
        A. Martin et al., "The DET curve in assessment of detection task performance",
        Eurospeech 1997.
    """
    with house_style():
        figure = Figure(figsize=(4.2, 4.2))
        axes = figure.subplots()
        draw_det(axes, scores)
        axes.set_title(title)
        return figure


def draw_det(axes: Axes, scores: Mapping[str, tuple[ArrayLike, ArrayLike]]) -> None:
    """Draw DET curves; both axes run from where the lists still tell anything to 60 %."""
    smallest = min(
        1 / max(len(np.atleast_1d(side)), 1) for pair in scores.values() for side in pair
    )
    low, high = max(smallest / 2, TICKS[0]), 0.6
    for name, look in looks(list(scores)).items():
        miss, false_alarm = curve(*scores[name], low)
        eer = equal_error_rate(*scores[name])
        label = f"{system(name).label}: {100 * eer:.2f} %"
        axes.plot(ndtri(false_alarm), ndtri(miss), label=label, linewidth=1.3, **look)
        at = ndtri(np.clip(eer, low, 1 - low))
        axes.plot([at], [at], marker="o", markersize=5, markerfacecolor=look["color"],
                  markeredgecolor=INK, markeredgewidth=0.7)  # fmt: skip
    ticks = [one for one in TICKS if low <= one <= high]
    labels = [f"{100 * one:g}" for one in ticks]
    limits = (ndtri(low), ndtri(high))
    axes.plot(limits, limits, color=FAINT, linewidth=0.8, zorder=0)
    axes.set_xticks(ndtri(ticks), labels)
    axes.set_yticks(ndtri(ticks), labels)
    axes.set(xlim=limits, ylim=limits, aspect="equal")
    axes.set(xlabel="false alarms, % of nontarget trials", ylabel="misses, % of target trials")
    axes.grid(visible=True)
    axes.legend(title="EER (dot)", loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=2,
                title_fontsize=8, borderaxespad=0)  # fmt: skip


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


def roc_figure(scores: Mapping[str, tuple[ArrayLike, ArrayLike]], title: str = "") -> Figure:
    """Return the ROC curves of several systems, the false-alarm axis in decades.

    Args:
        scores: (target scores, nontarget scores) by system name.
    """
    with house_style():
        figure = Figure(figsize=(4.6, 3.8))
        axes = figure.subplots()
        lowest = min(1 / max(len(np.atleast_1d(pair[1])), 1) for pair in scores.values())
        for name, look in looks(list(scores)).items():
            miss, false_alarm, _ = error_rates(*scores[name])
            x = np.clip(false_alarm, lowest, 1)
            axes.step(100 * x, 100 * (1 - miss), where="post", label=system(name).label, **look)
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
