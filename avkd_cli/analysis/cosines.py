"""Mean cosines within and between persons: what a loss of directions makes of them. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from avkd_cli.analysis.correlation import by_person

BLOCK = 2048  # rows compared at a time
MOST_ROWS = 20_000  # of which all pairs are compared for the absolute cosine


class Cosines(NamedTuple):
    """Means over pairs of different recordings; NaN where there is no pair.

    Args:
        within: of one person. between: of two. absolute: absolute values between two.
        same_pairs, other_pairs: how many pairs `within` and `between` are means of.
    """

    within: float
    between: float
    absolute: float
    same_pairs: int
    other_pairs: int


def mean_cosines(embedding: NDArray, persons: Sequence[str], seed: int = 0) -> Cosines:
    """Return the mean cosines of a set of embeddings.

    The two plain means are exact for any number of rows, from sums of directions. The mean of
    absolute values needs all pairs; of more than `MOST_ROWS` rows so many are drawn for it.

    Args:
        embedding: shape (n, d), none without direction.
        persons: of each row; "" is nobody's, and belongs to no pair.
        seed: of the rows drawn.

    Raises:
        ValueError: an embedding is zero or not finite; fewer than two rows have a person.

    Reference:
        M. S. Saeed et al., ICASSP 2022, Fig. 3.
    """
    known = np.array([bool(one) for one in persons])
    unit = np.asarray(embedding, np.float64)[known]
    length = np.linalg.norm(unit, axis=1, keepdims=True)
    if len(unit) < 2:
        raise ValueError(f"{len(unit)} embeddings of known persons; a cosine wants two")
    if not (np.isfinite(length).all() and (length > 0).all()):
        raise ValueError("an embedding is zero or not finite")
    unit = unit / length
    code, total, count = by_person(unit, [one for one in persons if one])
    n_same, n_all = int((count * (count - 1)).sum()), len(unit) * (len(unit) - 1)
    same = (total**2).sum() - len(unit)  # both orders of each pair, without its own
    every = (total.sum(axis=0) ** 2).sum() - len(unit)
    return Cosines(
        _share(same, n_same),
        _share(every - same, n_all - n_same),
        _absolute(unit, code, seed),
        n_same // 2,
        (n_all - n_same) // 2,
    )


def _absolute(unit: NDArray, code: NDArray, seed: int) -> float:
    """Return the mean absolute cosine of two people."""
    if len(unit) > MOST_ROWS:
        rows = np.sort(np.random.default_rng(seed).permutation(len(unit))[:MOST_ROWS])
        unit, code = unit[rows], code[rows]
    total, pairs = 0.0, 0
    for start in range(0, len(unit), BLOCK):
        other = code[start : start + BLOCK, None] != code
        total += float((np.abs(unit[start : start + BLOCK] @ unit.T) * other).sum())
        pairs += int(other.sum())
    return _share(total, pairs)


def _share(total: float, pairs: int) -> float:
    return float(total / pairs) if pairs else float("nan")
