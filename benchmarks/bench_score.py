"""Speed of scoring and its statistics at VoxCeleb1-E size, as ratios in one run.

581,480 trials of 145,160 embeddings, 512 wide. Each row is the best of a few rounds in turns, so
that a busy moment hurts nobody alone; the peer is named in the row. Prints one JSON line a row.

    python benchmarks/bench_score.py [--rounds 3] [--only NAME]
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from avkd_cli.config import Execution
from avkd_cli.storage.builder import Origin, build_store
from avkd_cli.storage.computed import Rows
from avkd_cli.storage.embeddings import Embeddings
from avkd_cli.verification.figure import figure, values
from avkd_cli.verification.normalization import cohort_statistics
from avkd_cli.verification.scorefiles import read_scores
from avkd_cli.verification.scoring import unit_rows
from avkd_cli.verification.statistics import difference, resample_persons

N, WIDTH, TRIALS, PERSONS, COHORT = 145_160, 512, 581_480, 1_251, 5_994


class Work:
    """The list, the store and the scores that all rows share, in a folder."""

    def __init__(self, folder: Path) -> None:
        rng = np.random.default_rng(0)
        self.person = np.arange(N) % PERSONS
        centre = rng.standard_normal((PERSONS, WIDTH), dtype=np.float32)
        self.embedding = 0.5 * centre[self.person] + rng.standard_normal((N, WIDTH), np.float32)
        self.ids = [
            f"id{10000 + p}/video{n // PERSONS:05d}/00001" for n, p in enumerate(self.person)
        ]
        self.enrol = rng.integers(0, N, TRIALS)
        near = (self.enrol + PERSONS * rng.integers(1, 100, TRIALS)) % (PERSONS * (N // PERSONS))
        self.test = np.where(rng.random(TRIALS) < 0.5, near, rng.integers(0, N, TRIALS))
        self.label = (self.person[self.enrol] == self.person[self.test]).astype(np.int8)
        self.list, self.store, self.scores = (
            folder / name for name in ("t.txt", "e.zarr", "s.txt")
        )
        pairs = zip(self.label, self.enrol, self.test, strict=True)
        with self.list.open("w") as file:
            file.writelines(f"{y} {self.ids[a]} {self.ids[b]}\n" for y, a, b in pairs)
        persons = [f"id{10000 + p}" for p in self.person]
        content = Embeddings.of(Rows(self.ids, persons), self.embedding)
        build_store(self.store, content, Origin("bench"), Execution(quiet=True))


def best(functions: list[Callable[[], object]], rounds: int) -> list[float]:
    """Return the least seconds of each, run in turns."""
    took = [[0.0] * rounds for _ in functions]
    for turn in range(rounds):
        for row, function in zip(took, functions, strict=True):
            start = time.perf_counter()
            function()
            row[turn] = time.perf_counter() - start
    return [min(row) for row in took]


def whole_process(work: Work, rounds: int) -> dict:
    """List and store to scores, against plain Python and NumPy, and a call a trial."""
    index = {id: row for row, id in enumerate(work.ids)}

    def ours() -> None:
        with work.scores.open("wb") as out:
            command = [sys.executable, "-m", "avkd_cli", "score", work.list, work.store]
            subprocess.run(command, stdout=out, stderr=subprocess.DEVNULL, check=True)

    def plain() -> None:
        rows = [line.split() for line in work.list.open()]
        a = np.fromiter((index[row[1]] for row in rows), np.int64, len(rows))
        b = np.fromiter((index[row[2]] for row in rows), np.int64, len(rows))
        unit = work.embedding / np.linalg.norm(work.embedding, axis=1, keepdims=True)
        for k in range(0, len(a), 8192):
            np.einsum("ij,ij->i", unit[a[k : k + 8192]], unit[b[k : k + 8192]])

    mine, theirs = best([ours, plain], rounds)
    found = {"seconds": mine, "plain": theirs, "ratio": mine / theirs, "limit": 1.5}
    each = one_call_a_trial(work, 500)
    if each is None:
        return found | {"call_a_trial": "scikit-learn is not installed"}
    return found | {"call_a_trial": each * TRIALS, "faster_than_that": each * TRIALS / mine}


def one_call_a_trial(work: Work, n: int) -> float | None:
    """Return seconds a trial of cosine_similarity on two rows, as WeSpeaker's score.py calls it."""
    try:
        from sklearn.metrics.pairwise import cosine_similarity
    except ImportError:
        return None
    start = time.perf_counter()
    for a, b in zip(work.enrol[:n], work.test[:n], strict=True):
        cosine_similarity(work.embedding[a].reshape(1, -1), work.embedding[b].reshape(1, -1))
    return (time.perf_counter() - start) / n


