"""Near neighbours of many vectors by faiss, whose inverted file looks at a few cells alone."""

import numpy as np

from avkd_cli.errors import UsageError

EXACT = 20_000  # vectors among which all pairs are looked at
_CELLS = 4096
_SAMPLE = 40  # vectors a cell from which the cells are found: the least that faiss asks for is 39


def pairs_of_neighbours(vectors: np.ndarray, count: int = 16, probes: int = 8) -> np.ndarray:
    """Return pairs of near neighbours by inner product, (pairs, 2) int64, each i < j, there once.

    Args:
        vectors: (n, size) float32.
        count: neighbours of each. probes: cells that are looked at for each, beyond 20,000.

    Raises:
        UsageError: faiss is not installed.
    """
    try:
        import faiss
    except ImportError:
        raise UsageError(
            f"{len(vectors):,} items are clustered over a graph of neighbours, which needs faiss: "
            "pip install 'avkd[cluster]', or cluster fewer"
        ) from None
    near = _index(faiss, vectors, probes).search(vectors, min(count + 1, len(vectors)))[1]
    own = np.repeat(np.arange(len(vectors)), near.shape[1])
    other = near.ravel()
    there = (other >= 0) & (other != own)
    low, high = np.minimum(own, other)[there], np.maximum(own, other)[there]
    return pairs_once(low, high, len(vectors))


def pairs_once(low: np.ndarray, high: np.ndarray, count: int) -> np.ndarray:
    """Return each of the pairs once, (pairs, 2) int64 in their order.

    They are sorted: NumPy's own search for unique numbers takes several times as long.

    Args:
        low, high: int64 below `count`.
    """
    coded = np.sort(low * count + high)
    coded = coded[np.diff(coded, prepend=-1) > 0]
    return np.stack([coded // count, coded % count], axis=1)


def _index(faiss, vectors: np.ndarray, probes: int):
    """Return a filled index of vectors."""
    if len(vectors) <= EXACT:
        index = faiss.IndexFlatIP(vectors.shape[1])
    else:
        cells = min(_CELLS, int(4 * len(vectors) ** 0.5))
        index = faiss.IndexIVFFlat(
            faiss.IndexFlatIP(vectors.shape[1]), vectors.shape[1], cells, faiss.METRIC_INNER_PRODUCT
        )
        index.cp.niter, index.cp.seed, index.cp.max_points_per_centroid = 5, 0, _SAMPLE
        index.nprobe = probes
        index.train(vectors)
    index.add(vectors)
    return index
