"""Who is looked for among whom: probes and their galleries, from stores or from score files."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avkd_cli.errors import InputError, UsageError
from avkd_cli.shown import Reading
from avkd_cli.steps.analyze.inputs import is_target, read_aligned
from avkd_cli.steps.analyze.people import known_people, person_by_id
from avkd_cli.steps.analyze.spaces import directions, ids_of, listed, opened, persons_of, rows
from avkd_cli.steps.seen import tell_of_stores
from avkd_cli.storage.store import EMBEDDINGS, EmbeddingStore, open_store
from avkd_cli.storage.utterances import read_ids
from avkd_cli.verification.identification import Places, places
from avkd_cli.verification.scores import Scores
from avkd_cli.verification.scoring import enrolment_means

BLOCK = 2048  # probes compared with a gallery at a time
SHOWN = 3


@dataclass(frozen=True)
class Found:
    """Where each probe's own person stands, for every system.

    Args:
        places: by name of the system, of the same probes.
        person: number of each probe's person, from 0 without gaps, shape (n_probes,).
        left_out: probes without their person in the gallery.
        enrolled: utterances that the gallery is made of; None where score files say nothing of it.
        probes: how many there are, where each has several right candidates; None: one each.
    """

    places: dict[str, Places]
    person: NDArray[np.int64]
    left_out: int = 0
    enrolled: int | None = None
    probes: int | None = None


def from_scores(paths: Mapping[str, Path], reading: Reading, people: str | None) -> Found:
    """Return where targets stand among the trials of each test recording.

    Enrolled are the candidates, tested the probes. Arguments are those of `identify`, but `paths`:
    by system. Where nobody says who is who, a probe's person is the enrolment of its target trial.

    Raises:
        MissingInputError, InputError: files cannot be read or joined; a probe has not exactly one
            target trial, or no other.
    """
    files = read_aligned(paths, reading)
    first = next(iter(files.values()))
    target = is_target(first)
    probe = _checked_probes(first, target)
    found = {name: _places_of(one.score, target, probe) for name, one in files.items()}
    return Found(found, _persons_of_probes(first, target, probe, people))


def _checked_probes(file: Scores, target: NDArray) -> NDArray[np.int64]:
    """Return the number of each trial's probe."""
    codes, probe = np.unique(file.test, return_inverse=True)
    own = np.bincount(probe, target, len(codes))
    for wrong, what in (
        (own == 0, "no target trial: the person of every probe must be among its candidates"),
        (own > 1, "several target trials: enrol one model a person (avkd score --enrol-map)"),
        (np.bincount(probe) == 1, "no other candidate than the right one"),
    ):
        if wrong.any():
            example = file.ids[codes[int(np.argmax(wrong))]]
            raise InputError(
                f"{file.source}: {int(wrong.sum())} of {len(codes)} probes, such as {example!r}, "
                f"have {what}"
            )
    return probe


def _places_of(score: NDArray, target: NDArray, probe: NDArray) -> Places:
    own = np.empty(probe.max() + 1)
    own[probe[target]] = score[target]
    others = ~target
    mine, theirs = own[probe[others]], score[others]
    n = len(own)
    above = np.bincount(probe[others], theirs > mine, n).astype(np.int64)
    tied = np.bincount(probe[others], theirs == mine, n).astype(np.int64)
    return Places(above, tied, np.bincount(probe))


def _persons_of_probes(
    file: Scores, target: NDArray, probe: NDArray, people: str | None
) -> NDArray[np.int64]:
    known = known_people(people)
    tested = [file.ids[code] for code in np.unique(file.test).tolist()]
    try:
        person = np.array(person_by_id(replace(file, ids=tested), known))
    except InputError:
        if people is not None:
            raise
        person = np.empty(len(tested), np.int64)
        person[probe[target]] = file.enrol[target]
    return np.unique(person, return_inverse=True)[1]


def from_stores(
    paths: Mapping[str, Path],
    galleries: Sequence[str],
    enrol: Path | None,
    enrol_first: int,
    list_file: Path | None,
) -> Found:
    """Return where each probe's person stands among the persons enrolled, by cosine.

    Arguments are those of `identify`, but `paths`: by system.

    Raises:
        MissingInputError, InputError: a store or list cannot be read; fewer than two persons are
            enrolled; there are no probes; embeddings without direction or of unequal sizes.
    """
    spaces = opened_with(paths, galleries)
    first, gallery = next(iter(spaces.values()))
    members = enrolled(gallery, enrol, enrol_first)
    ids, left_out = _probes([store for store, _ in spaces.values()], members, list_file)
    tell_of_stores("analyze", {one for both in spaces.values() for one in both}, members)
    number = {name: place for place, name in enumerate(members)}
    person = np.array([number[name] for name in persons_of(first, ids)])
    found = {name: _nearest(*both, members, ids, person) for name, both in spaces.items()}
    person = np.unique(person, return_inverse=True)[1]
    return Found(found, person, left_out, sum(map(len, members.values())))


