"""Kill, fail or cut the power at every single file operation of a small job, and go on.

The job makes a store of two partitions (or replaces one) from a process that needs nothing: of
frames that workers hand over, or with --sequences of vectors that are written while they are
computed. It runs in a forked child with the hook of `durable` in place. After each crash the job
is run again and must give the bytes of a run left alone; meanwhile the name must show a whole
store or none.

The power cut is a model, see power.py. Mutants of the code, with one sync or one order taken
away, must be caught by it.

    python tests/campaigns/crash.py kill|fail|power [--sequences] [--mutant NAME] [--record]
    python tests/campaigns/crash.py mutants [--record]
"""

import argparse
import contextlib
import errno
import hashlib
import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import figures
import numpy as np
import tensorstore  # noqa: F401  once, not in every child
import zarr  # noqa: F401
from mutants import MUTANTS
from power import VARIANTS, Disk, cut_power

from avkd_cli.config import Execution
from avkd_cli.errors import AvkdError
from avkd_cli.storage import build, durable, manifest, shards
from avkd_cli.storage.build import Recordings
from avkd_cli.storage.builder import Origin, build_store
from avkd_cli.storage.computed import Rows
from avkd_cli.storage.record import Record
from avkd_cli.storage.sequences import Pieces, Sequences
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


def frames(out: Path, seed: int) -> None:
    """Make a store of frames that workers hand over."""
    content = Recordings(SPEC, LIST, numbers, Settings(seed), size=1, max_reject_fraction=0)
    execution = Execution(workers=0, quiet=True, overwrite=seed > 0)
    build_store(out, content, content.origin("crash", {}), execution)


def sequences(out: Path, seed: int) -> None:
    """Make a store of vectors that are written while they are computed."""

    def compute(start: int, stop: int) -> Iterator[Pieces]:
        for row in range(start, stop):
            values = np.random.default_rng([seed, row]).standard_normal((5, 2))
            yield Pieces(row, values, np.arange(5) / 25)

    content = Sequences(Rows(["u0", "u1"], ["p", "q"]), "frames", 2, compute)
    execution = Execution(quiet=True, overwrite=seed > 0, partition_size=1)
    build_store(out, content, Origin("crash", {"seed": seed}), execution)


MAKE = sequences if "--sequences" in sys.argv else frames


def job(out: Path, seed: int = 0) -> None:
    """Make the store, replacing one of another seed."""
    MAKE(out, seed)
    durable.write_text(table_of(out), table(seed))


def table_of(out: Path) -> Path:
    """Return the text file that the job writes, or replaces, beside the store."""
    return out.with_name("table.txt")


def table(seed: int) -> str:
    """Return what is in it."""
    return f"a line of run {seed}\n" * 50


def begin_forked() -> None:
    """Let a forked process read stores; its parent must not, lest it has threads by then."""
    shards._PROCESS = os.getpid()


def child(work: Callable[[], None]) -> int:
    """Run in a forked process; return its exit status, negative for a signal."""
    pid = os.fork()
    if pid == 0:
        begin_forked()
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


@dataclass(frozen=True)
class Case:
    """One interruption: of which job, where, how.

    Args:
        seed: 0 makes a store, 1 replaces it.
        at: number of the file operation.
        kind: kill, fail or power.
        code: of the error, for fail.
        variant: of the power cut.
        mutant: what is wrong with the code.
    """

    seed: int
    at: int
    kind: str
    code: int = 0
    variant: tuple[str, str] = VARIANTS[0]
    mutant: str | None = None

    def stop(self) -> None:
        """Do it: called in front of the operation."""
        if self.kind == "fail":
            raise OSError(self.code, os.strerror(self.code))
        os.kill(os.getpid(), signal.SIGKILL)

    def __str__(self) -> str:
        """Name the case."""
        how = "/".join(self.variant) if self.kind == "power" else errno.errorcode.get(self.code, "")
        return f"seed {self.seed}, operation {self.at} {how}".rstrip()


def interrupted(out: Path, case: Case, log: Path) -> int:
    """Run the job in a child that is stopped as the case says; leave the disk's state in `log`."""

    def work() -> None:
        disk, count = Disk.of(out.parent), 0
        if case.mutant:
            MUTANTS[case.mutant](disk)

        def hook(*_: object) -> None:
            nonlocal count
            count += 1
            if count == case.at:
                keep(disk, log)
                case.stop()

        durable.hook, os.fsync = hook, disk.sync  # type: ignore[assignment]
        job(out, case.seed)
        keep(disk, log)

    return child(work)


def keep(disk: Disk, log: Path) -> None:
    """Leave the disk's state for the parent, without the mutant's methods."""
    Disk(disk.files, disk.entries).save(log)


def digest(store: Path) -> str:
    """Return one digest of all files, but for who made them; a torn manifest counts as it is."""
    found = hashlib.sha256()
    for path in sorted(path for path in store.rglob("*") if path.is_file()):
        data = path.read_bytes()
        if path.name == "avkd.json":
            with contextlib.suppress(ValueError):
                data = json.dumps(json.loads(data) | {"made_by": None}, sort_keys=True).encode()
        found.update(str(path.relative_to(store)).encode() + b"\0" + data)
    return found.hexdigest()


@dataclass
class Outcome:
    """What a campaign saw: interruptions, and what went wrong."""

    operations: int = 0
    failures: list[str] = field(default_factory=list)


