"""Build a store of media from a list of utterances, whose records workers make."""

import contextlib
import dataclasses
import functools
import os
import shutil
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic

from avkd_cli.config import Execution
from avkd_cli.errors import Rejected
from avkd_cli.storage import durable, index, rejects, workers
from avkd_cli.storage.builder import Build, Content, Files, Origin, Said
from avkd_cli.storage.partitions import Marks
from avkd_cli.storage.plan import Plan
from avkd_cli.storage.progress import duration, progress, say, size_in_words
from avkd_cli.storage.record import Process, Settings, Task, media_size
from avkd_cli.storage.sources import prepared
from avkd_cli.storage.specs import StoreSpec
from avkd_cli.storage.utterance import Utterance
from avkd_cli.storage.utterances import UtteranceList

RECORD_SECONDS = 120.0
"""What one record may take before its worker is ended; decoders have stricter limits."""
_TRIED = 4  # records of which sizes and times are estimated


@dataclass(frozen=True)
class Recordings(Content, Generic[Settings]):
    """The content of a store of media: a row for each utterance that `process` accepts.

    Args:
        spec: what is stored.
        listed: the list; lines without the sense are passed over.
        process: utterance → record, or Rejected; a function that a worker can import.
        options: a dataclass, handed to `process` and written into the manifest.
        size: utterances in a partition, unless the user says otherwise.
        max_reject_fraction: the same, of records that may be rejected.
    """

    spec: StoreSpec
    listed: UtteranceList
    process: Process[Settings]
    options: Settings
    size: int
    max_reject_fraction: float

    software: ClassVar[tuple[str, ...]] = tuple(
        """
        avkd av insightface numcodecs numpy onnxruntime opencv-python soundfile soxr
        tensorstore torch torchaudio zarr
        """.split()
    )

    @functools.cached_property
    def utterances(self) -> UtteranceList:
        """The lines that such a store can be made of; InputError if none can."""
        return prepared(self.listed, self.spec)

    @functools.cached_property
    def sizes(self) -> list[str]:
        """Of each utterance's media, as text."""
        return _media_sizes(self.utterances, self.spec)

    def origin(self, step: str, inputs: Mapping[str, str]) -> Origin:
        """Return what the manifest says of it; `inputs`: what else records depend on, by name."""
        made_from = {"list": self.listed.digest, "media": durable.digest_of(self.sizes), **inputs}
        return Origin(step, dataclasses.asdict(self.options), made_from)

    def __len__(self) -> int:
        return len(self.utterances.utterances)

    def partition_rows(self, asked: int | None) -> int:
        """Return how many utterances make a partition."""
        return asked or self.size

    def layout(self) -> Said:
        """Return what decides where things are stored."""
        return {"utterances": len(self)}

    def foretell(self, out: Path, plan: Plan) -> Said:
        """Say what would be done, with sizes estimated from a few records."""
        source = [
            sum(int(part.rpartition(":")[2] or 0) for part in size.split(","))
            for size in self.sizes
        ]
        present = [index for index, size in enumerate(source) if size]
        expected, seconds = self._estimate(source, present)
        found = {
            "dry_run": True,
            "format": self.spec.kind,
            "path": str(out),
            "utterances": len(self),
            "rejected_in_list": len(self.utterances.rejects),
            "missing_media": len(source) - len(present),
            "partitions": plan.partitions,
            "source_bytes": sum(source),
            "expected_bytes": round(expected),
            "hours": round(seconds / 3600, 2),
            "free_bytes": shutil.disk_usage(out.parent).free,
            "fingerprint": plan.fingerprint,
        }
        say(
            plan.step,
            f"{out}: would hold {found['utterances']} utterances in {plan.partitions} partitions, "
            f"about {size_in_words(found['expected_bytes'])} before packing"
            + (f" and {duration(seconds)} of sound" if seconds else "")
            + f", from {size_in_words(found['source_bytes'])}; "
            f"{size_in_words(found['free_bytes'])} are free; "
            f"{found['missing_media']} without a file, {found['rejected_in_list']} bad lines",
        )
        return found

    def _estimate(self, source: list[int], present: list[int]) -> tuple[float, float]:
        """Return bytes of all records before packing, and seconds of sound, from a few of them.

        Args:
            source: bytes of each utterance's media.
            present: which utterances have any.
        """
        made, read, seconds = 0, 0, 0.0
        chosen = {present[i * len(present) // _TRIED] for i in range(_TRIED) if present}
        for row in sorted(chosen):
            with contextlib.suppress(Rejected):
                utterance, resolve = self.utterances.utterances[row], self.utterances.resolve
                record = self.process(utterance, resolve, self.options)
                made += record.long.nbytes
                read += source[row]
                seconds += float(record.columns.get("duration_s", 0.0))
        ratio = sum(source) / read if read else 0.0
        return made * ratio, seconds * ratio

    def make(self, build: Build, numbers: range, marks: Marks) -> None:
        """Make every partition that has no mark, and add its mark."""
        limit = self._limit(build)
        limit.check(marks)
        todo = [number for number in numbers if number not in marks]
        earlier = sum(m["accepted"] + sum(m["rejected"].values()) for m in marks.values())
        made = _made(self._tasks(build, todo), len(todo), build.execution)
        bar = progress(build.step, limit.planned, quiet=build.execution.quiet, done=earlier)
        with bar as advance, contextlib.closing(made):
            try:
                for mark in made:
                    marks[mark["partition"]] = mark
                    advance(mark["accepted"], sum(mark["rejected"].values()))
                    limit.check(marks)
            except OSError as error:
                raise durable.explain(error, Path(error.filename or "the disk")) from error

    def _tasks(self, build: Build, numbers: Iterable[int]) -> Iterator[Task]:
        """Yield what a worker needs to make each partition."""
        for number in numbers:
            part = build.part(number)
            yield Task(
                build.work,
                number,
                self.utterances.part(part),
                self.sizes[part],
                self.spec,
                self.process,
                self.options,
                RECORD_SECONDS,
            )

    def _limit(self, build: Build) -> rejects.Limit:
        return rejects.Limit(self.utterances, self.max_reject_fraction, build)

    def whole(self, build: Build, marks: Marks) -> tuple[Files, Said]:
        """Return the files above the partitions, and what avkd.json says of them."""
        limit = self._limit(build)
        limit.check_end(marks)
        files, said = index.assemble(build.work, self.spec, marks, self.utterances.rejects)
        limit.check_warnings(files.get(rejects.WARNINGS, b""))
        return files, said

    def tell(self, build: Build, marks: Marks, whole: Said) -> None:
        """Say what was accepted and rejected."""
        self._limit(build).tell(marks, whole["counts"])


def media_fingerprint(utterances: UtteranceList, spec: StoreSpec) -> str:
    """Return the fingerprint of the sizes of all files that a store is made of."""
    return durable.digest_of(_media_sizes(prepared(utterances, spec), spec))


def _media_sizes(utterances: UtteranceList, spec: StoreSpec) -> list[str]:
    """Return the sizes of each utterance's media; "" for what a worker will reject."""

    # Without a root, paths need no look at the disk: a million Path objects take seconds.
    plain = functools.partial(os.path.join, str(utterances.base))
    resolve = plain if utterances.root is None else utterances.resolve

    def size(utterance: Utterance) -> str:
        try:
            return media_size(utterance, resolve, spec)
        except Rejected:
            return ""

    return [size(utterance) for utterance in utterances.utterances]


def _made(
    tasks: Iterator[Task], count: int, execution: Execution
) -> Generator[dict[str, Any], None, None]:
    """Yield the marks of tasks as they are done; no worker is left where it is closed."""
    if execution.dask is not None:
        from avkd_cli.storage import cluster

        yield from cluster.make_all(tasks, execution.dask, execution.workers)
        return
    processes = len(os.sched_getaffinity(0)) if execution.workers is None else execution.workers
    if processes == 0:
        yield from workers.make_here(tasks)
        return
    with workers.Pool(min(processes, count)) as pool:
        yield from pool.make(tasks)
