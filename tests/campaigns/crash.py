"""Kill, fail or cut the power at every single file operation of a small job, and go on.

The job makes a store of two partitions (or replaces one) from a process that needs nothing. It
runs in a forked child with the hook of `durable` in place. After each crash the job is run again
and must give the bytes of a run left alone; meanwhile the name must show a whole store or none.

The power cut is a model: what was not synced is gone. A file that was not synced is empty, and
a directory that was not synced has the entries of its last sync. Mutants of the code, with one
sync or one order taken away, must be caught by it.

    python tests/campaigns/crash.py kill|fail|power [--mutant NAME]
"""

import argparse
import contextlib
import errno
import hashlib
import itertools
import json
import os
import shutil
import signal
import stat
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from avkd_cli.config import Execution
from avkd_cli.errors import AvkdError
from avkd_cli.storage import build, durable, partitions
from avkd_cli.storage.build import build_from_utterances
from avkd_cli.storage.record import Record
from avkd_cli.storage.specs import PLACE, Array, StoreSpec
from avkd_cli.storage.store import open_store
from avkd_cli.storage.utterances import Utterance, UtteranceList

SPEC = StoreSpec("avkd.audio", 1, PLACE, (Array("frames", "float32", ("frame", "mel"), "numbers"),))
LIST = UtteranceList(
    "list",
    Path(),
    [Utterance("u0", person="p"), Utterance("u1", person="q")],
    [0, 1],
    [1, 2],
    digest="sha256:0",
)


@dataclass(frozen=True)
class Settings:
    """Another plan has another seed."""

    seed: int = 0


def numbers(utterance: Utterance, _: object, settings: Settings) -> Record:
    """Return frames that depend on the utterance and the seed."""
    chance = np.random.default_rng([settings.seed, int(utterance.id[1:])])
    return Record({}, chance.standard_normal((5, 2)).astype(np.float32))


def job(out: Path, seed: int = 0) -> None:
    """Make the store, replacing one of another seed."""
    build_from_utterances(
        out,
        SPEC,
        LIST,
        numbers,
        Settings(seed),
        step="crash",
        execution=Execution(workers=0, quiet=True, overwrite=seed > 0),
        partition_size=1,
        max_reject_fraction=0,
    )


@dataclass
class Disk:
    """What the disk is sure to have: contents and names at their last sync."""

    files: set[int] = field(default_factory=set)
    entries: dict[int, dict[str, int]] = field(default_factory=dict)

    def sync(self, descriptor: int) -> None:
        """Stand for fsync: remember what it makes last."""
        inode = os.fstat(descriptor).st_ino
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        if path.is_dir():
            self.entries[inode] = listing(path)
        else:
            self.files.add(inode)

    def save(self, path: Path) -> None:
        """Write it for the parent of the process that is about to be killed."""
        path.write_text(json.dumps([sorted(self.files), self.entries]))

    @classmethod
    def load(cls, path: Path) -> "Disk":
        """Read what `save` wrote."""
        files, entries = json.loads(path.read_text())
        return cls(set(files), {int(inode): names for inode, names in entries.items()})


def listing(folder: Path) -> dict[str, int]:
    """Return name → inode of a folder's entries."""
    with os.scandir(folder) as entries:
        return {entry.name: entry.inode() for entry in entries}


def cut_power(root: Path, disk: Disk, keep_names: bool = False) -> None:
    """Take away from a tree what no sync has made last.

    Args:
        root: of the tree.
        disk: what is sure.
        keep_names: of `root` itself, which a disk may have written before it was told to.
    """
    for folder in [root, *(path for path in root.rglob("*") if path.is_dir())]:
        if not folder.is_dir() or (folder == root and keep_names):
            continue
        before = disk.entries.get(folder.stat().st_ino, {})
        now = listing(folder)
        for name in now.keys() - before.keys():
            back = next((old for old, inode in before.items() if inode == now[name]), None)
            if back is not None and back not in now:
                (folder / name).rename(folder / back)
            elif (folder / name).is_dir():
                shutil.rmtree(folder / name)
            else:
                (folder / name).unlink()
    for path in root.rglob("*"):
        if path.is_file() and path.stat().st_ino not in disk.files:
            path.write_bytes(b"")


def is_directory(descriptor: int) -> bool:
    """Return whether what is synced is a directory."""
    return stat.S_ISDIR(os.fstat(descriptor).st_mode)


# Mutants: one promise taken away from the code; the power cut must catch each.
def without_file_sync(disk: Disk) -> None:
    """Files are renamed without having been synced."""
    real = disk.sync

    def sync(descriptor: int) -> None:
        if is_directory(descriptor):
            real(descriptor)

    disk.sync = sync  # type: ignore[method-assign]


