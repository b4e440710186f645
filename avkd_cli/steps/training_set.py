"""Which utterances are trained on, and which class each belongs to."""

from collections.abc import Iterable
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
        """Return the row of a store for each utterance."""
        return np.array([store.row_of[utterance] for utterance in self.ids], np.int64)


def choose(
    stores: list[Any], list_file: Path | None, *, ids: Iterable[str] | None = None
) -> TrainingSet:
    """Return the utterances that every store has, of the split `train` where there are splits.

    Args:
        stores: open stores; the first says who is who.
        list_file: take only the utterances of this list; its splits win over the store's.
        ids: take only these as well.

    Raises:
        InputError: nothing is left, a person is missing, or fewer than two persons remain.
    """
    first = stores[0]
    splits = dict(zip(first.ids, first.column("split"), strict=True))
    if list_file is not None:
        listed = read_utterances(list_file).utterances
        splits = {u.id: u.split or splits.get(u.id, "") for u in listed}
    chosen = set(splits) & set.intersection(*(set(store.row_of) for store in stores))
    chosen = chosen if ids is None else chosen & set(ids)
    if any(splits[one] for one in chosen):
        chosen = {one for one in chosen if splits[one] == TRAIN}
    persons = {one: first.persons[first.row_of[one]] for one in chosen}
    return labelled(persons, first, list_file)


def labelled(persons: dict[str, str], store: Any, list_file: Path | None) -> TrainingSet:
    """Return a training set from the person of each utterance."""
    where = f"{store.path}" + (f" with {list_file}" if list_file else "")
    if not persons:
        raise InputError(
            f"{where}: no utterance to train on; check --list, the split ('{TRAIN}' is trained "
            "on) and that the stores come from one list"
        )
    nameless = sorted(one for one, person in persons.items() if not person)
    if nameless:
        raise InputError(f"{where}: {len(nameless)} utterances without person, first {nameless[0]}")
    classes = sorted(set(persons.values()))
    if len(classes) < 2:
        raise InputError(f"{where}: training needs at least 2 persons, found 1 ({classes[0]})")
    place = {person: i for i, person in enumerate(classes)}
    ids = sorted(persons)
    return TrainingSet(ids, np.array([place[persons[one]] for one in ids], np.int64), classes)