def metrics(work: Work, rounds: int) -> dict:
    """EER and two minDCFs, against one argsort of all scores."""
    score = work.label * 2.0 + np.random.default_rng(1).normal(size=TRIALS)

    wanted = [figure(name) for name in ("eer", "min_dcf_0.01", "min_dcf_0.05")]

    def ours() -> None:
        values(score[work.label == 1], score[work.label == 0], wanted)

    mine, theirs = best([ours, lambda: np.argsort(score)], 3 * rounds)
    return {"seconds": mine, "argsort": theirs, "ratio": mine / theirs, "limit": 3}


def as_norm(work: Work, rounds: int) -> dict:
    """Cohort statistics of a tenth of the recordings, against the matrix product alone."""
    cohort = np.random.default_rng(2).standard_normal((COHORT, WIDTH), np.float32)
    rows = work.embedding[: N // 10]

    def product() -> None:
        columns = unit_rows(cohort).T.copy()
        for start in range(0, len(rows), 1024):
            unit_rows(rows[start : start + 1024]) @ columns

    mine, theirs = best([lambda: cohort_statistics(rows, cohort, 300), product], rounds)
    return {"seconds": mine, "product": theirs, "ratio": mine / theirs, "limit": 3}


def reading(work: Work, rounds: int) -> dict:
    """581,480 score lines, against wc -w."""
    if not work.scores.exists():
        lines = zip(work.enrol, work.test, work.label, strict=True)
        words = ("nontarget", "target")
        with work.scores.open("w") as file:
            file.writelines(
                # One score a pair, whichever way round: a pair with two scores is refused.
                f"{work.ids[a]} {work.ids[b]} 0.{a * b % 10**9:09d} {words[y]}\n"
                for a, b, y in lines
            )
    count = ["wc", "-w", str(work.scores)]
    mine, theirs = best(
        [
            lambda: read_scores(work.scores),
            lambda: subprocess.run(count, stdout=subprocess.DEVNULL, check=True),
        ],
        rounds,
    )
    return {"seconds": mine, "wc": theirs, "ratio": mine / theirs, "limit": 6}


def resampling(work: Work, rounds: int) -> dict:
    """1,000 paired draws of persons for two systems, EER and two minDCFs."""
    rng = np.random.default_rng(3)
    systems = [work.label * 3.0 + rng.normal(size=TRIALS) for _ in range(2)]
    persons = work.person[work.enrol], work.person[work.test]
    start = time.perf_counter()
    wanted = [figure(name) for name in ("eer", "min_dcf_0.01", "min_dcf_0.05")]
    found = resample_persons(systems, work.label, *persons, wanted=wanted, n_resamples=1000)
    difference(found, "eer")
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return {
        "seconds": time.perf_counter() - start,
        "limit": 20,
        "process_gib_with_embeddings": used,
    }


ROWS = {f.__name__: f for f in (whole_process, metrics, as_norm, reading, resampling)}


def main() -> None:
    """Run all rows, or one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=ROWS)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = Work(Path(folder))
        for name, row in ROWS.items():
            if chosen.only in (None, name):
                figures = row(work, chosen.rounds).items()
                shown = {k: round(v, 3) if isinstance(v, float) else v for k, v in figures}
                print(json.dumps({"row": name, **shown}), flush=True)


if __name__ == "__main__":
    main()
