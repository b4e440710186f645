"""Both senses through time, from films with sound and from stills, to embeddings and weights."""

import json
from dataclasses import replace
from pathlib import Path

import av
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
    JointConfig,
    PrepAudioConfig,
    VisualConfig,
)
from avkd_cli.errors import InputError, MissingInputError, UsageError
from avkd_cli.inputs.clip import Clip, Clips
from avkd_cli.inputs.networks import build, load
from avkd_cli.recipes import RECIPES, Request
from avkd_cli.recipes.joint import describe, encoders_of
from avkd_cli.steps.crop_faces import crop_faces
from avkd_cli.steps.extract_embeddings import extract
from avkd_cli.steps.prep_audio import prep_audio
from avkd_cli.steps.train_teacher import train_teacher
from avkd_cli.storage import names
from avkd_cli.storage.store import open_store
from avkd_cli.training.sampler import Draws
from avkd_cli.training.training_set import Choice, choose

QUIET = Execution(workers=0, quiet=True)
HEARING = AudioConfig(
    model="ecapa-tdnn",
    pooling="weasp-safe",
    width=16,
    embedding_size=12,
    n_mels=24,
    crop_min=20,
    crop_max=30,
    batch_size=8,
    max_steps=2,
)
SEEING = VisualConfig(model="cnn", width=16, embedding_size=10, batch_size=8, max_steps=2)
WATCHING = replace(SEEING, pooling="weasp-off", frames=10)  # films, the same network
JOINT = {
    "embedding_size": 8,
    "batch_size": 8,
    "max_steps": 4,
    "clip": 0.4,
    "lr": 1e-3,
    "lr_final": 1e-3,
    "log_every": 1,
    "checkpoint_every": 2,
    "workers": 1,
}
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
    return make_clips(tmp_path_factory.mktemp("joint"))


