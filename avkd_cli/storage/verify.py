"""Find every fault of a store: digests, chunks, index, counts. Reads all of it, writes nothing."""

import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from avkd_cli.errors import AvkdError, MissingInputError
from avkd_cli.storage import durable, manifest
from avkd_cli.storage.clutter import is_left_by_system
from avkd_cli.storage.readers import RaggedStore, Store
from avkd_cli.storage.sequences import are_times
from avkd_cli.storage.specs import SPECS
from avkd_cli.storage.store import open_store
from avkd_cli.storage.vectors import EmbeddingStore, SequenceStore


def faults_of_store(path: Path) -> Iterator[str]:
    """Yield one line for each fault; damage first, so that later lines may follow from earlier.

    Raises:
        MissingInputError: there is no such store.
    """
    try:
        whole = manifest.read(path)
    except MissingInputError:
        raise
    except AvkdError as error:
        yield _without(path, str(error))
        return
    damaged = False
    for fault in _faults_of_bytes(path, whole["files"]):
        damaged = True
        yield fault
    yield from _extra_files(path, whole["files"])
    work = manifest.fingerprint(whole["step"], whole["version"], whole["config"], whole["inputs"])
    if work != whole["fingerprint"]:
        yield "fingerprint is not that of step, version, settings and inputs"
    if damaged:
        return
    try:
        store = open_store(path)
        yield from _faults_of_content(store)
    except AvkdError as error:
        yield _without(path, str(error))


def _without(path: Path, message: str) -> str:
    return message.removeprefix(f"{path}").lstrip(":/ ")


def _shown(ids: Sequence[str]) -> str:
    return ", ".join(repr(id) for id in ids[:5])


def _faults_of_bytes(path: Path, files: dict[str, list]) -> Iterator[str]:
    """Yield a line for each file that is not there, or whose bytes are not those written."""

    def fault(name: str) -> str | None:
        for absent in manifest.faults_of_files(path, {name: files[name]}):
            return absent
        try:
            whole = durable.sha256_file(path / name) == files[name][1]
        except OSError as error:
            return f"{name} cannot be read ({error.strerror})"
        return None if whole else f"{name} is damaged or edited (sha256)"

    with ThreadPoolExecutor(os.cpu_count()) as threads:
        yield from filter(None, threads.map(fault, files))


def _extra_files(path: Path, files: dict[str, list]) -> Iterator[str]:
    """Yield a line for each file that is not listed, and for each link."""
    for folder, folders, names in os.walk(path):
        for name in sorted(folders):
            if Path(folder, name).is_symlink():
                yield f"{os.path.relpath(f'{folder}/{name}', path)} is a link"
        for name in sorted(names):
            relative = os.path.relpath(f"{folder}/{name}", path)
            if relative != manifest.NAME and relative not in files and not is_left_by_system(name):
                yield f"extra file {relative}"


def _faults_of_content(store: Store) -> Iterator[str]:
    counts = store.manifest["counts"]
    for name in store.manifest["arrays"]:
        if name != store.manifest.get("long"):
            store.column(name)  # reads every chunk; raises unless type and shape are those said
    if len(store.ids) != counts["utterances"] or len(set(store.ids)) != len(store.ids):
        yield f"index has {len(set(store.ids))} ids, counts say {counts['utterances']}"
    if len(set(store.persons) - {""}) != counts["persons"]:
        yield f"index has {len(set(store.persons) - {''})} persons, not {counts['persons']}"
    rejects = (store.path / "rejects.jsonl").read_text("utf-8").splitlines()
    if len(rejects) != counts["rejected"]:
        yield f"rejects.jsonl has {len(rejects)} lines, counts say {counts['rejected']}"
    if isinstance(store, RaggedStore):
        yield from _faults_of_ragged(store, [json.loads(line) for line in rejects])
    if isinstance(store, SequenceStore):
        yield from _faults_of_times(store)
    if isinstance(store, EmbeddingStore):
        yield from _faults_of_embeddings(store)


