"""Both senses through time, from films with sound and from stills, to embeddings and weights."""

import json
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from PIL import Image
from safetensors.numpy import load_file

from avkd_cli.config import (
    AudioConfig,
    CropFacesConfig,
    Execution,
    ExtractConfig,
    JointConfig,
    PrepAudioConfig,
    VisualConfig,
)
from avkd_cli.errors import InputError, UsageError
from avkd_cli.inputs.clip import Clip, Clips
from avkd_cli.inputs.networks import load
from avkd_cli.steps.crop_faces import crop_faces
from avkd_cli.steps.extract_embeddings import extract
from avkd_cli.steps.prep_audio import prep_audio
from avkd_cli.steps.train_teacher import train_teacher
from avkd_cli.storage.store import open_store
from avkd_cli.training.sampler import Draws
from avkd_cli.training.training_set import Choice, choose

QUIET = Execution(workers=0, quiet=True)
HEARING = AudioConfig(model="ecapa-tdnn", width=16, embedding_size=12, n_mels=24, crop_min=20,
                      crop_max=30, batch_size=8, max_steps=2)  # fmt: skip
SEEING = VisualConfig(model="cnn", width=16, embedding_size=10, batch_size=8, max_steps=2)
JOINT = {"embedding_size": 8, "batch_size": 8, "max_steps": 4, "clip": 0.4, "lr": 1e-3,
         "lr_final": 1e-3, "log_every": 1, "checkpoint_every": 2, "workers": 1}  # fmt: skip
EVERYTHING = {"cycle": 0.5, "nce": 1.0, "diffusion": 0.5, "audio_head": 0.5, "visual_head": 0.5}
LENGTHS = [0.9, 0.9, 0.6, 0.3]  # seconds of the films of a person; the last is below a clip


