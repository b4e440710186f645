"""Mutated recordings, films, pictures, lists and stores: no traceback, no hang, no short read.

Each case is a function of (--seed, its number) alone. Cases run in forked processes that are
killed when one hangs or dies; what a worker of avkd would survive is no fault, only counted. A
fault is an exception that is none of avkd's, a case without an end, a recording cut in the middle
that is accepted without a word, or a damaged store that gives other numbers.

    python tests/campaigns/fuzz.py --cases 10000 [--seed 0] [--record]
    python tests/campaigns/fuzz.py --only 4711          one case again, with its traceback
"""

import argparse
import ctypes
import json
import multiprocessing
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Connection, wait
from pathlib import Path

import crash
import damage
import figures
import seeds

from avkd_cli.config import CropFacesConfig, PrepAudioConfig
from avkd_cli.errors import AvkdError, Rejected
from avkd_cli.steps import crop_faces, prep_audio
from avkd_cli.storage.utterances import Utterance, read_utterances
from avkd_cli.verification.scorefiles import read_scores
from avkd_cli.verification.trials import read_trials

SECONDS = 60  # that a case may take; on an idle machine all take less than two
MEMORY = 4 << 30  # bytes that a case may map beyond what there is
SHORT = 0.1  # s that a cut recording may lack without a word: less than two frames of any codec
MARKS = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x80\0\0\0", b"\1\0\0\0", b"NaN")


def flip(data: bytearray, chance: random.Random) -> None:
    """Change a few bits."""
    for _ in range(chance.choice((1, 4, 30))):
        place = chance.randrange(len(data))
        data[place] ^= 1 << chance.randrange(8)


def mark(data: bytearray, chance: random.Random) -> None:
    """Put an extreme value over four bytes, most often in the header."""
    end = len(data) if chance.random() < 0.3 else min(len(data), 200)
    place = chance.randrange(end)
    value = chance.choice(MARKS)
    data[place : place + len(value)] = value


def cut(data: bytearray, chance: random.Random) -> None:
    """Lose the end."""
    del data[chance.randrange(len(data)) :]


def lose(data: bytearray, chance: random.Random) -> None:
    """Lose a piece of the middle."""
    place = chance.randrange(len(data))
    del data[place : place + chance.choice((1, 4, 512))]


def repeat(data: bytearray, chance: random.Random) -> None:
    """Repeat a piece."""
    place = chance.randrange(len(data))
    data[place:place] = data[place : place + chance.choice((1, 8, 512))]


def zero(data: bytearray, chance: random.Random) -> None:
    """Lose a block but not its place."""
    place = chance.randrange(len(data))
    data[place : place + 512] = bytes(len(data[place : place + 512]))


def grow(data: bytearray, chance: random.Random) -> None:
    """Add rubbish to the end."""
    data += chance.randbytes(chance.choice((1, 100, 5000)))


MUTATIONS = (flip, flip, mark, mark, cut, lose, repeat, zero, grow)


def mutated(data: bytes, chance: random.Random) -> tuple[bytes, str]:
    """Return bytes damaged once to three times, and how."""
    changed, names = bytearray(data), []
    for _ in range(chance.choice((1, 1, 2, 3))):
        mutation = chance.choice(MUTATIONS)
        if changed:
            mutation(changed, chance)
            names.append(mutation.__name__)
    return bytes(changed), " ".join(names)


class Fault(Exception):
    """A promise is broken."""


def try_sound(path: Path, how: str, length: float | None) -> str:
    """Prepare a recording; `length` is what the whole file holds, in seconds."""
    utterance = Utterance("a", person="p", audio=path.name)
    record = prep_audio.process_utterance(utterance, path.parent.joinpath, PrepAudioConfig())
    seconds = record.columns["duration_s"]
    if how == "cut" and length and seconds < length - SHORT and not record.warnings:
        raise Fault(f"silent short read: {seconds:.2f} s of {length:.2f} s")
    return "accepted"


def try_faces(path: Path, kind: str) -> str:
    """Crop a film or a picture."""
    media = {"video": path.name} if kind == "film" else {"images": (path.name,)}
    config = CropFacesConfig(detector="none", max_faces=5)
    utterance = Utterance("a", person="p", **media)
    crop_faces.process_utterance(utterance, path.parent.joinpath, config, weights=None)
    return "accepted"


def try_list(path: Path, kind: str) -> str:
    """Read a list of utterances, trials or scores."""
    read = {"list": read_utterances, "trials": read_trials, "scores": read_scores}[kind]
    found = read(path)
    return "accepted, lines rejected" if getattr(found, "rejects", None) else "accepted"


def try_store(store: Path, copy: Path, chance: random.Random) -> str:
    """Damage one file of a copy; reading gives the numbers of the original or an error."""
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(store, copy)
    path = chance.choice(sorted(p for p in copy.rglob("*") if p.is_file() and p.stat().st_size))
    path.write_bytes(mutated(path.read_bytes(), chance)[0])
    if damage.values_of(copy) != damage.values_of(store):
        raise Fault(f"wrong numbers after damage to {path.relative_to(copy)}")
    return "accepted"


