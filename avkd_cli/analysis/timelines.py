"""Weights of moments over time: how decided they are, and whether two senses agree. Pure."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

POINTS = 64  # as the supervision in training sees them


def standardised(weights: ArrayLike) -> NDArray[np.float64]:
    """Return weights of mean 0 and deviation 1, shape (n,); of equal ones, zeros."""
    weights = np.asarray(weights, np.float64)
    centred, spread = weights - weights.mean(), weights.std()
    return centred / spread if spread > 1e-12 * np.abs(weights).max() else np.zeros_like(weights)


def decided(weights: ArrayLike) -> float:
    """Return the deviation of weights over the size of their mean; 0: every moment counts alike.

    Enhancement takes it to at most 1: weights then lie between nothing and twice the mean.
    """
    weights = np.asarray(weights, np.float64)
    spread, mean = weights.std(), abs(weights.mean())
    return float(spread / mean) if mean > 0 else 0.0


def resampled(time_s: ArrayLike, weights: ArrayLike, until: float) -> NDArray[np.float64]:
    """Return weights at `POINTS` times from 0 to `until` seconds, linear in between."""
    grid = np.linspace(0, until, POINTS)
    return np.interp(grid, np.asarray(time_s, np.float64), np.asarray(weights, np.float64))


def agreement(one: tuple[ArrayLike, ArrayLike], other: tuple[ArrayLike, ArrayLike]) -> float:
    """Return the correlation of two senses' weights while both last; NaN where one is constant.

    Args:
        one, other: times in s, ascending, and the weights at them, each of shape (n,).
    """
    until = min(float(np.asarray(times)[-1]) for times, _ in (one, other))
    a, b = (standardised(resampled(*series, until)) for series in (one, other))
    return float((a * b).mean()) if a.any() and b.any() else float("nan")


def mean_by_person(
    values: ArrayLike, persons: ArrayLike, resamples: int, seed: int
) -> tuple[float, float, float]:
    """Return a mean and the ends of its 95 % interval, by drawing persons with all they said.

    NaN values are left out; the ends are NaN for fewer than two persons.
    """
    values, persons = np.asarray(values, np.float64), np.asarray(persons, str)
    values, persons = values[~np.isnan(values)], persons[~np.isnan(values)]
    if not len(values):
        return (float("nan"),) * 3
    _, who = np.unique(persons, return_inverse=True)
    sums, counts = np.bincount(who, values), np.bincount(who)
    if len(counts) < 2:
        return float(values.mean()), float("nan"), float("nan")
    drawn = np.random.default_rng(seed).integers(0, len(counts), (resamples, len(counts)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(values.mean()), float(low), float(high)
