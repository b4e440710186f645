"""What systems say of the class of utterances, fold by fold, and what is true of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avkd_cli.corpora.divide import natural
from avkd_cli.errors import InputError, MissingInputError
from avkd_cli.steps.analyze.inputs import named_paths
from avkd_cli.storage import manifest
from avkd_cli.storage import names as names_of_classes
from avkd_cli.storage.heads import PERSON
from avkd_cli.storage.store import EmbeddingStore, open_store
from avkd_cli.storage.utterances import read_whole, value_of

POSTERIORS = "posteriors"
SHOWN = 3


@dataclass(frozen=True)
class Fold:
    """What one network says of the utterances that it was not trained on.

    Args:
        name: of the store.
        rows: of the utterances, in the order of `Judged.ids`.
        classes: that the network knows.
    """

    name: str
    rows: NDArray[np.int64]
    classes: list[str]


@dataclass(frozen=True)
class Judged:
    """What systems say of the same utterances.

    Args:
        label: the column that the classes are of.
        classes: names, sorted: all that are true or known anywhere.
        ids, persons: of the utterances; persons are numbers from 0 without gaps.
        truth: number of each one's class, (n,).
        predicted: by name of the system, (n,).
        folds: by name of the system.
    """

    label: str
    classes: list[str]
    ids: list[str]
    persons: NDArray[np.int64]
    truth: NDArray[np.int64]
    predicted: dict[str, NDArray[np.int64]]
    folds: dict[str, list[Fold]]


def read_systems(inputs: Sequence[str], list_file: Path | None, label: str | None) -> Judged:
    """Return what systems say of utterances.

    Arguments are those of `classify`.

    Raises:
        MissingInputError, InputError: a store is not there or holds no posteriors; systems or
            folds do not fit each other; an utterance or its class is not in the list.
    """
    systems = {
        name: [_opened(one) for one in folds_of(path)] for name, path in named_paths(inputs).items()
    }
    label = label or _one_label(systems)
    for name, folds in systems.items():
        _refuse_shared(name, folds)
    first = next(iter(systems.values()))
    ids = [one for fold in first for one in fold.ids]
    names = [one for fold in first for one in fold.persons]
    for name, folds in systems.items():
        _refuse_others(name, folds, ids)
    values = true_classes(ids, names, list_file, label)
    for fold in (fold for folds in systems.values() for fold in folds):
        fold.classes = names_of_classes.resolved(fold.classes or [], values)
    known = {one for folds in systems.values() for fold in folds for one in fold.classes or []}
    classes = sorted(set(values) | known)
    place = {one: number for number, one in enumerate(classes)}
    row_of = {one: row for row, one in enumerate(ids)}
    return Judged(
        label,
        classes,
        ids,
        np.unique(names, return_inverse=True)[1],
        np.array([place[one] for one in values], np.int64),
        {name: _predicted(folds, row_of, place) for name, folds in systems.items()},
        {name: [_fold(one, row_of) for one in folds] for name, folds in systems.items()},
    )


def folds_of(path: Path) -> list[Path]:
    """Return the stores of a system: the one at `path`, or those in that folder, by number.

    Raises:
        MissingInputError: there is neither.
    """
    if (path / manifest.NAME).is_file():
        return [path]
    found = sorted(path.glob(f"*/{manifest.NAME}")) if path.is_dir() else []
    if not found:
        raise MissingInputError(f"{path}: neither a store nor a folder of stores, one a fold")
    return sorted((one.parent for one in found), key=lambda one: natural(one.name))


def _opened(path: Path) -> EmbeddingStore:
    store: EmbeddingStore = open_store(path, "avkd.embeddings")
    if store.manifest.get("level") != POSTERIORS or store.classes is None:
        raise InputError(
            f"{path}: holds {store.manifest.get('level') or 'embedding'}s, no posteriors; make "
            "them by extract-embeddings --level posteriors"
        )
    return store


def _one_label(systems: dict[str, list[EmbeddingStore]]) -> str:
    labels = {fold.label: fold.path for folds in systems.values() for fold in folds}
    if len(labels) > 1:
        (one, here), (other, there), *_ = labels.items()
        raise InputError(f"{here} is of {one}, {there} of {other}; compare systems of one label")
    return next(iter(labels))


def _refuse_shared(name: str, folds: Sequence[EmbeddingStore]) -> None:
    """Refuse an utterance or a person in two folds: one of them had trained on it."""
    of_id: dict[str, Path] = {}
    of_person: dict[str, Path] = {}
    for fold in folds:
        for what, seen, values in (
            ("utterance", of_id, fold.ids),
            ("person", of_person, fold.persons),
        ):
            for one in set(values) - {""}:
                if (other := seen.setdefault(one, fold.path)) != fold.path:
                    raise InputError(
                        f"{name}: {what} {one!r} is in two folds, {other.name} and "
                        f"{fold.path.name}; give each fold the people it tests alone (--list)"
                    )


def _refuse_others(name: str, folds: Sequence[EmbeddingStore], ids: Sequence[str]) -> None:
    found, wanted = {one for fold in folds for one in fold.ids}, set(ids)
    if found != wanted:
        alone = sorted(found ^ wanted)
        raise InputError(
            f"{name}: {len(alone)} utterances are not in both this and the first system, such as "
            f"{', '.join(map(repr, alone[:SHOWN]))}; make both from one list"
        )


def true_classes(
    ids: Sequence[str], persons: Sequence[str], list_file: Path | None, label: str
) -> list[str]:
    """Return the class of each utterance.

    Raises:
        InputError: the list has no such utterance, or no class of it.
    """
    if list_file is None:
        if label != PERSON:
            raise InputError(f"stores do not say the {label} of utterances; give their --list")
        return list(persons)
    listed = {one.id: one for one in read_whole(list_file).utterances}
    if missing := [one for one in ids if one not in listed]:
        raise InputError(
            f"{list_file}: has no line of {missing[0]!r}, nor of {len(missing) - 1} "
            "others; give the list that the stores are of"
        )
    values = [value_of(listed[one], label) for one in ids]
    if nameless := [one for one, value in zip(ids, values, strict=True) if not value]:
        raise InputError(
            f"{list_file}: {nameless[0]!r} has no {label}, nor have "
            f"{len(nameless) - 1} others; name their column with --label"
        )
    return values


def _predicted(
    folds: Sequence[EmbeddingStore], row_of: dict[str, int], place: dict[str, int]
) -> NDArray[np.int64]:
    """Return the number of the most probable class of each utterance, the first of equals."""
    found = np.empty(len(row_of), np.int64)
    for fold in folds:
        numbers = np.array([place[one] for one in fold.classes or []])
        rows = [row_of[one] for one in fold.ids]
        found[rows] = numbers[fold.embedding.argmax(axis=1)]
    return found


def _fold(store: EmbeddingStore, row_of: dict[str, int]) -> Fold:
    rows = np.array([row_of[one] for one in store.ids], np.int64)
    return Fold(store.path.name.removesuffix(".zarr"), rows, list(store.classes or []))
