"""What is wrong with sound or film, or with one net, and what the joint training makes of it."""

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import torch

from avkd_cli.config import CropFacesConfig, ExtractConfig, JointConfig, PrepAudioConfig
from avkd_cli.errors import DivergedError, InputError
from avkd_cli.steps.crop_faces import crop_faces
from avkd_cli.steps.extract_embeddings import extract
from avkd_cli.steps.prep_audio import prep_audio
from avkd_cli.steps.train_teacher import train_teacher
from avkd_cli.storage.store import open_store
from avkd_cli.training import loop
from tests.steps.test_train_joint import (
    EVERYTHING,
    HEARING,
    JOINT,
    QUIET,
    losses,
    make_clips,
    train,
)


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> dict:
    return make_clips(tmp_path_factory.mktemp("joint"))


# ---- films and sound that lack something ------------------------------------------------------


def lists(made: dict, folder: Path, **changes) -> Path:
    """Write the list of films with some lines changed; return it. A change to None: left out."""
    old = Path(made["film"]).with_suffix(".jsonl")
    lines = [json.loads(line) for line in old.read_text().splitlines()]
    for line in lines:
        line["audio"], line["video"] = (str(old.parent / line[kind]) for kind in ("audio", "video"))
        for name, value in changes.get(line["id"].replace("/", "_"), {}).items():
            line[name] = value
    kept = [{name: one for name, one in line.items() if one is not None} for line in lines]
    (folder / "list.jsonl").write_text("".join(json.dumps(line) + "\n" for line in kept))
    return folder / "list.jsonl"


def prepare(made: dict, listed: Path, limit: float = 1.0) -> dict:
    """Prepare both senses of a list, with up to a share of rejects; return the paths."""
    many = replace(QUIET, max_reject_fraction=limit)
    sound, film = (str(listed.with_name(name)) for name in ("sound.zarr", "film.zarr"))
    prep_audio(str(listed), Path(sound), PrepAudioConfig(n_mels=24, min_duration=0.2), many)
    crop_faces(str(listed), Path(film), CropFacesConfig(detector="none", fps=25), many)
    return made | {"audio": sound, "film": film}


def reject_lines(store: str) -> str:
    return (Path(store) / "rejects.jsonl").read_text()


def rejects(store: str) -> dict[str, str]:
    """Return the code of each reject."""
    return {one["id"]: one["code"] for one in map(json.loads, reject_lines(store).splitlines())}


def test_films_without_sound_and_sound_without_film_are_left_out_and_counted(
    made, tmp_path, capsys
):
    silent = {"p0_0": {"audio": None}, "p1_1": {"video": None}}  # films of the tests are silent
    found = prepare(made, lists(made, tmp_path, **silent))
    assert rejects(found["audio"]) == {"p0/0": "no_audio_stream"}
    assert "p1/1" not in open_store(found["film"], "avkd.faces").ids
    capsys.readouterr()
    train(found, tmp_path / "run", max_steps=1)
    said = capsys.readouterr().err
    assert "film.zarr has nothing of 1 of 15 utterances, such as 'p1/1'" in said
    assert "sound.zarr has nothing of 1 of 15 utterances of" in said and "'p0/0'" in said
    extract(
        tmp_path / "run",
        [found["audio"], found["film"]],
        tmp_path / "e.zarr",
        ExtractConfig(),
        QUIET,
    )
    assert "2 utterances are in only one of" in capsys.readouterr().err
    ids = set(open_store(tmp_path / "e.zarr", "avkd.embeddings").ids)
    assert len(ids) == 14 and not ids & {"p0/0", "p1/1"}


