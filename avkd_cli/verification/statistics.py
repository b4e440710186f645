"""How sure a figure is: resampling of persons, paired differences, McNemar's test.

Trials of one person are not independent, so an interval from resampled trials is too narrow;
that kind is here for comparison only.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from avkd_cli.verification.figure import EER, Figure, values
from avkd_cli.verification.resampling import Bootstrap, counts, resample


class Resampled(NamedTuple):
    """Figures of several systems on one list, and on resamples of it.

    Args:
        value: figure by name ("eer", "min_dcf_0.01"), shape (n_systems,) each.
        samples: the same on each resample, shape (n_resamples, n_systems); a resample without
            targets or without nontargets is left out.
        noise: the same with only nontarget trials drawn, (n_noise, n_systems); None if trials
            were drawn anyway.
        unit: what was drawn, "person" or "trial".
        n_units: how many of them there are.
    """

    value: dict[str, np.ndarray]
    samples: dict[str, np.ndarray]
    noise: dict[str, np.ndarray] | None
    unit: str
    n_units: int

    def spread(self, name: str, contrast: Sequence[float], level: float) -> np.ndarray:
        """Return samples of a weighted sum of systems' figures, with the right variance.

        Drawing both persons of a nontarget counts the noise of single trials three times instead
        of once (Owen, theorem 1), so twice its variance is taken off by moving the samples
        towards their mean. They are moved apart by what Student's t exceeds the normal for so
        few persons.
        """
        samples = self.samples[name] @ np.asarray(contrast, np.float64)
        if self.noise is None or not samples.std():
            return samples
        noise = (self.noise[name] @ np.asarray(contrast, np.float64)).var()
        variance = max(samples.var() - 2 * noise, noise)
        factor = math.sqrt(variance / samples.var()) * _student(self.n_units, level)
        return samples.mean() + factor * (samples - samples.mean())


def _student(n: int, level: float) -> float:
    """Return how much wider an interval from a deviation of `n` values is than a normal one."""
    from scipy.special import ndtri, stdtrit

    tail = (1 + level) / 2
    return float(stdtrit(n - 1, tail) / ndtri(tail) * math.sqrt(n / (n - 1)))


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
    wanted: Sequence[Figure] = (EER,),
    n_resamples: int = 1000,
    seed: int = 0,
) -> Resampled:
    """Return figures on lists made of persons drawn with replacement.

    A person drawn k times counts k times: target trials of person i weigh k_i, nontarget trials
    of i and j weigh k_i k_j, whichever of them is enrolled. All systems see the same draws, so
    that their differences are paired. Intervals at 95 % from 1,000 draws held the true EER of
    simulated people with person effects in 93 to 96 % of sets at 100 persons, and in 91 to 97 % at
    20 (benchmarks/coverage.py repeats it).

    Args:
        systems: scores of each system on the same trials, shape (n_trials,) each.
        label: 1 target, 0 nontarget, shape (n_trials,).
        enrol_person: number of the enrolled person, from 0, shape (n_trials,).
        test_person: number of the person in the test recording, shape (n_trials,).
        wanted: figures.
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
        count = counts(np.random.default_rng((seed, k)), n_persons)
        return count, count

    drawn = Bootstrap(draw, [enrol_person], [enrol_person, test_person])
    value = _values(systems, label, wanted)
    samples = resample(systems, label, drawn, wanted, n_resamples)
    noise = resample(
        systems, label, _nontargets_drawn(label, seed), wanted, max(50, n_resamples // 5)
    )
    return Resampled(value, samples, noise, "person", n_persons)


def resample_trials(
    systems: Sequence[np.ndarray],
    label: np.ndarray,
    *,
    wanted: Sequence[Figure] = (EER,),
    n_resamples: int = 1000,
    seed: int = 0,
) -> Resampled:
    """Return figures on lists of trials drawn with replacement: too narrow.

    For comparison with tools that treat trials as independent. Arguments as in
    `resample_persons`.
    """
    label = np.asarray(label)
    targets, nontargets = np.flatnonzero(label == 1), np.flatnonzero(label == 0)

    def draw(k: int) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng((seed, k))
        return counts(rng, len(targets)), counts(rng, len(nontargets))

    place = np.empty(len(label), dtype=np.intp)  # of each trial in its class
    place[targets], place[nontargets] = np.arange(len(targets)), np.arange(len(nontargets))
    value = _values(systems, label, wanted)
    samples = resample(systems, label, Bootstrap(draw, [place], [place]), wanted, n_resamples)
    return Resampled(value, samples, None, "trial", len(label))


def _nontargets_drawn(label: np.ndarray, seed: int) -> Bootstrap:
    nontargets = np.flatnonzero(label == 0)
    place = np.zeros(len(label), dtype=np.intp)
    place[nontargets] = np.arange(len(nontargets))

    def draw(k: int) -> tuple[np.ndarray, np.ndarray]:
        return np.ones(1, np.int64), counts(np.random.default_rng((seed, k, 1)), len(nontargets))

    return Bootstrap(draw, [np.zeros(len(label), np.intp)], [place])


def _values(
    systems: Sequence[np.ndarray], label: np.ndarray, wanted: Sequence[Figure]
) -> dict[str, np.ndarray]:
    """Return each figure on the list itself, shape (n_systems,)."""
    scores = [np.asarray(one) for one in systems]
    if any(one.shape != label.shape for one in scores):
        shapes = ", ".join(str(one.shape) for one in scores)
        raise ValueError(f"scores of {shapes} and labels of {label.shape}: wanted one shape")
    found = [values(one[label == 1], one[label == 0], wanted) for one in scores]
    return {name: np.array([one[name] for one in found]) for name in found[0]}


def interval(
    found: Resampled, name: str, system: int = 0, level: float = 0.95, highest: float = 1.0
) -> Interval:
    """Return one system's figure with its interval: quantiles of the corrected samples.

    No interval goes below 0, nor above `highest`, the largest value that the figure can have.

    Raises:
        ValueError: fewer than 20 resamples had both classes.
    """
    contrast = np.zeros(len(found.value[name]))
    contrast[system] = 1
    low, high = _quantiles(found.spread(name, contrast, level), level)
    return Interval(float(found.value[name][system]), max(0.0, low), min(highest, high))


def difference(
    found: Resampled, name: str, first: int = 0, second: int = 1, level: float = 0.95
) -> Difference:
    """Return the paired difference of two systems' figures; below zero: the second is better.

    p is twice the smaller share of samples on either side of zero, each counted with one more
    sample, so that it is never zero.

    Raises:
        ValueError: fewer than 20 resamples had both classes.
    """
    contrast = np.zeros(len(found.value[name]))
    contrast[second] += 1
    contrast[first] -= 1
    samples = found.spread(name, contrast, level)
    low, high = _quantiles(samples, level)
    value = float(found.value[name] @ contrast)
    tail = min(np.count_nonzero(samples <= 0), np.count_nonzero(samples >= 0))
    return Difference(value, low, high, min(1.0, 2 * (tail + 1) / (len(samples) + 1)))


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
