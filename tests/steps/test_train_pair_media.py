"""A pair of sound and pictures: its encoders begin with finished runs and are trained through."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from PIL import Image
from safetensors.numpy import load_file

from avkd_cli.config import (
    AudioConfig,
    CropFacesConfig,
    Execution,
    ExtractConfig,
    PairConfig,
    PrepAudioConfig,
    ScoreConfig,
    VisualConfig,
)
from avkd_cli.errors import InputError, UsageError
from avkd_cli.inputs.networks import load
from avkd_cli.steps.crop_faces import crop_faces
from avkd_cli.steps.extract_embeddings import extract
from avkd_cli.steps.prep_audio import prep_audio
from avkd_cli.steps.score import score_or_fuse as score
from avkd_cli.steps.train_teacher import train_teacher
from avkd_cli.storage.store import open_store

QUIET = Execution(workers=0, quiet=True)
HEARING = AudioConfig(
    model="tdnn",
    width=16,
    embedding_size=12,
    n_mels=24,
    crop_min=20,
    crop_max=30,
    batch_size=8,
    max_steps=2,
)
SEEING = VisualConfig(model="cnn", width=16, embedding_size=10, batch_size=8, max_steps=2)
PAIR = {
    "embedding_size": 6,
    "batch_size": 8,
    "max_steps": 4,
    "crop_min": 20,
    "crop_max": 30,
    "lr": 1e-3,
    "lr_final": 1e-3,
}


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> dict:
    """Half a second of noise and a picture of each of 16 clips of 4 people, and two encoders."""
    folder = tmp_path_factory.mktemp("media")
    random, lines = np.random.default_rng(0), []
    for n in range(16):
        name = f"p{n % 4}_{n}"
        soundfile.write(folder / f"{name}.wav", random.normal(0, 0.1, 8000), 16_000)
        pixels = random.integers(0, 255, (112, 96, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{name}.png")
        lines.append(
            {
                "id": f"p{n % 4}/{n}",
                "person": f"p{n % 4}",
                "audio": f"{name}.wav",
                "images": [f"{name}.png"],
            }
        )
    listed = folder / "people.jsonl"
    listed.write_text("".join(json.dumps(line) + "\n" for line in lines))
    audio, faces = folder / "audio.zarr", folder / "faces.zarr"
    prep_audio(listed, audio, PrepAudioConfig(n_mels=24), QUIET)
    crop_faces(listed, faces, CropFacesConfig(detector="none"), QUIET)
    runs = {"audio": folder / "hear", "visual": folder / "see"}
    train_teacher("audio", [str(audio)], runs["audio"], HEARING, quiet=True)
    train_teacher("visual", [str(faces)], runs["visual"], SEEING, quiet=True)
    return {"audio": str(audio), "visual": str(faces), "runs": runs, "folder": folder}


def train(made, output: Path, encoders=None, **settings) -> Path:
    train_teacher(
        "pair",
        [made["audio"], made["visual"]],
        output,
        PairConfig(**(PAIR | settings)),
        quiet=True,
        encoders=made["runs"] if encoders is None else encoders,
    )
    return output


def test_the_gradient_goes_through_both_encoders(made, tmp_path):
    run = train(made, tmp_path / "run")
    after = load_file(run / "model.safetensors")
    for sense in ("audio", "visual"):
        before = load_file(made["runs"][sense] / "model.safetensors")
        names = [n for n in before if n.endswith("weight") and n.startswith("network.encoder.")]
        assert names
        for name in names:
            moved = after[name.replace("network.", f"network.encoders.{sense}.", 1)]
            assert not np.array_equal(moved, before[name]), name


def test_without_a_step_of_any_size_the_encoders_are_those_given(made, tmp_path):
    run = train(made, tmp_path / "run", lr=1e-30, lr_final=1e-30, weight_decay=0.0, max_steps=1)
    network = load(run).network
    for sense in ("audio", "visual"):
        given = load(made["runs"][sense]).network
        for name, weight in given.named_parameters():
            torch.testing.assert_close(network.encoders[sense].get_parameter(name), weight)


def test_sides_are_embedded_from_media_and_scored_against_each_other(made, tmp_path):
    run = train(made, tmp_path / "run")
    stores = {}
    for sense in ("audio", "visual"):
        stores[sense] = tmp_path / f"{sense}.zarr"
        extract(
            run, [made[sense]], stores[sense], ExtractConfig(), Execution(quiet=True), side=sense
        )
        assert open_store(stores[sense]).dimension == 6
    fused = tmp_path / "fused.zarr"
    extract(run, [made["audio"], made["visual"]], fused, ExtractConfig(), Execution(quiet=True))
    with torch.inference_mode():
        by_hand = load(run).network.pair.fuse(
            *(torch.from_numpy(open_store(stores[s]).embedding) for s in ("visual", "audio"))
        )
    np.testing.assert_allclose(open_store(fused).embedding, by_hand, atol=1e-5)
    (tmp_path / "t").write_text("1 p0/0 p0/4\n0 p0/0 p1/1\n")
    found = score(
        (str(tmp_path / "t"), str(stores["audio"]), str(stores["visual"])),
        ScoreConfig(),
        output=tmp_path / "s",
        quiet=True,
    )
    assert found["counts"]["trials"] == 2


def test_encoders_that_are_none_or_of_other_data_are_refused(made, tmp_path):
    with pytest.raises(UsageError, match="need --audio-encoder RUN"):
        train(made, tmp_path / "run", encoders={})
    swapped = {"audio": made["runs"]["visual"], "visual": made["runs"]["audio"]}
    with pytest.raises(InputError, match="give a run of --modality audio"):
        train(made, tmp_path / "run", encoders=swapped)
    with pytest.raises(UsageError, match="--pairing person is for stored embeddings"):
        train(made, tmp_path / "run", pairing="person")
    with pytest.raises(InputError, match="a pair is of two stores of embeddings, or"):
        train_teacher(
            "pair", [made["audio"], made["audio"]], tmp_path / "run", PairConfig(), quiet=True
        )
