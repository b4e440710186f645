"""Which of a few classes it is: confusions and the figures that are read off them.

Pure: counts in, counts and rates out. A confusion is (classes, classes): row the true class,
column the predicted one, in the order of the classes' names.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from avkd_cli.verification.resampling import drawn
from avkd_cli.verification.statistics import Resampled

ACCURACY, UNWEIGHTED, MACRO_F1 = "accuracy", "unweighted_accuracy", "macro_f1"


def confusion(truth: ArrayLike, predicted: ArrayLike, n_classes: int) -> np.ndarray:
    """Return how often each class was taken for each, int64 (n_classes, n_classes).

    Args:
        truth: number of each utterance's class, from 0, shape (n,).
        predicted: likewise, shape (n,).
        n_classes: how many classes there are, some of them perhaps never met.

    Raises:
        ValueError: the shapes differ, or a number is no class.
    """
    truth, predicted = np.asarray(truth, np.int64), np.asarray(predicted, np.int64)
    if truth.shape != predicted.shape or truth.ndim != 1:
        raise ValueError(f"classes of {truth.shape} and {predicted.shape}: wanted one shape (n,)")
    both = np.concatenate([truth, predicted])
    if both.size and not 0 <= both.min() <= both.max() < n_classes:
        raise ValueError(f"a class beyond 0 to {n_classes - 1}")
    found = np.bincount(n_classes * truth + predicted, minlength=n_classes**2)
    return found.reshape(n_classes, n_classes)


def accuracy(confusions: ArrayLike) -> np.ndarray:
    """Return the share that is right, (…,) of confusions (…, classes, classes).

    Also called weighted accuracy (WA). NaN where there is nothing.
    """
    found = np.asarray(confusions, float)
    return _ratio(_right(found).sum(axis=-1), found.sum(axis=(-1, -2)))


def unweighted_accuracy(confusions: ArrayLike) -> np.ndarray:
    """Return the recall averaged over the classes that there are, (…,).

    Also called macro recall or balanced accuracy (UA). A class without an utterance counts
    nothing. NaN where there is nothing.
    """
    found = np.asarray(confusions, float)
    return _mean_over_known(_ratio(_right(found), found.sum(axis=-1)))


def macro_f1(confusions: ArrayLike) -> np.ndarray:
    """Return F1 averaged over the classes that are true or predicted anywhere, (…,).

    F1 of a class is 2 TP / (2 TP + FP + FN), the harmonic mean of its precision and recall; 0
    where it is never hit. NaN where there is nothing.
    """
    found = np.asarray(confusions, float)
    right = _right(found)
    return _mean_over_known(_ratio(2 * right, found.sum(axis=-1) + found.sum(axis=-2)))


FIGURES = {ACCURACY: accuracy, UNWEIGHTED: unweighted_accuracy, MACRO_F1: macro_f1}
"""Each figure by its name in reports, from 0 to 1."""


def _right(confusions: np.ndarray) -> np.ndarray:
    return np.diagonal(confusions, axis1=-2, axis2=-1)


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    return np.divide(above, below, out=np.full(np.shape(below), np.nan), where=below > 0)


def _mean_over_known(values: np.ndarray) -> np.ndarray:
    known = ~np.isnan(values)
    return _ratio(np.where(known, values, 0).sum(axis=-1), known.sum(axis=-1))


def confusions_of_persons(
    truth: ArrayLike, predicted: ArrayLike, person: ArrayLike, n_classes: int
) -> np.ndarray:
    """Return the confusion of each person, int64 (persons, n_classes, n_classes).

    Args:
        person: number of each utterance's person, from 0 without gaps, shape (n,).
    """
    truth, predicted, person = np.asarray(truth), np.asarray(predicted), np.asarray(person)
    found = np.zeros((int(person.max()) + 1, n_classes, n_classes), np.int64)
    np.add.at(found, (person, truth, predicted), 1)
    return found


def resample_confusions(
    systems: Sequence[np.ndarray], *, n_resamples: int = 1000, seed: int = 0
) -> Resampled:
    """Return the figures of systems on persons drawn with replacement.

    A person's utterances come and go together, since they are not independent; all systems see
    the same draws, so that differences are paired. A draw in which a class is missing averages
    over the others.

    Args:
        systems: `confusions_of_persons` of each, of the same persons in one order.
        n_resamples: how often persons are drawn.
        seed: of the draws; draw k depends on (seed, k) only.

    Raises:
        ValueError: the systems have other persons or classes.
    """
    if len({one.shape for one in systems}) != 1:
        raise ValueError(f"confusions of {[one.shape for one in systems]}: wanted one shape")
    persons = len(systems[0])
    draws = drawn(persons, n_resamples, seed)
    whole = [one.sum(axis=0) for one in systems]
    redrawn = [np.tensordot(draws, one, axes=1) for one in systems]
    value = {name: np.array([float(f(one)) for one in whole]) for name, f in FIGURES.items()}
    samples = {name: np.array([f(one) for one in redrawn]).T for name, f in FIGURES.items()}
    # Nothing is counted twice, as in `resample_hits`.
    noise = {name: np.zeros((1, len(systems))) for name in FIGURES}
    return Resampled(value, samples, noise, "person", persons)
