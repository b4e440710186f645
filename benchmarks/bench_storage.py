"""Speed of stores, lists and the pool against their peers, in one run on one machine.

crops: batches of random 300-frame crops of a store against zarr-python reading the same shards.
    Ours keeps what it read last; a round, which opens the store anew, reads a quarter of it, so
    that few chunks are met again. Opening is left out on both sides.
list: `prep-audio --dry-run` of 1.1 million utterances as a process, beside a process that only
    calls json.loads on every line: seconds and peak memory.
dask: prep-audio on a local Dask cluster of two processes against the pool of two.

Whatever is compared takes turns; each figure is the best of `--rounds`. The list must stay under
30 s and 1.5 GB on a quiet core.

    python benchmarks/bench_storage.py [--only crops] [--rounds 3] [--cpu-time] [--json]
"""

import argparse
import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from bench_audio import corpus

from avkd_cli.config import Execution, PrepAudioConfig
from avkd_cli.steps.prep_audio import prep_audio
from avkd_cli.storage.build import Recordings
from avkd_cli.storage.builder import build_store
from avkd_cli.storage.record import Record
from avkd_cli.storage.store import AUDIO, open_store
from avkd_cli.storage.utterances import read_utterances

FRAMES, MELS, CROP, BATCH = 800, 80, 300, 256
STORED, PARTITION = 2048, 256  # utterances: a quarter of a gigabyte in eight shards
BATCHES = 4  # of a round, to one of the peer
LISTED = 1_092_009  # utterances of VoxCeleb2
# Of 8 s, so that starting a cluster counts little; and those of a partition.
RECORDINGS, IN_TURN = 32_000, 256

Row = dict[str, Any]
Clock = Callable[[], float]


def best_of(rounds: int, timed: dict[str, Callable[[], None]]) -> dict[str, float]:
    """The least seconds of each, taken in turns."""
    best = dict.fromkeys(timed, float("inf"))
    for _ in range(rounds):
        for name, run in timed.items():
            began = time.perf_counter()
            run()
            best[name] = min(best[name], time.perf_counter() - began)
    return best


def compared(ours: str, peer: str, speed: dict[str, float], wanted: float, unit: str) -> Row:
    row = {"ours": ours, "peer": peer, "ratio": speed[ours] / speed[peer], "wanted": wanted}
    return row | {"unit": unit, "speed": speed}


