"""Figures on lists drawn anew: each draw weighs the trials, the scores stay sorted."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from avkd_cli.verification.figure import Figure
from avkd_cli.verification.weighted import SortedScores

_THREADS = 2


def counts(rng: np.random.Generator, n: int) -> np.ndarray:
    """Return how often each of n was drawn in n draws."""
    return np.bincount(rng.integers(n, size=n), minlength=n)


def drawn(n: int, n_resamples: int, seed: int) -> np.ndarray:
    """Return how often each of n is in each resample, (n_resamples, n); draw k is of (seed, k)."""
    rngs = (np.random.default_rng((seed, k)) for k in range(n_resamples))
    return np.array([counts(rng, n) for rng in rngs]).reshape(n_resamples, n)


class Bootstrap(NamedTuple):
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
    bootstrap: Bootstrap,
    wanted: Sequence[Figure],
    n_resamples: int,
) -> dict[str, np.ndarray]:
    """Return each figure by name on every resample, shape (n_resamples, n_systems)."""
    ready = [
        SortedScores(scores, label, bootstrap.of_target, bootstrap.of_nontarget)
        for scores in systems
    ]

    def figures(k: int) -> list[list[float]]:
        drawn = bootstrap.draw(k)
        return [one.figures(*drawn, wanted) for one in ready]

    with ThreadPoolExecutor(_THREADS) as pool:
        found = np.array(list(pool.map(figures, range(n_resamples))))
    found = found.reshape(n_resamples, len(ready), len(wanted))
    found = found[~np.isnan(found).any(axis=(1, 2))]
    return {one.name: found[:, :, index] for index, one in enumerate(wanted)}
