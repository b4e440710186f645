"""Figures of reweighted lists, quickly: scores are sorted once, a draw costs two running sums."""

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from avkd_cli.verification.metrics import cost_weights, error_rates

_THREADS = 2
_BLOCK = 512  # thresholds judged at once when the lowest cost is sought


def counts(rng: np.random.Generator, n: int) -> np.ndarray:
    """Return how often each of n was drawn in n draws."""
    return np.bincount(rng.integers(n, size=n), minlength=n)


class Draws(NamedTuple):
    """How draws become weights of trials: products of counts looked up by index.

    Args:
        draw: returns the counts of draw k, for targets and for nontargets.
        of_target: for each factor of a target's weight, the index of its count, shape (n_trials,).
        of_nontarget: the same for nontargets.
    """

    draw: Callable[[int], tuple[np.ndarray, np.ndarray]]
    of_target: list[np.ndarray]
    of_nontarget: list[np.ndarray]


def resample(
    systems: Sequence[np.ndarray],
    label: np.ndarray,
    draws: Draws,
    p_targets: Sequence[float],
    n_resamples: int,
    fmrs: Sequence[float] = (),
) -> dict[str, np.ndarray]:
    """Return each figure on every resample, shape (n_resamples, n_systems)."""
    ready = [SortedScores(scores, label, draws.of_target, draws.of_nontarget) for scores in systems]

    def figures(k: int) -> list[list[float]]:
        drawn = draws.draw(k)
        return [one.figures(*drawn, p_targets, fmrs) for one in ready]

    with ThreadPoolExecutor(_THREADS) as pool:
        found = np.array(list(pool.map(figures, range(n_resamples))))
    names = names_of(p_targets, fmrs)
    found = found.reshape(n_resamples, len(ready), len(names))
    found = found[~np.isnan(found).any(axis=(1, 2))]
    return {name: found[:, :, index] for index, name in enumerate(names)}


def names_of(p_targets: Sequence[float], fmrs: Sequence[float] = ()) -> list[str]:
    """Return the names of the figures, in the order in which they are computed."""
    return [
        "eer",
        *(f"min_dcf_{p:g}" for p in p_targets),
        *(f"fnmr_at_fmr_{fmr:g}" for fmr in fmrs),
    ]


class SortedScores:
    """Scores of one system sorted once, so that a reweighted list costs two running sums.

    Args:
        scores: shape (n_trials,).
        label: 1 target, 0 nontarget, shape (n_trials,).
        of_target: indices of the counts whose product a target weighs, shape (n_trials,) each.
        of_nontarget: the same for nontargets.
    """

    def __init__(
        self,
        scores: np.ndarray,
        label: np.ndarray,
        of_target: Sequence[np.ndarray],
        of_nontarget: Sequence[np.ndarray],
    ) -> None:
        scores, label = np.asarray(scores, dtype=np.float64), np.asarray(label)
        if scores.shape != label.shape:
            raise ValueError(f"{scores.shape} scores and {label.shape} labels: wanted one shape")
        target = self._sorted(scores, np.flatnonzero(label == 1))
        nontarget = self._sorted(scores, np.flatnonzero(label == 0))
        threshold = error_rates(scores[target], scores[nontarget]).threshold
        # How many of each sorted side lie below each threshold.
        self.targets_below = np.searchsorted(scores[target], threshold)
        self.nontargets_below = np.searchsorted(scores[nontarget], threshold)
        # The cost is least just above a nontarget, so at a target's score or above all.
        self.corners = np.flatnonzero(np.diff(self.targets_below, append=-1))
        self.of_target = [index[target] for index in of_target]
        self.of_nontarget = [index[nontarget] for index in of_nontarget]

    @staticmethod
    def _sorted(scores: np.ndarray, trials: np.ndarray) -> np.ndarray:
        return trials[np.argsort(scores[trials], kind="stable")]

    def figures(
        self,
        target_count: np.ndarray,
        nontarget_count: np.ndarray,
        p_targets: Sequence[float],
        fmrs: Sequence[float] = (),
    ) -> list[float]:
        """Return the figures of `names_of`, weighted by counts; NaN if a class weighs nothing."""
        targets = _running(target_count, self.of_target)
        nontargets = _running(nontarget_count, self.of_nontarget)
        if not (targets[-1] and nontargets[-1]):
            return [math.nan] * len(names_of(p_targets, fmrs))
        costs = [self._lowest_cost(targets, nontargets, *cost_weights(p)) for p in p_targets]
        misses = self._miss_at(targets, nontargets, fmrs) if len(fmrs) else []
        return [self._eer(targets, nontargets), *costs, *misses]

    def _miss_at(
        self, targets: np.ndarray, nontargets: np.ndarray, fmrs: Sequence[float]
    ) -> list[float]:
        """Return the lowest miss rate at each false-match rate, as `metrics.fnmr_at_fmr`."""
        total = nontargets[-1]
        accepted = np.floor(np.asarray(fmrs) * total + 1e-6)  # 0.29 * 100 is below 29
        rejected = np.searchsorted(nontargets, total - accepted)
        at = np.searchsorted(self.nontargets_below, rejected)
        return (targets[self.targets_below[at]] / targets[-1]).tolist()

    def _lowest_cost(
        self, targets: np.ndarray, nontargets: np.ndarray, miss_cost: float, fa_cost: float
    ) -> float:
        """Return the lowest cost over the corners, looking only into blocks that may hold it."""
        per_target, per_nontarget = miss_cost / targets[-1], fa_cost / nontargets[-1]
        first, last = self.targets_below, self.nontargets_below
        starts = self.corners[::_BLOCK]
        ends = np.append(starts[1:], self.corners[-1])
        # Both sums rise, so no corner of a block costs less than its bound.
        missed = per_target * targets[first[starts]]
        bound = missed - per_nontarget * nontargets[last[ends]]
        lowest = np.min(missed - per_nontarget * nontargets[last[starts]])
        for block in np.flatnonzero(bound <= lowest).tolist():
            at = self.corners[block * _BLOCK : (block + 1) * _BLOCK]
            cost = per_target * targets[first[at]] - per_nontarget * nontargets[last[at]]
            lowest = min(lowest, np.min(cost))
        return float(lowest + fa_cost)

    def _eer(self, targets: np.ndarray, nontargets: np.ndarray) -> float:
        """Bisect for the first threshold with miss >= false alarm; then as `interpolated_eer`."""

        def rates(at: int) -> tuple[float, float]:
            miss = targets[self.targets_below[at]] / targets[-1]
            rejected = nontargets[self.nontargets_below[at]] / nontargets[-1]
            return miss, miss + rejected - 1

        before, after = 0, len(self.targets_below) - 1
        while after - before > 1:
            middle = (before + after) // 2
            before, after = (before, middle) if rates(middle)[1] >= 0 else (middle, after)
        (miss, low), (next_miss, high) = rates(before), rates(after)
        return float(miss - low / (high - low) * (next_miss - miss))


def _running(count: np.ndarray, factors: Sequence[np.ndarray]) -> np.ndarray:
    """Return sums of the first 0, 1, … weights: whole numbers, so exact and quick to add."""
    weight = count.take(factors[0], mode="clip")
    for index in factors[1:]:
        weight *= count.take(index, mode="clip")
    out = np.zeros(len(weight) + 1, dtype=np.int64)
    np.cumsum(weight, out=out[1:])
    return out