def make_clips(folder: Path) -> dict:
    """Sixteen clips of four people as films and as stills, and an encoder of each sense."""
    random, lines = np.random.default_rng(0), []
    for n in range(16):
        name, seconds = f"p{n % 4}_{n}", LENGTHS[n // 4]
        loud = np.linspace(0.02, 0.2, round(16_000 * seconds))
        soundfile.write(folder / f"{name}.wav", loud * random.normal(0, 1, len(loud)), 16_000)
        write_film(folder / f"{name}.mp4", seconds, 20 + 10 * (n % 4))
        Image.fromarray(random.integers(0, 255, (112, 96, 3), np.uint8)).save(
            folder / f"{name}.png"
        )
        lines.append(
            {
                "id": f"p{n % 4}/{n}",
                "person": f"p{n % 4}",
                "audio": f"{name}.wav",
                "video": f"{name}.mp4",
            }
        )
    paths = {}
    for kind in ("film", "still"):
        listed = folder / f"{kind}.jsonl"
        if kind == "still":
            lines = [{**one, "images": [one.pop("video").replace(".mp4", ".png")]} for one in lines]
        listed.write_text("".join(json.dumps(line) + "\n" for line in lines))
        config = CropFacesConfig(detector="none", fps=25 if kind == "film" else 1)
        crop_faces(str(listed), folder / f"{kind}.zarr", config, QUIET)
        paths[kind] = str(folder / f"{kind}.zarr")
    prep_audio(
        folder / "film.jsonl",
        folder / "audio.zarr",
        PrepAudioConfig(n_mels=24, min_duration=0.2),
        QUIET,
    )
    paths |= {"audio": str(folder / "audio.zarr"), "hear": folder / "hear", "see": folder / "see"}
    train_teacher("audio", [paths["audio"]], paths["hear"], HEARING, quiet=True)
    train_teacher("visual", [paths["film"]], paths["see"], SEEING, quiet=True)
    paths["watch"] = folder / "watch"
    train_teacher("visual", [paths["film"]], paths["watch"], WATCHING, quiet=True)
    return paths


def train(made: dict, output: Path, kind: str = "film", sees: str = "watch", **settings) -> dict:
    begun = [made["hear"], made[sees]]
    config = JointConfig(**(JOINT | settings))
    stores = [made["audio"], made[kind]]
    return train_teacher("joint", stores, output, config, init_from=begun, quiet=True)


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
    first, last = load(made["watch"]).network.core, load(trained).network.joint.visual
    for name, value in first.named_parameters():
        if name != "pool.attention.2.bias":  # of a channel: the softmax over time takes it off
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


def test_weights_of_the_sound_are_stored_on_its_own_clock(made, trained, tmp_path):
    for run, side in ((trained, "audio"), (made["hear"], None)):
        output = tmp_path / f"{side}.zarr"
        extract(run, [made["audio"]], output, ExtractConfig(level="weights"), QUIET, side=side)
        found, sound = open_store(output, "avkd.sequences"), open_store(made["audio"], "avkd.audio")
        assert found.fps == 100
        rows = [sound.row_of[one] for one in found.ids]
        np.testing.assert_array_equal(found.lengths, sound.lengths[rows])
    both, alone = tmp_path / "both.zarr", tmp_path / "alone.zarr"
    weights = ExtractConfig(level="weights")
    extract(trained, [made["audio"], made["film"]], both, weights, QUIET)
    extract(trained, [made["film"]], alone, weights, QUIET, side="visual")
    both, alone = (open_store(one, "avkd.sequences") for one in (both, alone))
    for one, other in zip(both.read([0, 5]), alone.read([0, 5]), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)  # a sense weighs its moments by itself


def test_weights_are_of_poolings_that_weigh(made, tmp_path):
    plain = replace(HEARING, model="tdnn", pooling="statistics")
    train_teacher("audio", [made["audio"]], tmp_path / "plain", plain, quiet=True)
    with pytest.raises(InputError, match="has no weights; it has embedding and posteriors"):
        extract(
            tmp_path / "plain",
            [made["audio"]],
            tmp_path / "w.zarr",
            ExtractConfig(level="weights"),
            QUIET,
        )


def test_stores_that_were_prepared_otherwise_are_refused_by_the_joint(made, trained, tmp_path):
    other = prepared_otherwise(made, tmp_path)
    for stores, side in (([other, made["film"]], None), ([other], "audio")):
        with pytest.raises(InputError, match="was trained with n_mels 24, now it is 40"):
            extract(trained, stores, tmp_path / "e.zarr", ExtractConfig(), QUIET, side=side)
    with pytest.raises(UsageError, match="has embedding and weights alone; leave --level post"):
        extract(
            trained,
            [made["audio"]],
            tmp_path / "e.zarr",
            ExtractConfig(level="posteriors"),
            QUIET,
            side="audio",
        )
    assert not (tmp_path / "e.zarr").exists()


def test_stills_are_held_and_the_generators_are_silent(made, tmp_path):
    train(made, tmp_path / "run", "still", "see", nce=1.0, cycle=0.5)
    assert all(line["nce"] == 0 and line["cycle"] == 0 for line in losses(tmp_path / "run"))
    extract(
        tmp_path / "run",
        [made["audio"], made["still"]],
        tmp_path / "e.zarr",
        ExtractConfig(),
        QUIET,
    )
    assert np.isfinite(open_store(tmp_path / "e.zarr", "avkd.embeddings").embedding).all()


def test_one_sense_has_no_side_and_begins_with_one_run_and_no_encoders_of_a_pair(made, tmp_path):
    with pytest.raises(UsageError, match=r"--side is for a pair, .*not --modality audio"):
        extract(
            made["hear"], [made["audio"]], tmp_path / "e.zarr", ExtractConfig(), QUIET, side="audio"
        )
    said = {
        "2 times, --modality audio begins with one run": {"init_from": [made["hear"]] * 2},
        "are for --modality pair": {"encoders": {"audio": made["hear"]}},
    }
    for match, beside in said.items():
        with pytest.raises(UsageError, match=match):
            train_teacher("audio", [made["audio"]], tmp_path / "run", HEARING, quiet=True, **beside)
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_joined_is_refused(made, trained, tmp_path):
    stores, both = [made["audio"], made["film"]], [made["hear"], made["see"]]

    def refused(kind: type, said: str, stores: list = stores, **beside) -> None:
        with pytest.raises(kind, match=said):
            train_teacher(
                "joint", stores, tmp_path / "run", JointConfig(**JOINT), quiet=True, **beside
            )

    refused(UsageError, "RUN twice, 0 given")
    refused(UsageError, "RUN twice, 1 given", init_from=[made["hear"]])
    refused(UsageError, "both are of visual", init_from=[made["see"], made["watch"]])
    refused(InputError, "a network of modality joint", init_from=[made["hear"], trained])
    refused(MissingInputError, "gone", init_from=[made["hear"], tmp_path / "gone"])
    refused(UsageError, "begins with --init-from, twice", encoders={"audio": made["hear"]})
    refused(UsageError, "leave it out", init_from=both, reset_head=True)
    takes = r"takes 2 stores of avkd\.audio and avkd\.faces, 1 given"
    refused(UsageError, takes, stores[:1], init_from=both)
    refused(InputError, r"expected a store of avkd\.audio", stores[::-1], init_from=both)
    other = [prepared_otherwise(made, tmp_path), made["film"]]
    refused(InputError, "n_mels 24, .* has 40; give a run on data", other, init_from=both)
    assert not (tmp_path / "run").exists()


def prepared_otherwise(made: dict, folder: Path) -> str:
    """Return a store of the same sound with more bands."""
    listed = Path(made["film"]).with_suffix(".jsonl")
    prep_audio(listed, folder / "40.zarr", PrepAudioConfig(n_mels=40, min_duration=0.2), QUIET)
    return str(folder / "40.zarr")


def test_faces_that_keep_no_time_and_are_no_stills_are_refused(made, tmp_path):
    listed = Path(made["film"]).with_suffix(".jsonl")
    crop_faces(
        str(listed), tmp_path / "sparse.zarr", CropFacesConfig(detector="none", fps=5), QUIET
    )
    stores, begun = [made["audio"], str(tmp_path / "sparse.zarr")], [made["see"], made["hear"]]
    with pytest.raises(InputError, match="do not keep time"):
        train_teacher(
            "joint", stores, tmp_path / "run", JointConfig(**JOINT), init_from=begun, quiet=True
        )
    with pytest.raises(InputError, match="do not keep time"):
        train_teacher("visual", stores[1:], tmp_path / "run", WATCHING, quiet=True)
    assert not (tmp_path / "run").exists()


def test_the_joint_begins_with_the_weights_of_both_runs_poolings_too(made):
    hear, watch, see = (load(made[name]) for name in ("hear", "watch", "see"))
    runs = [made["watch"], made["hear"]]  # in any order
    stores = [open_store(made["audio"], "avkd.audio"), open_store(made["film"], "avkd.faces")]
    encoders = encoders_of(runs, Clip(stores))
    assert list(encoders) == ["audio", "visual"]
    network = build(describe(JointConfig(**JOINT), encoders))
    network.take({sense: one.network for sense, one in encoders.items()})
    same(network.joint.audio, hear.network.encoder)
    same(network.joint.visual, watch.network.core)
    drawn = network.joint.visual.pool.attention[0].weight.clone()
    network.take({"visual": see.network})  # of single faces: the pooling stays
    same(network.joint.visual.encoder, see.network.encoder)
    assert torch.equal(network.joint.visual.pool.attention[0].weight, drawn)


def same(one: torch.nn.Module, other: torch.nn.Module) -> None:
    """Assert that two modules hold the same weights."""
    mine, theirs = one.state_dict(), other.state_dict()
    assert mine.keys() == theirs.keys()
    assert all(torch.equal(mine[name], theirs[name]) for name in mine)


def test_films_alone_have_embeddings_frames_and_weights_as_the_joint_has(made, tmp_path):
    films = open_store(made["film"], "avkd.faces")
    for level, size in (("frames", 10), ("weights", 1)):
        extract(
            made["watch"],
            [made["film"]],
            tmp_path / f"{level}.zarr",
            ExtractConfig(level=level),
            QUIET,
        )
        found = open_store(tmp_path / f"{level}.zarr", "avkd.sequences")
        assert found.row_shape == (size,) and found.fps == 25
        rows = [films.row_of[one] for one in found.ids]
        np.testing.assert_array_equal(found.lengths, films.lengths[rows])
    extract(made["watch"], [made["film"]], tmp_path / "e.zarr", ExtractConfig(), QUIET)
    found = open_store(tmp_path / "e.zarr", "avkd.embeddings")
    assert found.embedding.shape == (16, 10) and found.manifest["modality"] == "visual"
    network, whole = load(made["watch"]).network, films.read([0])[0]
    by_hand = network({"faces": torch.from_numpy(whole[None])})["embedding"].numpy()
    np.testing.assert_allclose(found.embedding[found.row_of[films.ids[0]]], by_hand[0], atol=1e-6)
    with pytest.raises(InputError, match=r"has no segments; it has .*frames and weights"):
        extract(
            made["watch"],
            [made["film"]],
            tmp_path / "s.zarr",
            ExtractConfig(level="segments"),
            QUIET,
        )


def test_a_film_that_passes_in_parts_is_the_whole_film(made, monkeypatch):
    network = load(made["watch"]).network
    film = torch.from_numpy(np.stack(open_store(made["film"], "avkd.faces").read([0])))
    whole = network({"faces": film})
    monkeypatch.setattr("avkd_cli.models.joint.AT_ONCE", 5)
    parts = network({"faces": film})
    for level in ("embedding", "frames", "weights"):
        torch.testing.assert_close(parts[level], whole[level])


def test_stills_alone_are_films_of_one_moment(made, tmp_path):
    train_teacher("visual", [made["still"]], tmp_path / "run", WATCHING, quiet=True)
    extract(
        tmp_path / "run",
        [made["still"]],
        tmp_path / "w.zarr",
        ExtractConfig(level="weights"),
        QUIET,
    )
    assert (open_store(tmp_path / "w.zarr", "avkd.sequences").lengths == 1).all()


def test_who_both_runs_were_trained_on_is_known(made, trained):
    everybody = {"p0", "p1", "p2", "p3"}
    assert set(names.known(load(trained).record["persons"], everybody)) == everybody
    job = RECIPES["joint"](
        Request(
            "train-teacher",
            "joint",
            [made["audio"], made["film"]],
            begun=[made["hear"], made["watch"]],
        ),
        JointConfig(**JOINT),
    )
    assert set(names.known(job.known, everybody)) == everybody


def test_projections_may_begin_as_rotations_which_keep_what_each_sense_knows(made):
    request = Request(
        "train-teacher", "joint", [made["audio"], made["film"]], begun=[made["hear"], made["watch"]]
    )
    for start in ("random", "orthogonal"):
        job = RECIPES["joint"](request, JointConfig(**JOINT, start=start))
        network = build(job.description)
        job.finish(network)
        weight = network.joint.fusion.audio.weight.detach()  # (8, 12): rows of unit length
        apart = (weight @ weight.T - torch.eye(8)).abs().max()
        assert (apart < 1e-5) == (start == "orthogonal")
