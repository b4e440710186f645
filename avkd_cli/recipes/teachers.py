"""What teaches: one store of embeddings, or one of each sense taken together."""

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from avkd_cli.config import DistillTerms
from avkd_cli.errors import InputError, UsageError
from avkd_cli.inputs.embeddings import Embeddings
from avkd_cli.inputs.segments import Segments, TaughtSegments
from avkd_cli.recipes.cluster_rules import paths, vectors_of
from avkd_cli.recipes.imitation import SEGMENTS, opened
from avkd_cli.storage import durable
from avkd_cli.storage.heads import StoredHead
from avkd_cli.storage.store import EmbeddingStore, RaggedStore
from avkd_cli.training.batches import Source
from avkd_cli.training.training_set import TrainingSet

UNTAUGHT = "untaught"
"""The part of a batch, (batch,), that is 1 for what the teacher has nothing of."""


class BothSenses:
    """Two stores as one teacher, of the utterances that both have.

    Its vectors are those of both side by side, each at length 1 times the root of its share, so
    that their cosines are the means of both senses' z-normed cosines but for a line. It has no
    classifier.

    Args:
        stores: one of each sense.

    Raises:
        InputError: they have no utterance in common, or one of them tells nothing.
    """

    head: StoredHead | None = None

    def __init__(self, stores: Sequence[EmbeddingStore]) -> None:
        self.stores = list(stores)
        first, other = self.stores
        self.path = paths(self.stores)
        self.ids = [one for one in first.ids if first.holds(one) and other.holds(one)]
        if not self.ids:
            raise InputError(f"{self.path}: no utterance is in both; make them from one list")
        self.row_of = {one: row for row, one in enumerate(self.ids)}
        self.persons = [first.persons[first.row_of[one]] for one in self.ids]
        self.fingerprint = durable.digest_of([first.fingerprint, other.fingerprint])
        self.manifest: dict[str, Any] = {}
        told = [set(one.trained_on) for one in self.stores if one.trained_on is not None]
        self.trained_on = sorted(set().union(*told)) if told else None

    @property
    def dimension(self) -> int:
        """Size of a vector."""
        return sum(one.dimension for one in self.stores)

    @functools.cached_property
    def embedding(self) -> np.ndarray:
        """The vectors, (utterances, dimension) float32."""
        return vectors_of(self.stores, self.ids)

    def holds(self, one: str) -> bool:
        """Return whether both stores have an utterance."""
        return one in self.row_of


Teacher = EmbeddingStore | RaggedStore | BothSenses


def open_teacher(paths: Sequence[str | Path], settings: DistillTerms) -> Teacher:
    """Return the teacher that one store makes, or one of each sense.

    Raises:
        UsageError: more than two, or two where segments are imitated.
        InputError: as `imitation.opened` and `BothSenses`; the same store twice.
    """
    if len(paths) == 1:
        return opened(paths[0], settings)
    if len(paths) > 2 or settings.level == SEGMENTS:
        raise UsageError(
            "--teacher is one store, or one of each sense where no segments are taught"
        )
    stores = [opened(path, settings) for path in paths]
    if stores[0].path.resolve() == stores[1].path.resolve():
        raise InputError(f"{paths[0]} and {paths[1]}: are one store; give one of each sense")
    return BothSenses([one for one in stores if isinstance(one, EmbeddingStore)])


def stores_of(teacher: Teacher) -> list[EmbeddingStore]:
    """Return the stores of embeddings that a teacher is made of."""
    if isinstance(teacher, BothSenses):
        return teacher.stores
    return [teacher] if isinstance(teacher, EmbeddingStore) else []


def sources_of(teacher: Teacher, chosen: TrainingSet, others: Sequence[Source]) -> list[Source]:
    """Return what reads the teacher for a batch.

    Args:
        others: that read the batch before it.
    """
    if isinstance(teacher, RaggedStore):
        drawn = next(one.drawn for one in others if isinstance(one, Segments))
        return [TaughtSegments(teacher, chosen.rows(teacher), drawn)]
    rows = np.array([teacher.row_of.get(one, -1) for one in chosen.ids], np.int64)
    found: list[Source] = [Embeddings("teacher", teacher.embedding, np.maximum(rows, 0))]
    if (rows < 0).any():
        found.append(Embeddings(UNTAUGHT, (rows < 0).astype(np.int64), np.arange(len(rows))))
    return found
