"""Make a store so that it can be killed at any moment: plan, partitions with marks, one rename.

Work happens in `<out>.wip`. A partition's files are written, then its mark, which lists them with
their digests; a mark that does not match is no mark. avkd.json comes last, then the name.
Reference: reliability.md 3.1, 3.2, 3.5.
"""

import json
import os
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import MappingProxyType
from typing import Any

from avkd_cli.config import Execution
from avkd_cli.errors import OutputError, TemporaryError
from avkd_cli.storage import durable, manifest
from avkd_cli.storage.clutter import is_left_by_system
from avkd_cli.storage.plan import Plan, check_output, differences, finished, name_of, work_of


def start(out: Path, plan: Plan, overwrite: bool) -> Path:
    """Return the working directory with this plan in it, new or left by a killed run.

    Raises:
        OutputError: it was started with another plan, and `overwrite` is not given.
    """
    work = work_of(out)
    if os.path.lexists(work) and not _resumes(work, plan, overwrite):
        durable.remove_tree(work)
    durable.make_directory(work / "parts")
    durable.sweep_below(work)
    if not (work / "plan.json").exists():
        durable.write_text(work / "plan.json", manifest.canonical(plan.to_json()))
    return work


def _resumes(work: Path, plan: Plan, overwrite: bool) -> bool:
    """Return whether `work` can be gone on with; False: it may be thrown away."""
    if work.is_symlink() or not work.is_dir():
        raise OutputError(f"{work}: is in the way; move it")
    names = {entry.name for entry in work.iterdir() if not is_left_by_system(entry.name)}
    if "plan.json" not in names:  # killed before the plan, or not ours
        if any(name != "parts" and ".tmp-" not in name for name in names):
            raise OutputError(f"{work}: is not what avkd leaves behind; move it")
        return True
    try:
        old = json.loads((work / "plan.json").read_bytes())
    except ValueError:
        old = {}
    different = differences(old, plan.to_json())
    if different and not overwrite:
        raise OutputError(
            f"{work}: was started otherwise ({'; '.join(different)}); "
            "go on with that, or --overwrite to start again"
        )
    return not different


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
    durable.write_all({work / name: data for name, data in files.items()})
    listed = {name: _measured(data) for name, data in files.items()}
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
    out: Path,
    plan: Plan,
    marks: Mapping[int, Mapping],
    files: Mapping[str, bytes],
    said: Mapping[str, Any],
    overwrite: bool,
) -> dict[str, Any]:
    """Write what stands above the partitions, then avkd.json, then give the store its name.

    Args:
        out: the name.
        plan: of the work.
        marks: of every partition.
        files: name → content, such as the index.
        said: what avkd.json says beside plan, files and `made_by`.
        overwrite: replace a store that is there.

    Returns:
        The manifest.
    """
    work = work_of(out)
    durable.sweep_below(work)  # a worker may have been killed since `start`
    durable.write_all({work / name: data for name, data in files.items()})
    listed = {name: [len(data), durable.sha256_bytes(data)] for name, data in files.items()}
    for partition in sorted(marks):
        listed |= marks[partition]["files"]
        for name in (f"{name_of(partition)}.done",):
            listed[name] = _listed(work / name)
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
    durable.publish(work, out, overwrite)
    return manifest.read(out)  # as any later run will find it, its keys in the same order


def _measured(data: durable.Data) -> list:
    """Return size and digest of what has been written."""
    if isinstance(data, durable.Passing):
        return [data.size, data.sha256]
    return [len(data), durable.sha256_bytes(data)]


def _listed(path: Path) -> list:
    return [path.stat().st_size, durable.sha256_file(path)]


def remove_remains(out: Path) -> None:
    """Remove what runs killed while they replaced or removed a store have left."""
    work = work_of(out)
    if (work / manifest.NAME).is_file():  # a whole store that has changed places with its successor
        durable.remove_tree(work)
    durable.remove_remains(out)
    durable.remove_remains(work)


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


def say(execution: Execution, step: str, text: str) -> None:
    """Tell the user on stderr, unless --quiet."""
    if not execution.quiet:
        print(f"avkd {step}: {text}", file=sys.stderr)


Marks = dict[int, dict[str, Any]]
Make = Callable[[Path, range, Marks], None]
Assemble = Callable[[Path, Marks], tuple[dict[str, bytes], dict[str, Any]]]


def produce(
    out: Path,
    plan: Plan,
    execution: Execution,
    make: Make,
    assemble: Assemble,
    tell: Callable[[Marks, dict[str, Any]], None] = lambda marks, manifest: None,
) -> dict[str, Any] | None:
    """Make a store, from wherever an earlier run has got to.

    Args:
        out: its name.
        plan: what it is.
        execution: what of it is wanted now.
        make: (work, partitions, marks) → commits each partition without a mark and adds its mark.
        assemble: (work, marks) → files above the partitions, and what avkd.json says beside.
        tell: (marks, manifest) → tells the user, once all is done.

    Returns:
        The manifest as it is printed; None if only some partitions were wanted.
    """
    check_output(out)
    with durable.lock(out, shared=execution.partitions is not None):
        if whole := finished(out, plan, execution.overwrite):
            say(execution, plan.step, f"{out}: already complete")
            remove_remains(out)
            return manifest.line(whole, out)
        work = start(out, plan, execution.overwrite)
        numbers = chosen(execution.partitions, plan.partitions)
        marks = valid_marks(work, numbers)
        if not execution.finalise:
            make(work, numbers, marks)
        if execution.partitions is not None:
            done = f"partitions {numbers.start}:{numbers.stop} of {plan.partitions} are done"
            say(execution, plan.step, f"{done}; when all are, run with --finalise")
            return None
        refuse_missing(marks, plan.partitions)
        files, said = assemble(work, marks)
        whole = finish(out, plan, marks, files, said, execution.overwrite)
        remove_remains(out)
    tell(marks, whole)
    return manifest.line(whole, out)
