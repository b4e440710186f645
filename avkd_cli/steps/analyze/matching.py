"""1:N matching of single recordings, as of a voice among faces: over all galleries, or by lists."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avkd_cli.errors import InputError, UsageError
from avkd_cli.steps.analyze.galleries import Found, blocks, opened_with
from avkd_cli.steps.analyze.spaces import directions, ids_of, listed, persons_of, rows
from avkd_cli.steps.seen import tell_of_stores
from avkd_cli.storage.store import EmbeddingStore
from avkd_cli.verification.columns import Columns
from avkd_cli.verification.extensions import rows_of
from avkd_cli.verification.identification import Places, places_of_each


def from_recordings(
    paths: Mapping[str, Path], galleries: Sequence[str], list_file: Path | None
) -> Found:
    """Return where each recording of a probe's person stands among all of other persons.

    Arguments are those of `identify`, but `paths`: by system. The list is of probes and candidates.

    Raises:
        UsageError: no gallery: a recording would be its own candidate.
        MissingInputError, InputError: a store or list cannot be read; nobody is in both; other
            systems have other recordings.
    """
    if not galleries:
        raise UsageError("--candidates utterance needs --gallery, the store of the other sense")
    spaces = opened_with(paths, galleries)
    first, others = next(iter(spaces.values()))
    wanted = listed(list_file)
    candidates = [id for id in ids_of(others, wanted) if others.persons[others.row_of[id]]]
    theirs = persons_of(others, candidates)
    ids, left_out = _probes(first, others, theirs, wanted)
    tell_of_stores("analyze", {one for both in spaces.values() for one in both}, others.persons)
    if len(set(theirs)) < 2:
        raise InputError(f"{others.path}: a gallery of fewer than two persons")
    codes = {name: code for code, name in enumerate(dict.fromkeys(others.persons))}
    person = np.array([codes[name] for name in persons_of(first, ids)])
    candidate = np.array([codes[name] for name in theirs])
    found, probe = {}, np.empty(0, np.int64)
    for name, both in spaces.items():
        found[name], probe = _placed(*both, ids, candidates, person, candidate)
    number = np.unique(person[probe], return_inverse=True)[1]
    return Found(found, number, left_out, len(candidates), probes=len(ids))


def _probes(
    store: EmbeddingStore, gallery: EmbeddingStore, there: Sequence[str], wanted: set[str] | None
) -> tuple[list[str], int]:
    """Return the probes whose person is in the gallery, and how many others there are."""
    ids = ids_of(store, wanted)
    persons = set(there)
    known = [id for id in ids if store.persons[store.row_of[id]] in persons]
    if not known:
        raise InputError(
            f"{store.path}: no probe's person is in {gallery.path}; give stores of the same people"
        )
    return known, len(ids) - len(known)


def _placed(
    store: EmbeddingStore,
    gallery: EmbeddingStore,
    ids: list[str],
    candidates: list[str],
    person: NDArray,
    candidate: NDArray,
) -> tuple[Places, NDArray]:
    """Return the places of all pairs of a probe and its own candidates, and whose they are."""
    for one, wanted in ((store, ids), (gallery, candidates)):
        missing = [id for id in wanted if id not in one.row_of]
        if missing:
            raise InputError(f"{one.path}: lacks {missing[0]!r}, which the first system has")
    models = directions(gallery, rows(gallery, candidates))
    parts, whose = [], []
    for at, probes in blocks(store, ids):
        found, probe = places_of_each(probes @ models.T, person[at, None] == candidate)
        parts.append(found)
        whose.append(probe + at.start)
    return Places(*map(np.concatenate, zip(*parts, strict=True))), np.concatenate(whose)


def from_lists(
    paths: Mapping[str, Path], galleries: Sequence[str], lists: Sequence[str]
) -> list[tuple[int, Found]]:
    """Return N and the places of every list's probes, lists `probe right other …` of one N each.

    Args:
        paths: embedding stores of the probes by system. galleries: as of `identify`.
        lists: files of 1:N matching, the right candidate first.

    Raises:
        MissingInputError, InputError: a file cannot be read, is ragged, or names recordings or
            persons that are not in the stores; the first candidate is another person's.
    """
    spaces = opened_with(paths, galleries)
    first, _ = next(iter(spaces.values()))
    found = []
    for source in lists:
        probe, gallery = read_matching(source)
        places = {name: _listed(source, *both, probe, gallery) for name, both in spaces.items()}
        found.append((len(gallery[0]), Found(places, _persons(source, first, probe))))
    return found


def read_matching(source: str) -> tuple[list[str], list[list[str]]]:
    """Return the probe and the candidates of each line, the right one first.

    Raises:
        MissingInputError: the file cannot be read.
        InputError: empty, or a line of fewer than three names or of another number than the first.
    """
    columns = Columns(source, "1:N matching trials")
    found = list(columns.lines())
    width = len(found[0][1])
    for number, names in found:
        if len(names) != width or width < 3:
            raise columns.fail(
                number,
                f"{len(names)} names, wanted {max(width, 3)}: probe, right candidate, others; "
                "one N a list",
            )
    return [names[0] for _, names in found], [names[1:] for _, names in found]


def _listed(
    source: str,
    store: EmbeddingStore,
    gallery: EmbeddingStore,
    probe: list[str],
    candidates: list[list[str]],
) -> Places:
    mine = _found(source, store, probe)
    theirs = _found(source, gallery, [id for one in candidates for id in one])
    theirs = theirs.reshape(len(probe), -1)
    _check_persons(source, store, gallery, mine, theirs)
    left = directions(store, store.embedding[mine])
    right = directions(gallery, gallery.embedding[theirs.ravel()]).reshape(*theirs.shape, -1)
    similarity = np.einsum("nd,nkd->nk", left, right)
    own = similarity[:, :1]
    return Places(
        np.sum(similarity > own, axis=1),
        np.sum(similarity[:, 1:] == own, axis=1),
        np.full(len(probe), theirs.shape[1]),
    )


def _found(source: str, store: EmbeddingStore, ids: list[str]) -> NDArray:
    found, _ = rows_of(ids, store.row_of)
    if (found < 0).any():
        lost = sorted({ids[at] for at in np.flatnonzero(found < 0).tolist()})
        raise InputError(
            f"{source}: no embedding of {lost[0]!r} in {store.path} ({len(lost)} names have none); "
            "extract them, or exchange the stores"
        )
    return found


def _check_persons(
    source: str, store: EmbeddingStore, gallery: EmbeddingStore, mine: NDArray, theirs: NDArray
) -> None:
    """Raise InputError where known persons contradict that the first alone is the right one."""
    probe, other = np.array(store.persons)[mine], np.array(gallery.persons)[theirs]
    same, known = probe[:, None] == other, (probe[:, None] != "") & (other != "")
    wrong = ((same != (np.arange(other.shape[1]) == 0)) & known).any(axis=1)
    if wrong.any():
        raise InputError(
            f"{source}: of {int(wrong.sum())} probes, such as {store.ids[mine[wrong.argmax()]]!r}, "
            "the first candidate is not the only one of their person; put the right one first"
        )


def _persons(source: str, store: EmbeddingStore, probe: list[str]) -> NDArray:
    """Return the number of each probe's person; probes of nobody known are their own persons."""
    mine = _found(source, store, probe)
    names = [store.persons[row] or f"\0{row}" for row in mine.tolist()]
    return np.unique(np.array(names), return_inverse=True)[1]
