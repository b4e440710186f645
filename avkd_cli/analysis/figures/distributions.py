"""How scores are spread, and whether calibrated ones mean what they say."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from avkd_cli.analysis.figures.style import FAINT, INK, SKY, VERMILION, house_style


@house_style()
def histogram_figure(
    target: ArrayLike,
    nontarget: ArrayLike,
    threshold: float | None = None,
    title: str = "",
    width: float | None = None,
) -> Figure:
    """Return the densities of target and nontarget scores, and the threshold between them."""
    target, nontarget = np.asarray(target, float), np.asarray(nontarget, float)
    wide = width or 5
    figure = Figure(figsize=(wide, 0.6 * wide))
    axes = figure.subplots()
    edges = np.histogram_bin_edges(np.concatenate([target, nontarget]), bins=60)
    shape = {"bins": edges, "density": True, "histtype": "stepfilled", "linewidth": 1.2}
    for name, scores, face, edge in (
        ("nontarget", nontarget, VERMILION, {"edgecolor": VERMILION, "linestyle": "--"}),
        ("target", target, SKY, {"edgecolor": INK}),
    ):
        label = f"{name} ({len(scores):,})"
        axes.hist(scores, facecolor=face + "66", label=label, **edge, **shape)
    if threshold is not None and np.isfinite(threshold):
        axes.axvline(threshold, color=INK, linewidth=1, label=f"threshold {threshold:.4g}")
    axes.set(xlabel="score", ylabel="density", title=title)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    place = (0.5, 1.1 if title else 1)
    axes.legend(loc="lower center", bbox_to_anchor=place, ncols=3 if wide > 4.5 else 1)
    return figure


@house_style()
def reliability_panels(
    panels: Mapping[str, tuple[ArrayLike, ArrayLike]], p_target: float
) -> Figure:
    """Return how often trials with a stated posterior are target trials, a panel a system.

    The trials are weighted so that target ones have the prior `p_target`; on the diagonal, the
    posterior is what happens. Ten groups of about equal weight, which is a dot's area.

    Args:
        panels: log-likelihood ratios, natural, and whether both sides are one person, by title,
            both of shape (n_trials,).

    Raises:
        ValueError: if `p_target` is not between 0 and 1, or a class is empty.
    """
    across = min(len(panels), 3)
    down = -(-len(panels) // across)
    figure = Figure(figsize=(3.4 * across + 0.4, 3.6 * down))
    grid = figure.subplots(down, across, squeeze=False)
    for axes in grid.ravel()[len(panels) :]:
        axes.set_visible(False)
    for axes, (title, one) in zip(grid.ravel(), panels.items(), strict=False):
        _reliability(axes, *reliability(*one, p_target), p_target, title)
    for axes in grid[:, 0]:
        axes.set_ylabel("share of target trials")
    figure.tight_layout()
    return figure


def _reliability(axes: Axes, stated, seen, share, p_target: float, title: str) -> None:
    axes.plot([0, 1], [0, 1], color=FAINT, zorder=0)
    axes.plot(stated, seen, color=INK, linewidth=1)
    axes.scatter(stated, seen, s=300 * share, color=SKY, edgecolor=INK, zorder=2, clip_on=False)
    axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
    axes.set_title(title, fontsize=8.5)
    axes.set_xlabel(f"stated probability (prior {p_target:g})")


def reliability(
    log_likelihood_ratio: ArrayLike, target: ArrayLike, p_target: float, groups: int = 10
) -> tuple[NDArray, NDArray, NDArray]:
    """Return (mean posterior, weighted share of target trials, weight) of each group of trials."""
    llr, target = np.asarray(log_likelihood_ratio, float), np.asarray(target, bool)
    if not 0 < p_target < 1:
        raise ValueError(f"a prior is between 0 and 1, not {p_target}")
    if target.all() or not target.any():
        raise ValueError("reliability needs target and nontarget trials")
    weight = np.where(target, p_target / target.sum(), (1 - p_target) / (~target).sum())
    posterior = expit(llr + np.log(p_target / (1 - p_target)))
    order = np.argsort(posterior, kind="stable")
    group = np.minimum((np.cumsum(weight[order]) * groups - 1e-9).astype(int), groups - 1)
    total = np.bincount(group, weight[order], groups)
    used = total > 0
    stated = np.bincount(group, (weight * posterior)[order], groups)[used] / total[used]
    seen = np.bincount(group, (weight * target)[order], groups)[used] / total[used]
    return stated, seen, total[used]
