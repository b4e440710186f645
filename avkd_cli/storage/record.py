"""One partition of a store, from its utterances to its files; runs in a worker process.

What it writes is a function of the utterances and settings only.
"""

import os
import stat
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec
import numpy as np

from avkd_cli.errors import InputError, Rejected
from avkd_cli.media.opened import reject_of
from avkd_cli.storage import durable, partitions, repeats, spool
from avkd_cli.storage.clutter import is_clutter
from avkd_cli.storage.specs import GROUP, Array, StoreSpec
from avkd_cli.storage.utterance import Utterance, images_of
from avkd_cli.storage.utterances import UtteranceList


@dataclass(frozen=True)
class Packed:
    """Where each thing of a record lies in its bytes, where `long` is packed bytes.

    Args:
        starts: (length,) int64, from the record's first byte, never falling; two may share bytes.
        sizes: (length,) int32.
        shape: of each, unpacked.
    """

    starts: np.ndarray
    sizes: np.ndarray
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Record:
    """What one utterance becomes.

    Args:
        columns: value of each of the spec's index columns; one left out is unknown (NaN).
        long: (length, …), in memory or laid aside on disk; the length may be 0.
        items: column → (length, …), each of the spec's.
        warnings: codes of oddities, with what each is about behind ": " where that is to be told,
            as "picture_left_out: 004.jpg: truncated".
        packed: if `long` is packed bytes, where each thing is in them.
    """

    columns: Mapping[str, Any]
    long: np.ndarray | spool.Spool
    items: Mapping[str, np.ndarray] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    packed: Packed | None = None

    @property
    def length(self) -> int:
        """How many frames, samples or faces it has."""
        return len(self.long) if self.packed is None else len(self.packed.starts)

    def unpacked(self) -> np.ndarray:
        """Return (length, …) in memory, as a store gives it back."""
        values = self.long.read() if isinstance(self.long, spool.Spool) else self.long
        if self.packed is None:
            return values
        from avkd_cli.storage import pictures

        places = self.packed
        return pictures.decode_all(values, places.starts, places.sizes, places.shape, "the record")


Settings = TypeVar("Settings")  # a dataclass of a step's own
Process = Callable[[Utterance, Callable[[str], Path], Settings], Record]


@dataclass(frozen=True)
class Task(Generic[Settings]):
    """One partition to make; goes to a worker.

    Args:
        work: the working directory.
        partition: its number.
        utterances: those of the partition, as a list of their own.
        sizes: of each one's media when the plan was made.
        spec: of the store.
        process: makes a record of an utterance.
        settings: its settings.
        seconds: that one record may take.
        killers: index in the partition → reject of a record that killed its worker.
    """

    work: Path
    partition: int
    utterances: UtteranceList
    sizes: list[str]
    spec: StoreSpec
    process: Process[Settings]
    settings: Settings
    seconds: float
    killers: Mapping[int, tuple[str, str]] = field(default_factory=dict)


def media_size(utterance: Utterance, resolve: Callable[[str], Path | str], spec: StoreSpec) -> str:
    """Return the sizes of the files that an utterance is made of; "" for what is not there."""
    return ",".join(_size(resolve(path)) for path in media_of(utterance, spec))


def media_of(utterance: Utterance, spec: StoreSpec) -> list[str]:
    """Return the paths, as written, that an utterance's record is made of."""
    paths: list[str] = []
    for choices in spec.media:
        for key in choices.split("|"):
            value = images_of(utterance) if key == "images" else getattr(utterance, key)
            if value:
                paths += [value] if isinstance(value, str) else value
                break
    return paths


def _size(path: Path | str) -> str:
    try:
        found = os.stat(path)  # noqa: PTH116  a million of them
        if not stat.S_ISDIR(found.st_mode):
            return str(found.st_size)
        with os.scandir(path) as entries:
            kept = (entry for entry in entries if not is_clutter(entry.name))
            sizes = sorted((entry.name, entry.stat().st_size) for entry in kept)
    except (OSError, ValueError):
        return ""
    return f"{len(sizes)}:{sum(size for _, size in sizes)}"


def make_partition(
    task: Task, begin: Callable[[int], None], end: Callable[[], None]
) -> dict[str, Any]:
    """Make one partition and return its mark.

    Args:
        task: what to do.
        begin: told the index of each record before it is processed.
        end: told after each.

    Raises:
        InputError: a file changed since the plan was made.
        MemoryError, OSError, AvkdError: the environment's fault; nothing is marked.
    """
    records: dict[int, Record] = {}
    rejects: list[dict] = []
    with spool.scratch(task.work / "parts"):
        for index, utterance in enumerate(task.utterances.utterances):
            try:
                if index in task.killers:
                    raise Rejected(*task.killers[index])
                begin(index)
                records[index] = _checked(task, index, utterance)
            except Rejected as error:
                said = error.code, error.detail
                rejects.append(task.utterances.told("rejects", index, "process", *said))
            finally:
                end()
        return _commit(task, records, rejects)


def _checked(task: Task, index: int, utterance: Utterance) -> Record:
    """Return the record of an utterance; an unreadable file is a reject, a bad disk is not."""
    resolve = task.utterances.resolve
    try:
        if media_size(utterance, resolve, task.spec) != task.sizes[index]:
            raise InputError(
                f"{task.utterances.name}: {utterance.id!r}: input changed during the run; "
                "run again when it is at rest"
            )
        record = task.process(utterance, resolve, task.settings)
    except OSError as error:
        raise reject_of(error) or error from None
    _check_shape(task.spec, record)
    return record