def campaign(kind: str, mutant: str | None, given: argparse.Namespace) -> Outcome:
    """Interrupt the job at its operations in turn.

    Args:
        kind: kill, fail or power.
        mutant: what is wrong with the code.
        given: seeds; step: every one, every second, … operation; last: only so many at the end,
            0 for all; patience: stop after so many failures; turns: take the variants of a power
            cut in turn, not all at each operation.
    """
    outcome = Outcome()
    for name in build.Recordings.software:  # looked up once, not in every child
        manifest.library_version(name)
    base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=base) as folder:
        root = Path(folder)
        seeds = given.seeds
        wanted = {seed: reference(root / f"ref{seed}", seed) for seed in range(max(seeds) + 1)}
        for seed in seeds:
            operations = count_operations(root / "count", seed)
            first = max(1, operations - given.last + 1) if given.last else 1
            # One more: what a run that has ended has promised.
            for at in [*range(first, operations + 1, given.step), operations + 1]:
                for case in cases(kind, mutant, seed, at, given.turns):
                    if fault := fault_of(case, root / "try", wanted):
                        outcome.failures.append(f"{case}: {fault}")
                    outcome.operations += 1
                    if len(outcome.failures) >= given.patience:
                        return outcome
    return outcome


def cases(kind: str, mutant: str | None, seed: int, at: int, turns: bool) -> list[Case]:
    """Return the ways to interrupt one operation."""
    case = Case(seed, at, kind, mutant=mutant)
    if kind == "fail":
        return [replace(case, code=code) for code in (errno.ENOSPC, errno.EIO)]
    if kind == "power":
        chosen = [VARIANTS[at % len(VARIANTS)]] if turns else VARIANTS
        return [replace(case, variant=variant) for variant in chosen]
    return [case]


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


def fault_of(case: Case, root: Path, wanted: dict[int, str]) -> str:
    """Interrupt one run, go on, and return what is wrong."""
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    out, log = root / "out", root.parent / "log"
    for each in range(case.seed):
        job_quietly(out, each)
    status = interrupted(out, case, log)
    if case.kind == "fail" and status not in (0, 74):
        return f"exit {status}, not 74"
    if case.kind == "power":
        cut_power(root, Disk.load(log), case.variant, case.at)
        # A command that has said that it is done has kept its word.
        if status == 0 and (not out.exists() or digest(out) != wanted[case.seed]):
            return "lost after a run that succeeded"
    if fault := fault_of_name(out, case.seed, wanted) or fault_of_table(out, case.seed):
        return fault
    status = resumed(out, case)
    if status or digest(out) != wanted[case.seed]:
        return f"not the same bytes after it went on ({status})"
    if table_of(out).read_text() != table(case.seed):
        return "another table after it went on"
    left = sorted(path.name for path in root.iterdir() if path not in (out, table_of(out)))
    return f"left {left}" if left else ""


def fault_of_table(out: Path, seed: int) -> str:
    """Return what is wrong with the text file: it is the old one, the new one or none yet."""
    path = table_of(out)
    if not path.exists():
        return "" if seed == 0 else "the old table is gone"
    whole = path.read_text("utf-8", errors="replace") in [table(each) for each in range(seed + 1)]
    return "" if whole else "the table is torn"


def job_quietly(out: Path, seed: int) -> None:
    """Make what is to be replaced."""
    assert child(lambda: job(out, seed)) == 0


def resumed(out: Path, case: Case) -> int:
    """Run the job to its end, with the mutant's faults in what it reads."""

    def work() -> None:
        if case.mutant:
            MUTANTS[case.mutant](Disk())
        os.fsync = lambda descriptor: None
        job(out, case.seed)

    return child(work)


def fault_of_name(out: Path, seed: int, wanted: dict[int, str]) -> str:
    """Return what is wrong with what the name shows: it is absent, or whole, old or new."""
    if not out.exists():
        return "" if seed == 0 else "the old store is gone before the new one is there"

    def read() -> None:
        store = open_store(out)
        store.read(range(len(store)))

    if status := child(read):
        return f"visible and broken: exit {status}"
    found = digest(out)
    return "" if found in list(wanted.values())[: seed + 1] else "visible and wrong"


def main() -> int:
    """Run one campaign from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=["kill", "fail", "power", "mutants"])
    parser.add_argument("--sequences", action="store_true", help="store vectors, not frames")
    parser.add_argument("--mutant", choices=list(MUTANTS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--step", type=int, default=1)
    parser.add_argument("--last", type=int, default=0)
    parser.add_argument("--patience", type=int, default=20)
    parser.add_argument("--turns", action="store_true", help="one variant of a power cut each")
    figures.add_option(parser)
    given = parser.parse_args()
    if given.kind == "mutants":
        return every_mutant(given)
    outcome = campaign(given.kind, given.mutant, given)
    print(*outcome.failures[:20], sep="\n")
    print(f"{given.kind}: {outcome.operations} operations, {len(outcome.failures)} failures")
    if given.record:
        counts = {"interruptions": outcome.operations, "failures": len(outcome.failures)}
        figures.record(
            f"crash {given.kind}" + (" sequences" if given.sequences else ""),
            cases=outcome.operations,
            wrong=len(outcome.failures),
            counts=counts,
        )
    return 1 if outcome.failures else 0


def every_mutant(given: argparse.Namespace) -> int:
    """Cut the power on each mutant; the campaign must find fault with all of them."""
    found = {name: campaign("power", name, given) for name in MUTANTS}
    counts = {
        name: f"caught in {len(outcome.failures)} of {outcome.operations} cuts"
        for name, outcome in found.items()
    }
    print(json.dumps(counts, indent=1))
    missed = [name for name, outcome in found.items() if not outcome.failures]
    if given.record:
        figures.record("mutants", cases=len(found), wrong=len(missed), counts=counts)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
