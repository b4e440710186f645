"""Processes of a launcher share an extraction; what one makes is in test_pipeline.py."""

import json
import subprocess
import sys

import pytest

from avkd_cli.config import AudioConfig, Execution, PrepAudioConfig
from avkd_cli.steps.prep_audio import prep_audio
from avkd_cli.steps.train_teacher import train_teacher
from avkd_cli.training import processes


def make_run(folder) -> tuple[str, str]:
    """A store of eight sounds of two persons, and a network that has seen it once."""
    import numpy as np
    import soundfile

    lines = []
    for i in range(8):
        soundfile.write(folder / f"{i}.wav", np.random.default_rng(i).normal(0, 0.1, 8000), 16_000)
        lines.append(json.dumps({"id": f"u{i}", "person": f"p{i % 2}", "audio": f"{i}.wav"}))
    (folder / "list.jsonl").write_text("\n".join(lines) + "\n")
    execution = Execution(workers=0, quiet=True)
    prep_audio(folder / "list.jsonl", folder / "a.zarr", PrepAudioConfig(), execution)
    settings = AudioConfig(
        model="tdnn", width=8, embedding_size=8, crop_min=20, crop_max=20, batch_size=4, max_steps=1
    )
    train_teacher("audio", [str(folder / "a.zarr")], folder / "run", settings, quiet=True)
    return str(folder / "run"), str(folder / "a.zarr")


@pytest.mark.slow
def test_two_processes_make_the_store_that_one_makes(tmp_path):
    words = ["-m", "avkd_cli", "extract-embeddings", *make_run(tmp_path), "--partition-size", "3"]
    alone, shared = (str(tmp_path / name) for name in ("alone.zarr", "shared.zarr"))
    subprocess.run([sys.executable, *words, "-o", alone], check=True, capture_output=True)
    port = processes.free_port()
    children = [
        subprocess.Popen(
            [sys.executable, *words, "-o", shared],
            stdout=subprocess.PIPE,
            text=True,
            env=processes.environment(i, 2, port),
        )
        for i in range(2)
    ]
    said = [child.communicate(timeout=120)[0] for child in children]
    assert [child.returncode for child in children] == [0, 0]
    assert json.loads(said[0])["path"] == shared
    assert said[1] == ""  # one line for the next command in a pipe
    ours, theirs = (
        json.loads((tmp_path / n / "avkd.json").read_text()) for n in ("alone.zarr", "shared.zarr")
    )
    assert ours["files"] == theirs["files"]  # with the digest of every file
    assert ours["fingerprint"] == theirs["fingerprint"]
