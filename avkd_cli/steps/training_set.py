"""Which utterances are trained on, and which class each belongs to."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from avkd_cli.errors import InputError
from avkd_cli.storage.utterances import read_utterances

TRAIN = "train"


@dataclass(frozen=True)
class TrainingSet:
    """Utterances with a person, in the order of their ids.

    Attributes:
        ids: utterance of each row.
        labels: class of each row, int64; a class is a place in `classes`.
        classes: names of persons, sorted; matched by name everywhere, never by place.
    """

    ids: list[str]
    labels: np.ndarray
    classes: list[str]

    def rows(self, store: Any) -> np.ndarray:
        """Return the row of a store for each utterance, int64."""
        return np.fromiter(map(store.row_of.__getitem__, self.ids), np.int64, len(self.ids))


def choose(stores: list[Any], list_file: Path | None) -> TrainingSet:
    """Return the utterances that every store has something of; only split `train` where one has.

    An utterance without a face has a row in a face store, but nothing to train on.

    Args:
        stores: open stores; the first says who is who.
        list_file: take only the utterances of this list; its splits win over the store's.

    Raises:
        InputError: nothing is left, a person is missing, or fewer than two persons remain.
    """
    first, *others = stores
    splits = splits_of(first, list_file)
    filled = first.lengths > 0 if hasattr(first, "lengths") else np.ones(len(splits), bool)
    rows = [row for row in np.flatnonzero(filled).tolist() if splits[row] is not None]
    for other in others:
        rows = [row for row in rows if holds(other, first.ids[row])]
    if any(splits[row] for row in rows):
        rows = [row for row in rows if splits[row] == TRAIN]
    return labelled(rows, first, list_file)


def splits_of(store: Any, list_file: Path | None) -> list[str | None]:
    """Return the split of each row of a store, None where a list is given that lacks it."""
    splits = store.column("split")
    if list_file is None:
        return splits
    listed = {one.id: one.split or "" for one in read_utterances(list_file).utterances}
    pairs = zip(store.ids, splits, strict=True)
    return [listed[one] or split if one in listed else None for one, split in pairs]


def holds(store: Any, utterance: str) -> bool:
    """Return whether a store has an utterance, and something of it: sound, a face."""
    row = store.row_of.get(utterance)
    return row is not None and (not hasattr(store, "lengths") or bool(store.lengths[row] > 0))


def labelled(rows: list[int], store: Any, list_file: Path | None) -> TrainingSet:
    """Return a training set of rows of a store, which says whose each is."""
    where = f"{store.path}" + (f" with {list_file}" if list_file else "")
    if not rows:
        raise InputError(
            f"{where}: no utterance to train on; check --list, the split ('{TRAIN}' is trained "
            "on) and that the stores come from one list"
        )
    rows = sorted(rows, key=store.ids.__getitem__)
    nameless = [store.ids[row] for row in rows if not store.persons[row]]
    if nameless:
        raise InputError(f"{where}: {len(nameless)} utterances without person, first {nameless[0]}")
    persons = [store.persons[row] for row in rows]
    classes = sorted(set(persons))
    if len(classes) < 2:
        raise InputError(f"{where}: training needs at least 2 persons, found 1 ({classes[0]})")
    place = {person: i for i, person in enumerate(classes)}
    labels = np.fromiter(map(place.__getitem__, persons), np.int64, len(persons))
    return TrainingSet([store.ids[row] for row in rows], labels, classes)
