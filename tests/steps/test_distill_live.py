"""A frozen teacher that runs on what the student sees, beside another recording each time."""

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
    DistillAudioConfig,
    DistillVisualConfig,
    Execution,
    ExtractConfig,
    FusionConfig,
    PrepAudioConfig,
    VisualConfig,
)
from avkd_cli.errors import InputError, UsageError
from avkd_cli.inputs import networks
from avkd_cli.recipes.live import OtherSense
from avkd_cli.steps.crop_faces import crop_faces
from avkd_cli.steps.distill import distill
from avkd_cli.steps.extract_embeddings import extract
from avkd_cli.steps.prep_audio import prep_audio
from avkd_cli.steps.train_teacher import train_teacher
from avkd_cli.storage.store import open_store
from avkd_cli.training.bridges import LiveNetworks
from avkd_cli.training.sampler import Draws

QUIET = Execution(workers=0, quiet=True)
COMMON = {
    "width": 16,
    "embedding_size": 8,
    "batch_size": 8,
    "log_every": 1,
    "optimizer": "adamw",
    "lr": 3e-3,
    "crop_min": 20,
    "crop_max": 30,
}
HEARS = COMMON | {"model": "tdnn", "n_mels": 24, "time_mask": 5, "freq_mask": 4}
SEES = {name: x for name, x in COMMON.items() if not name.startswith("crop")} | {"model": "cnn"}
MODEL = "model.safetensors"


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> dict:
    """Sound and three pictures of each of 16 clips of 4 people, and teachers of both."""
    folder = tmp_path_factory.mktemp("live")
    random, lines = np.random.default_rng(0), []
    for n in range(18):
        noise = n > 15
        name = f"music_{n}" if noise else f"p{n % 4}_{n}"
        soundfile.write(folder / f"{name}.wav", random.normal(0, 0.1, 9600), 16_000)
        line = {"id": name.replace("_", "/"), "person": name[:2], "audio": f"{name}.wav"}
        images = [f"{name}_{k}.png" for k in range(3)]
        for image in images:
            Image.fromarray(random.integers(0, 255, (112, 96, 3), np.uint8)).save(folder / image)
        lines.append(line if noise else line | {"images": images})
    for name, chosen in (("people", lines[:16]), ("noise", lines[16:])):
        path = folder / f"{name}.jsonl"
        path.write_text("".join(json.dumps(line) + "\n" for line in chosen))
        waves = PrepAudioConfig(features="waveform")
        prep_audio(path, folder / f"{name}.zarr", waves, QUIET)
    faces = folder / "faces.zarr"
    crop_faces(folder / "people.jsonl", faces, CropFacesConfig(detector="none"), QUIET)
    places = {
        "audio": str(folder / "people.zarr"),
        "visual": str(faces),
        "noise": str(folder / "noise.zarr"),
    }
    runs = {one: folder / one for one in ("audio", "visual", "fusion")}
    train_teacher(
        "audio", [places["audio"]], runs["audio"], AudioConfig(**HEARS, max_steps=2), quiet=True
    )
    train_teacher(
        "visual", [places["visual"]], runs["visual"], VisualConfig(**SEES, max_steps=2), quiet=True
    )
    for one in ("audio", "visual"):
        extract(runs[one], [places[one]], folder / f"{one}-emb", ExtractConfig(), QUIET)
    stores = [str(folder / f"{one}-emb") for one in ("visual", "audio")]
    fused = FusionConfig(embedding_size=8, batch_size=8, max_steps=2)
    train_teacher("fusion", stores, runs["fusion"], fused, quiet=True)
    return places | {"runs": runs, "folder": folder}


def taught(made, output: Path, *kinds: str, beside: str | None = "visual", student="audio", **more):
    heard = student == "audio"
    config, plain = (DistillAudioConfig, HEARS) if heard else (DistillVisualConfig, SEES)
    given = {name: more.pop(name) for name in ("noise", "teacher") if name in more}
    settings = config(**(plain | {"max_steps": 6, "checkpoint_every": 3, "beta": 1.0} | more))
    distill(
        student,
        made[student],
        given.pop("teacher", ()),
        output,
        settings,
        quiet=True,
        teacher_runs=[made["runs"][kind] for kind in kinds],
        beside=made[beside] if beside else None,
        **given,
    )
    return load_file(output / MODEL)


def same(one: dict, other: dict) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[k], other[k]) for k in other)


BOTH = ("audio", "visual", "fusion")


