"""Build a store from a list of utterances, or of embeddings: plan, make what is missing, publish.

Any command may be killed at any time and run again; the bytes are those of a run left alone.
Reference: reliability.md 2.2 and 3.
"""

import dataclasses
import functools
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from avkd_cli.config import Execution
from avkd_cli.errors import Rejected
from avkd_cli.storage import dryrun, durable, index, manifest, partitions, rejects, workers
from avkd_cli.storage.embeddings import build_embeddings
from avkd_cli.storage.plan import Plan
from avkd_cli.storage.progress import progress
from avkd_cli.storage.record import Process, Record, Task, media_size
from avkd_cli.storage.specs import StoreSpec
from avkd_cli.storage.utterances import UtteranceList

__all__ = [
    "Process",
    "Record",
    "build_embeddings",
    "build_from_utterances",
    "media_fingerprint",
]

RECORD_SECONDS = 120.0
"""What one record may take before its worker is ended; decoders have stricter limits."""


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
        inputs={"list": utterances.digest, "media": durable.digest_of(sizes), **(inputs or {})},
        partitions=-(-len(utterances.utterances) // size),
        layout={"partition_size": size, "utterances": len(utterances.utterances)},
        software=_software(),
    )
    if execution.dry_run:
        partitions.check_output(out)
        return dryrun.of_utterances(out, plan, utterances, sizes, spec, process, settings)
    limit = rejects.Limit.of(utterances, execution, max_reject_fraction, out, step)

    def tasks(numbers: Iterable[int]) -> Iterator[Task]:
        for number in numbers:
            part = slice(number * size, (number + 1) * size)
            yield Task(
                partitions.work_of(out),
                number,
                utterances.part(part),
                sizes[part],
                spec,
                process,
                settings,
                RECORD_SECONDS,
            )

    def make(_: Path, numbers: range, marks: partitions.Marks) -> None:
        limit.check(marks.values())
        _make(tasks, numbers, marks, limit, step, execution)

    def assemble(work: Path, marks: partitions.Marks) -> Any:
        limit.check_end(marks.values())
        return index.assemble(work, spec, marks, utterances)

    def report(marks: partitions.Marks, whole: Mapping[str, Any]) -> None:
        limit.report(marks.values(), utterances, whole["counts"])

    return partitions.produce(out, plan, execution, make, assemble, report)


def media_fingerprint(utterances: UtteranceList, spec: StoreSpec) -> str:
    """Return the fingerprint of the sizes of all files that a store is made of."""
    return durable.digest_of(_media_sizes(utterances, spec))


def _media_sizes(utterances: UtteranceList, spec: StoreSpec) -> list[str]:
    """Return the sizes of each utterance's media; "" for what a worker will reject."""

    # Without a root, paths need no look at the disk: a million Path objects take seconds.
    plain = functools.partial(os.path.join, str(utterances.base))
    resolve = plain if utterances.root is None else utterances.resolve

    def size(utterance: Any) -> str:
        try:
            return media_size(utterance, resolve, spec)
        except Rejected:
            return ""

    return [size(utterance) for utterance in utterances.utterances]


def _software() -> dict[str, str | None]:
    """Return versions of what decides bytes: a store is not made half by one, half by another."""
    names = ["avkd", "av", "insightface", "numcodecs", "numpy", "onnxruntime", "opencv-python"]
    names += ["soundfile", "soxr", "tensorstore", "torch", "torchaudio", "zarr"]
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