def test_where_no_film_has_sound_nothing_is_trained(made, tmp_path):
    everybody = {f"p{n % 4}_{n}": {"audio": None} for n in range(8)}
    everybody |= {f"p{n % 4}_{n}": {"video": None} for n in range(8, 16)}
    found = prepare(made, lists(made, tmp_path, **everybody))
    with pytest.raises(InputError, match="utterance"):
        train(found, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_film_whose_frames_are_out_of_order_is_rejected(made, tmp_path):
    film = tmp_path / "shuffled.mkv"
    order = np.random.default_rng(1).permutation(20)
    with av.open(str(film), "w") as container:
        stream = container.add_stream("mjpeg", rate=25)
        stream.height, stream.width, stream.pix_fmt = 112, 96, "yuvj420p"
        packets = []
        for number in range(20):
            pixels = np.full((112, 96, 3), 20 + 8 * number, np.uint8)
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            packets += stream.encode(frame)
        packets += stream.encode(None)
        for place, number in enumerate(order):
            packets[number].dts = place - 20  # below its own time, as it must be
            container.mux(packets[number])
    found = prepare(made, lists(made, tmp_path, p2_2={"video": str(film)}))
    assert rejects(found["film"]) == {"p2/2": "undecodable"}
    assert "frames come after later ones: out of order" in reject_lines(found["film"])


def test_a_sense_much_shorter_than_the_clip_is_repeated_in_one_line_and_trained_on(
    made, tmp_path, capsys
):
    train(made, tmp_path / "run", clip=2.0, max_steps=1, nce=1.0)  # all films are below a second
    said = [line for line in capsys.readouterr().err.splitlines() if "shorter than a clip" in line]
    assert [Path(line.split()[3].rstrip(":")) for line in said] == [
        Path(made["audio"]),
        Path(made["film"]),
    ]
    films = open_store(made["film"], "avkd.faces")
    least = int(films.lengths.argmin())
    assert said[1].startswith("avkd train-teacher: warning: ")
    assert f"{len(films.ids)} of {len(films.ids)} utterances" in said[1]
    assert f"such as {films.ids[least]!r} ({films.lengths[least]} of 50 crops)" in said[1]
    assert all(np.isfinite(list(line.values())).all() for line in losses(tmp_path / "run"))


# ---- a net that breaks ------------------------------------------------------------------------

NETS = {
    "encoder of sound": "network.joint.audio.",
    "encoder of films": "network.joint.visual.",
    "judge": "terms.nce.judges.",
    "generator": "terms.cycle.to_visual.",
    "noise model": "terms.diffusion.models.audio.",
}


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("at", [2, 3])  # one step before a checkpoint, and at it
def test_one_net_that_turns_non_finite_ends_the_run_at_the_last_good_checkpoint(
    net, at, made, tmp_path, monkeypatch
):
    right = loop.train_step

    def breaking(state, settings, arrays, moment):
        found = right(state, settings, arrays, moment)
        if moment.step == at:
            named = dict(state.bare.named_parameters())
            name = next(
                one for one in named if one.startswith(NETS[net]) and one.endswith("weight")
            )
            with torch.no_grad():
                named[name].view(-1)[0] = torch.nan
        return found

    monkeypatch.setattr(loop, "train_step", breaking)
    with pytest.raises(DivergedError) as caught:
        train(made, tmp_path / "run", **EVERYTHING)
    said = str(caught.value)
    assert caught.value.exit_code == 79 and "\n" not in said
    assert "last good checkpoint: step_000002" in said
    assert ("loss or gradient is not finite at step 3" if at == 2 else NETS[net]) in said
    assert not (tmp_path / "run/step_000004").exists()
    monkeypatch.setattr(loop, "train_step", right)
    train(made, tmp_path / "run", **EVERYTHING)  # and goes on from there
    assert (tmp_path / "run/model.json").exists()


# ---- runs to begin with -----------------------------------------------------------------------


def test_runs_of_another_network_are_refused_as_a_start(made, tmp_path):
    stores, config = [made["audio"], made["film"]], JointConfig(**JOINT)
    segments = {"segment": 0.2, "head": "softmax"}
    train_teacher(
        "audio", [made["audio"]], tmp_path / "cut", replace(HEARING, **segments), quiet=True
    )
    for begun, said in (
        ([made["watch"], tmp_path / "cut"], "of modality audio of segments"),
        ([made["hear"], made["hear"]], "both are of audio"),
        ([made["hear"], Path(made["film"])], "film.zarr"),
    ):
        with pytest.raises(InputError if "both" not in said else Exception, match=said):
            train_teacher("joint", stores, tmp_path / "run", config, init_from=begun, quiet=True)
    assert not (tmp_path / "run").exists()