def test_a_fused_teacher_runs_beside_and_goes_on_with_the_same_bits(made, tmp_path):
    before = {one: (path / MODEL).read_bytes() for one, path in made["runs"].items()}
    more = {"noise": made["noise"], "augment": 0.8, "alpha": 0.5}
    whole = taught(made, tmp_path / "run", *BOTH, **more)
    lines = [json.loads(one) for one in (tmp_path / "run/log.jsonl").read_text().splitlines()]
    assert all(0 < one["losses"]["cos"] < 2 and one["losses"]["kl"] > 0 for one in lines)
    inputs = json.loads((tmp_path / "run/run.json").read_text())["inputs"]
    assert inputs.keys() >= {"teacher-audio", "teacher-visual", "teacher-fusion", "beside"}
    kept = load_file(tmp_path / "run/step_000006/network.safetensors")
    assert not [name for name in kept if name.startswith("bridges")]  # the teacher is not saved
    for name in ("model.json", MODEL, "step_000006/checkpoint.json"):
        (tmp_path / "run" / name).unlink()
    assert same(taught(made, tmp_path / "run", *BOTH, workers=2, **more), whole)
    assert before == {one: (path / MODEL).read_bytes() for one, path in made["runs"].items()}


@pytest.mark.parametrize(
    ("student", "kinds", "beside"),
    [
        ("audio", ["audio"], None),
        ("audio", ["visual"], "visual"),
        ("visual", ["audio"], "audio"),
        ("visual", BOTH, "audio"),
    ],
)
def test_teachers_of_one_sense_and_students_of_either(made, tmp_path, student, kinds, beside):
    more = {"jitter": 0.2, "flip": True} if student == "visual" else {}
    more |= {"beside_crop": 20, "beside_pairing": "same-clip"}
    taught(made, tmp_path / "run", *kinds, student=student, beside=beside, **more)
    lines = (tmp_path / "run/log.jsonl").read_text().splitlines()
    assert all(0 < json.loads(one)["losses"]["cos"] < 2 for one in lines)


def test_the_encoder_of_the_students_sense_takes_the_students_very_input(made):
    student, teacher = (networks.load(made["runs"]["audio"]).network for _ in range(2))
    student.train()
    student.gives_input = True
    taken = []
    for network in (student, teacher):
        network.encoder.register_forward_pre_hook(lambda _, given: taken.append(given[0]))
    sound = torch.randn(4, 8000)
    levels = student({"audio": sound})
    found = LiveNetworks({"audio": teacher}, "audio")(levels, {})["teacher"]
    assert torch.equal(taken[0], taken[1]) and found.shape == (4, 8)
    plain = teacher({"audio": sound})["embedding"]
    assert not torch.equal(found, plain)  # the masks are shared, too
    student.eval()
    levels = student({"audio": sound})
    again = LiveNetworks({"audio": teacher}, "audio")(levels, {})["teacher"]
    assert torch.equal(again, plain) and not again.requires_grad


def test_a_face_of_the_same_person_is_drawn_anew_each_time(made):
    store = open_store(made["visual"])
    persons = np.array([int(one[1]) for one in store.ids])
    source = OtherSense(store, np.arange(16), persons, 0, seed=0)
    drawn = Draws(np.arange(16), np.arange(16)), Draws(np.arange(16), np.arange(16, 32))
    every = {
        store.gather(np.array([row]), np.array([k])).tobytes(): persons[row]
        for row in range(16)
        for k in range(3)
    }
    found = [source(0, one)["beside"] for one in drawn]
    for faces in found:
        assert [every[face.tobytes()] for face in faces] == persons.tolist()
    assert not np.array_equal(*found)
    assert np.array_equal(source(5, drawn[1])["beside"], found[1])  # of the draw alone
    part = Draws(drawn[0].rows[1::2], drawn[0].numbers[1::2])
    assert np.array_equal(source(0, part)["beside"], found[0][1::2])


@pytest.mark.parametrize(
    ("kinds", "beside", "more", "error", "said"),
    [
        (["audio", "visual"], "visual", {}, UsageError, "takes one run of a sense, or three"),
        (["audio", "audio"], None, {}, UsageError, "takes one run of a sense, or one of each"),
        (BOTH, None, {}, UsageError, "--beside STORE is needed: the store of faces"),
        (["audio"], "visual", {}, UsageError, "leave it out"),
        ([], "visual", {}, UsageError, "give --teacher STORE, or --teacher-run RUN"),
        (["audio"], None, {"n_mels": 32}, InputError, "trained with n_mels 24, here it is 32"),
        (["audio"], None, {"quality": "face-cos"}, UsageError, "is of a store"),
        (["audio"], None, {"teacher": "x.zarr"}, UsageError, "--unlabelled alone; give one"),
        (["visual"], "audio", {}, InputError, "avkd.faces"),
    ],
)
def test_what_makes_no_teacher_is_refused(made, tmp_path, kinds, beside, more, error, said):
    with pytest.raises(error, match=said):
        taught(made, tmp_path / "run", *kinds, beside=beside, **more)
    assert not (tmp_path / "run").exists()
