"""Score normalisation against a cohort of other people: z, t, S and AS-norm.

A score is measured in standard deviations of what the same recording scores against strangers.
"""

from typing import NamedTuple

import numpy as np

from avkd_cli.verification.scoring import unit_rows

_ROWS = 1024  # recordings compared with the cohort at a time


class Statistics(NamedTuple):
    """What recordings score against the cohort, shape (n,) each, float64.

    Args:
        mean: of the cosines, or of the `top_n` largest.
        deviation: their population standard deviation.
    """

    mean: np.ndarray
    deviation: np.ndarray


def cohort_statistics(
    embedding: np.ndarray, cohort: np.ndarray, top_n: int | None = None
) -> Statistics:
    """Return mean and deviation of each row's cosines to the cohort.

    Args:
        embedding: shape (n, d), any lengths, none zero.
        cohort: one row a person, shape (n_persons, d).
        top_n: only the largest cosines of each row count; None: all.

    Raises:
        ValueError: the cohort is smaller than `top_n`, or all cosines that count are equal.
    """
    size = len(cohort)
    if top_n is not None and not 2 <= top_n <= size:
        raise ValueError(f"top_n {top_n} must be from 2 to the {size} persons of the cohort")
    columns = unit_rows(cohort).T.copy()
    mean, deviation = np.empty(len(embedding)), np.empty(len(embedding))
    cosine = np.empty((_ROWS, size), dtype=np.float32)
    for start in range(0, len(embedding), _ROWS):
        rows = unit_rows(embedding[start : start + _ROWS])
        block = np.matmul(rows, columns, out=cosine[: len(rows)])
        if top_n is not None and top_n < size:
            block.partition(size - top_n, axis=1)
            block = block[:, size - top_n :]
        mean[start : start + len(rows)] = block.mean(axis=1, dtype=np.float64)
        deviation[start : start + len(rows)] = block.std(axis=1, dtype=np.float64)
    if not np.all(deviation > 1e-9):
        raise ValueError("a recording is equally close to the whole cohort: nothing to measure by")
    return Statistics(mean, deviation)


def normalise(score: np.ndarray, enrol: Statistics | None, test: Statistics | None) -> np.ndarray:
    """Return normalised scores, shape (n_trials,).

    Statistics of the enrolment side alone give z-norm, of the test side alone t-norm, of both
    S-norm; of both over the closest of the cohort AS-norm ("AS-norm1").

    Args:
        score: raw scores, shape (n_trials,).
        enrol: statistics of each trial's enrolment side, or None.
        test: of each trial's test side, or None.

    Reference:
        P. Matějka et al., "Analysis of score normalization in multilingual speaker recognition",
        Interspeech 2017, eq. 1 to 5.
    """
    sides = [side for side in (enrol, test) if side is not None]
    if not sides:
        raise ValueError("normalisation needs the statistics of a side")
    return sum((score - side.mean) / side.deviation for side in sides) / len(sides)