def opened_with(
    paths: Mapping[str, Path], galleries: Sequence[str]
) -> dict[str, tuple[EmbeddingStore, EmbeddingStore]]:
    """Return the store of the probes and that of the gallery, which may be one, by system.

    Raises:
        UsageError: several galleries, but not one a system. InputError: stores of two spaces.
    """
    stores = opened(paths)
    if len(galleries) not in (0, 1, len(paths)):
        raise UsageError(
            f"--gallery is given {len(galleries)} times for {len(paths)} stores; give one for all, "
            "or one a store in their order"
        )
    others = [open_store(one, EMBEDDINGS.kind) for one in galleries]
    others = others * len(stores) if len(others) == 1 else others or list(stores.values())
    spaces = dict(zip(stores, zip(stores.values(), others, strict=True), strict=True))
    for store, other in spaces.values():
        if store.dimension != other.dimension:
            raise InputError(
                f"{store.path} has {store.dimension} dimensions, {other.path} "
                f"{other.dimension}: cosines need one space"
            )
    return spaces


def enrolled(store: EmbeddingStore, enrol: Path | None, first: int) -> dict[str, list[str]]:
    """Return the utterances that each person is enrolled with.

    Raises:
        InputError: the list names others than the store has, or somebody unknown; fewer than two.
    """
    wanted = store.ids if enrol is None else read_ids(enrol)
    missing = [id for id in wanted if id not in store.row_of]
    if missing:
        raise InputError(
            f"{enrol}: {len(missing)} of {len(wanted)} utterances are not in {store.path}, such "
            f"as {', '.join(map(repr, missing[:SHOWN]))}; extract them"
        )
    found: dict[str, list[str]] = {}
    for id in wanted:
        person = store.persons[store.row_of[id]]
        if not person and enrol is not None:
            raise InputError(f"{store.path}: nobody is known of {id!r}, who is to be enrolled")
        if person and (enrol is not None or len(found.get(person, ())) < first):
            found.setdefault(person, []).append(id)
    if len(found) < 2:
        raise InputError(f"{store.path}: a gallery of {len(found)} persons; wanted two or more")
    return found


def _probes(
    stores: Sequence[EmbeddingStore], members: Mapping[str, list[str]], list_file: Path | None
) -> tuple[list[str], int]:
    """Return the probes, and how many utterances have nobody in the gallery."""
    first, *more = stores
    taken = {id for ids in members.values() for id in ids}
    ids = [id for id in ids_of(first, listed(list_file)) if id not in taken]
    known = [id for id in ids if first.persons[first.row_of[id]] in members]
    if not known:
        raise InputError(
            f"{first.path}: no probe is left: every utterance is enrolled, or its person is not"
        )
    for other in more:
        missing = [id for id in known if id not in other.row_of]
        if missing:
            raise InputError(
                f"{other.path}: lacks {len(missing)} of {len(known)} probes of {first.path}, such "
                f"as {missing[0]!r}; name those that both have with --list"
            )
    return known, len(ids) - len(known)


def _nearest(
    store: EmbeddingStore,
    gallery: EmbeddingStore,
    members: Mapping[str, list[str]],
    ids: Sequence[str],
    person: NDArray,
) -> Places:
    missing = [id for one in members.values() for id in one if id not in gallery.row_of]
    if missing:
        raise InputError(f"{gallery.path}: lacks {missing[0]!r}, which is enrolled")
    enrolment = [np.array([gallery.row_of[id] for id in one]) for one in members.values()]
    models = directions(gallery, enrolment_means(gallery.embedding, enrolment))
    parts = [places(probes @ models.T, person[at]) for at, probes in blocks(store, ids)]
    return Places(*map(np.concatenate, zip(*parts, strict=True)))


def blocks(store: EmbeddingStore, ids: Sequence[str]) -> Iterator[tuple[slice, NDArray]]:
    """Yield the directions of utterances, `BLOCK` at a time, and which of them they are."""
    for start in range(0, len(ids), BLOCK):
        at = slice(start, start + BLOCK)
        yield at, directions(store, rows(store, ids[at]))
