"""kill -9 of coordinator, worker or group at random moments of real commands, then go on.

Each round starts one command, kills it up to three times, lets it finish, and compares every byte
with a run left alone. After each kill the name must show nothing or the whole, and no worker may
be left.

    python tests/campaigns/kill.py --kills 500 --seed 0 [--record]
"""

import argparse
import contextlib
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import figures
import numpy as np

AVKD = [sys.executable, "-m", "avkd_cli"]
ALONE = ("coordinator", "worker", "group")


@dataclass
class Case:
    """A command, how long it takes alone, and what it makes."""

    name: str
    arguments: list[str]
    seconds: float = 0.0
    digest: str = ""

    def command(self, out: Path) -> list[str]:
        """Return the command line that makes `out`."""
        return [*AVKD, *self.arguments, "-o", str(out)]


def digest(store: Path) -> str:
    """Return one digest of all files, but for who made them."""
    found = hashlib.sha256()
    for path in sorted(path for path in store.rglob("*") if path.is_file()):
        data = path.read_bytes()
        if path.name == "avkd.json":
            data = json.dumps(json.loads(data) | {"made_by": None}, sort_keys=True).encode()
        found.update(str(path.relative_to(store)).encode() + b"\0" + data)
    return found.hexdigest()


def cases(folder: Path, only: list[str] | None = None) -> list[Case]:
    """Make a small corpus and return commands that work on it, timed and with digests.

    Args:
        folder: for the corpus and the references, `<name>.reference`.
        only: names of those wanted; all three if None.
    """
    corpus = folder / "corpus"
    persons = ["corpus", "standin", "-o", str(corpus), "--persons", "4", "--seed", "3"]
    subprocess.run([*AVKD, *persons], check=True, capture_output=True)
    chance = np.random.default_rng(0)
    vectors = chance.standard_normal((3000, 64)).astype(np.float32)
    np.savez(folder / "e.npz", id=[f"u{i}" for i in range(3000)], embedding=vectors)
    listed, size = str(corpus / "people.jsonl"), "--partition-size"
    found = [
        Case("prep-audio", ["prep-audio", listed, size, "3", "--workers", "2"]),
        Case(
            "crop-faces", ["crop-faces", listed, size, "3", "--workers", "2", "--detector", "none"]
        ),
        Case("extract", ["extract-embeddings", "--from", str(folder / "e.npz"), size, "50"]),
    ]
    found = [case for case in found if only is None or case.name in only]
    for case in found:
        out = folder / f"{case.name}.reference"
        began = time.monotonic()
        subprocess.run(case.command(out), check=True, capture_output=True)
        case.seconds, case.digest = time.monotonic() - began, digest(out)
    return found


def size(store: Path) -> int:
    """Return the bytes of a store, in whole pages as a disk counts them."""
    pages = (-(-path.stat().st_size // 4096) for path in store.rglob("*") if path.is_file())
    return 4096 * sum(pages)


def children_of(pid: int) -> list[int]:
    """Return the processes that a process has started."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def is_alive(pid: int) -> bool:
    """Return whether a process runs; a zombie does not."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


@dataclass
class Tally:
    """What the campaign has seen."""

    kills: Counter
    midway: int = 0
    rounds: int = 0
    faults: Counter = None  # type: ignore[assignment]

    def fault(self, case: Case, text: str) -> None:
        """Count a failure of the promise."""
        self.faults[f"{case.name}: {text}"] += 1
        print(f"{case.name}: {text}", flush=True)


def strike(case: Case, out: Path, chance: random.Random, tally: Tally) -> None:
    """Start the command and kill it, or a part of it, at a random moment."""
    process = subprocess.Popen(
        case.command(out),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    time.sleep(chance.uniform(0.1, 1.05) * case.seconds)
    if process.poll() is not None:
        return
    workers = children_of(process.pid)
    victim = chance.choice(ALONE if workers else ("coordinator", "group"))
    tally.midway += any(out.with_name(out.name + ".wip").glob("parts/*.done"))
    with contextlib.suppress(ProcessLookupError):
        if victim == "worker":
            os.kill(chance.choice(workers), signal.SIGKILL)
        elif victim == "coordinator":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
        tally.kills[f"{case.name} {victim}"] += 1
    if process.wait(300) not in (0, 75, -signal.SIGKILL):
        tally.fault(case, f"exit {process.returncode} after {victim} was killed")
    deadline = time.monotonic() + 20
    while (left := [pid for pid in workers if is_alive(pid)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    if left:
        tally.fault(case, f"{len(left)} workers outlive their {victim}")


def one_round(case: Case, folder: Path, chance: random.Random, tally: Tally) -> None:
    """Kill a command up to three times, let it finish, compare."""
    for path in folder.glob("x*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    out = folder / "x"
    for _ in range(chance.randint(1, 3)):
        strike(case, out, chance, tally)
        if out.exists() and digest(out) != case.digest:
            tally.fault(case, "the name shows something that is not whole")
    done = subprocess.run(case.command(out), check=False, capture_output=True, text=True)
    if done.returncode or not out.exists() or digest(out) != case.digest:
        tally.fault(
            case, f"does not give the same bytes: exit {done.returncode} {done.stderr[-300:]}"
        )
    elif left := [path.name for path in folder.glob("x?*")]:
        tally.fault(case, f"leaves {left}")
    tally.rounds += 1


def is_late(began: float, minutes: float | None) -> bool:
    """Return whether the campaign has had its time."""
    return minutes is not None and time.monotonic() - began > 60 * minutes


def main() -> int:
    """Run the campaign and print its figures as one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="+", help="names of commands")
    parser.add_argument("--keep", type=Path, help="folder for the remains of the first fault")
    parser.add_argument("--minutes", type=float, help="stop after so many, whatever was reached")
    figures.add_option(parser)
    given = parser.parse_args()
    chance, tally = random.Random(given.seed), Tally(Counter(), faults=Counter())
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        todo = cases(folder, given.only)
        while tally.kills.total() < given.kills and not is_late(began, given.minutes):
            one_round(todo[tally.rounds % len(todo)], folder, chance, tally)
            if tally.faults and given.keep:
                shutil.copytree(folder, given.keep)
                break
    counts = {
        "kills": tally.kills.total(),
        "midway": tally.midway,
        "rounds": tally.rounds,
        "minutes": round((time.monotonic() - began) / 60, 1),
        "by": dict(sorted(tally.kills.items())),
    }
    print(json.dumps(counts | {"faults": dict(tally.faults)}))
    if given.record:
        figures.record("kill", cases=tally.kills.total(), wrong=tally.faults.total(), counts=counts)
    return 1 if tally.faults else 0


if __name__ == "__main__":
    sys.exit(main())
