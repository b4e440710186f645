"""Who nobody named: utterances put into clusters of one person each, by what a teacher says.

The threshold is chosen on the labelled people alone, whose names are then hidden: it is where the
pairs of their utterances, films apart, are told best. Utterances of one film are one person's, and
people known to differ stay apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from avkd_cli.verification import linkage
from avkd_cli.verification.neighbours import EXACT, pairs_of_neighbours

_MOST_LABELLED = 5000
"""Utterances on which a threshold is chosen: people by name, until there are so many."""


class Contradiction(ValueError):  # noqa: N818  said of data
    """One film has people of two names."""


@dataclass(frozen=True)
class Known:
    """What is known of utterances.

    Args:
        names: of each, "" where unknown. films: of each, "" where unknown.

    Raises:
        Contradiction: a film has two names.
    """

    names: Sequence[str]
    films: Sequence[str]

    def __post_init__(self) -> None:
        whose: dict[str, str] = {}
        for name, film in zip(self.names, self.films, strict=True):
            if name and film and whose.setdefault(film, name) != name:
                raise Contradiction(f"film {film!r} has {whose[film]!r} and {name!r}")

    def item_of(self, *, by_name: bool) -> np.ndarray:
        """Return the item of each utterance: those of one film, and of one name if asked."""
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        links = [*_links(self.films), *(_links(self.names) if by_name else ())]
        one, other = np.array(links, np.int64).reshape(-1, 2).T
        n = len(self.names)
        graph = coo_array((np.ones(len(one), bool), (one, other)), shape=(n, n))
        return connected_components(graph, directed=False)[1].astype(np.int64)


def _links(values: Sequence[str]):
    """Yield the place of each value and the first place of the same one."""
    first: dict[str, int] = {}
    for place, value in enumerate(values):
        if value and first.setdefault(value, place) != place:
            yield first[value], place


@dataclass(frozen=True)
class Separation:
    """How well a teacher tells labelled people apart, their names hidden.

    Attributes:
        threshold: the affinity from which on clusters are put together.
        f, precision, recall: of pairs of different films at it.
        people: how many. items: films, or utterances without one, that they have.
    """

    threshold: float
    f: float
    precision: float
    recall: float
    people: int
    items: int


def separation(vectors: np.ndarray, known: Known) -> Separation:
    """Return the threshold that tells labelled people apart best, and how well it does.

    Args:
        vectors: (utterances, size), such as of `affinity.affine`; those without a name are
            not looked at.

    Raises:
        ValueError: fewer than two people have a name, or nobody has two films.
    """
    rows = _labelled_rows(known.names)
    part = Known([known.names[i] for i in rows], [known.films[i] for i in rows])
    item = part.item_of(by_name=False)
    means = means_of(vectors[rows], item)
    person = np.unique(part.names, return_inverse=True)[1]
    of_item = np.zeros(len(means), np.int64)
    of_item[item] = person
    people = int(person.max(initial=-1)) + 1
    if people < 2 or len(means) == people:
        raise ValueError(f"{people} labelled people with {len(means)} items")
    tree = linkage.merges(means, np.zeros(len(means), np.int64))
    return _best_cut(tree, of_item, people)


def _labelled_rows(names: Sequence[str]) -> np.ndarray:
    """Return the rows of labelled people, whole people, about as many as can be looked at."""
    of_person: dict[str, list[int]] = {}
    for row, name in enumerate(names):
        if name:
            of_person.setdefault(name, []).append(row)
    rows: list[int] = []
    for name in sorted(of_person):
        if len(rows) < _MOST_LABELLED:
            rows += of_person[name]
    return np.array(rows, np.int64)


def _best_cut(tree: np.ndarray, person: np.ndarray, people: int) -> Separation:
    """Return the cut of a tree of items with the highest pairwise F.

    Args:
        person: of each item, int64.
    """
    held: list[dict[int, int]] = [{int(one): 1} for one in person]
    sizes = np.bincount(person)
    true = int((sizes * (sizes - 1) // 2).sum())
    together, right = np.zeros((2, len(tree)))
    for step, (one, other, _, _) in enumerate(tree):
        small, large = sorted((held[int(one)], held[int(other)]), key=len)
        right[step] = sum(count * large.get(who, 0) for who, count in small.items())
        together[step] = sum(small.values()) * sum(large.values())
        for who, count in small.items():
            large[who] = large.get(who, 0) + count
        held.append(large)
    right, together = right.cumsum(), together.cumsum()
    f = 2 * right / (together + true)
    best = int(f.argmax())
    height, after = tree[best, 2], tree[best + 1, 2] if best + 1 < len(tree) else tree[best, 2]
    return Separation(
        threshold=float(1 - (height + after) / 2),
        f=float(f[best]),
        precision=float(right[best] / together[best]),
        recall=float(right[best] / true),
        people=people,
        items=len(person),
    )


def means_of(vectors: np.ndarray, item: np.ndarray) -> np.ndarray:
    """Return the mean vector of each item, (items, size) float32.

    Where every vector is an item, they are the vectors themselves, not copies.
    """
    if vectors.dtype == np.float32 and np.array_equal(item, np.arange(len(vectors))):
        return vectors
    order = np.argsort(item, kind="stable")
    starts = np.flatnonzero(np.diff(item[order], prepend=-1))
    sums = np.add.reduceat(vectors[order], starts, axis=0, dtype=np.float32)
    return sums / np.bincount(item)[:, None].astype(np.float32)


def cluster(
    vectors: np.ndarray, known: Known, threshold: float, *, exact_up_to: int = EXACT, least: int = 2
) -> np.ndarray:
    """Return the cluster of each utterance, int64: the largest is 0, -1 is noise.

    Args:
        vectors: (utterances, size), such as of `affinity.affine`.
        known: names and films; whoever has a name is one cluster from the beginning.
        threshold: such as of `separation`.
        exact_up_to: so many utterances are compared each with each, more over a graph.
        least: utterances without a name in smaller clusters are noise.
    """
    item = known.item_of(by_name=True)
    names = np.unique(["", *known.names], return_inverse=True)[1][1:]
    of_item = np.zeros(item.max(initial=-1) + 1, np.int64)
    np.maximum.at(of_item, item, names)
    way = linkage.exact
    if len(vectors) > exact_up_to:
        way = partial(linkage.over_graph, neighbours=pairs_of_neighbours)
    found = way(means_of(vectors, item), of_item, threshold)[item]
    return _by_size(found, names > 0, least)


def _by_size(found: np.ndarray, named: np.ndarray, least: int) -> np.ndarray:
    """Number clusters by size, then by their first utterance; small ones are noise."""
    values, first, place, counts = np.unique(
        found, return_index=True, return_inverse=True, return_counts=True
    )
    noise = (counts < least) & (np.bincount(place, weights=named) == 0)
    order = np.lexsort((first, -counts, noise))
    rank = np.empty(len(values), np.int64)
    rank[order] = np.arange(len(values))
    rank[noise] = -1
    return rank[place]
