"""Error rates by groups of trials: who is served worse by one threshold for all. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from avkd_cli.verification.metrics import equal_error_rate

UNKNOWN, DIFFERENT = "unknown", "different"


@dataclass(frozen=True)
class Group:
    """One group of trials; rates are fractions, None where the group has no such trial.

    Args:
        name: the value that both sides have, `a / b` or `different` where they differ.
        persons: who appear in it on either side.
        miss: share of targets below the common threshold.
        false_alarm: share of nontargets at or above it.
        eer: of the group alone; None without both classes.
    """

    name: str
    persons: int
    targets: int
    nontargets: int
    miss: float | None
    false_alarm: float | None
    eer: float | None


def trial_groups(
    enrol_value: Sequence[str], test_value: Sequence[str], pairs: bool = False
) -> NDArray[np.str_]:
    """Return the group of each trial, from the values of its two sides, shape (n_trials,).

    Args:
        enrol_value: value of the enrolled side, "" where unknown.
        test_value: of the test side.
        pairs: name both values where they differ, in the order of the alphabet, instead of
            calling them `different`.
    """
    a, b = np.asarray(enrol_value, str), np.asarray(test_value, str)
    if a.shape != b.shape:
        raise ValueError(f"{a.shape} enrolled and {b.shape} test values must have one length")
    swap = a > b
    low, high = np.where(swap, b, a), np.where(swap, a, b)
    both = np.char.add(np.char.add(low, " / "), high) if pairs else np.full(a.shape, DIFFERENT)
    groups = np.where(a == b, a, both)
    return np.where((a == "") | (b == ""), UNKNOWN, groups)


def quartiles(values: ArrayLike) -> list[str]:
    """Return the quarter that each number lies in, named by its limits; "" for NaN.

    Equal numbers are in one quarter; fewer than four distinct numbers are their own groups.
    """
    values = np.asarray(values, np.float64)
    known = values[~np.isnan(values)]
    distinct = np.unique(known)
    if len(distinct) <= 4:
        return ["" if np.isnan(value) else f"{value:g}" for value in values.tolist()]
    edges = np.unique(np.quantile(known, [0.25, 0.5, 0.75], method="inverted_cdf"))
    limits = [distinct[0], *edges, distinct[-1]]
    place = np.searchsorted(edges, values, side="left")  # quarter k ends at edges[k], included
    names = [f"{low:g} to {high:g}" for low, high in pairwise(limits)]
    return ["" if np.isnan(v) else names[p] for v, p in zip(values, place.tolist(), strict=True)]


def breakdown(
    score: ArrayLike,
    target: ArrayLike,
    group: ArrayLike,
    enrol_person: ArrayLike,
    test_person: ArrayLike,
    threshold: float,
) -> list[Group]:
    """Return the error rates of each group at one threshold for all, by name.

    Args:
        score: shape (n_trials,); a trial is accepted when its score is >= the threshold.
        target: whether both sides are one person, shape (n_trials,).
        group: name of each trial's group, shape (n_trials,).
        enrol_person: number of the enrolled person, shape (n_trials,).
        test_person: number of the person in the test recording, shape (n_trials,).
        threshold: where all are decided.

    Raises:
        ValueError: if the lengths differ.
    """
    columns = [np.asarray(one) for one in (score, target, group, enrol_person, test_person)]
    if len({one.shape for one in columns}) != 1:
        raise ValueError(f"columns of unequal length: {[one.shape for one in columns]}")
    score, target, group, enrol, test = columns
    target = target.astype(bool)
    names, code = np.unique(group, return_inverse=True)
    found = []
    for number, name in enumerate(names.tolist()):
        chosen = code == number
        persons = len(np.unique(np.concatenate([enrol[chosen], test[chosen]])))
        found.append(_group(name, persons, score[chosen], target[chosen], threshold))
    return found


def _group(name: str, persons: int, score: NDArray, target: NDArray, threshold: float) -> Group:
    same, other = score[target], score[~target]
    both = len(same) > 0 and len(other) > 0
    return Group(
        name=name,
        persons=persons,
        targets=len(same),
        nontargets=len(other),
        miss=float((same < threshold).mean()) if len(same) else None,
        false_alarm=float((other >= threshold).mean()) if len(other) else None,
        eer=equal_error_rate(same, other) if both else None,
    )
