"""How sure error rates at a fixed threshold are: draws of persons with replacement."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from avkd_cli.verification.resampling import drawn
from avkd_cli.verification.statistics import Resampled


def resample_decisions(
    wrong: ArrayLike,
    label: ArrayLike,
    enrol_person: ArrayLike,
    test_person: ArrayLike,
    *,
    n_resamples: int = 1000,
    seed: int = 0,
) -> Resampled:
    """Return miss and false-alarm rates on lists made of persons drawn with replacement.

    Weights, reference and correction are those of `statistics.resample_persons`; the threshold
    stays where it is, as that of a product does.

    Args:
        wrong: whether each trial is decided wrongly, shape (n_trials,).
        label: 1 target, 0 nontarget, shape (n_trials,).
        enrol_person: number of the enrolled person, shape (n_trials,).
        test_person: number of the person in the test recording, shape (n_trials,).
        n_resamples: how many lists are drawn.
        seed: of the draws; draw k depends on (seed, k) only.

    Returns:
        Figures "miss" and "false_alarm" of one system, each only where it has trials.

    Raises:
        ValueError: shapes differ, or labels and persons disagree.
    """
    columns = [np.asarray(one) for one in (wrong, label, enrol_person, test_person)]
    if len({one.shape for one in columns}) != 1:
        raise ValueError(f"columns of unequal length: {[one.shape for one in columns]}")
    wrong, label, enrol, test = columns
    if np.any((enrol == test) != (label == 1)):
        raise ValueError("labels and persons disagree: a target trial has one person")
    persons, numbers = np.unique([enrol, test], return_inverse=True)
    enrol, test = numbers.reshape(2, -1)
    counts = drawn(len(persons), n_resamples, seed)
    value, samples, noise = {}, {}, {}
    for name, chosen in (("miss", label == 1), ("false_alarm", label == 0)):
        if chosen.any():
            rate = wrong[chosen].mean()
            value[name] = np.array([rate])
            samples[name] = _rates(wrong[chosen], enrol[chosen], test[chosen], counts)[:, None]
            # Only a nontarget trial is counted by two draws, and its noise too often.
            n = int(chosen.sum()) if name == "false_alarm" else 0
            noise[name] = _binomial(n, rate, max(50, n_resamples // 5), seed)[:, None]
    return Resampled(value, samples, noise, "person", len(persons))


def _rates(wrong: NDArray, enrol: NDArray, test: NDArray, counts: NDArray) -> NDArray[np.float64]:
    """Return the weighted share of wrong trials of each draw that has any trial."""
    n = counts.shape[1]
    pairs, of_pair = np.unique(enrol * n + test, return_inverse=True)
    total, errors = np.bincount(of_pair), np.bincount(of_pair, wrong)
    first, second = np.divmod(pairs, n)
    found = []
    for count in counts:
        weight = count[first] * np.where(first == second, 1, count[second])
        if weight.any():
            found.append(weight @ errors / (weight @ total))
    return np.array(found)


def _binomial(n: int, rate: float, draws: int, seed: int) -> NDArray[np.float64]:
    """Return the rates of `n` independent trials drawn anew; zeros for none."""
    if not n:
        return np.zeros(draws)
    return np.random.default_rng((seed, 1, 1)).binomial(n, rate, draws) / n
