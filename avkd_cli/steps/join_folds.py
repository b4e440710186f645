"""Held-out teachers: one store of several, in which nobody is embedded by who was trained on them.

A teacher knows its own people by heart, and says of them what their labels say. Where people are
divided in folds and a teacher is trained without each, every person has one that never saw them;
their spaces are brought into that of the first by orthogonal maps.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from avkd_cli.config import Execution
from avkd_cli.errors import InputError, UsageError, some
from avkd_cli.said import tell
from avkd_cli.storage import names
from avkd_cli.storage.builder import Origin, build_store
from avkd_cli.storage.computed import Rows
from avkd_cli.storage.embeddings import Embeddings
from avkd_cli.storage.store import EMBEDDINGS, EmbeddingStore, open_store
from avkd_cli.verification.alignment import Aligned, aligned


def join_folds(paths: Sequence[str], output: Path, execution: Execution) -> dict[str, Any] | None:
    """Make a store of the embeddings that teachers gave of people whom they never saw.

    Raises:
        UsageError: fewer than two stores.
        InputError: a store does not say whom its teacher was trained on, sizes differ, two have
            no utterance in common, or somebody was seen by all.
    """
    if len(paths) < 2:
        raise UsageError("--held-out joins stores of several teachers; give it once for each")
    stores = [open_store(path, EMBEDDINGS.kind) for path in paths]
    check(stores)
    places = who_embeds(stores)
    maps = [None, *(map_of(one, stores[0]) for one in stores[1:])]
    first = {one: store for store in reversed(stores) for one in store.ids}
    ids = [one for one in sorted(first) if one in places]
    vectors = np.empty((len(ids), stores[0].dimension), np.float32)
    for row, one in enumerate(ids):
        store, found = stores[places[one]], maps[places[one]]
        own = store.embedding[store.row_of[one]]
        vectors[row] = own if found is None else own @ found.map
    rows = Rows(ids, *columns(ids, first))
    seen = sorted({one for store in stores for one in store.trained_on or ()})
    content = replace(Embeddings.of(rows, vectors), trained_on=seen)
    if not execution.quiet:
        say(stores, places, maps)
    inputs = {f"store{i}": store.fingerprint for i, store in enumerate(stores)}
    said = {"modality": stores[0].manifest.get("modality"), "held_out": len(stores)}
    return build_store(output, content, Origin("extract-embeddings", {}, inputs, said), execution)


def check(stores: Sequence[EmbeddingStore]) -> None:
    """Raise InputError for stores that cannot be joined."""
    for one in stores:
        if one.trained_on is None:
            raise InputError(
                f"{one.path}: does not say whom its teacher was trained on, so nobody is known to "
                "be held out; extract it from a run of avkd"
            )
        if one.dimension != stores[0].dimension:
            raise InputError(
                f"{one.path}: embeddings of {one.dimension} dimensions, those of "
                f"{stores[0].path} have {stores[0].dimension}; train all teachers alike"
            )


def who_embeds(stores: Sequence[EmbeddingStore]) -> dict[str, int]:
    """Return by id the place of the first store whose teacher never saw the person."""
    everybody = {person for store in stores for person in store.persons if person}
    seen = [names.known(store.trained_on or (), everybody) for store in stores]
    places: dict[str, int] = {}
    lacking: set[str] = set()
    for store in stores:
        for one, person in zip(store.ids, store.persons, strict=True):
            for place, other in enumerate(stores):
                if person not in seen[place] and one in other.row_of:
                    places[one] = place
                    break
            else:
                lacking.add(person)
    if lacking:
        raise InputError(
            f"{' and '.join(str(one.path) for one in stores)}: each teacher was trained on "
            f"{some(sorted(lacking))} ({len(lacking)} of {len(everybody)} persons), or has no "
            "embedding of theirs; train one without them, and embed everybody with each"
        )
    return places


def map_of(one: EmbeddingStore, first: EmbeddingStore) -> Aligned:
    """Return the map of a store's space onto the first one's, by the utterances of both."""
    both = [name for name in one.ids if name in first.row_of]
    if len(both) < 2:
        raise InputError(
            f"{one.path}: has {len(both)} utterances in common with {first.path}; embed everybody "
            "with each teacher, so that their spaces can be aligned"
        )
    rows = [[store.row_of[name] for name in both] for store in (one, first)]
    return aligned(one.embedding[rows[0]], first.embedding[rows[1]])


def columns(ids: Sequence[str], first: dict[str, EmbeddingStore]) -> tuple[list[str], list[str]]:
    """Return persons and splits of utterances, as the first store that has each says."""
    places = [(first[one], first[one].row_of[one]) for one in ids]
    persons = [store.persons[row] for store, row in places]
    splits = {store: store.column("split") if store.has("split") else None for store, _ in places}
    return persons, [str(splits[s][row]) if splits[s] is not None else "" for s, row in places]


def say(
    stores: Sequence[EmbeddingStore], places: dict[str, int], maps: Sequence[Aligned | None]
) -> None:
    """Say on stderr whom each teacher embeds, and how well its space was aligned."""
    for number, (store, found) in enumerate(zip(stores, maps, strict=True)):
        count = sum(1 for place in places.values() if place == number)
        text = f"{store.path}: {count:,} utterances of people whom its teacher never saw"
        if found:
            text += f"; mean cosine to the first {found.before:.3f}, aligned {found.after:.3f}"
        tell("extract-embeddings", text)