def without_directory_sync(disk: Disk) -> None:
    """Names are not synced, but for the last rename."""
    real = disk.sync

    def sync(descriptor: int) -> None:
        if not is_directory(descriptor):
            real(descriptor)

    disk.sync = sync  # type: ignore[method-assign]


def mark_before_data(_: Disk) -> None:
    """A partition's mark is written before its files, and believed."""
    real = durable.write_all
    later: list[dict] = []

    def write_all(files: dict) -> None:
        if any(str(path).endswith(".index") for path in files):
            later.append(files)
            return
        real(files)
        if later and any(str(path).endswith(".done") for path in files):
            real(later.pop())

    durable.write_all = write_all  # type: ignore[assignment]
    believe_marks(_)


def believe_marks(_: Disk) -> None:
    """Marks are taken at their word: digests are not compared."""

    def valid_mark(work: Path, partition: int) -> dict | None:
        try:
            return json.loads(partitions.mark_path(work, partition).read_bytes())
        except (OSError, ValueError):
            return None

    partitions.valid_mark = valid_mark  # type: ignore[assignment]


def name_before_record(_: Disk) -> None:
    """The store gets its name before avkd.json is written."""
    real_publish, real_text = durable.publish, durable.write_text
    held: list[tuple[Path, str]] = []

    def write_text(path: Path, text: str) -> None:
        held.append((path, text)) if path.name == "avkd.json" else real_text(path, text)

    def publish(work: Path, final: Path, overwrite: bool) -> None:
        real_publish(work, final, overwrite)
        for path, text in held:
            real_text(final / path.name, text)

    durable.write_text, durable.publish = write_text, publish  # type: ignore[assignment]


MUTANTS = {
    "no-file-sync": without_file_sync,
    "no-directory-sync": without_directory_sync,
    "mark-before-data": mark_before_data,
    "name-before-record": name_before_record,
}


def child(work: Callable[[], None]) -> int:
    """Run in a forked process; return its exit status, negative for a signal."""
    pid = os.fork()
    if pid == 0:
        code = 1
        with contextlib.suppress(BaseException):
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, 2)
            try:
                work()
                code = 0
            except AvkdError as error:
                code = error.exit_code
        os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def interrupted(
    out: Path, seed: int, at: int, stop: Callable[[], None], mutant: str | None, log: Path
) -> int:
    """Run the job in a child that does `stop` at operation number `at`."""

    def work() -> None:
        disk, count = Disk(), 0
        disk.entries[out.parent.stat().st_ino] = listing(out.parent)
        for folder in out.parent.rglob("*"):  # what is there is on the disk
            if folder.is_dir():
                disk.entries[folder.stat().st_ino] = listing(folder)
            else:
                disk.files.add(folder.stat().st_ino)
        if mutant:
            MUTANTS[mutant](disk)

        def hook(*_: object) -> None:
            nonlocal count
            count += 1
            if count == at:
                disk.save(log)
                stop()

        durable.hook, os.fsync = hook, disk.sync  # type: ignore[assignment]
        job(out, seed)
        disk.save(log.with_name("end"))

    return child(work)


def digest(store: Path) -> str:
    """Return one digest of all files, but for who made them."""
    found = hashlib.sha256()
    for path in sorted(path for path in store.rglob("*") if path.is_file()):
        data = path.read_bytes()
        if path.name == "avkd.json":
            data = json.dumps(json.loads(data) | {"made_by": None}, sort_keys=True).encode()
        found.update(str(path.relative_to(store)).encode() + b"\0" + data)
    return found.hexdigest()


def kill() -> None:
    """End this process as kill -9 does."""
    os.kill(os.getpid(), signal.SIGKILL)


def fail(code: int) -> Callable[[], None]:
    """Return what raises an OSError."""

    def stop() -> None:
        raise OSError(code, os.strerror(code))

    return stop


@dataclass
class Outcome:
    """What a campaign saw: operations, and what went wrong."""

    operations: int = 0
    failures: list[str] = field(default_factory=list)


