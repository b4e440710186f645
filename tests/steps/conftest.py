"""Sixteen recordings of four persons and a teacher of them, for the tests of students."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from avkd_cli.config import AudioConfig, Execution, PrepAudioConfig
from avkd_cli.steps.prep_audio import prep_audio
from avkd_cli.storage.builder import Origin, build_store
from avkd_cli.storage.computed import Rows
from avkd_cli.storage.embeddings import Embeddings
from avkd_cli.storage.heads import StoredHead

TINY = {
    "model": "tdnn",
    "width": 16,
    "embedding_size": 8,
    "crop_min": 20,
    "crop_max": 30,
    "batch_size": 8,
    "max_steps": 6,
    "log_every": 1,
    "optimizer": "adamw",
    "lr": 3e-3,
    "checkpoint_every": 3,
    "beta": 1.0,
    "margin": 0.0,
}
HEARING = AudioConfig(
    model="tdnn",
    width=16,
    embedding_size=8,
    crop_min=20,
    crop_max=30,
    batch_size=8,
    max_steps=2,
)
IDS = [f"p{i % 4}/{i}" for i in range(16)]
CLASSES = ["p0", "p1", "p2", "p3"]


def make_audio(folder: Path) -> str:
    """Sixteen bursts of noise of different loudness and cleanness."""
    random, lines = np.random.default_rng(0), []
    for number, one in enumerate(IDS):
        loud = np.where(np.arange(9600) % 4000 < 2500, 0.2, 0.001 * (number + 1))
        soundfile.write(folder / f"{number}.wav", loud * random.normal(0, 0.5, 9600), 16_000)
        lines.append(
            {
                "id": one,
                "person": one[:2],
                "audio": f"{number}.wav",
                "x-clean": number / 7,
                "x-same": 1.0,
                "x-word": "no",
            }
        )
    lines[3]["x-hole"] = 0.5
    (folder / "list.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    here = Execution(workers=0, quiet=True)
    prep_audio(folder / "list.jsonl", folder / "audio.zarr", PrepAudioConfig(n_mels=24), here)
    return str(folder / "audio.zarr")


def make_teacher(folder: Path, name: str, size: int = 8, classes: list[str] | None = None) -> str:
    """Random embeddings of the utterances, with a classifier of some persons."""
    random = np.random.default_rng(5)
    rows = (random.normal(size=(16, size)) * np.linspace(1, 3, 16)[:, None]).astype(np.float32)
    classes = CLASSES if classes is None else classes
    weight = random.normal(size=(len(classes), size)).astype(np.float32)
    head = StoredHead("aam-softmax", classes, weight) if classes else None
    content = Embeddings.of(Rows(IDS, [one[:2] for one in IDS]), rows, head)
    origin = Origin("extract-embeddings", said={"modality": "visual"})
    build_store(folder / f"{name}.zarr", content, origin, Execution(quiet=True))
    return str(folder / f"{name}.zarr")


@pytest.fixture(scope="session")
def small() -> SimpleNamespace:
    """Settings of a small student and of an encoder, ids, and what makes their stores."""
    return SimpleNamespace(
        settings=TINY, hearing=HEARING, ids=IDS, make_audio=make_audio, make_teacher=make_teacher
    )
