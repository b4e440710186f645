"""How sure clusters are: near each other inside, and far from the nearest other one."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

Neighbours = Callable[[np.ndarray], np.ndarray]
"""From vectors (n, size) to pairs of neighbours (pairs, 2)."""
_CHUNK = 2048
SIZES = (1, 2, 3, 5, 10, 20, 50, 100, 1000)


@dataclass(frozen=True)
class OneCluster:
    """One cluster.

    Attributes:
        name: of it, or of the labelled person. size: utterances.
        within: mean affinity of its pairs, None of one utterance.
        nearest: name of the cluster with which the mean affinity is highest. between: that.
        confidence: within less between.
    """

    name: str
    size: int
    within: float | None
    nearest: str
    between: float

    @property
    def confidence(self) -> float | None:
        """How much nearer its utterances are to each other than to the nearest other cluster."""
        return None if self.within is None else self.within - self.between

    def to_json(self) -> dict[str, Any]:
        """Return the figures by name."""
        return asdict(self) | {"confidence": self.confidence}


@dataclass(frozen=True)
class Member:
    """An utterance that fits badly into its cluster.

    Attributes:
        id: of it. cluster: where it is. own: mean affinity to the others there.
        mate: the one there that is least like it. affinity: to that one.
    """

    id: str
    cluster: str
    own: float
    mate: str
    affinity: float


class Clusters:
    """Utterances in clusters.

    Args:
        vectors: (utterances, size), whose inner products are affinities.
        ids: of the utterances. names: of their clusters, none "".
        neighbours: finds near clusters where there are too many to compare each with each; None:
            all are compared.

    Raises:
        ValueError: there is one cluster, or none.
    """

    def __init__(
        self,
        vectors: np.ndarray,
        ids: Sequence[str],
        names: Sequence[str],
        neighbours: Neighbours | None = None,
    ) -> None:
        self.vectors, self.ids = vectors, list(ids)
        self.names, self.place = np.unique(np.asarray(names), return_inverse=True)
        if len(self.names) < 2:
            raise ValueError(f"{len(self.names)} clusters have no other one beside them")
        self.sizes = np.bincount(self.place)
        self.sums = np.zeros((len(self.names), vectors.shape[1]))
        np.add.at(self.sums, self.place, vectors.astype(np.float64))
        squares = np.square(vectors, dtype=np.float64).sum(axis=1)
        self.own = np.bincount(self.place, squares)
        self.means = (self.sums / self.sizes[:, None]).astype(np.float32)
        self.pairs = _all_near(self.means) if neighbours is None else neighbours(self.means)

    def each(self) -> list[OneCluster]:
        """Return all clusters, the largest first, then by name."""
        n, inner = self.sizes, np.square(self.sums).sum(axis=1) - self.own
        nearest, between = self._nearest()
        found = []
        for i, name in enumerate(self.names):
            within = float(inner[i] / (n[i] * (n[i] - 1))) if n[i] > 1 else None
            near = str(self.names[nearest[i]])
            found.append(OneCluster(str(name), int(n[i]), within, near, float(between[i])))
        return sorted(found, key=lambda one: (-one.size, one.name))

    def _affinity(self, pairs: np.ndarray) -> np.ndarray:
        return np.einsum("ij,ij->i", self.means[pairs[:, 0]], self.means[pairs[:, 1]])

    def _nearest(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the nearest other cluster of each, and the affinity, of the pairs that are known.

        Of a cluster in no pair it is the first other one.
        """
        both = np.concatenate([self.pairs, self.pairs[:, ::-1]])
        affinity = self._affinity(both)
        order = np.lexsort((both[:, 1], -affinity, both[:, 0]))
        own, first = np.unique(both[order, 0], return_index=True)
        nearest = np.where(np.arange(len(self.names)) == 0, 1, 0)
        nearest[own] = both[order, 1][first]
        return nearest, self._affinity(np.stack([np.arange(len(nearest)), nearest], axis=1))

    def doubtful(self, most: int) -> list[tuple[str, str, float]]:
        """Return the pairs of clusters that are nearest to being one, and their affinity."""
        affinity = self._affinity(self.pairs)
        order = np.lexsort((self.pairs[:, 1], self.pairs[:, 0], -affinity))[:most]
        return [
            (str(self.names[i]), str(self.names[j]), float(affinity[row]))
            for row, (i, j) in zip(order, self.pairs[order], strict=True)
        ]

    def misfits(self, most: int) -> list[Member]:
        """Return the utterances that are least like their own cluster's others."""
        many = np.flatnonzero(self.sizes[self.place] > 1)
        to_all = np.einsum("ij,ij->i", self.vectors[many], self.sums[self.place[many]])
        own = np.square(self.vectors[many], dtype=np.float64).sum(axis=1)
        mean = (to_all - own) / (self.sizes[self.place[many]] - 1)
        return [self._misfit(many[i], mean[i]) for i in np.argsort(mean, kind="stable")[:most]]

    def _misfit(self, row: int, mean: float) -> Member:
        mates = np.flatnonzero(self.place == self.place[row])
        mates = mates[mates != row]
        affinity = self.vectors[mates] @ self.vectors[row]
        least = int(affinity.argmin())
        mate, cluster = self.ids[mates[least]], str(self.names[self.place[row]])
        return Member(self.ids[row], cluster, float(mean), mate, float(affinity[least]))


def _all_near(means: np.ndarray) -> np.ndarray:
    """Return each cluster with its five nearest others, every pair once, i < j."""
    count = min(5, len(means) - 1)
    found = []
    for start in range(0, len(means), _CHUNK):
        rows = np.arange(start, min(start + _CHUNK, len(means)))
        affinity = means[rows] @ means.T
        affinity[np.arange(len(rows)), rows] = -np.inf
        near = np.argpartition(-affinity, count - 1, axis=1)[:, :count]
        found.append(np.stack([np.repeat(rows, count), near.ravel()], axis=1))
    pairs = np.sort(np.concatenate(found), axis=1)
    return np.unique(pairs, axis=0)


def by_size(clusters: Sequence[OneCluster]) -> list[dict[str, Any]]:
    """Return, of each range of sizes, how many clusters there are and how sure they are.

    Confidences are the lower quartile, the median and the upper quartile.
    """
    found = []
    for low, high in zip(SIZES, (*(one - 1 for one in SIZES[1:]), None), strict=True):
        here = [one for one in clusters if one.size >= low and (high is None or one.size <= high)]
        sure = [one.confidence for one in here if one.confidence is not None]
        if here:
            quartiles = np.quantile(sure, (0.25, 0.5, 0.75)).tolist() if sure else [None] * 3
            sizes = {"clusters": len(here), "utterances": sum(one.size for one in here)}
            found.append({"from": low, "to": high, **sizes, "confidence": quartiles})
    return found