def write_film(path: Path, seconds: float, grey: int) -> None:
    """A film that grows brighter by 4 a frame, so that a frame says when it was."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.height, stream.width, stream.pix_fmt = 112, 96, "yuv420p"
        for number in range(round(25 * seconds)):
            pixels = np.full((112, 96, 3), grey + 4 * number, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode(None))


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> dict:
    """Sixteen clips of four people as films and as stills, and an encoder of each sense."""
    folder = tmp_path_factory.mktemp("joint")
    random, lines = np.random.default_rng(0), []
    for n in range(16):
        name, seconds = f"p{n % 4}_{n}", LENGTHS[n // 4]
        loud = np.linspace(0.02, 0.2, round(16_000 * seconds))
        soundfile.write(folder / f"{name}.wav", loud * random.normal(0, 1, len(loud)), 16_000)
        write_film(folder / f"{name}.mp4", seconds, 20 + 10 * (n % 4))
        Image.fromarray(random.integers(0, 255, (112, 96, 3), np.uint8)).save(
            folder / f"{name}.png"
        )
        lines.append({"id": f"p{n % 4}/{n}", "person": f"p{n % 4}", "audio": f"{name}.wav",
                      "video": f"{name}.mp4"})  # fmt: skip
    paths = {}
    for kind in ("film", "still"):
        listed = folder / f"{kind}.jsonl"
        if kind == "still":
            lines = [{**one, "images": [one.pop("video").replace(".mp4", ".png")]} for one in lines]
        listed.write_text("".join(json.dumps(line) + "\n" for line in lines))
        config = CropFacesConfig(detector="none", fps=25 if kind == "film" else 1)
        crop_faces(str(listed), folder / f"{kind}.zarr", config, QUIET)
        paths[kind] = str(folder / f"{kind}.zarr")
    prep_audio(folder / "film.jsonl", folder / "audio.zarr", PrepAudioConfig(
        n_mels=24, min_duration=0.2), QUIET)  # fmt: skip
    paths |= {"audio": str(folder / "audio.zarr"), "hear": folder / "hear", "see": folder / "see"}
    train_teacher("audio", [paths["audio"]], paths["hear"], HEARING, quiet=True)
    train_teacher("visual", [paths["film"]], paths["see"], SEEING, quiet=True)
    return paths


def train(made: dict, output: Path, kind: str = "film", **settings) -> dict:
    encoders = {"audio": made["hear"], "visual": made["see"]}
    config = JointConfig(**(JOINT | settings))
    stores = [made["audio"], made[kind]]
    return train_teacher("joint", stores, output, config, encoders=encoders, quiet=True)


def losses(run: Path) -> list[dict]:
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    return [line["losses"] for line in lines if "losses" in line]


@pytest.fixture(scope="module")
def trained(made, tmp_path_factory) -> Path:
    run = tmp_path_factory.mktemp("run") / "joint"
    train(made, run, **EVERYTHING)
    return run


def test_all_weights_move_and_every_part_is_logged(made, trained):
    first, last = load(made["hear"]).network, load(trained).network.joint.audio
    for name, value in first.encoder.named_parameters():
        assert not np.array_equal(value.numpy(), last.get_parameter(name).numpy()), name
    names = set(losses(trained)[-1])
    assert {"aam", "audio.aam", "visual.aam", "orthogonal", "cycle", "nce", "diffusion"} <= names
    assert {"nce.a2v", "nce.v2a", "cycle.a2v", "diffusion.v2a"} <= names
    assert all(np.isfinite(list(line.values())).all() for line in losses(trained))


def test_a_run_that_stopped_ends_with_the_same_bits_adversaries_included(made, trained, tmp_path):
    # Back to the checkpoint in the middle, as a kill leaves it, and on from there.
    train(made, tmp_path / "run", **EVERYTHING)
    for name in ("model.json", "model.safetensors"):
        (tmp_path / "run" / name).unlink()
    last = tmp_path / "run/step_000004"
    kept = {one.name: load_file(one) for one in last.glob("*.safetensors")}
    for one in last.iterdir():
        one.unlink()
    last.rmdir()
    train(made, tmp_path / "run", **EVERYTHING)
    assert {"adversary.safetensors", "network.safetensors", "optimizer.safetensors"} <= set(kept)
    for name, tensors in kept.items():
        again = load_file(last / name)
        assert all(np.array_equal(again[key], value) for key, value in tensors.items()), name


def test_both_senses_of_a_clip_are_of_the_same_seconds(made):
    clip = Clip([open_store(made["audio"], "avkd.audio"), open_store(made["film"], "avkd.faces")])
    chosen = choose(clip.stores, Choice())
    clips = Clips(clip, chosen, 0.4, seed=3)
    rows = np.arange(len(chosen.ids))
    begin = clips.begins(chosen.rows(clip.audio), chosen.rows(clip.faces), rows)
    arrays = clips(0, Draws(rows, rows))
    assert arrays["audio"].shape[:2] == (16, 40) and arrays["faces"].shape[:2] == (16, 10)
    long = [n for n, one in enumerate(chosen.ids) if LENGTHS[int(one.split("/")[1]) // 4] > 0.5]
    assert begin[long].max() > 0.1
    for n in long:
        whole = clip.faces.read([clip.faces.row_of[chosen.ids[n]]])[0]
        place = round(begin[n] * 25)
        np.testing.assert_array_equal(arrays["faces"][n], whole[place : place + 10])
        sound = clip.audio.read([clip.audio.row_of[chosen.ids[n]]])[0]
        place = round(begin[n] * 100)
        np.testing.assert_array_equal(arrays["audio"][n], sound[place : place + 40])


def test_a_sense_shorter_than_the_clip_is_repeated(made):
    clip = Clip([open_store(made["audio"], "avkd.audio"), open_store(made["film"], "avkd.faces")])
    chosen = choose(clip.stores, Choice())
    short = [n for n, one in enumerate(chosen.ids) if LENGTHS[int(one.split("/")[1]) // 4] < 0.4]
    faces = Clips(clip, chosen, 0.4, seed=3)(0, Draws(np.array(short), np.array(short)))["faces"]
    length = clip.faces.lengths.min()
    np.testing.assert_array_equal(faces[:, length:], faces[:, : 10 - length])


def test_embeddings_of_both_senses_and_of_either_alone(made, trained, tmp_path):
    stores = [made["audio"], made["film"]]
    extract(trained, stores, tmp_path / "both.zarr", ExtractConfig(), QUIET)
    both = open_store(tmp_path / "both.zarr", "avkd.embeddings")
    assert both.embedding.shape == (16, 8) and both.head.classes == ["p0", "p1", "p2", "p3"]
    for sense, path in (("audio", made["audio"]), ("visual", made["film"])):
        alone = tmp_path / f"{sense}.zarr"
        extract(trained, [path], alone, ExtractConfig(), QUIET, side=sense)
        found = open_store(alone, "avkd.embeddings").embedding
        assert found.shape == (16, 8) and np.isfinite(found).all()
        assert not np.allclose(found, both.embedding)


def test_the_weights_of_moments_are_stored_on_the_films_clock(made, trained, tmp_path):
    stores = [made["audio"], made["film"]]
    extract(trained, stores, tmp_path / "w.zarr", ExtractConfig(level="weights"), QUIET)
    found = open_store(tmp_path / "w.zarr", "avkd.sequences")
    films = open_store(made["film"], "avkd.faces")
    assert found.level == "weights" and found.fps == 25
    for row, one in enumerate(found.ids):
        assert found.lengths[row] == films.lengths[films.row_of[one]]
    np.testing.assert_allclose(found.times([0])[0][:3], [0, 0.04, 0.08])


def test_stills_are_held_and_the_generators_are_silent(made, tmp_path):
    train(made, tmp_path / "run", "still", nce=1.0, cycle=0.5)
    assert all(line["nce"] == 0 and line["cycle"] == 0 for line in losses(tmp_path / "run"))
    extract(tmp_path / "run", [made["audio"], made["still"]], tmp_path / "e.zarr",
            ExtractConfig(), QUIET)  # fmt: skip
    assert np.isfinite(open_store(tmp_path / "e.zarr", "avkd.embeddings").embedding).all()


def test_what_cannot_be_joined_is_refused(made, tmp_path):
    one = JointConfig(**JOINT)
    stores, run = [made["audio"], made["film"]], tmp_path / "run"
    with pytest.raises(UsageError, match="needs --visual-encoder RUN"):
        train_teacher("joint", stores, run, one, encoders={"audio": made["hear"]}, quiet=True)
    wrong = {"audio": made["see"], "visual": made["see"]}
    with pytest.raises(InputError, match="give a run of --modality audio"):
        train_teacher("joint", stores, run, one, encoders=wrong, quiet=True)
    with pytest.raises(UsageError, match=r"takes 2 stores of avkd\.audio and avkd\.faces, 1 given"):
        train_teacher("joint", stores[:1], run, one, encoders=wrong, quiet=True)
    with pytest.raises(InputError, match=r"expected a store of avkd\.audio"):
        train_teacher("joint", stores[::-1], run, one, encoders=wrong, quiet=True)
    with pytest.raises(UsageError, match="not with --init-from"):
        train_teacher("joint", stores, run, one, init_from=made["hear"], quiet=True)
    assert not run.exists()


def test_faces_that_keep_no_time_and_are_no_stills_are_refused(made, tmp_path):
    listed = Path(made["film"]).with_suffix(".jsonl")
    crop_faces(
        str(listed), tmp_path / "sparse.zarr", CropFacesConfig(detector="none", fps=5), QUIET
    )
    encoders = {"audio": made["hear"], "visual": made["see"]}
    stores = [made["audio"], str(tmp_path / "sparse.zarr")]
    with pytest.raises(InputError, match="do not keep time"):
        train_teacher("joint", stores, tmp_path / "run", JointConfig(**JOINT), encoders=encoders,
                      quiet=True)  # fmt: skip
