"""Stores of embeddings as analyses want them: by name, and of some utterances."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avkd_cli.errors import InputError
from avkd_cli.storage.store import EMBEDDINGS, EmbeddingStore, Store, open_store
from avkd_cli.storage.utterances import read_ids
from avkd_cli.verification.scoring import unit_rows

AGAIN = "extract the embeddings again"
"""The cure of embeddings that are not what is computed with."""


def opened(paths: Mapping[str, Path]) -> dict[str, EmbeddingStore]:
    """Open embedding stores by name."""
    return {name: open_store(path, EMBEDDINGS.kind) for name, path in paths.items()}


def listed(list_file: Path | None) -> set[str] | None:
    """Return the utterances that a list names; None without one: all."""
    return None if list_file is None else set(read_ids(list_file))


def ids_of(store: Store, wanted: set[str] | None) -> list[str]:
    """Return the wanted utterances of a store, in its order."""
    return [id for id in store.ids if wanted is None or id in wanted]


def persons_of(store: Store, ids: Sequence[str]) -> list[str]:
    """Return the person of each of some utterances."""
    return [store.persons[store.row_of[id]] for id in ids]


def rows(store: EmbeddingStore, ids: Sequence[str]) -> NDArray[np.float32]:
    """Return the embeddings of some utterances, shape (len(ids), d)."""
    return store.embedding[[store.row_of[id] for id in ids]]


def directions(store: EmbeddingStore, embedding: NDArray) -> NDArray:
    """Return embeddings of a store at length one; InputError where one has no direction."""
    if not (np.isfinite(embedding).all() and embedding.any(axis=1).all()):
        raise InputError(f"{store.path}: an embedding is zero or not finite; extract it again")
    return unit_rows(embedding)
