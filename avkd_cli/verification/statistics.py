"""How sure a figure is: resampling of persons, paired differences, McNemar's test.

Trials of one person are not independent, so an interval from resampled trials is too narrow;
that kind is here for comparison only.
"""

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from avkd_cli.verification.metrics import cost_weights, error_rates

_THREADS = 2
_BLOCK = 512  # thresholds judged at once when the lowest cost is sought


class Resampled(NamedTuple):
    """Figures of several systems on one list, and on resamples of it.

    Args:
        value: figure by name ("eer", "min_dcf_0.01"), shape (n_systems,) each.
        samples: the same on each resample, shape (n_resamples, n_systems); a resample without
            targets or without nontargets is left out.
        unit: what was drawn, "person" or "trial".
    """

    value: dict[str, np.ndarray]
    samples: dict[str, np.ndarray]
    unit: str


class Interval(NamedTuple):
    """A figure with its confidence interval, in the figure's unit."""

    value: float
    low: float
    high: float


class Difference(NamedTuple):
    """Second minus first system, with interval and two-sided p of no difference."""

    value: float
    low: float
    high: float
    p: float


def resample_persons(
    systems: Sequence[np.ndarray],
    label: np.ndarray,
    enrol_person: np.ndarray,
    test_person: np.ndarray,
    *,
    p_targets: Sequence[float] = (),
    n_resamples: int = 1000,
    seed: int = 0,
) -> Resampled:
    """Return EER and minDCFs on lists made of persons drawn with replacement.

    A person drawn k times counts k times: target trials of person i weigh k_i, nontarget trials
    of i and j weigh k_i k_j, whichever of them is enrolled. All systems see the same draws, so
    that their differences are paired.

    Args:
        systems: scores of each system on the same trials, shape (n_trials,) each.
        label: 1 target, 0 nontarget, shape (n_trials,).
        enrol_person: number of the enrolled person, from 0, shape (n_trials,).
        test_person: number of the person in the test recording, shape (n_trials,).
        p_targets: priors of the minDCFs wanted besides the EER.
        n_resamples: how many lists are drawn.
        seed: of the draws; draw k depends on (seed, k) only.

    Raises:
        ValueError: a class is missing, shapes differ, or a target trial has two persons.

    Reference:
        T. Snijders, S. Borgatti, "Non-parametric standard errors and tests for network
        statistics", Connections 22(2), 1999 (draws of vertices); A. Owen, "The pigeonhole
        bootstrap", Annals of Applied Statistics 1(2), 2007.
    """
    label = np.asarray(label)
    enrol_person, test_person = np.asarray(enrol_person), np.asarray(test_person)
    if np.any((enrol_person == test_person) != (label == 1)):
        raise ValueError("labels and persons disagree: a target trial has one person")
    n_persons = int(max(enrol_person.max(), test_person.max())) + 1

    def draw(k: int) -> tuple[np.ndarray, np.ndarray]:
        count = _draw(np.random.default_rng((seed, k)), n_persons)
        return count, count

    drawn = _Drawn(draw, [enrol_person], [enrol_person, test_person])
    return _resample(systems, label, drawn, p_targets, n_resamples, "person")


def resample_trials(
    systems: Sequence[np.ndarray],
    label: np.ndarray,
    *,
    p_targets: Sequence[float] = (),
    n_resamples: int = 1000,
    seed: int = 0,
) -> Resampled:
    """Return EER and minDCFs on lists of trials drawn with replacement: too narrow.

    For comparison with tools that treat trials as independent. Arguments as in
    `resample_persons`.
    """
    label = np.asarray(label)
    targets, nontargets = np.flatnonzero(label == 1), np.flatnonzero(label == 0)

    def draw(k: int) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng((seed, k))
        return _draw(rng, len(targets)), _draw(rng, len(nontargets))

    place = np.empty(len(label), dtype=np.intp)  # of each trial in its class
    place[targets], place[nontargets] = np.arange(len(targets)), np.arange(len(nontargets))
    drawn = _Drawn(draw, [place], [place])
    return _resample(systems, label, drawn, p_targets, n_resamples, "trial")


def _draw(rng: np.random.Generator, n: int) -> np.ndarray:
    """Return how often each of n was drawn in n draws."""
    return np.bincount(rng.integers(n, size=n), minlength=n)


class _Drawn(NamedTuple):
    """How draws become weights of trials: products of counts looked up by index.

    Args:
        draw: returns the counts of draw k, for targets and for nontargets.
        of_target: for each factor of a target's weight, the index of its count, shape (n_trials,).
        of_nontarget: the same for nontargets.
    """

    draw: Callable[[int], tuple[np.ndarray, np.ndarray]]
    of_target: list[np.ndarray]
    of_nontarget: list[np.ndarray]


