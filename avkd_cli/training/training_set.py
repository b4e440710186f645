"""Which utterances are trained on, and which class each belongs to."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from avkd_cli.errors import InputError
from avkd_cli.storage.store import Store
from avkd_cli.storage.utterance import Utterance
from avkd_cli.storage.utterances import read_utterances, value_of

TRAIN = "train"
PERSON_OF = "person_of"
"""Column of a list that says who gave a line its person; noise has it, and no person."""
NOBODY = ""


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
        of_teacher: ids whose person a teacher gave.
    """

    ids: list[str]
    labels: np.ndarray
    classes: list[str]
    persons: list[str]
    label: str = "person"
    left_out: tuple[str, ...] = ()
    of_teacher: frozenset[str] = frozenset()

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
        guesses: by id, persons of utterances that nobody named, trained on beside the list and
            whatever the store calls them; none for noise.
    """

    list_file: Path | None = None
    label: str = "person"
    split: str = "split"
    guesses: Mapping[str, str] = field(default_factory=dict)


class Register:
    """What is said of utterances: by the list of a choice, else by a store.

    Attributes:
        listed: lines of the list by id, None where there is no list.
        guesses: by id, the persons that a teacher gave, of the choice and of lines with
            `person_of`; the store's names are no matter then: noise stays out.
        where: what messages call the place that the utterances are from.
    """

    def __init__(self, store: Store, choice: Choice) -> None:
        self.store, self.choice, file = store, choice, choice.list_file
        self.listed: dict[str, Utterance] | None = None
        if file is not None:
            self.listed = {one.id: one for one in read_utterances(file).utterances}
        lines = (self.listed or {}).values()
        found = {line.id: line.person for line in lines if PERSON_OF in line.extra}
        self.guesses = found | dict(choice.guesses)
        self.where = f"{store.path}" + (f" with {file}" if file else "")

    def column(self, name: str, ids: list[str]) -> list[str]:
        """Return a column of utterances as text: the list's, else the store's, "" for none.

        Raises:
            InputError: neither has such a column.
        """
        store, listed = self.store, self.listed
        held = store.column(name) if store.has(name) else None
        own = ["" if held is None else str(held[store.row_of[one]]) for one in ids]
        if listed is None:
            if held is None and name != "split":
                raise InputError(
                    f"{store.path}: has no column '{name}'; give the list that has it by --list"
                )
            return own
        said = [value_of(listed[one], name) if one in listed else "" for one in ids]
        if held is None and not any(said):
            file = self.choice.list_file
            raise InputError(f"{file}: no line has '{name}'; name a column of the list")
        return [value or other for value, other in zip(said, own, strict=True)]

    def is_trained_on(self, one: str, split: str) -> bool:
        """Return whether an utterance is trained on, where there are splits.

        Whom a teacher named needs no split for it: often only the labelled people were divided.
        """
        named = one in self.choice.guesses or (not split and one in self.guesses)
        return split == TRAIN or named

    def labelled(self, ids: list[str]) -> TrainingSet:
        """Return a training set of utterances.

        Raises:
            InputError: a label is missing, or there are fewer than two classes.
        """
        label, rows = self.choice.label, [self.store.row_of[one] for one in ids]
        both = zip(ids, rows, strict=True)
        values = [self.guesses.get(one) or self.store.persons[row] for one, row in both]
        persons = sorted(set(values) - {""})
        if label != "person":
            values = self.column(label, ids)
        if nameless := [one for one, value in zip(ids, values, strict=True) if not value]:
            raise InputError(
                f"{self.where}: {len(nameless)} utterances without {label}, first {nameless[0]}"
            )
        classes = sorted(set(values))
        if len(classes) < 2:
            kind = "persons" if label == "person" else f"values of {label}"
            raise InputError(
                f"{self.where}: training needs at least 2 {kind}, found 1 ({classes[0]})"
            )
        place = {name: i for i, name in enumerate(classes)}
        labels = np.fromiter(map(place.__getitem__, values), np.int64, len(values))
        of_teacher = frozenset(one for one in ids if one in self.guesses)
        return TrainingSet(ids, labels, classes, persons, label, of_teacher=of_teacher)


def choose(stores: Sequence[Store], choice: Choice) -> TrainingSet:
    """Return the utterances that every store has something of; only split `train` where one has.

    An utterance without a face has a row in a face store, but nothing to train on.

    Args:
        stores: open stores; the first says who is who.

    Raises:
        InputError: nothing is left, a label is missing, or fewer than two classes remain.
    """
    said = Register(stores[0], choice)
    listed = said.listed
    named = [
        one
        for one in stores[0].ids
        if (listed is None or one in listed or one in choice.guesses)
        and said.guesses.get(one) != NOBODY
    ]
    ids = [one for one in named if all(store.holds(one) for store in stores)]
    splits = said.column(choice.split, ids)
    if choice.split != "split" and TRAIN not in splits:
        raise InputError(f"{said.where}: no '{choice.split}' is '{TRAIN}'")
    if any(splits):
        both = zip(ids, splits, strict=True)
        ids = [one for one, split in both if said.is_trained_on(one, split)]
    if not ids:
        raise InputError(
            f"{said.where}: no utterance to train on; check --list, the split "
            f"('{TRAIN}' is trained on) and that the stores come from one list"
        )
    return replace(said.labelled(sorted(ids)), left_out=tuple(_left_out(stores, named, said)))


def _left_out(stores: Sequence[Store], named: list[str], said: Register) -> Iterator[str]:
    """Yield what is to be said of training utterances that are outside of the overlap."""
    first, *others = stores
    splits = said.column(said.choice.split, named)
    wanted = TRAIN if any(splits) else ""
    trained = [one for one, split in zip(named, splits, strict=True) if split == wanted]
    for store in stores:
        if missing := [one for one in trained if not store.holds(one)]:
            yield f"{store.path} has nothing of {_counted(missing, len(trained))}"
    listed = said.listed or {}
    wholes = [(store.ids, store.path) for store in others] + [(listed, said.choice.list_file)]
    for ids, where in wholes:
        if alone := [one for one in ids if one not in first.row_of]:
            yield f"{first.path} has nothing of {_counted(alone, len(ids), where)}"


def _counted(some: list[str], of: int, where: Path | None = None) -> str:
    what = f"utterances of {where}" if where else "utterances"
    return f"{len(some)} of {of} {what}, such as {some[0]!r}; they are left out"