class Campaign:
    """All seeds, and what is done to them."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.seed = folder, seed
        self.files = seeds.all_files(folder)
        assert crash.child(lambda: damage.make_stores(folder)) == 0
        self.stores = [folder / name for name in damage.STORES]
        self.lengths: dict[Path, float | None] = {}

    def case(self, number: int, scratch: Path) -> tuple[str, str]:
        """Do one case; return what it was and how it ended."""
        chance = random.Random(f"{self.seed}:{number}")
        kinds = sorted(self.files)
        kind = (*kinds, "sound", "store")[number % (len(kinds) + 2)]
        if kind == "store":
            return kind, self._outcome(
                partial(try_store, chance.choice(self.stores), scratch / "copy", chance)
            )
        source = chance.choice(self.files[kind])
        data, how = mutated(source.read_bytes(), chance)
        path = scratch / f"mutated{source.suffix}"
        path.write_bytes(data)
        if kind == "sound":
            work = partial(try_sound, path, how, self._length(source))
        elif kind in ("film", "picture"):
            work = partial(try_faces, path, kind)
        else:
            work = partial(try_list, path, kind)
        outcome = self._outcome(work)
        return kind, f"{outcome} ({source.name}, {how})" if outcome.startswith("FAULT") else outcome

    def _length(self, source: Path) -> float | None:
        """Return the seconds of a whole recording whose format says how many they are."""
        if source.suffix in seeds.WITHOUT_LENGTH:
            return None
        if source not in self.lengths:
            utterance = Utterance("a", person="p", audio=source.name)
            try:
                record = prep_audio.process_utterance(
                    utterance, source.parent.joinpath, PrepAudioConfig()
                )
            except Rejected:
                self.lengths[source] = None
            else:
                self.lengths[source] = record.columns["duration_s"]
        return self.lengths[source]

    @staticmethod
    def _outcome(work: Callable[[], str]) -> str:
        try:
            return work()
        except Rejected as error:
            return f"rejected {error.code}"
        except AvkdError as error:
            return f"exit {error.exit_code}"
        except MemoryError:
            return "out of memory"
        except Fault as error:
            return f"FAULT {error}"
        except Exception:
            return "FAULT " + traceback.format_exc(limit=-3).replace("\n", " | ")


def serve(campaign: Campaign, connection: Connection, scratch: Path) -> None:
    """Do the cases that are asked for: the main function of a worker."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: it dies with its parent
    crash.begin_forked()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (mapped + MEMORY, resource.RLIM_INFINITY))
    scratch.mkdir(exist_ok=True)
    while True:
        connection.send(campaign.case(connection.recv(), scratch))


class Worker:
    """A process at one case."""

    def __init__(self, campaign: Campaign, place: int) -> None:
        self.connection, theirs = multiprocessing.Pipe()
        scratch = campaign.folder / f"scratch{place}"
        context = multiprocessing.get_context("fork")
        arguments = (campaign, theirs, scratch)
        self.process = context.Process(target=serve, args=arguments, daemon=True)
        self.process.start()
        theirs.close()
        self.number, self.began, self.place = -1, 0.0, place

    def give(self, number: int) -> None:
        """Start a case."""
        self.connection.send(number)
        self.number, self.began = number, time.monotonic()

    def end(self) -> int:
        """Kill it and return how it ended."""
        self.process.kill()
        self.process.join()
        return -(self.process.exitcode or 0)


def run(campaign: Campaign, cases: int, processes: int) -> tuple[Counter, list[str]]:
    """Do all cases; return counts by kind and outcome, and the faults."""
    seen, faults, todo = Counter(), [], iter(range(cases))
    workers = [Worker(campaign, place) for place in range(processes)]
    busy = []
    for worker in workers:
        worker.give(next(todo))
        busy.append(worker)
    while busy:
        ready = wait([worker.connection for worker in busy], timeout=1)
        for worker in list(busy):
            late = time.monotonic() - worker.began > SECONDS
            if worker.connection not in ready and not late:
                continue
            number, following = worker.number, worker
            try:
                if worker.connection not in ready:
                    raise TimeoutError
                kind, outcome = worker.connection.recv()
            except (EOFError, ConnectionResetError):
                kind, outcome = "any", f"decoder died by signal {worker.end()}"
                following = Worker(campaign, worker.place)
                print(f"case {number}: {outcome}", flush=True)
            except TimeoutError:
                worker.end()
                kind, outcome = "any", f"FAULT no end after {SECONDS} s"
                following = Worker(campaign, worker.place)
            if outcome.startswith("FAULT"):
                faults.append(f"case {number}: {kind}: {outcome}")
                print(faults[-1], flush=True)
                outcome = "FAULT"
            seen[kind, outcome] += 1
            busy.remove(worker)
            if (following_number := next(todo, None)) is not None:
                following.give(following_number)
                busy.append(following)
            elif following is worker:
                worker.end()
    return seen, faults


def main() -> int:
    """Run the campaign and print its counts as one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int, help="number of one case")
    parser.add_argument("--processes", type=int, default=2)
    figures.add_option(parser)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        campaign = Campaign(Path(name), given.seed)
        if given.only is not None:
            print(*campaign.case(given.only, Path(name)))
            return 0
        seen, faults = run(campaign, given.cases, given.processes)
    counts: dict[str, dict[str, int]] = {}
    for (kind, outcome), count in sorted(seen.items()):
        counts.setdefault(kind, {})[outcome] = count
    print(json.dumps({"seed": given.seed, "cases": given.cases, "faults": len(faults), **counts}))
    if given.record:
        figures.record(
            "fuzz", cases=given.cases, wrong=len(faults), counts={"seed": given.seed, **counts}
        )
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
