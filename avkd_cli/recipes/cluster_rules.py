"""How people whom nobody named are looked for, and what they are called when found."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from avkd_cli.errors import blame
from avkd_cli.storage.store import EmbeddingStore
from avkd_cli.storage.utterances import Utterance, value_of
from avkd_cli.verification.affinity import affine
from avkd_cli.verification.clustering import Known
from avkd_cli.verification.neighbours import EXACT

TEACHER = "teacher"
PREFIX = "cluster-"


@dataclass(frozen=True)
class Rules:
    """How people are looked for.

    Args:
        threshold: the affinity from which on clusters are one person; None: as the labelled say.
        film: column of what has one person alone; "": nothing has.
        least: utterances of the smallest cluster.
        separation: the least pairwise F of the labelled people, their names hidden.
        truth: column of who they are, for figures alone; "": not known.
        exact_up_to: so many utterances are compared each with each.
    """

    threshold: float | None = None
    film: str = "session"
    least: int = 2
    separation: float = 0.5
    truth: str = ""
    exact_up_to: int = EXACT

    @property
    def items(self) -> str:
        """What items are called: what has one person alone."""
        return f"{self.film}s" if self.film else "utterances"

    def known(self, part: Sequence[Utterance], names: Sequence[str]) -> Known:
        """Return what is known of utterances, with these names for theirs."""
        return Known(names, [self.film_of(one) for one in part])

    def film_of(self, utterance: Utterance) -> str:
        """Return what says that an utterance is of one person with others, "" for nothing."""
        return value_of(utterance, self.film) if self.film else ""


def persons_of(found: np.ndarray, names: Sequence[str], taken: int = 0) -> list[str]:
    """Return the person of each utterance: a name of its cluster, or `cluster-00017`; "": noise.

    Args:
        taken: how many clusters have a number already.
    """
    named: dict[int, str] = {}
    for one, name in zip(found.tolist(), names, strict=True):
        if name:
            named[one] = name
    fresh = (one for one in range(found.max(initial=-1) + 1) if one not in named)
    made = {one: f"{PREFIX}{number:05d}" for number, one in enumerate(fresh, 1 + taken)}
    return [(named | made).get(one, "") for one in found.tolist()]


def vectors_of(stores: Sequence[EmbeddingStore], ids: Sequence[str]) -> np.ndarray:
    """Return the vectors whose inner products are the affinities of utterances.

    Raises:
        InputError: a store tells nobody apart.
    """
    rows = [[store.row_of[one] for one in ids] for store in stores]
    with blame(paths(stores), "they tell nobody apart"):
        return affine([s.embedding[row] for s, row in zip(stores, rows, strict=True)])


def paths(stores: Sequence[EmbeddingStore]) -> str:
    """Return what messages call the stores."""
    return " and ".join(str(store.path) for store in stores)
