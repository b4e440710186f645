"""Figures of reweighted lists, quickly: scores are sorted once, new weights cost two running sums.

What each figure is stands in `metrics`; that both agree is tested on lists written out.
"""

import math
from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np

from avkd_cli.verification.figure import Figure
from avkd_cli.verification.folded import FOLDS, FOP_GRID, GridRates, grid_eer
from avkd_cli.verification.metrics import (
    CLOSEST,
    cost_weights,
    crossing,
    error_rates,
    hull_cllr,
    hull_of,
)

_BLOCK = 512  # thresholds judged at once when the lowest cost is sought


class BothKinds(NamedTuple):
    """What is known of the sorted trials of each kind, int64.

    Sums: of the first 0, 1, … weights. Steps: how many are rejected at each threshold.
    """

    targets: np.ndarray
    nontargets: np.ndarray


class SortedScores:
    """Scores of one system, sorted once.

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
        trials = [np.flatnonzero(label == kind) for kind in (1, 0)]
        self._order = [np.argsort(scores[one], kind="stable") for one in trials]  # in its kind
        target, nontarget = (one[to] for one, to in zip(trials, self._order, strict=True))
        self.target, self.nontarget = scores[target], scores[nontarget]
        threshold = error_rates(self.target, self.nontarget).threshold
        self.steps = BothKinds(
            np.searchsorted(self.target, threshold), np.searchsorted(self.nontarget, threshold)
        )
        self.corners = self._corners()
        self.of_target = [index[target] for index in of_target]
        self.of_nontarget = [index[nontarget] for index in of_nontarget]

    def _corners(self) -> np.ndarray:
        """Thresholds at which a cost can be least: just above a nontarget, at or below a target."""
        at_target = np.diff(self.steps.targets, append=-1) != 0
        above_nontarget = np.diff(self.steps.nontargets, prepend=-1) != 0
        return np.flatnonzero(at_target & above_nontarget)

    def figures(
        self, target_count: np.ndarray, nontarget_count: np.ndarray, wanted: Sequence[Figure]
    ) -> list[float]:
        """Return figures of the list weighted by counts; NaN if a class weighs nothing."""
        sums = BothKinds(
            _running(target_count, self.of_target), _running(nontarget_count, self.of_nontarget)
        )
        if not (sums.targets[-1] and sums.nontargets[-1]):
            return [math.nan] * len(wanted)
        # A band is made of many miss rates: they are looked up together.
        misses = iter(self._misses(sums, [one.at for one in wanted if one.kind == "fnmr_at_fmr"]))
        return [
            next(misses)
            if one.kind == "fnmr_at_fmr"
            else float(_MEASURES[one.kind](self, sums, one))
            for one in wanted
        ]

    def _misses(self, sums: BothKinds, fmrs: list[float]) -> list[float]:
        total = sums.nontargets[-1]
        accepted = np.floor(np.array(fmrs) * total + 1e-6)  # 0.29 * 100 is below 29
        rejected = np.searchsorted(sums.nontargets, total - accepted)
        at = np.searchsorted(self.steps.nontargets, rejected)
        return (sums.targets[self.steps.targets[at]] / sums.targets[-1]).tolist()

    def _min_dcf(self, sums: BothKinds, one: Figure) -> float:
        """Return the lowest cost over the corners, looking only into blocks that may hold it."""
        miss_cost, fa_cost = cost_weights(one.at, one.c_miss, one.c_fa)
        per_target, per_nontarget = miss_cost / sums.targets[-1], fa_cost / sums.nontargets[-1]
        starts = self.corners[::_BLOCK]
        ends = np.append(starts[1:], self.corners[-1])
        # Both sums rise, so no corner of a block costs less than its bound.
        missed = per_target * sums.targets[self.steps.targets[starts]]
        bound = missed - per_nontarget * sums.nontargets[self.steps.nontargets[ends]]
        lowest = np.min(missed - per_nontarget * sums.nontargets[self.steps.nontargets[starts]])
        for block in np.flatnonzero(bound <= lowest).tolist():
            at = self.corners[block * _BLOCK : (block + 1) * _BLOCK]
            cost = per_target * sums.targets[self.steps.targets[at]]
            cost -= per_nontarget * sums.nontargets[self.steps.nontargets[at]]
            lowest = min(lowest, np.min(cost))
        return lowest + fa_cost

    def _act_dcf(self, sums: BothKinds, one: Figure) -> float:
        miss_cost, fa_cost = cost_weights(one.at, one.c_miss, one.c_fa)
        threshold = np.log(fa_cost / miss_cost)
        missed = sums.targets[np.searchsorted(self.target, threshold)] / sums.targets[-1]
        rejected = sums.nontargets[np.searchsorted(self.nontarget, threshold)]
        return miss_cost * missed + fa_cost * (1 - rejected / sums.nontargets[-1])

    def _area(self, sums: BothKinds, one: Figure) -> float:
        first, last = self._tied_nontargets
        beaten = (sums.nontargets[first] + sums.nontargets[last]) / 2
        return np.diff(sums.targets) @ beaten / sums.targets[-1] / sums.nontargets[-1]

    @cached_property
    def _tied_nontargets(self) -> tuple[np.ndarray, np.ndarray]:
        first = np.searchsorted(self.nontarget, self.target)
        return first, np.searchsorted(self.nontarget, self.target, side="right")

    def _cllr(self, sums: BothKinds, one: Figure) -> float:
        of_target, of_nontarget = self._bits
        cost = np.diff(sums.targets) @ of_target / sums.targets[-1]
        return cost + np.diff(sums.nontargets) @ of_nontarget / sums.nontargets[-1]

    @cached_property
    def _bits(self) -> tuple[np.ndarray, np.ndarray]:
        """What each sorted trial adds to a Cllr, before its share."""
        bits = 2 * np.log(2)
        return np.logaddexp(0, -self.target) / bits, np.logaddexp(0, self.nontarget) / bits

    def _hull(self, sums: BothKinds) -> tuple[np.ndarray, np.ndarray]:
        # No other threshold can be a corner of the hull.
        at = np.unique([0, *self.corners, len(self.steps.targets) - 1])
        targets = np.diff(sums.targets[self.steps.targets[at]])
        nontargets = np.diff(sums.nontargets[self.steps.nontargets[at]])
        filled = targets + nontargets > 0
        return hull_of(targets[filled], nontargets[filled])

    def _eer(self, sums: BothKinds, one: Figure) -> float:
        if one.mode == "rocch":
            return crossing(*self._hull(sums))
        if one.mode == "fop":
            return self._fop(sums)
        steps = self._one_by_one if one.mode == "nist" else self.steps
        before, after = self._around(sums, steps)
        if one.mode in ("interp", "nist"):
            return crossing(*np.transpose([before, after]))
        return CLOSEST[one.mode](before, after)

    def _around(self, sums: BothKinds, steps: BothKinds) -> tuple[tuple, tuple]:
        """Return both rates at the last threshold with miss < false alarm, and at the next."""

        def rates(at: int) -> tuple[float, float]:
            miss = sums.targets[steps.targets[at]] / sums.targets[-1]
            total = sums.nontargets[-1]
            return miss, (total - sums.nontargets[steps.nontargets[at]]) / total

        before, after = 0, len(steps.targets) - 1
        while after - before > 1:
            middle = (before + after) // 2
            miss, false_alarm = rates(middle)
            before, after = (before, middle) if miss >= false_alarm else (middle, after)
        return rates(before), rates(after)

    @cached_property
    def _one_by_one(self) -> BothKinds:
        """Steps of one trial each, targets first among equals."""
        order = np.argsort(np.concatenate([self.target, self.nontarget]), kind="stable")
        targets = np.append(0, np.cumsum(order < len(self.target)))
        return BothKinds(targets, np.arange(len(targets)) - targets)

    def _fop(self, sums: BothKinds) -> float:
        shares = []
        for cells, running in zip(self._cells, sums, strict=True):
            weight = np.bincount(cells, np.diff(running), FOLDS * (len(FOP_GRID) + 1))
            below = np.cumsum(weight.reshape(FOLDS, -1), axis=1)
            filled = below[below[:, -1] > 0]
            shares.append(np.mean(filled[:, :-1] / filled[:, -1:], axis=0))
        return grid_eer(GridRates(*shares))

    @cached_property
    def _cells(self) -> list[np.ndarray]:
        """Fold of the list, and place on the grid, of each sorted trial, as one number."""
        found = []
        for scores, order in zip((self.target, self.nontarget), self._order, strict=True):
            parts = np.array_split(np.arange(len(order)), FOLDS)
            fold = np.repeat(np.arange(FOLDS), [len(part) for part in parts])[order]
            place = np.searchsorted(FOP_GRID, 2 - 2 * scores, side="right")
            found.append(fold * (len(FOP_GRID) + 1) + place)
        return found


_MEASURES = {
    "eer": SortedScores._eer,
    "min_dcf": SortedScores._min_dcf,
    "act_dcf": SortedScores._act_dcf,
    "auc": SortedScores._area,
    "cllr": SortedScores._cllr,
    "min_cllr": lambda scores, sums, one: hull_cllr(*scores._hull(sums)),
}


def _running(count: np.ndarray, factors: Sequence[np.ndarray]) -> np.ndarray:
    """Return sums of the first 0, 1, … weights: whole numbers, so exact and quick to add."""
    weight = count.take(factors[0], mode="clip")
    for index in factors[1:]:
        weight *= count.take(index, mode="clip")
    out = np.zeros(len(weight) + 1, dtype=np.int64)
    np.cumsum(weight, out=out[1:])
    return out
