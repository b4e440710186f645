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

    @property
    def guessed(self) -> int:
        """How many have a person that a teacher gave."""
        return len(self.of_teacher)

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
    guesses = guesses_of(listed, choice)
    named = [one for one in first.ids if listed is None or one in listed or one in choice.guesses]
    named = [one for one in named if guesses.get(one) != NOBODY]
    ids = [one for one in named if all(store.holds(one) for store in stores)]
    splits = column(choice.split, ids, first, listed, choice)
    if choice.split != "split" and TRAIN not in splits:
        raise InputError(f"{where(first, choice)}: no '{choice.split}' is '{TRAIN}'")
    if any(splits):
        both = zip(ids, splits, strict=True)
        ids = [one for one, split in both if is_trained_on(one, split, guesses, choice)]
    if not ids:
        raise InputError(
            f"{where(first, choice)}: no utterance to train on; check --list, the split "
            f"('{TRAIN}' is trained on) and that the stores come from one list"
        )
    left_out = tuple(_left_out(stores, named, listed, choice))
    chosen = labelled(sorted(ids), first, listed, choice, guesses)
    return replace(chosen, left_out=left_out)


def is_trained_on(one: str, split: str, guesses: Mapping[str, str], choice: Choice) -> bool:
    """Return whether an utterance is trained on, where there are splits.

    Whom a teacher named needs no split for it: often only the labelled people were divided.
    """
    return split == TRAIN or one in choice.guesses or (not split and one in guesses)


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
    said = [value_of(listed[one], name) if one in listed else "" for one in ids]
    if held is None and not any(said):
        raise InputError(f"{choice.list_file}: no line has '{name}'; name a column of the list")
    return [value or other for value, other in zip(said, own, strict=True)]


def guesses_of(listed: dict[str, Utterance] | None, choice: Choice) -> dict[str, str]:
    """Return by id the persons that a teacher gave, of the choice and of lines with `person_of`.

    The store's names are no matter then: whoever the teacher found to be noise stays out.
    """
    lines = {} if listed is None else listed
    found = {one: line.person for one, line in lines.items() if PERSON_OF in line.extra}
    return found | dict(choice.guesses)


def labelled(
    ids: list[str],
    store: Store,
    listed: dict[str, Utterance] | None,
    choice: Choice,
    guesses: Mapping[str, str],
) -> TrainingSet:
    """Return a training set of utterances, which the store or the list says the labels of."""
    here = where(store, choice)
    values = [guesses.get(one) or store.persons[store.row_of[one]] for one in ids]
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
    of_teacher = frozenset(one for one in ids if one in guesses)
    return TrainingSet(ids, labels, classes, persons, choice.label, of_teacher=of_teacher)


def where(store: Store, choice: Choice) -> str:
    """Return what a message calls the place that utterances are from."""
    return f"{store.path}" + (f" with {choice.list_file}" if choice.list_file else "")
