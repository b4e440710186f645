"""Build a store from a list of utterances, or of embeddings: plan, make what is missing, publish.

Any command may be killed at any time and run again; the bytes are those of a run left alone.
Reference: reliability.md 2.2 and 3.
"""

import contextlib
import dataclasses
import os
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from avkd_cli.config import Execution
from avkd_cli.errors import InputError, Rejected
from avkd_cli.storage import arrays, durable, manifest, partitions, rejects, workers
from avkd_cli.storage.partitions import Plan
from avkd_cli.storage.progress import duration, progress
from avkd_cli.storage.record import Process, Record, Task, media_size, reject_lines
from avkd_cli.storage.specs import EMBEDDINGS, Array, StoreSpec
from avkd_cli.storage.utterances import UtteranceList

__all__ = ["Process", "Record", "build_embeddings", "build_from_utterances"]

RECORD_SECONDS = 120.0
"""What one record may take before its worker is ended; decoders have stricter limits."""

EMBEDDING_ROWS = 4096
"""Rows of a partition of embeddings: 8 MiB at 512 dimensions."""


def build_from_utterances(
    out: Path,
    spec: StoreSpec,
    utterances: UtteranceList,
    process: Process,
    settings: Any,
    *,
    step: str,
    execution: Execution,
    partition_size: int,
    max_reject_fraction: float,
    inputs: Mapping[str, str] | None = None,
) -> dict[str, Any] | None:
    """Make a store with a row for each utterance that `process` accepts.

    Args:
        out: its name.
        spec: what it holds.
        utterances: the list.
        process: utterance → record, or Rejected; a function that a worker can import.
        settings: a dataclass, handed to `process` and written into the manifest.
        step: the command's name.
        execution: how to do it; nothing in it changes the result.
        partition_size: utterances in a partition, unless `execution` says otherwise.
        max_reject_fraction: the same, of records that may be rejected.
        inputs: what else the records depend on, name → fingerprint.

    Returns:
        The manifest with the store's path, as it is to be printed; what a dry run found; None
        if only some partitions were asked for.

    Raises:
        InputError: too many rejects, or nothing accepted; what was done is kept.
        MissingInputError: the same, if the files were not found.
        OutputError: `out` is something else, or was made or begun otherwise.
        WriteError, TemporaryError: the machine's fault; run again.
    """
    size = execution.partition_size or partition_size
    sizes = _media_sizes(utterances, spec)
    plan = Plan(
        step=step,
        kind=spec.kind,
        version=spec.version,
        config=dataclasses.asdict(settings),
        inputs={"list": utterances.digest, "media": _digest(sizes), **(inputs or {})},
        partitions=-(-len(utterances.utterances) // size),
        layout={"partition_size": size, "utterances": len(utterances.utterances)},
        software=_software(),
    )
    limit = rejects.Limit.of(utterances, execution, max_reject_fraction, out)
    partitions.check_output(out)
    if execution.dry_run:
        return _dry_run(out, plan, utterances, sizes, spec, process, settings)
    work = partitions.work_of(out)

    def tasks(numbers: Iterable[int]) -> Iterator[Task]:
        for number in numbers:
            part = slice(number * size, (number + 1) * size)
            chosen = dataclasses.replace(
                utterances,
                utterances=utterances.utterances[part],
                rows=utterances.rows[part],
                line_numbers=utterances.line_numbers[part],
                rejects=[],
            )
            yield Task(work, number, chosen, sizes[part], spec, process, settings, RECORD_SECONDS)

    with partitions.locked(out, shared=execution.partitions is not None):
        if whole := partitions.finished(out, plan, execution.overwrite):
            return _already(out, whole)
        partitions.start(out, plan, execution.overwrite)
        numbers = partitions.chosen(execution.partitions, plan.partitions)
        marks = partitions.valid_marks(work, numbers)
        limit.check(marks.values())
        if not execution.finalise:
            _make(tasks, numbers, marks, limit, step, execution)
        if execution.partitions is not None:
            _say(f"partitions {numbers.start}:{numbers.stop} of {plan.partitions} are done")
            return None
        partitions.refuse_missing(marks, plan.partitions)
        limit.check_end(marks.values())
        files, record = _assemble(work, spec, marks, utterances)
        whole = partitions.finish(out, plan, marks, files, record, execution.overwrite)
    limit.report(marks.values(), utterances, record["counts"], work=out)
    return manifest.line(whole, out)


def _already(out: Path, whole: Mapping[str, Any]) -> dict[str, Any]:
    _say(f"{out}: already complete")
    return manifest.line(whole, out)


def _say(text: str) -> None:
    print(text, file=sys.stderr)


def _media_sizes(utterances: UtteranceList, spec: StoreSpec) -> list[str]:
    """Return the sizes of each utterance's media; "" for what a worker will reject."""

    def size(utterance: Any) -> str:
        try:
            return media_size(utterance, utterances.resolve, spec)
        except Rejected:
            return ""

    return [size(utterance) for utterance in utterances.utterances]


def _digest(texts: Iterable[str]) -> str:
    return "sha256:" + durable.sha256_bytes("\n".join(texts).encode())


def _software() -> dict[str, str | None]:
    """Return versions of what decides bytes: a store is not made half by one, half by another."""
    names = ["avkd", "av", "insightface", "numcodecs", "numpy", "onnxruntime", "opencv-python"]
    names += ["soundfile", "soxr", "torch", "torchaudio"]
    return {name: manifest.library_version(name) for name in names}


def _make(
    tasks: Callable[[Iterable[int]], Iterator[Task]],
    numbers: range,
    marks: dict[int, dict],
    limit: rejects.Limit,
    step: str,
    execution: Execution,
) -> None:
    """Make every partition that has no mark; add the marks."""
    todo = [number for number in numbers if number not in marks]
    earlier = sum(_finished(mark) for mark in marks.values())
    with progress(step, limit.planned, quiet=execution.quiet, done=earlier) as advance:

        def done(mark: dict[str, Any]) -> None:
            marks[mark["partition"]] = mark
            rejected = sum(mark["rejected"].values())
            advance(mark["accepted"], rejected)
            limit.check(marks.values())

        try:
            _run(tasks(todo), len(todo), done, execution)
        except OSError as error:
            raise durable.explain(error, Path(error.filename or "the disk")) from error


def _finished(mark: Mapping[str, Any]) -> int:
    return mark["accepted"] + sum(mark["rejected"].values())


def _run(tasks: Iterator[Task], count: int, done: workers.Done, execution: Execution) -> None:
    if execution.dask is not None:
        from avkd_cli.storage import cluster

        cluster.run(tasks, done, execution.dask, execution.workers)
        return
    processes = len(os.sched_getaffinity(0)) if execution.workers is None else execution.workers
    if processes == 0:
        workers.run_here(tasks, done)
        return
    with workers.Pool(min(processes, count)) as pool:
        pool.run(tasks, done)


def _assemble(
    work: Path, spec: StoreSpec, marks: Mapping[int, Mapping], utterances: UtteranceList
) -> tuple[dict[str, bytes], dict[str, Any]]:
    """Return the files above the partitions, and what avkd.json says of them."""
    names = [partitions.name_of(number) for number in sorted(marks)]
    parts = [msgspec.msgpack.decode((work / f"{name}.index").read_bytes()) for name in names]
    long = _long_array(spec, [marks[number]["long"] for number in sorted(marks)])
    files = {"zarr.json": arrays.group(), "parts/zarr.json": arrays.group()}
    described = {long["name"]: {key: long[key] for key in ("dtype", "shape", "axes")}}
    columns: dict[str, Any] = {}
    for array in (*spec.index, *spec.items):
        values = columns[array.name] = _joined(array, parts)
        encoded = arrays.encode_column(values, array.axes, array.meaning)
        files |= {f"{array.name}/{file}": data for file, data in encoded.items()}
        shape = [len(values)] if isinstance(values, list) else list(values.shape)
        described[array.name] = {"dtype": array.dtype, "shape": shape, "axes": list(array.axes)}
    lines = [(work / f"{name}.rejects.jsonl").read_bytes() for name in names]
    files["rejects.jsonl"] = rejects.merged(utterances.rejects, lines)
    counts = {
        "utterances": len(columns["id"]),
        "persons": len(set(columns["person"]) - {""}),
        "rejected": len(utterances.rejects)
        + sum(sum(mark["rejected"].values()) for mark in marks.values()),
        long["axes"][0] + "s": long["shape"][0],
    }
    if spec.counts_empty:
        counts[spec.counts_empty] = sum(mark["empty"] for mark in marks.values())
    return files, {"counts": counts, "long": long["name"], "arrays": described}


def _long_array(spec: StoreSpec, found: list[dict | None]) -> dict[str, Any]:
    """Return name, type, axes and whole shape of the long array of all partitions."""
    parts = [part for part in found if part is not None]
    kinds = {(part["name"], part["dtype"], tuple(part["shape"][1:])) for part in parts}
    if len(kinds) > 1:
        raise ValueError(f"partitions of {spec.kind} differ: {sorted(kinds)}")
    if not parts:  # no face in any utterance
        raise InputError(
            f"no utterance has a {spec.long[0].axes[0]}; is the right detector chosen?"
        )
    name, dtype, row = kinds.pop()
    axes = next(array.axes for array in spec.long if array.name == name)
    shape = [sum(part["shape"][0] for part in parts), *row]
    return {"name": name, "dtype": dtype, "axes": list(axes), "shape": shape}


def _joined(array: Array, parts: list[dict[str, Any]]) -> Any:
    """Return a column of all partitions."""
    if array.dtype == "string":
        return [text for part in parts for text in part[array.name]]
    values = np.frombuffer(b"".join(part[array.name] for part in parts), array.dtype)
    shapes = [part.get(f"{array.name}:shape") for part in parts]
    row = next((shape for shape in shapes if shape is not None), [])
    return values.reshape(-1, *row) if row else values


def _dry_run(
    out: Path,
    plan: Plan,
    utterances: UtteranceList,
    sizes: list[str],
    spec: StoreSpec,
    process: Process,
    settings: Any,
    samples: int = 4,
) -> dict[str, Any]:
    """Say what would be done, with sizes estimated from a few records; touch nothing."""
    source = [_total(size) for size in sizes]
    present = [index for index, size in enumerate(source) if size]
    chosen = sorted({present[i * len(present) // samples] for i in range(samples) if present})
    made = read = 0
    seconds = 0.0
    for index in chosen:
        with contextlib.suppress(Rejected):
            record = process(utterances.utterances[index], utterances.resolve, settings)
            made += record.long.nbytes
            read += source[index]
            seconds += float(record.columns.get("duration_s", 0.0))
    ratio = sum(source) / read if read else 0.0
    found = {
        "dry_run": True,
        "format": spec.kind,
        "path": str(out),
        "utterances": len(utterances.utterances),
        "rejected_in_list": len(utterances.rejects),
        "missing_media": len(sizes) - len(present),
        "partitions": plan.partitions,
        "source_bytes": sum(source),
        "expected_bytes": round(made * ratio),
        "hours": round(seconds * ratio / 3600, 2),
        "free_bytes": shutil.disk_usage(out.parent).free,
        "fingerprint": plan.fingerprint,
    }
    _say(
        f"{out}: would hold {found['utterances']} utterances in {plan.partitions} partitions, "
        f"about {_bytes(found['expected_bytes'])} before packing"
        + (f" and {duration(seconds * ratio)} of sound" if seconds else "")
        + f", from {_bytes(found['source_bytes'])}; {_bytes(found['free_bytes'])} are free; "
        f"{found['missing_media']} without a file, {found['rejected_in_list']} bad lines"
    )
    return found


def _total(size: str) -> int:
    return sum(int(part.rpartition(":")[2] or 0) for part in size.split(","))


def _bytes(count: int) -> str:
    for unit in ("bytes", "kB", "MB", "GB", "TB"):
        if count < 1000 or unit == "TB":
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1000  # type: ignore[assignment]
    raise AssertionError


def build_embeddings(
    out: Path,
    *,
    ids: Sequence[str],
    persons: Sequence[str],
    dimension: int,
    compute: Callable[[int, int], np.ndarray],
    config: Mapping[str, Any],
    inputs: Mapping[str, str],
    extra: Mapping[str, Any],
    classes: Sequence[str] | None,
    classifier: np.ndarray | None,
    execution: Execution,
    step: str = "extract-embeddings",
) -> dict[str, Any] | None:
    """Make a store with one vector an utterance, computed in this process.

    Args:
        out: its name.
        ids: of the rows.
        persons: of the rows, "" where unknown.
        dimension: of a vector.
        compute: (start, stop) → vectors of those rows, (stop - start, dimension) float32.
        config: settings, for the manifest.
        inputs: name → fingerprint.
        extra: what else the manifest says, such as modality and run.
        classes: persons of the classifier, or None.
        classifier: (classes, dimension), or None.
        execution: how to do it.
        step: the command's name.

    Returns:
        As `build_from_utterances`.

    Raises:
        InputError: no rows, an id twice, or a vector that is not finite.
        OutputError, WriteError, TemporaryError: as `build_from_utterances`.
    """
    _check_rows(ids, persons, dimension, classes, classifier)
    rows = min(execution.partition_size or EMBEDDING_ROWS, len(ids))
    plan = Plan(
        step=step,
        kind=EMBEDDINGS.kind,
        version=EMBEDDINGS.version,
        config=config,
        inputs=inputs,
        partitions=-(-len(ids) // rows),
        layout={
            "partition_size": rows,
            "dimension": dimension,
            "rows": _digest([*ids, *persons]),
        },
        software={name: manifest.library_version(name) for name in ("avkd", "numcodecs", "torch")},
    )
    partitions.check_output(out)
    if execution.dry_run:
        return _dry_run_embeddings(out, plan, len(ids), dimension)
    work = partitions.work_of(out)
    with partitions.locked(out, shared=execution.partitions is not None):
        if whole := partitions.finished(out, plan, execution.overwrite):
            return _already(out, whole)
        partitions.start(out, plan, execution.overwrite)
        numbers = partitions.chosen(execution.partitions, plan.partitions)
        marks = partitions.valid_marks(work, numbers)
        earlier = rows * len(marks)
        with progress(step, len(ids), quiet=execution.quiet, done=earlier) as advance:
            for number in () if execution.finalise else numbers:
                if number in marks:
                    continue
                start, stop = number * rows, min((number + 1) * rows, len(ids))
                vectors = _checked_vectors(compute(start, stop), ids[start:stop], dimension)
                files = {
                    f"embedding/{file}": data
                    for file, data in arrays.encode_block(vectors, rows, number).items()
                }
                summary = {"accepted": stop - start, "rejected": {}}
                marks[number] = partitions.commit(work, number, files, summary)
                advance(stop - start)
        if execution.partitions is not None:
            _say(f"partitions {numbers.start}:{numbers.stop} of {plan.partitions} are done")
            return None
        partitions.refuse_missing(marks, plan.partitions)
        files, described = _embedding_files(ids, persons, dimension, rows, classes, classifier)
        counts = {
            "utterances": len(ids),
            "persons": len(set(persons) - {""}),
            "rejected": 0,
        }
        record = {"normalised": False, **extra, "counts": counts, "arrays": described}
        whole = partitions.finish(out, plan, marks, files, record, execution.overwrite)
    return manifest.line(whole, out)


def _check_rows(
    ids: Sequence[str],
    persons: Sequence[str],
    dimension: int,
    classes: Sequence[str] | None,
    classifier: np.ndarray | None,
) -> None:
    if not ids:
        raise InputError("there is no utterance to embed; a store cannot be empty")
    if len(set(ids)) != len(ids):
        twice = next(id for id, count in Counter(ids).items() if count > 1)
        raise InputError(f"id {twice!r} stands twice; give each utterance its own")
    if len(persons) != len(ids):
        raise ValueError(f"{len(persons)} persons for {len(ids)} ids")
    if (classes is None) != (classifier is None):
        raise ValueError("classes and classifier go together")
    if classifier is not None and classifier.shape != (len(classes or ()), dimension):
        raise ValueError(f"classifier {classifier.shape}, wanted {len(classes or ()), dimension}")


def _checked_vectors(vectors: np.ndarray, ids: Sequence[str], dimension: int) -> np.ndarray:
    """Return vectors as float32, all finite."""
    vectors = np.asarray(vectors, np.float32)
    if vectors.shape != (len(ids), dimension):
        raise ValueError(f"embeddings {vectors.shape}, wanted {len(ids), dimension}")
    if not np.isfinite(vectors).all():
        bad = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
        shown = ", ".join(repr(ids[i]) for i in bad[:5])
        raise InputError(f"{len(bad)} embeddings are not finite, such as of {shown}; mend the run")
    return vectors


def _dry_run_embeddings(out: Path, plan: Plan, count: int, dimension: int) -> dict[str, Any]:
    free = shutil.disk_usage(out.parent).free
    size = 4 * count * dimension
    _say(f"{out}: would hold {count} embeddings, {_bytes(size)}; {_bytes(free)} are free")
    return {
        "dry_run": True,
        "format": EMBEDDINGS.kind,
        "path": str(out),
        "utterances": count,
        "partitions": plan.partitions,
        "expected_bytes": size,
        "free_bytes": free,
        "fingerprint": plan.fingerprint,
    }


def _embedding_files(
    ids: Sequence[str],
    persons: Sequence[str],
    dimension: int,
    rows: int,
    classes: Sequence[str] | None,
    classifier: np.ndarray | None,
) -> tuple[dict[str, bytes], dict[str, Any]]:
    """Return all files but the vectors', and what avkd.json says of the arrays."""
    meaning = {array.name: array for array in (*EMBEDDINGS.index, *EMBEDDINGS.items)}
    columns: dict[str, Any] = {"id": list(ids), "person": list(persons)}
    if classes is not None:
        columns |= {"persons": list(classes), "classifier": np.asarray(classifier, np.float32)}
    axes = meaning["embedding"].axes
    shape = (len(ids), dimension)
    files = {"zarr.json": arrays.group(), "rejects.jsonl": reject_lines([])}
    metadata = arrays.block_metadata(shape, rows, axes, meaning["embedding"].meaning)
    files |= {f"embedding/{file}": data for file, data in metadata.items()}
    described = {"embedding": {"dtype": "float32", "shape": list(shape), "axes": list(axes)}}
    for name, values in columns.items():
        array = meaning[name]
        encoded = arrays.encode_column(values, array.axes, array.meaning, arrays.FAST)
        files |= {f"{name}/{file}": data for file, data in encoded.items()}
        described[name] = {
            "dtype": array.dtype,
            "shape": list(np.shape(values)),
            "axes": list(array.axes),
        }
    return files, described
