"""Which utterances are trained on, and which class each belongs to."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from avkd_cli.errors import InputError
from avkd_cli.storage.store import Store
from avkd_cli.storage.utterance import Utterance
from avkd_cli.storage.utterances import read_utterances

TRAIN = "train"


@dataclass(frozen=True)
class TrainingSet:
    """Utterances with a label, in the order of their ids.

    Attributes:
        ids: utterance of each row.
        labels: class of each row, int64; a class is a place in `classes`.
        classes: names, sorted; matched by name everywhere, never by place.
        persons: whoever is trained on, sorted; the classes where these are persons.
        label: the column that the classes are of.
        left_out: what to say of utterances that one store or the list has, and another has not.
    """

    ids: list[str]
    labels: np.ndarray
    classes: list[str]
    persons: list[str]
    label: str = "person"
    left_out: tuple[str, ...] = ()

    def rows(self, store: Store) -> np.ndarray:
        """Return the row of a store for each utterance, int64."""
        return np.fromiter(map(store.row_of.__getitem__, self.ids), np.int64, len(self.ids))


@dataclass(frozen=True)
class Choice:
    """What `choose` goes by.

    Attributes:
        list_file: take only the utterances of this list; its columns win over the store's.
        label: column whose values are the classes.
        split: column whose value `train` says who is trained on; no such value: all.
    """

    list_file: Path | None = None
    label: str = "person"
    split: str = "split"


def choose(stores: Sequence[Store], choice: Choice) -> TrainingSet:
    """Return the utterances that every store has something of; only split `train` where one has.

    An utterance without a face has a row in a face store, but nothing to train on.

    Args:
        stores: open stores; the first says who is who.

    Raises:
        InputError: nothing is left, a label is missing, or fewer than two classes remain.
    """
    first = stores[0]
    listed = read_list(choice.list_file)
    named = [one for one in first.ids if listed is None or one in listed]
    ids = [one for one in named if all(store.holds(one) for store in stores)]
    splits = column(choice.split, ids, first, listed, choice)
    if choice.split != "split" and TRAIN not in splits:
        raise InputError(f"{where(first, choice)}: no '{choice.split}' is '{TRAIN}'")
    if any(splits):
        ids = [one for one, split in zip(ids, splits, strict=True) if split == TRAIN]
    if not ids:
        raise InputError(
            f"{where(first, choice)}: no utterance to train on; check --list, the split "
            f"('{TRAIN}' is trained on) and that the stores come from one list"
        )
    left_out = tuple(_left_out(stores, named, listed, choice))
    return replace(labelled(sorted(ids), first, listed, choice), left_out=left_out)


def _left_out(
    stores: Sequence[Store],
    named: list[str],
    listed: dict[str, Utterance] | None,
    choice: Choice,
) -> Iterator[str]:
    """Yield what is to be said of training utterances that are outside of the overlap."""
    first, *others = stores
    splits = column(choice.split, named, first, listed, choice)
    wanted = TRAIN if any(splits) else ""
    trained = [one for one, split in zip(named, splits, strict=True) if split == wanted]
    for store in stores:
        if missing := [one for one in trained if not store.holds(one)]:
            yield f"{store.path} has nothing of {_counted(missing, len(trained))}"
    for store in others:
        if alone := [one for one in store.ids if one not in first.row_of]:
            yield f"{first.path} has nothing of {_counted(alone, len(store.ids), store.path)}"
    if listed is not None:
        absent = [one for one in listed if one not in first.row_of]
        if absent:
            yield f"{first.path} has nothing of {_counted(absent, len(listed), choice.list_file)}"


def _counted(some: list[str], of: int, where: Path | None = None) -> str:
    what = f"utterances of {where}" if where else "utterances"
    return f"{len(some)} of {of} {what}, such as {some[0]!r}; they are left out"


def read_list(list_file: Path | None) -> dict[str, Utterance] | None:
    """Return the utterances of a list by id, None where there is no list."""
    if list_file is None:
        return None
    return {one.id: one for one in read_utterances(list_file).utterances}


def column(
    name: str,
    ids: list[str],
    store: Store,
    listed: dict[str, Utterance] | None,
    choice: Choice,
) -> list[str]:
    """Return a column of utterances as text: the list's, else the store's, "" for none.

    Raises:
        InputError: neither has such a column.
    """
    held = store.column(name) if store.has(name) else None
    own = ["" if held is None else str(held[store.row_of[one]]) for one in ids]
    if listed is None:
        if held is None and name != "split":
            raise InputError(
                f"{store.path}: has no column '{name}'; give the list that has it by --list"
            )
        return own
    said = [value_of(listed[one], name) for one in ids]
    if held is None and not any(said):
        raise InputError(f"{choice.list_file}: no line has '{name}'; name a column of the list")
    return [value or other for value, other in zip(said, own, strict=True)]


def value_of(utterance: Utterance, name: str) -> str:
    """Return one value of a line of a list as text, "" for none."""
    value = getattr(utterance, name, None)
    if value is None:
        value = utterance.extra.get(name)
    return "" if value is None else str(value)


def labelled(
    ids: list[str], store: Store, listed: dict[str, Utterance] | None, choice: Choice
) -> TrainingSet:
    """Return a training set of utterances, which the store or the list says the labels of."""
    here = where(store, choice)
    values = [store.persons[store.row_of[one]] for one in ids]
    persons = sorted(set(values) - {""})
    if choice.label != "person":
        values = column(choice.label, ids, store, listed, choice)
    nameless = [one for one, value in zip(ids, values, strict=True) if not value]
    if nameless:
        raise InputError(
            f"{here}: {len(nameless)} utterances without {choice.label}, first {nameless[0]}"
        )
    classes = sorted(set(values))
    if len(classes) < 2:
        plural = "persons" if choice.label == "person" else f"values of {choice.label}"
        raise InputError(f"{here}: training needs at least 2 {plural}, found 1 ({classes[0]})")
    place = {name: i for i, name in enumerate(classes)}
    labels = np.fromiter(map(place.__getitem__, values), np.int64, len(values))
    return TrainingSet(ids, labels, classes, persons, choice.label)


def where(store: Store, choice: Choice) -> str:
    """Return what a message calls the place that utterances are from."""
    return f"{store.path}" + (f" with {choice.list_file}" if choice.list_file else "")
