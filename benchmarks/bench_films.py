"""What films cost in training and in memory; one table at the end.

`waiting` is the share of time that a training step on faces in a row waits for data: clips of 125
frames of 112 x 112 as JPEG, a narrow network whose encoder is trained, two reading threads.
`crops` and `frames` are by how many MB the most memory that crop-faces, and extract-embeddings
--level frames, ever hold for a film of 30 minutes exceeds that for one of 10.

    python benchmarks/bench_films.py [--only NAME] [--clips 32] [--steps 2] [--minutes 10 30]
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from avkd_cli.standin.face import draw_utterance
from avkd_cli.standin.people import (
    generator,
    make_face_session,
    make_person,
)

FPS, SIDE, CLIP = 25, 128, 125
PREPARED = ["--mode", "aligned-112", "--detector", "none", "--fps", str(FPS), "--format", "jpeg"]
NARROW = ["--modality", "visual", "--model", "cnn", "--width", "16", "--embedding-size", "64"]


@dataclass
class Options:
    """How large, and where."""

    clips: int
    steps: int
    minutes: tuple[int, int]
    folder: Path


def drawn(person: int) -> list[np.ndarray]:
    """Return ten seconds of a face that speaks."""
    face = make_person(0, person).face
    session = make_face_session(generator(0, person, "bench"))
    loudness = generator(0, person, "loud").uniform(0, 1, 10 * FPS)
    return list(draw_utterance(face, session, loudness, SIDE, generator(0, person, "drawn")))


def write_film(path: Path, pictures: list[np.ndarray], frames: int) -> None:
    """Write a film of so many frames, the pictures again and again."""
    with av.open(str(path), "w") as film:
        stream = film.add_stream("libx264", rate=FPS, options={"preset": "ultrafast", "crf": "32"})
        stream.width = stream.height = SIDE
        stream.pix_fmt = "yuv420p"
        stream.codec_context.thread_count = 1
        for number in range(frames):
            picture = pictures[number % len(pictures)]
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            film.mux(stream.encode(frame))
        film.mux(stream.encode(None))


def avkd(*words: object) -> float:
    """Run a command; return the most MB that it held.

    Raises:
        RuntimeError: it failed; its last line is said.
    """
    with tempfile.TemporaryFile() as said:
        command = [sys.executable, "-m", "avkd_cli", *map(str, words), "--quiet"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        if process.returncode:
            raise RuntimeError(f"avkd {words[0]}: {said.read().decode().strip()[-300:]}")
    return used.ru_maxrss * 1024 / 1e6


def faces_of(folder: Path, films: dict[str, Path]) -> tuple[Path, float]:
    """Return a store of the faces of films, by name, and the most MB that making it took."""
    lines = [
        json.dumps({"id": name, "person": f"p{place % 4}", "video": str(film), "split": "train"})
        for place, (name, film) in enumerate(films.items())
    ]
    (folder / "films.jsonl").write_text("\n".join(lines) + "\n")
    store = folder / "faces.zarr"
    return store, avkd("crop-faces", folder / "films.jsonl", "-o", store, "--workers", 0, *PREPARED)


def frame_teacher(options: Options) -> Path:
    """Return a run of a narrow network of single frames, hardly trained, made when first asked."""
    run = options.folder / "teacher"
    if not run.exists():
        folder = options.folder / "small"
        folder.mkdir()
        films = {f"film{place}": folder / f"{place}.mp4" for place in range(4)}
        for place, film in enumerate(films.values()):
            write_film(film, drawn(place), CLIP)
        store, _ = faces_of(folder, films)
        avkd(
            "train-teacher",
            store,
            "-o",
            run,
            *NARROW,
            *"--no-emb-bn --batch-size 4 --max-steps 1 --epochs 0".split(),
        )
    return run


def waiting(options: Options) -> dict[str, object]:
    """Share of time waiting for data, in steps of clips of JPEG, the encoder trained."""
    teacher = frame_teacher(options)
    small = options.folder / "small"
    films = {f"clip{place}": small / f"{place % 4}.mp4" for place in range(options.clips)}
    folder = options.folder / "clips"
    folder.mkdir()
    store, _ = faces_of(folder, films)
    avkd(
        *"train-teacher --modality sequence".split(),
        store,
        "-o",
        folder / "run",
        "--init-from",
        teacher,
        *"--train-encoder --embedding-size 64 --frames".split(),
        CLIP,
        "--batch-size",
        options.clips,
        "--max-steps",
        options.steps,
        *"--epochs 0 --log-every".split(),
        options.steps,
        "--workers",
        2,
    )
    line = json.loads((folder / "run/log.jsonl").read_text().splitlines()[-1])
    rate = line["utterances_per_s"]
    return {"value": line["wait_share"], "limit": "at most 0.05", "clips a second": rate}


def long_films(options: Options) -> list[tuple[Path, float]]:
    """Return stores of one long film each, and the most MB that each took; made once."""
    found, pictures = [], drawn(0)
    for minutes in options.minutes:
        folder = options.folder / f"long{minutes}"
        said = folder / "peak"
        if not said.exists():
            folder.mkdir()
            write_film(folder / "film.mp4", pictures, minutes * 60 * FPS)
            _, peak = faces_of(folder, {"film": folder / "film.mp4"})
            said.write_text(str(peak))
        found.append((folder / "faces.zarr", float(said.read_text())))
    return found


def crops(options: Options) -> dict[str, object]:
    """Memory of crop-faces."""
    return grown([peak for _, peak in long_films(options)])


def frames(options: Options) -> dict[str, object]:
    """Memory of extract-embeddings --level frames."""
    teacher, peaks = frame_teacher(options), []
    for store, _ in long_films(options):
        out = store.with_name("frames.zarr")
        peaks.append(avkd("extract-embeddings", teacher, store, "--level", "frames", "-o", out))
    return grown(peaks)


def grown(peaks: list[float]) -> dict[str, object]:
    """Return by how many MB the longer film needs more."""
    return {
        "value": peaks[1] - peaks[0],
        "limit": "at most 50",
        "shorter": peaks[0],
        "longer": peaks[1],
    }


ROWS: dict[str, Callable[[Options], dict[str, object]]] = {
    f.__name__: f for f in (waiting, crops, frames)
}


def main() -> None:
    """Run all rows, or one, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=ROWS, nargs="+", default=list(ROWS))
    parser.add_argument("--clips", type=int, default=32, help="of a training step")
    parser.add_argument("--steps", type=int, default=2, help="that are trained")
    parser.add_argument("--minutes", type=int, nargs=2, default=(10, 30))
    given = parser.parse_args()
    print(f"{'row':10}{'value':>10}  {'limit':14}more")
    with tempfile.TemporaryDirectory() as folder:
        options = Options(given.clips, given.steps, tuple(given.minutes), Path(folder))
        for name in given.only:
            row = ROWS[name](options)
            more = ", ".join(f"{key} {row[key]:.4g}" for key in list(row)[2:])
            print(f"{name:10}{row['value']:>10.3f}  {row['limit']:14}{more}", flush=True)


if __name__ == "__main__":
    main()
