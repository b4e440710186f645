"""How alike two embedding spaces are, and how well one tells people apart. Pure.

The paper prints a Pearson correlation between the embeddings before fusion and the fused ones,
without a definition. Any of the three below depends on the coordinate basis: rotating one space,
which changes no cosine within it, changes the correlation. Linear CKA does not depend on it.

Reference:
    L. Zhang, Z. Chen, Y. Qian, Interspeech 2021, section 4.4.
    S. Kornblith et al., "Similarity of neural network representations revisited", ICML 2019.
    T. Wang, P. Isola, "Understanding contrastive representation learning through alignment and
    uniformity on the hypersphere", ICML 2020.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

BASIS_NOTE = (
    "a Pearson correlation depends on the coordinate basis (a rotation of one space changes it); "
    "linear CKA does not"
)
MOST_ROWS = 4096  # of the pairwise uniformity: 17 million distances


def pearson_per_segment(x: ArrayLike, y: ArrayLike) -> NDArray[np.float64]:
    """Return the correlation of each segment's two embeddings, over dimensions, shape (n,).

    NaN where an embedding is constant.

    Args:
        x: embeddings, shape (n, d).
        y: embeddings of the same segments, shape (n, d).

    Raises:
        ValueError: if the shapes differ or a value is not finite.
    """
    x, y = _pair(x, y, same_width=True)
    x, y = x - x.mean(axis=1, keepdims=True), y - y.mean(axis=1, keepdims=True)
    scale = np.linalg.norm(x, axis=1) * np.linalg.norm(y, axis=1)
    return np.divide((x * y).sum(axis=1), scale, out=np.full(len(x), np.nan), where=scale > 0)


def pearson_per_dimension(x: ArrayLike, y: ArrayLike) -> NDArray[np.float64]:
    """Return the correlation of each dimension, over segments, shape (d,); NaN where constant."""
    x, y = _pair(x, y, same_width=True)
    return pearson_per_segment(x.T, y.T)


def pearson_pooled(x: ArrayLike, y: ArrayLike) -> float:
    """Return the correlation over all entries of all segments; NaN where one side is constant."""
    x, y = _pair(x, y, same_width=True)
    return float(pearson_per_segment(x.reshape(1, -1), y.reshape(1, -1))[0])


def linear_cka(x: ArrayLike, y: ArrayLike) -> float:
    """Return the linear centred kernel alignment, 0 to 1; widths may differ.

    Unchanged by rotating, scaling or shifting either space. NaN where one side is constant.

    Args:
        x: embeddings, shape (n, d).
        y: embeddings of the same segments, shape (n, e).

    Raises:
        ValueError: if the numbers of segments differ or a value is not finite.
    """
    x, y = _pair(x, y)
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    scale = np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y)
    return float(np.linalg.norm(x.T @ y) ** 2 / scale) if scale > 0 else float("nan")


def mean_cosine_distance(x: ArrayLike, y: ArrayLike) -> float:
    """Return the mean of 1 - cosine between the two embeddings of each segment, 0 to 2.

    The paper's final cosine losses, 0.4217 (visual) and 0.583 (audio student), are of this kind.

    Raises:
        ValueError: if the shapes differ, a value is not finite or an embedding is all zeros.
    """
    x, y = _pair(x, y, same_width=True)
    return float(1 - (unit(x) * unit(y)).sum(axis=1).mean())


def alignment(x: ArrayLike, persons: Sequence[str]) -> float:
    """Return the mean squared distance of unit embeddings of one person, over all pairs.

    0 when all recordings of a person fall together; NaN when nobody has two recordings.

    Raises:
        ValueError: if there are not as many persons as embeddings.
    """
    x = unit(x)
    _, sums, sizes = by_person(x, persons)
    squared = (sizes**2 - (sums**2).sum(axis=1)).sum()  # sum over pairs of |u - v|^2, exactly
    pairs = (sizes * (sizes - 1) // 2).sum()
    return float(squared / pairs) if pairs else float("nan")


def uniformity(x: ArrayLike, seed: int = 0) -> float:
    """Return log mean exp(-2 |u - v|^2) over pairs of unit embeddings; lower is more uniform.

    More than `MOST_ROWS` embeddings are sampled by `seed`. NaN for a single one.

    Raises:
        ValueError: if an embedding is all zeros.
    """
    x = unit(x)
    if len(x) < 2:
        return float("nan")
    if len(x) > MOST_ROWS:
        x = x[np.random.default_rng(seed).choice(len(x), MOST_ROWS, replace=False)]
    squared = np.maximum(0, 2 - 2 * (x @ x.T)[np.triu_indices(len(x), 1)])
    return float(np.log(np.exp(-2 * squared).mean()))


def spread(x: ArrayLike, persons: Sequence[str]) -> tuple[float, float]:
    """Return the variance of unit embeddings (within persons, between persons).

    They add up to the whole variance: mean squared distance to one's own mean, and mean squared
    distance of that from the mean of all, each embedding counted once.

    Raises:
        ValueError: if there are not as many persons as embeddings.
    """
    x = unit(x)
    who, sums, sizes = by_person(x, persons)
    own = (sums / sizes[:, None])[who]
    within = ((x - own) ** 2).sum(axis=1).mean()
    between = ((own - x.mean(axis=0)) ** 2).sum(axis=1).mean()
    return float(within), float(between)


def unit(x: ArrayLike) -> NDArray[np.float64]:
    """Return embeddings at length one, shape (n, d).

    Raises:
        ValueError: if one is all zeros, which has no direction.
    """
    x = _embeddings(x)
    length = np.linalg.norm(x, axis=1, keepdims=True)
    if (length == 0).any():
        raise ValueError(f"{int((length == 0).sum())} embeddings are all zeros")
    return x / length


def _pair(x: ArrayLike, y: ArrayLike, same_width: bool = False) -> tuple[NDArray, NDArray]:
    x, y = _embeddings(x), _embeddings(y)
    if len(x) != len(y) or (same_width and x.shape != y.shape):
        raise ValueError(f"embeddings {x.shape} and {y.shape} do not belong together")
    return x, y


def _embeddings(x: ArrayLike) -> NDArray[np.float64]:
    x = np.asarray(x, np.float64)
    if x.ndim != 2 or not x.size:
        raise ValueError(f"embeddings have shape (n, d), not {x.shape}")
    if not np.isfinite(x).all():
        raise ValueError("an embedding is not finite")
    return x


def by_person(x: NDArray, persons: Sequence[str]) -> tuple[NDArray, NDArray, NDArray]:
    """Return the number of each embedding's person, (n,), and of each person sum and count.

    Raises:
        ValueError: if there are not as many persons as embeddings.
    """
    if len(persons) != len(x):
        raise ValueError(f"{len(persons)} persons of {len(x)} embeddings")
    who = np.unique(np.asarray(persons, str), return_inverse=True)[1].ravel()
    sizes = np.bincount(who)
    sums = np.zeros((len(sizes), x.shape[1]))
    np.add.at(sums, who, x)
    return who, sums, sizes
