"""Average linkage of items, exact or over a graph of near neighbours, with names kept apart.

An item is what is known to be one person, such as all utterances of one film: the mean of their
vectors, so that the inner product of two items is the mean over all pairs of their utterances.
Every item counts once, however many utterances it has. Items of two different names are never put
together: their dissimilarity is too large to be outweighed.

Over a graph, all pairs of clusters that are each other's nearest are put together at once, round by
round. Average linkage is reducible (two clusters put together are no nearer to a third than the
nearer of them), so the order does not matter, and with a graph of all pairs the clusters are those
of the exact way but for ties. Means of clusters give their affinities, whatever edges are left.

Reference:
    F. Murtagh, "A survey of recent advances in hierarchical clustering algorithms", The Computer
    Journal 1983 (reducibility, reciprocal nearest neighbours).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from avkd_cli.verification.neighbours import pairs_once

NEVER = 1e12  # outweighs any mean over the 1e8 pairs of two clusters of 10,000 items
Neighbours = Callable[[np.ndarray], np.ndarray]
"""From vectors (n, size) to pairs of neighbours (pairs, 2), each i < j and there once."""
_PASSES = 5
_CHUNK = 1 << 12  # rows of 256 in 4 MB, which stay near the processor


def merges(vectors: np.ndarray, names: np.ndarray) -> np.ndarray:
    """Return the tree of average linkage, (items - 1, 4) as scipy's, of 1 - inner product.

    Args:
        vectors: of each item, (items, size), at least two.
        names: of each, int; 0: unknown.
    """
    from scipy.cluster.hierarchy import linkage

    distance = np.empty(len(vectors) * (len(vectors) - 1) // 2)
    start = 0
    for row in range(len(vectors) - 1):
        stop = start + len(vectors) - 1 - row
        distance[start:stop] = 1.0 - vectors[row + 1 :] @ vectors[row]
        differ = (names[row] > 0) & (names[row + 1 :] > 0) & (names[row + 1 :] != names[row])
        distance[start:stop][differ] = NEVER
        start = stop
    np.maximum(distance, 0.0, out=distance)  # a rounding below 0 is refused
    return linkage(distance, "average")


def exact(vectors: np.ndarray, names: np.ndarray, threshold: float) -> np.ndarray:
    """Return the cluster of each item, int64 from 0, from all pairs.

    Args:
        vectors, names: as in `merges`.
        threshold: the least affinity, mean inner product, at which clusters are put together.
    """
    from scipy.cluster.hierarchy import fcluster

    if len(vectors) < 2:
        return np.zeros(len(vectors), np.int64)
    tree = merges(vectors, names)
    return fcluster(tree, 1.0 - threshold, "distance").astype(np.int64) - 1


def over_graph(
    vectors: np.ndarray, names: np.ndarray, threshold: float, neighbours: Neighbours
) -> np.ndarray:
    """Return the cluster of each item, int64 from 0, from pairs of near neighbours.

    The clusters of one pass are the items of the next, which mends what a graph of few neighbours
    lacks; it ends when a pass puts nothing together.
    """
    state = _State(vectors.astype(np.float32), np.ones(len(vectors)), names.copy())
    place = np.arange(len(vectors))
    for _ in range(_PASSES):
        found = _pass(state, threshold, neighbours)
        place, before = found[place], len(found)
        if len(state.counts) == before or len(state.counts) == 1:
            break
    return place


@dataclass
class _State:
    """Clusters: sums of their items' vectors (clusters, size), how many items, whose."""

    sums: np.ndarray
    counts: np.ndarray
    names: np.ndarray

    def means(self) -> np.ndarray:
        """Return the mean vector of each cluster, which of single items are the sums themselves."""
        if (self.counts == 1).all():  # a million vectors need no copy
            return self.sums
        return self.sums / self.counts[:, None].astype(np.float32)

    def affinity(self, pairs: np.ndarray) -> np.ndarray:
        """Return the mean inner product over all pairs of items of two clusters, (pairs,).

        Rows are gathered into the same two blocks of memory again and again: asking for new ones
        costs more than the products.
        """
        found = np.empty(len(pairs))
        blocks = np.empty((2, min(_CHUNK, len(pairs)), self.sums.shape[1]), np.float32)
        for start in range(0, len(pairs), _CHUNK):
            sides = pairs[start : start + _CHUNK].T
            one, other = (
                np.take(self.sums, side, axis=0, out=block[: len(side)], mode="clip")
                for side, block in zip(sides, blocks, strict=True)
            )
            counts = self.counts[sides[0]] * self.counts[sides[1]]
            found[start : start + _CHUNK] = np.einsum("ij,ij->i", one, other) / counts
        return found

    def allowed(self, pairs: np.ndarray) -> np.ndarray:
        """Return whether clusters are not of two names, (pairs,)."""
        one, other = self.names[pairs].T
        return (one == 0) | (other == 0) | (one == other)

    def put_together(self, pairs: np.ndarray) -> np.ndarray:
        """Put pairs of clusters together, none in two pairs; return the new place of each."""
        keep, gone = pairs.T
        self.sums[keep] += self.sums[gone]
        self.counts[keep] += self.counts[gone]
        self.names[keep] = np.maximum(self.names[keep], self.names[gone])
        stays = np.ones(len(self.counts), bool)
        stays[gone] = False
        place = np.cumsum(stays) - 1
        place[gone] = place[keep]
        self.sums, self.counts = self.sums[stays], self.counts[stays]
        self.names = self.names[stays]
        return place


def _pass(state: _State, threshold: float, neighbours: Neighbours) -> np.ndarray:
    """Put together what a graph of the clusters lets; return the new place of each cluster."""
    place = np.arange(len(state.counts))
    pairs = neighbours(state.means())
    affinity = state.affinity(pairs)
    while True:
        good = (affinity >= threshold) & state.allowed(pairs)
        pairs, affinity = pairs[good], affinity[good]
        if not len(pairs):
            return place
        moved = state.put_together(_reciprocal(pairs, affinity, len(state.counts)))
        place = moved[place]
        pairs = _distinct(moved[pairs], len(state.counts))
        affinity = state.affinity(pairs)


def _reciprocal(pairs: np.ndarray, affinity: np.ndarray, count: int) -> np.ndarray:
    """Return the pairs of clusters that are each other's nearest; of equals the first counts."""
    both = np.concatenate([pairs, pairs[:, ::-1]])
    twice = np.concatenate([affinity, affinity])
    best = np.full(count, -np.inf)
    np.maximum.at(best, both[:, 0], twice)
    nearest = np.full(count, count)
    at_best = both[twice == best[both[:, 0]]]
    np.minimum.at(nearest, at_best[:, 0], at_best[:, 1])
    one = np.flatnonzero(nearest < count)
    other = nearest[one]
    chosen = (one < other) & (nearest[other] == one)
    return np.stack([one[chosen], other[chosen]], axis=1)


def _distinct(pairs: np.ndarray, count: int) -> np.ndarray:
    """Return each pair of different clusters once, the smaller first."""
    low, high = pairs.min(axis=1), pairs.max(axis=1)
    apart = low < high
    return pairs_once(low[apart], high[apart], count)
