"""Build a store of embeddings, computed in this process, partition by partition.

What a killed run had finished is kept, as in `build`.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from avkd_cli.config import Execution
from avkd_cli.errors import InputError
from avkd_cli.storage import dryrun, durable, manifest, partitions
from avkd_cli.storage.plan import Plan
from avkd_cli.storage.progress import progress
from avkd_cli.storage.record import reject_lines
from avkd_cli.storage.specs import EMBEDDINGS, GROUP

SOFTWARE = ("avkd", "numcodecs", "torch", "zarr")
"""What decides bytes: a store is not made half by one version, half by another."""

EMBEDDING_ROWS = 4096
"""Rows of a partition: 8 MiB at 512 dimensions."""


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
    splits: Sequence[str] = (),
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
        splits: of the rows, such as train; none: "" for all.
        step: the command's name.

    Returns:
        As `build_from_utterances`.

    Raises:
        InputError: no rows, an id twice, or a vector that is not finite.
        OutputError, WriteError, TemporaryError: as `build_from_utterances`.
    """
    _check_rows(ids, persons, dimension, classes, classifier)
    splits = splits or [""] * len(ids)
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
            "rows": durable.digest_of([*ids, *persons, *splits]),
        },
        software={
            name: manifest.library_version(name) for name in ("avkd", "numcodecs", "torch", "zarr")
        },
    )
    if execution.dry_run:
        partitions.check_output(out)
        return dryrun.of_embeddings(out, plan, len(ids), dimension)

    def make(work: Path, numbers: range, marks: partitions.Marks) -> None:
        earlier = rows * len(marks)
        with progress(step, len(ids), quiet=execution.quiet, done=earlier) as advance:
            for number in (number for number in numbers if number not in marks):
                start, stop = number * rows, min((number + 1) * rows, len(ids))
                vectors = _checked_vectors(compute(start, stop), ids[start:stop], dimension)
                files = _block(vectors, len(ids), rows, start)
                files.pop("embedding/zarr.json")  # of all blocks: it is written at the end
                summary = {"accepted": stop - start, "rejected": {}}
                marks[number] = partitions.commit(work, number, files, summary)
                advance(stop - start)

    def assemble(_: Path, marks: partitions.Marks) -> tuple[dict[str, bytes], dict[str, Any]]:
        files, described = _files(ids, persons, splits, dimension, rows, classes, classifier)
        counts = {"utterances": len(ids), "persons": len(set(persons) - {""}), "rejected": 0}
        return files, {"normalised": False, **extra, "counts": counts, "arrays": described}

    return partitions.produce(out, plan, execution, make, assemble)


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


def _block(vectors: np.ndarray, length: int, rows: int, start: int) -> dict[str, bytes]:
    """Return the files of rows `start` on of the vectors, stored in blocks of `rows`."""
    from avkd_cli.storage import tables  # zarr-python, not for a dry run

    array = next(array for array in EMBEDDINGS.index if array.name == "embedding")
    files = tables.encode(
        vectors, array.axes, array.meaning, length=length, block=rows, start=start
    )
    return {f"embedding/{file}": data for file, data in files.items()}


def _files(
    ids: Sequence[str],
    persons: Sequence[str],
    splits: Sequence[str],
    dimension: int,
    rows: int,
    classes: Sequence[str] | None,
    classifier: np.ndarray | None,
) -> tuple[dict[str, bytes], dict[str, Any]]:
    """Return all files but the vectors', and what avkd.json says of the arrays."""
    from avkd_cli.storage import tables

    meaning = {array.name: array for array in (*EMBEDDINGS.index, *EMBEDDINGS.items)}
    columns: dict[str, Any] = {"id": list(ids), "person": list(persons), "split": list(splits)}
    if classes is not None:
        columns |= {"persons": list(classes), "classifier": np.asarray(classifier, np.float32)}
    files = {"zarr.json": GROUP, "rejects.jsonl": reject_lines([])}
    files |= _block(np.empty((0, dimension), np.float32), len(ids), rows, 0)
    axes, shape = list(meaning["embedding"].axes), [len(ids), dimension]
    described = {"embedding": {"dtype": "float32", "shape": shape, "axes": axes}}
    for name, values in columns.items():
        array = meaning[name]
        encoded = tables.encode(values, array.axes, array.meaning)
        files |= {f"{name}/{file}": data for file, data in encoded.items()}
        described[name] = {
            "dtype": array.dtype,
            "shape": list(np.shape(values)),
            "axes": list(array.axes),
        }
    return files, described
