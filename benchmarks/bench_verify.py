"""Speed of a decision: `avkd verify` beside `import torch`, and one of a million enrolled.

Each row is the best of a few rounds in turns. Prints one JSON line a row.

    python benchmarks/bench_verify.py [--rounds 3] [--only NAME] [--cpu-time] [--people 1000000]
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

from avkd_cli.verification.calibration import Calibration

WIDTH = 256
QUICK = {
    "width": 16,
    "embedding_size": 16,
    "crop_min": 20,
    "crop_max": 20,
    "batch_size": 4,
    "max_steps": 1,
    "model": "tdnn",
}


def seconds(cpu: bool) -> float:
    """Return a clock: of the wall, or of this process and the children it has waited for."""
    if not cpu:
        return time.perf_counter()
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in spent)


def best(functions: list[Callable[[], object]], rounds: int, cpu: bool) -> list[float]:
    """Return the least seconds of each, run in turns."""
    took = [[0.0] * rounds for _ in functions]
    for turn in range(rounds):
        for row, function in zip(took, functions, strict=True):
            start = seconds(cpu)
            function()
            row[turn] = seconds(cpu) - start
    return [min(row) for row in took]


def calibration(run: str) -> Calibration:
    """Return some calibration of a run."""
    kind = f"cosine none of {run.removeprefix('sha256:')[:12]}"
    return Calibration(
        (kind,), (20.0,), -10.0, 0.5, {"name": "bench"}, system=run, seen=((-1.0, 1.0),)
    )


def make_run(folder: Path) -> None:
    """Make a run, its calibration and two recordings of three seconds."""
    import soundfile

    from avkd_cli.config import AudioConfig, Execution, PrepAudioConfig
    from avkd_cli.steps.prep_audio import prep_audio
    from avkd_cli.steps.train_teacher import train_teacher
    from avkd_cli.training.runs import read_description

    rng, lines = np.random.default_rng(0), []
    for n in range(4):
        loud = np.where(np.arange(48_000) % 4000 < 3000, 0.1, 0.001)
        soundfile.write(folder / f"{n}.wav", loud * rng.normal(size=48_000), 16_000)
        lines.append(json.dumps({"id": f"u{n}", "person": f"p{n % 2}", "audio": f"{n}.wav"}))
    (folder / "list.jsonl").write_text("\n".join(lines))
    here = Execution(workers=0, quiet=True)
    prep_audio(folder / "list.jsonl", folder / "a.zarr", PrepAudioConfig(), here)
    train_teacher(
        "audio", [str(folder / "a.zarr")], folder / "run", AudioConfig(**QUICK), quiet=True
    )
    model = calibration(read_description(folder / "run")["fingerprint"])
    (folder / "run/calibration.json").write_text(json.dumps(model.to_json()))


def verify_beyond_torch(rounds: int, cpu: bool, _people: int) -> dict:
    """Return the seconds of `avkd verify` of two recordings beyond `import torch`."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_run(folder)
        pair = [str(folder / f"{n}.wav") for n in (0, 1)]
        command = [sys.executable, "-m", "avkd_cli", "verify", str(folder / "run"), *pair]

        def run(words: list[str]) -> None:
            subprocess.run(words, stdout=subprocess.DEVNULL, check=True)

        torch_alone = [sys.executable, "-c", "import torch"]
        ours, torch = best([lambda: run(command), lambda: run(torch_alone)], rounds, cpu)
    return {"verify_s": ours, "import_torch_s": torch, "beyond_s": ours - torch, "wanted": 1.0}


def verify_beyond_onnxruntime(rounds: int, cpu: bool, _people: int) -> dict:
    """Return the seconds of `avkd verify --onnx` beyond importing numpy and onnxruntime."""
    from avkd_cli.steps.export import export

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_run(folder)
        export(folder / "run", folder / "run.onnx", quiet=True)
        pair = [str(folder / f"{n}.wav") for n in (0, 1)]
        command = [sys.executable, "-m", "avkd_cli", "verify", str(folder / "run"), *pair]
        command += ["--onnx", str(folder / "run.onnx")]
        alone = [sys.executable, "-c", "import numpy, onnxruntime"]

        def run(words: list[str]) -> None:
            subprocess.run(words, stdout=subprocess.DEVNULL, check=True)

        ours, theirs = best([lambda: run(command), lambda: run(alone)], rounds, cpu)
    return {"verify_s": ours, "imports_s": theirs, "beyond_s": ours - theirs, "wanted": 0.4}


def one_of_many(rounds: int, cpu: bool, people: int) -> dict:
    """Return the time to say who of many, against the bare product with its ten largest."""
    from avkd_cli.steps.decide.evidence import Evidence
    from avkd_cli.steps.decide.gallery import Gallery, identify

    rng = np.random.default_rng(0)
    rows = rng.standard_normal((people, WIDTH), np.float32)
    rows /= np.linalg.norm(rows, axis=1)[:, None]
    clip = rows[7] + 0.05 * rng.standard_normal(WIDTH, np.float32)
    clip /= np.linalg.norm(clip)
    gallery = Gallery([f"p{n}" for n in range(people)], rows, "sha256:run")
    model, evidence = calibration("sha256:run"), Evidence(1, 3.0, 20.0)
    said = {"senses": ("audio",), "by": "a run that hears"}

    def bare() -> np.ndarray:
        scores = rows @ clip
        largest = np.argpartition(scores, people - 10)[people - 10 :]
        return largest[np.argsort(-scores[largest])]

    found = identify(gallery, clip, model, evidence, {"prior": 0.9}, **said)
    assert [int(one.person[1:]) for one in found.candidates] == bare().tolist()
    ours, theirs = best(
        [lambda: identify(gallery, clip, model, evidence, {}, **said), bare], rounds, cpu
    )
    return {
        "people": people,
        "ours_s": ours,
        "bare_s": theirs,
        "ratio": ours / theirs,
        "wanted": 1.5,
    }


ROWS = {
    "verify": verify_beyond_torch,
    "onnx": verify_beyond_onnxruntime,
    "gallery": one_of_many,
}


def main() -> None:
    """Print the rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=ROWS)
    parser.add_argument("--cpu-time", action="store_true", help="processor time, for busy machines")
    parser.add_argument("--people", type=int, default=1_000_000)
    given = parser.parse_args()
    for name, row in ROWS.items():
        if given.only in (None, name):
            found = row(given.rounds, given.cpu_time, given.people)
            print(json.dumps({"row": name, **found}), flush=True)


if __name__ == "__main__":
    main()
