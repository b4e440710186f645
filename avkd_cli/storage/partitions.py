"""The partitions of a store in the making, each done or not done, and what stands above them.

A partition's files are written, then its mark, which lists them with their digests; a mark that
does not match is no mark.
"""

import json
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import MappingProxyType
from typing import Any

from avkd_cli.errors import TemporaryError
from avkd_cli.storage import durable, manifest
from avkd_cli.storage.plan import Plan, name_of

Marks = dict[int, dict[str, Any]]


def mark_path(work: Path, partition: int) -> Path:
    """Return the file that says that a partition is done."""
    return work / f"{name_of(partition)}.done"


def commit(
    work: Path,
    partition: int,
    files: Mapping[str, durable.Data],
    summary: Mapping,
    written: Mapping[str, list] = MappingProxyType({}),
) -> dict:
    """Write a partition's files, then its mark; return the mark.

    Args:
        work: the working directory.
        partition: its number.
        files: name below `work` → content.
        summary: what else the mark says.
        written: name → [size, digest] of those that are on the disk already.
    """
    listed = _written(work, files)
    mark = {"partition": partition, **summary, "files": {**written, **listed}}
    # Not write_text, which would look for remains among the files of all partitions.
    durable.write_all({mark_path(work, partition): manifest.canonical(mark).encode()})
    return mark


def valid_mark(work: Path, partition: int) -> dict[str, Any] | None:
    """Return the mark of a partition if it is there and each of its files matches its digest."""
    try:
        mark = json.loads(mark_path(work, partition).read_bytes())
        files = mark["files"]
        if any(manifest.faults_of_files(work, files)):
            return None
        whole = all(durable.sha256_file(work / n) == sha for n, (_, sha) in files.items())
        return mark if whole and mark["partition"] == partition else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def valid_marks(work: Path, partitions: range) -> dict[int, dict[str, Any]]:
    """Return every valid mark by partition; the digests are computed on all cores."""
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        marks = threads.map(lambda partition: valid_mark(work, partition), partitions)
        return {p: mark for p, mark in zip(partitions, marks, strict=True) if mark is not None}


def finish(
    work: Path,
    plan: Plan,
    marks: Mapping[int, Mapping],
    files: Mapping[str, bytes],
    said: Mapping[str, Any],
) -> None:
    """Write what stands above the partitions, then avkd.json.

    Args:
        work: the working directory.
        plan: of the work.
        marks: of every partition.
        files: name → content, such as the index.
        said: what avkd.json says beside plan, files and `made_by`.
    """
    durable.sweep_below(work)  # a worker may have been killed since the beginning
    listed = _written(work, files)
    for partition in sorted(marks):
        listed |= marks[partition]["files"]
        mark = mark_path(work, partition)
        listed[mark.relative_to(work).as_posix()] = _listed(mark)
    listed["plan.json"] = _listed(work / "plan.json")
    whole = {
        "format": plan.kind,
        "version": plan.version,
        "step": plan.step,
        "fingerprint": plan.fingerprint,
        "config": dict(plan.config),
        "inputs": dict(plan.inputs),
        **said,
        "files": dict(sorted(listed.items())),
        "made_by": manifest.made_by(),
    }
    durable.write_text(work / manifest.NAME, manifest.sealed(whole))


def _written(work: Path, files: Mapping[str, durable.Data]) -> dict[str, list]:
    """Write files below a folder; return size and digest of each."""
    measured = durable.write_all({work / name: data for name, data in files.items()})
    return dict(zip(files, measured.values(), strict=True))


def _listed(path: Path) -> list:
    return [path.stat().st_size, durable.sha256_file(path)]


def refuse_missing(marks: Mapping[int, Any], partitions: int) -> None:
    """Raise TemporaryError unless every partition is done."""
    if len(marks) < partitions:
        missing = [str(p) for p in range(partitions) if p not in marks]
        shown = ", ".join(missing[:10]) + (", …" if len(missing) > 10 else "")
        raise TemporaryError(
            f"{len(missing)} of {partitions} partitions are not done ({shown}); "
            "run them with --partitions, then --finalise again"
        )


def chosen(partitions: tuple[int, int] | None, count: int) -> range:
    """Return the partitions to do; a job array may reach beyond the last one."""
    first, stop = partitions or (0, count)
    return range(min(first, count), min(stop, count))