def campaign(
    kind: str,
    mutant: str | None = None,
    *,
    seeds: tuple[int, ...] = (0, 1),
    step: int = 1,
    last: int = 0,
    patience: int = 1000,
) -> Outcome:
    """Interrupt the job at its operations in turn.

    Args:
        kind: kill, fail or power.
        mutant: what is wrong with the code.
        seeds: 0 makes a store, 1 replaces it.
        step: every one, every second, … operation.
        last: only so many at the end; 0: all.
        patience: stop after so many failures.
    """
    outcome = Outcome()
    build._software()  # looked up once, not in every child
    base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=base) as folder:
        root = Path(folder)
        wanted = {seed: reference(root / f"ref{seed}", seed) for seed in range(max(seeds) + 1)}
        codes = [errno.ENOSPC, errno.EIO] if kind == "fail" else [0]
        for seed, code in itertools.product(seeds, codes):
            stop = fail(code) if kind == "fail" else kill
            begin = max(1, count_operations(root / "count", seed) - last + 1) if last else 1
            for at in itertools.count(begin, step):
                again = one(root / "try", seed, at, stop, mutant, kind, wanted, outcome)
                if not again or len(outcome.failures) >= patience:
                    break
                outcome.operations += 1
    return outcome


def reference(folder: Path, seed: int) -> str:
    """Return the digest of a run left alone."""
    folder.mkdir()
    out = folder / "out"
    for each in range(seed + 1):
        assert child(lambda each=each: job(out, each)) == 0
    return digest(out)


def count_operations(root: Path, seed: int) -> int:
    """Return how many file operations the job has."""
    root.mkdir()
    for each in range(seed):
        job_quietly(root / "out", each)
    written = root.parent / "operations"

    def work() -> None:
        seen: list[str] = []
        durable.hook = lambda operation, path: seen.append(operation)  # type: ignore[assignment]
        job(root / "out", seed)
        written.write_text(str(len(seen)))

    assert child(work) == 0
    shutil.rmtree(root)
    return int(written.read_text())


def one(
    root: Path,
    seed: int,
    at: int,
    stop: Callable[[], None],
    mutant: str | None,
    kind: str,
    wanted: dict[int, str],
    outcome: Outcome,
) -> bool:
    """Interrupt one run at one operation and go on; False if it has fewer operations."""
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    out, log = root / "out", root.parent / "log"
    for each in range(seed):
        job_quietly(out, each)
    status = interrupted(out, seed, at, stop, mutant, log)
    if status == 0 and not log.exists():
        if kind == "power":  # a command that has said that it is done has kept its word
            cut_power(root, Disk.load(log.with_name("end")))
            if not out.exists() or fault_of_name(out, seed, wanted):
                outcome.failures.append(f"seed {seed}: lost after a run that succeeded")
        return False
    where = f"seed {seed}, operation {at}"
    if kind == "fail" and status not in (0, 74):
        outcome.failures.append(f"{where}: exit {status}, not 74")
    if kind == "power":
        cut_power(root, Disk.load(log), keep_names=at % 2 == 0)
    log.unlink(missing_ok=True)
    if fault := fault_of_name(out, seed, wanted):
        outcome.failures.append(f"{where}: {fault}")
        return True
    status = resumed(out, seed, mutant)
    if status or digest(out) != wanted[seed]:
        outcome.failures.append(f"{where}: not the same bytes after it went on ({status})")
    elif left := sorted(path.name for path in root.iterdir() if path != out):
        outcome.failures.append(f"{where}: left {left}")
    return True


def job_quietly(out: Path, seed: int) -> None:
    """Make what is to be replaced."""
    assert child(lambda: job(out, seed)) == 0


def resumed(out: Path, seed: int, mutant: str | None) -> int:
    """Run the job to its end, with the mutant's faults in what it reads."""

    def work() -> None:
        if mutant:
            MUTANTS[mutant](Disk())
        os.fsync = lambda descriptor: None
        job(out, seed)

    return child(work)


def fault_of_name(out: Path, seed: int, wanted: dict[int, str]) -> str:
    """Return what is wrong with what the name shows: it is absent, or whole, old or new."""
    if not out.exists():
        return "" if seed == 0 else "the old store is gone before the new one is there"
    try:
        store = open_store(out)
        store.read(range(len(store)))
        found = digest(out)
    except (AvkdError, OSError, ValueError) as error:
        return f"visible and broken: {error}"
    return "" if found in list(wanted.values())[: seed + 1] else "visible and wrong"


def main() -> int:
    """Run one campaign from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=["kill", "fail", "power"])
    parser.add_argument("--mutant", choices=list(MUTANTS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--step", type=int, default=1)
    parser.add_argument("--last", type=int, default=0)
    parser.add_argument("--patience", type=int, default=1000)
    given = parser.parse_args()
    outcome = campaign(
        given.kind,
        given.mutant,
        seeds=tuple(given.seeds),
        step=given.step,
        last=given.last,
        patience=given.patience,
    )
    print(*outcome.failures[:20], sep="\n")
    print(f"{given.kind}: {outcome.operations} operations, {len(outcome.failures)} failures")
    return 1 if outcome.failures else 0


if __name__ == "__main__":
    sys.exit(main())