def noise(utterance: Any, _: Any, __: Any) -> Record:
    """Log mel energies as rough as those of speech, to zstd."""
    rng = np.random.default_rng(int(utterance.id))
    slow = rng.normal(0, 3, (FRAMES // 8, MELS)).repeat(8, axis=0)
    return Record({}, (16 + slow + rng.normal(0, 1, slow.shape)).astype(np.float16))


def crops(folder: Path, rounds: int, clock: Clock) -> Iterator[Row]:
    listed, path = folder / "people.jsonl", folder / "a.zarr"
    listed.write_text("".join(f'{{"id": "{k}", "audio": "{k}.wav"}}\n' for k in range(STORED)))
    with contextlib.redirect_stderr(io.StringIO()):
        config = PrepAudioConfig(n_mels=MELS)
        content = Recordings(AUDIO, read_utterances(listed), noise, config, PARTITION, 0)
        origin = content.origin("prep-audio", {})
        build_store(path, content, origin, Execution(workers=0, quiet=True))
    rng = np.random.default_rng(0)

    def places() -> tuple[np.ndarray, np.ndarray]:
        return rng.integers(0, STORED, BATCH), rng.integers(0, FRAMES - CROP, BATCH)

    def zarr_python(rows: np.ndarray, starts: np.ndarray) -> None:
        for row, start in zip(rows, starts, strict=True):
            begin = FRAMES * (row % PARTITION) + start
            shards[row // PARTITION][begin : begin + CROP]

    speed = {"crops": 0.0, "zarr-python": 0.0}
    for _ in range(rounds):
        store = open_store(path)
        shards = [
            zarr.open_array(path / f"parts/{number:05d}/frames", mode="r")
            for number in range(STORED // PARTITION)
        ]
        store.crops(*places(), CROP)  # opens what it needs
        began = clock()
        for _ in range(BATCHES):
            store.crops(*places(), CROP)
        ours = clock()
        zarr_python(*places())
        peer = clock()
        speed["crops"] = max(speed["crops"], BATCHES * BATCH / (ours - began))
        speed["zarr-python"] = max(speed["zarr-python"], BATCH / (peer - ours))
    yield compared("crops", "zarr-python", speed, 15, "crops/s")


def measured(command: list[str], folder: Path, clock: Clock) -> tuple[float, float]:
    """Seconds, by the clock or of the processor, and peak gigabytes of a process."""
    began = time.perf_counter()
    with (folder / "said").open("wb") as said:
        process = subprocess.Popen(command, stdout=said, stderr=said, cwd=folder)
        _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{command} ended with {process.returncode}: {(folder / 'said').read_text()}")
    seconds = time.perf_counter() - began
    if clock is time.process_time:
        seconds = used.ru_utime + used.ru_stime
    return seconds, used.ru_maxrss * 1024 / 1e9


def voxceleb2() -> Iterator[str]:
    for number in range(LISTED):
        name = f"id{number % 5994:05d}/video{number // 30:06d}/{number % 30:05d}"
        person, session, _ = name.split("/")
        line = {"id": name, "person": person, "session": session, "split": "train"}
        yield json.dumps(line | {"audio": f"m4a/{name}.m4a", "video": f"mp4/{name}.mp4"}) + "\n"


PLAIN = "import json; print(len([json.loads(line) for line in open('people.jsonl')]))"


def lists(folder: Path, rounds: int, clock: Clock) -> Iterator[Row]:
    with (folder / "people.jsonl").open("w") as file:
        file.writelines(voxceleb2())
    dry_run = ["-m", "avkd_cli", "prep-audio", "people.jsonl", "-o", "a.zarr", "--dry-run"]
    commands = {"dry run": dry_run, "json.loads": ["-c", PLAIN]}
    found: dict[str, tuple[float, float]] = {}
    for _ in range(rounds):
        for name, arguments in commands.items():
            now = measured([sys.executable, *arguments], folder, clock)
            found[name] = min(found.get(name, now), now)
    for place, unit, wanted in ((0, "s", 30), (1, "GB", 1.5)):
        used = {name: value[place] for name, value in found.items()}
        yield {"ours": "dry run", "unit": unit, "speed": used, "at_most": wanted}


def dask(folder: Path, rounds: int, _: Clock) -> Iterator[Row]:
    listed = corpus(folder / "wav", ".wav", RECORDINGS)

    def prepare(cluster: str | None) -> None:
        execution = Execution(workers=2, quiet=True, partition_size=IN_TURN, dask=cluster)
        with tempfile.TemporaryDirectory(dir=folder) as made:
            prep_audio(listed, Path(made) / "a.zarr", PrepAudioConfig(n_mels=MELS), execution)

    timed = {"dask": lambda: prepare("local"), "pool": lambda: prepare(None)}
    with contextlib.redirect_stderr(io.StringIO()):
        best = best_of(rounds, timed)
    speed = {name: RECORDINGS / seconds for name, seconds in best.items()}
    yield compared("dask", "pool", speed, 0.9, "recordings/s")


CASES = {"crops": crops, "list": lists, "dask": dask}


def show(row: Row) -> None:
    for name, value in row["speed"].items():
        print(f"{name:14} {value:10.2f} {row['unit']}")
    if "ratio" in row:
        print(f"{row['ours']} / {row['peer']:11} {row['ratio']:6.2f}, wanted {row['wanted']}")
    else:
        used = row["speed"][row["ours"]]
        print(f"{row['ours']} {used:16.2f} {row['unit']}, wanted at most {row['at_most']}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=CASES, action="append", help="some of the cases")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--cpu-time", action="store_true", help="of crops and list: for a busy machine"
    )
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    clock = time.process_time if options.cpu_time else time.perf_counter
    rows = []
    for name in options.only or CASES:
        with tempfile.TemporaryDirectory() as folder:
            rows += CASES[name](Path(folder), options.rounds, clock)
    if options.json:
        print(json.dumps(rows))
        return
    for row in rows:
        show(row)


if __name__ == "__main__":
    main()