def _resample(
    systems: Sequence[np.ndarray],
    label: np.ndarray,
    drawn: _Drawn,
    p_targets: Sequence[float],
    n_resamples: int,
    unit: str,
) -> Resampled:
    ready = [SortedScores(scores, label, drawn.of_target, drawn.of_nontarget) for scores in systems]

    def figures(k: int) -> list[list[float]]:
        counts = drawn.draw(k)
        return [one.figures(*counts, p_targets) for one in ready]

    with ThreadPoolExecutor(_THREADS) as pool:
        samples = np.array(list(pool.map(figures, range(n_resamples))))
    samples = samples.reshape(n_resamples, len(ready), 1 + len(p_targets))
    samples = samples[~np.isnan(samples).any(axis=(1, 2))]
    ones = [np.ones_like(count) for count in drawn.draw(0)]
    plain = np.array([one.figures(*ones, p_targets) for one in ready])
    names = ["eer", *(f"min_dcf_{p:g}" for p in p_targets)]
    return Resampled(
        {name: plain[:, index] for index, name in enumerate(names)},
        {name: samples[:, :, index] for index, name in enumerate(names)},
        unit,
    )


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
        self, target_count: np.ndarray, nontarget_count: np.ndarray, p_targets: Sequence[float]
    ) -> list[float]:
        """Return EER and minDCFs with weights by counts; NaN where a class weighs nothing."""
        targets = _running(target_count, self.of_target)
        nontargets = _running(nontarget_count, self.of_nontarget)
        if not (targets[-1] and nontargets[-1]):
            return [math.nan] * (1 + len(p_targets))
        costs = [self._lowest_cost(targets, nontargets, *cost_weights(p)) for p in p_targets]
        return [self._eer(targets, nontargets), *costs]

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


def interval(found: Resampled, name: str, system: int = 0, level: float = 0.95) -> Interval:
    """Return one system's figure with its percentile interval.

    Raises:
        ValueError: fewer than 20 resamples had both classes.
    """
    low, high = _quantiles(found.samples[name][:, system], level)
    return Interval(float(found.value[name][system]), low, high)


def difference(
    found: Resampled, name: str, first: int = 0, second: int = 1, level: float = 0.95
) -> Difference:
    """Return the paired difference of two systems' figures; below zero: the second is better.

    p is twice the smaller share of resamples on either side of zero, each counted with one more
    resample, so that it is never zero.
    """
    samples = found.samples[name][:, second] - found.samples[name][:, first]
    low, high = _quantiles(samples, level)
    value = float(found.value[name][second] - found.value[name][first])
    n = len(samples)
    tail = min(np.count_nonzero(samples <= 0), np.count_nonzero(samples >= 0))
    return Difference(value, low, high, min(1.0, 2 * (tail + 1) / (n + 1)))


def _quantiles(samples: np.ndarray, level: float) -> tuple[float, float]:
    if len(samples) < 20:
        raise ValueError(f"only {len(samples)} resamples have both classes; too few persons")
    tail = (1 - level) / 2
    low, high = np.quantile(samples, [tail, 1 - tail])
    return float(low), float(high)


class McNemar(NamedTuple):
    """Decisions of two systems that differ, and the exact two-sided p of no difference."""

    only_first: int
    only_second: int
    p: float


def mcnemar(first_right: np.ndarray, second_right: np.ndarray) -> McNemar:
    """Compare two systems' decisions on the same trials, taken for independent.

    Args:
        first_right: whether the first system decided each trial rightly, shape (n,).
        second_right: the same for the second.

    Raises:
        ValueError: the shapes differ.

    Reference:
        Q. McNemar, "Note on the sampling error of the difference between correlated
        proportions", Psychometrika 12, 1947; the exact form is the binomial test.
    """
    from scipy.special import bdtr

    first, second = np.asarray(first_right, bool), np.asarray(second_right, bool)
    if first.shape != second.shape:
        raise ValueError(f"decisions of {first.shape} and {second.shape} trials")
    only_first = int(np.count_nonzero(first & ~second))
    only_second = int(np.count_nonzero(second & ~first))
    n = only_first + only_second
    p = min(1.0, 2 * float(bdtr(min(only_first, only_second), n, 0.5))) if n else 1.0
    return McNemar(only_first, only_second, p)


def person_numbers(enrol: Sequence[str], test: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return numbers from 0 for the persons of both sides, equal names having equal numbers."""
    number: dict[str, int] = {}
    sides = [
        np.array([number.setdefault(name, len(number)) for name in side]) for side in (enrol, test)
    ]
    return sides[0], sides[1]
