"""One vector an utterance whose inner products say how alike two utterances are.

Cosines of one store are inner products of unit vectors. Cosines of two senses, each z-normed over
all pairs of utterances and averaged, are inner products too, but for a constant: of both unit
vectors side by side, each times the root of its share, which is one over its deviation. So whatever
groups utterances need not know how many senses there are.
"""

from collections.abc import Sequence

import numpy as np

SMALLEST = 1e-12  # a length or a deviation below it is none


def unit_rows(embedding: np.ndarray) -> np.ndarray:
    """Return rows at length 1, (utterances, size) float32; rows of zeros stay zeros."""
    norm = np.linalg.norm(embedding, axis=1, keepdims=True)
    return (embedding / np.maximum(norm, SMALLEST)).astype(np.float32)


def spread_of(unit: np.ndarray) -> tuple[float, float]:
    """Return mean and standard deviation of the cosines of all pairs of different rows.

    No pair is formed: the sum of all inner products is the squared length of the sum of the rows,
    that of their squares the squared norm of the (size, size) matrix of the columns' products.

    Args:
        unit: rows of length 1, (utterances, size).

    Raises:
        ValueError: fewer than two rows.
    """
    n = len(unit)
    if n < 2:
        raise ValueError(f"{n} utterances have no pair")
    total = unit.sum(axis=0, dtype=np.float64)
    products = (unit.T @ unit).astype(np.float64)
    own = np.square(unit, dtype=np.float64).sum(axis=1)
    pairs = n * (n - 1)
    mean = (total @ total - own.sum()) / pairs
    square = (np.square(products).sum() - np.square(own).sum()) / pairs
    return float(mean), float(np.sqrt(max(square - mean**2, 0.0)))


def affine(embeddings: Sequence[np.ndarray]) -> np.ndarray:
    """Return the vectors of one or several senses, (utterances, sizes together) float32.

    Args:
        embeddings: of each sense, (utterances, size); rows belong together.

    Raises:
        ValueError: rows differ in number, or all pairs of a sense are alike, which tells nothing.
    """
    units = [unit_rows(one) for one in embeddings]
    if len({len(one) for one in units}) != 1:
        raise ValueError(f"{[len(one) for one in units]} utterances do not belong together")
    if len(units) == 1:
        return units[0]
    deviations = [spread_of(one)[1] for one in units]
    if min(deviations) < SMALLEST:
        raise ValueError("all utterances of a sense are equally alike")
    shares = np.reciprocal(deviations) / np.reciprocal(deviations).sum()
    return np.hstack(
        [np.float32(np.sqrt(share)) * one for share, one in zip(shares, units, strict=True)]
    )
