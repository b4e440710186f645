"""How far clusters agree with names: pairwise F, purity, normalised mutual information.

Reference:
    E. Amigó et al., "A comparison of extrinsic clustering evaluation metrics based on formal
    constraints", Information Retrieval 2009 (pairs, purity); A. Strehl, J. Ghosh, JMLR 2002
    (NMI; here over the mean of both entropies).
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np


@dataclass(frozen=True)
class Agreement:
    """Figures of clusters held against names, each from 0 to 1.

    Attributes:
        precision, recall, f: of pairs of utterances: how many of those in one cluster are one
            person's, how many of one person's are in one cluster, and their harmonic mean. An
            utterance in no cluster is in no pair.
        purity: share of the clustered utterances that are the most frequent person of their
            cluster; nmi: of the clustered utterances.
    """

    precision: float
    recall: float
    f: float
    purity: float
    nmi: float

    def to_json(self) -> dict[str, float]:
        """Return the figures by name, to six places."""
        return {name: round(value, 6) for name, value in asdict(self).items()}


def agreement(clusters: np.ndarray, names: Sequence[str]) -> Agreement:
    """Return how far clusters agree with names.

    Args:
        clusters: of each utterance, int; -1: in none.
        names: of each, none "".

    Raises:
        ValueError: there is no utterance, or not one name for each.
    """
    if not len(names) or len(names) != len(clusters):
        raise ValueError(f"{len(clusters)} clusters for {len(names)} names")
    person = np.unique(np.asarray(names), return_inverse=True)[1]
    there = clusters >= 0
    both = _contingency(clusters[there], person[there])
    together, in_cluster = _pairs(both.data), _pairs(np.bincount(clusters[there]))
    of_person = _pairs(np.bincount(person))
    return Agreement(
        precision=_share(together, in_cluster),
        recall=_share(together, of_person),
        f=_share(2 * together, in_cluster + of_person),
        purity=_share(both.max(axis=1).sum(), there.sum()),
        nmi=_nmi(both) if there.any() else 0.0,
    )


def _contingency(clusters: np.ndarray, person: np.ndarray):
    """Return how many utterances each cluster has of each person, sparse."""
    from scipy.sparse import coo_array

    ones = np.ones(len(clusters), np.int64)
    shape = clusters.max(initial=0) + 1, person.max(initial=0) + 1
    return coo_array((ones, (clusters, person)), shape=shape).tocsr()


def _pairs(counts: np.ndarray) -> int:
    """Return how many pairs groups of these sizes have."""
    return int((counts.astype(np.int64) * (counts - 1) // 2).sum())


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole else 0.0


def _nmi(both) -> float:
    """Return mutual information over the mean entropy; 1 where neither divides anything."""
    total = both.sum()
    rows, columns = (_entropy(both.sum(axis=axis) / total) for axis in (1, 0))
    shared = rows + columns - _entropy(both.data / total)
    mean = (rows + columns) / 2
    return float(shared / mean) if mean else 1.0


def _entropy(shares: np.ndarray) -> float:
    shares = shares[shares > 0]
    return float(-(shares * np.log(shares)).sum())