def _check_shape(spec: StoreSpec, record: Record) -> None:
    """Raise ValueError for a record that does not fit its spec: a fault of the step."""
    names = {array.name for array in spec.items}
    wrong = [name for name in record.items if len(record.items[name]) != record.length]
    unknown = record.columns.keys() - {array.name for array in spec.index}
    if wrong or unknown or (record.length and record.items.keys() != names):
        raise ValueError(f"a record of {spec.kind} has wrong columns or items: {wrong or unknown}")
    long_array(spec, record.long)


def long_array(spec: StoreSpec, values: np.ndarray | spool.Spool) -> Array:
    """Return which long array of the spec these values are."""
    for array in spec.long:
        if values.dtype.name in array.dtype.split("|") and values.ndim == len(array.axes):
            return array
    raise ValueError(f"{spec.kind} has no long array of {values.dtype} with {values.ndim} axes")


def _commit(task: Task, records: dict[int, Record], rejects: list[dict]) -> dict[str, Any]:
    name = partitions.name_of(task.partition)
    index = _index(task, records)
    files = {
        f"{name}.index": msgspec.msgpack.encode(index),
    }
    if rejects:
        files[f"{name}.rejects.jsonl"] = reject_lines(rejects)
    if told := [line for i, record in records.items() for line in _told(task, i, record)]:
        files[f"{name}.warnings.jsonl"] = reject_lines(told)
    full = [record for record in records.values() if record.length]
    summary = summary_of(list(records.values()), rejects, task.spec)
    if full:
        encoded, summary["long"] = _encoded(full, task.spec)
        folder = f"{name}/{summary['long']['name']}"
        files |= {f"{name}/zarr.json": GROUP}
        files |= {f"{folder}/{file}": data for file, data in encoded.items()}
    return partitions.commit(task.work, task.partition, files, summary)


def _told(task: Task, index: int, record: Record) -> Iterator[dict[str, Any]]:
    """Yield a line of warnings.jsonl for each warning of a record that says what it is about."""
    for text in record.warnings:
        code, colon, detail = text.partition(": ")
        if colon:
            yield task.utterances.told("warnings", index, "process", code, detail)


def _encoded(full: list[Record], spec: StoreSpec) -> tuple[dict[str, durable.Data], dict]:
    """Return the files of a partition's long array, and what its mark says of it."""
    from avkd_cli.storage import shards  # TensorStore: not for a partition of nothing

    first = full[0].long
    array = long_array(spec, first)
    kinds = {(one.long.dtype, one.long.shape[1:], one.packed and one.packed.shape) for one in full}
    if len(kinds) > 1:
        raise ValueError(f"records of {spec.kind} differ: {kinds}")
    length = sum(len(one.long) for one in full)
    said = {"name": array.name, "dtype": first.dtype.name, "shape": [length, *first.shape[1:]]}
    if full[0].packed is not None:
        said |= {"items": sum(one.length for one in full), "item": list(full[0].packed.shape)}
    pieces = (piece for one in full for piece in spool.pieces_of(one.long))
    return shards.encode(pieces, said["shape"], first.dtype, array.axes, array.meaning), said


def reject_lines(rejects: list[dict]) -> bytes:
    """Return rejects as JSON Lines."""
    return b"".join(msgspec.json.encode(reject) + b"\n" for reject in rejects)


def summary_of(records: list[Record], rejects: list[dict], spec: StoreSpec) -> dict[str, Any]:
    """Return what a mark counts."""
    empty = sum(record.length == 0 for record in records)
    warnings = Counter(text.partition(": ")[0] for record in records for text in record.warnings)
    return {
        "accepted": len(records),
        "rejected": dict(sorted(Counter(reject["code"] for reject in rejects).items())),
        "warnings": dict(sorted(warnings.items())),
        "empty": empty if spec.counts_empty else 0,
        "long": None,
    }


def _index(task: Task, records: dict[int, Record]) -> dict[str, Any]:
    """Return the partition's part of every column: text as a list, numbers as bytes."""
    chosen = [task.utterances.utterances[i] for i in records]
    lengths = np.array([record.length for record in records.values()], np.int64)
    place = {
        "partition": np.full(len(records), task.partition, np.int32),
        "start": np.cumsum(lengths) - lengths,
        "length": lengths,
    }
    columns: dict[str, Any] = {}
    for array in task.spec.index:
        if array.dtype == "string":
            columns[array.name] = [getattr(utterance, array.name) for utterance in chosen]
            continue
        values = place.get(array.name)
        if values is None:
            values = [record.columns.get(array.name, np.nan) for record in records.values()]
        columns[array.name] = np.asarray(values, array.dtype).tobytes()
    for array in task.spec.items:
        parts = [r.items[array.name] for r in records.values() if r.length]
        values = np.concatenate(parts) if parts else np.empty(0)
        columns[array.name] = np.ascontiguousarray(values, array.dtype).tobytes()
        columns[f"{array.name}:shape"] = list(values.shape[1:]) if parts else None
    if task.spec.media:
        columns["content"] = [repeats.content_of(record.long) for record in records.values()]
        rows, lines = task.utterances.rows, task.utterances.line_numbers
        columns["place"] = [(rows[index], lines[index]) for index in records]
    packed = [record for record in records.values() if record.packed is not None]
    return columns | (_packed_columns(task.spec, packed) if packed else {})


def _packed_columns(spec: StoreSpec, records: list[Record]) -> dict[str, Any]:
    """Return where each thing lies in the partition's bytes: the spec's `packed`, in its order."""
    sizes = np.array([len(record.long) for record in records], np.int64)
    bases = np.cumsum(sizes) - sizes
    places = [record.packed for record in records if record.packed is not None]
    starts = np.concatenate([p.starts + base for p, base in zip(places, bases, strict=True)])
    start, size = spec.packed
    return {
        start.name: starts.astype(start.dtype).tobytes(),
        size.name: np.concatenate([p.sizes for p in places]).astype(size.dtype).tobytes(),
    }
