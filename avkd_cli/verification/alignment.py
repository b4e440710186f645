"""Spaces of several networks brought into one by rotations, which change no cosine inside any.

Reference:
    P. H. Schönemann, "A generalized solution of the orthogonal Procrustes problem",
    Psychometrika 1966.
"""

from dataclasses import dataclass

import numpy as np

from avkd_cli.verification.affinity import unit_rows


@dataclass(frozen=True)
class Aligned:
    """An orthogonal map of one space onto another.

    Attributes:
        map: (size, size) float32; rows of the one space times it are in the other.
        before, after: mean cosine of the same utterances in both, without and with it.
    """

    map: np.ndarray
    before: float
    after: float


def aligned(one: np.ndarray, other: np.ndarray) -> Aligned:
    """Return the orthogonal map that brings vectors nearest to those of another space.

    Args:
        one, other: of the same utterances, (utterances, size); only directions count.

    Raises:
        ValueError: they differ in shape, or there are none.
    """
    from scipy.linalg import orthogonal_procrustes

    if one.shape != other.shape or not len(one):
        raise ValueError(f"{one.shape} and {other.shape} are not of the same utterances")
    one, other = (unit_rows(each).astype(np.float64) for each in (one, other))
    found = orthogonal_procrustes(one, other)[0]
    return Aligned(
        found.astype(np.float32),
        float((one * other).sum(axis=1).mean()),
        float(((one @ found) * other).sum(axis=1).mean()),
    )