def _faults_of_ragged(store: RaggedStore, rejects: list[dict[str, Any]]) -> Iterator[str]:
    plan = json.loads((store.path / "plan.json").read_bytes())
    in_list = sum(reject["stage"] == "list" for reject in rejects)
    planned = plan["layout"]["utterances"]
    if len(store) + len(rejects) - in_list != planned:
        yield f"{len(store)} rows and {len(rejects)} rejects do not make {planned} records"
    rows = store.manifest["arrays"][store.long_name]["shape"][0]
    total = store.manifest["counts"]["faces"] if store.packed else rows
    if store.lengths.sum() != total or (store.lengths < 0).any():
        yield f"lengths sum to {store.lengths.sum()}, not {total}"
        return
    if (rows := [reject["row"] for reject in rejects]) != sorted(set(rows)):
        yield "rejects.jsonl is not in the order of the list, or names a record twice"
    yield from _faults_of_partitions(store)
    axis = SPECS[store.kind].long[0].axes[0]
    for name, said in store.manifest["arrays"].items():
        if said["axes"][0] == axis and name != store.long_name and said["shape"][0] != total:
            yield f"{name} has {said['shape'][0]} values for {total} {axis}s"


def _faults_of_partitions(store: RaggedStore) -> Iterator[str]:
    """Yield a line for each partition whose rows do not follow each other, or do not decode."""
    numbers, starts = store.column("partition"), store.column("start")
    if (np.diff(numbers) < 0).any():
        yield "rows are not in the order of partitions"
    for number in np.unique(numbers).tolist():
        rows = np.flatnonzero(numbers == number)
        lengths = store.lengths[rows]
        if (starts[rows] != np.cumsum(lengths) - lengths).any():
            yield f"partition {number}: rows overlap or leave gaps"
            continue
        try:
            values = store.read(rows)
        except AvkdError as error:
            yield _without(store.path, str(error))
            continue
        if isinstance(store, SequenceStore):
            read = zip(rows.tolist(), values, strict=True)
            if bad := [store.ids[row] for row, one in read if not np.isfinite(one).all()]:
                yield f"{len(bad)} {store.level} are not finite, such as of {_shown(bad)}"


def _faults_of_times(store: SequenceStore) -> Iterator[str]:
    """Yield a line for utterances whose pieces have no time, or are not in its order."""
    times = store.times(range(len(store)))
    bad = [id for id, one in zip(store.ids, times, strict=True) if not are_times(one)]
    if bad:
        yield f"{len(bad)} utterances have times that do not rise from 0, such as {_shown(bad)}"
    if store.classes is not None and len(store.classes) != store.dimension:
        yield f"has {len(store.classes)} classes for {store.dimension} dimensions"


def _faults_of_embeddings(store: EmbeddingStore) -> Iterator[str]:
    bad = np.flatnonzero(~np.isfinite(store.embedding).all(axis=1))
    if len(bad):
        shown = _shown([store.ids[row] for row in bad[:5]])
        yield f"{len(bad)} embeddings are not finite, such as of {shown}"
    _ = store.head  # raises unless its parts fit each other
    named = store.classes is not None
    if named and store.manifest.get("level") == "posteriors":
        if len(store.classes or []) != store.dimension:
            yield f"names {len(store.classes or [])} classes of {store.dimension} posteriors"
    elif store.classifier is None and (store.has("classifier_bias") or named):
        yield "names classes, or a bias, of a classifier that is not there"
    if len(set(store.trained_on or [])) != len(store.trained_on or []):
        yield "trained_on names a person twice"


def faults_against(store: Store, other: Store) -> Iterator[str]:
    """Yield what keeps two stores from being used together: ids, persons, dimension."""
    mine, theirs = store.row_of, other.row_of
    for here, there, where in ((mine, theirs, store), (theirs, mine, other)):
        if alone := [id for id in here if id not in there]:
            yield f"{len(alone)} ids only in {where.path}, such as {_shown(alone)}"
    differ = [
        id for id in mine if id in theirs and store.persons[mine[id]] != other.persons[theirs[id]]
    ]
    if differ:
        yield f"{len(differ)} ids have another person in {other.path}, such as {_shown(differ)}"
    vectors = EmbeddingStore, SequenceStore
    both = isinstance(store, vectors) and isinstance(other, vectors)
    if both and store.dimension != other.dimension:
        yield f"dimension {store.dimension} is not {other.dimension} of {other.path}"
