"""Real films with sound, from files to a picture of the moments that counted (docs/joint.md)."""

import json
import shlex
from pathlib import Path

import av
import pytest
from click.testing import CliRunner

from avkd_cli.cli import cli
from avkd_cli.storage.store import open_store

FACES = "--config joint --fps 12.5 --max-reject-fraction 0.3 --workers 0"
SMALL = "--config joint --batch-size 4 --max-steps 2 --embedding-size 16"


def only(kind: str, film: Path, copy: Path) -> None:
    """Copy the sound or the pictures of a film, as they are."""
    with av.open(str(film)) as source, av.open(str(copy), "w") as target:
        stream = next(one for one in source.streams if one.type == kind)
        kept = target.add_stream_from_template(stream)
        for packet in source.demux(stream):
            if packet.dts is not None:
                packet.stream = kept
                target.mux(packet)


@pytest.fixture(scope="module")
def films(shared_data, tmp_path_factory) -> Path:
    """Four films with sound, one without, and sound without a film, each of another person."""
    work = tmp_path_factory.mktemp("grid")
    names = ["brbk7n", "lbax4n", "lbbc2a", "lrwp9a", "sbia1a", "swiz3n"]
    for name in names:
        (work / "films" / name).mkdir(parents=True)
        found = shared_data / f"genuine_av/grid/{name}.mpg"
        if name == "sbia1a":
            only("video", found, work / f"films/{name}/silent.mkv")
        elif name == "swiz3n":
            only("audio", found, work / f"films/{name}/blind.mkv")
        else:
            (work / f"films/{name}/film.mpg").symlink_to(found)
    return work


@pytest.fixture(scope="module")
def made(films, shared_data) -> Path:
    """Everything that docs/joint.md makes, by its commands, narrow and short."""
    yunet = shared_data / "weights/yunet/yunet_n_dynamic.onnx"
    begun = "--init-from {w}/audio --init-from {w}/visual"
    weights = "extract-embeddings {w}/joint --level weights"
    for line in (
        "corpus folder {w}/films -o {w}/people.jsonl",
        "prep-audio {w}/people.jsonl -o {w}/audio.zarr --config joint --max-reject-fraction 0.3",
        f"crop-faces {{w}}/people.jsonl -o {{w}}/films.zarr {FACES} --detector-weights {yunet}",
        f"train-teacher --modality audio {{w}}/audio.zarr -o {{w}}/audio {SMALL} --width 16",
        f"train-teacher --modality visual {{w}}/films.zarr -o {{w}}/visual {SMALL} --model cnn "
        "--width 16 --frames 12",
        f"train-teacher --modality joint {{w}}/audio.zarr {{w}}/films.zarr {begun} --nce 1 "
        f"--cycle 0.5 --diffusion 0.5 -o {{w}}/joint {SMALL} --clip 1",
        "extract-embeddings {w}/joint {w}/audio.zarr {w}/films.zarr -o {w}/both.zarr",
        f"{weights} {{w}}/audio.zarr --side audio -o {{w}}/sound.zarr",
        f"{weights} {{w}}/films.zarr --side visual -o {{w}}/seen.zarr",
        "analyze weights {w}/sound.zarr {w}/seen.zarr --plot {w}/weights.svg",
    ):
        found = CliRunner().invoke(cli, shlex.split(line.format(w=films)))
        assert found.exit_code == 0, f"{line}: {found.output}"
    return films


def rejects(store: Path) -> dict[str, str]:
    lines = (store / "rejects.jsonl").read_text().splitlines()
    return {one["id"]: one["code"] for one in map(json.loads, lines)}


def test_a_film_without_sound_and_sound_without_a_film_are_rejected_each_where_it_lacks(made):
    assert rejects(made / "audio.zarr") == {"sbia1a/silent": "no_audio_stream"}
    assert rejects(made / "films.zarr") == {"swiz3n/blind": "no_video_stream"}
    both = open_store(str(made / "both.zarr"), "avkd.embeddings")
    assert sorted(both.ids) == ["brbk7n/film", "lbax4n/film", "lbbc2a/film", "lrwp9a/film"]


def test_the_moments_of_real_films_are_weighed_on_the_clock_of_each_sense(made):
    for name, rate, length in (("sound", 100, 296), ("seen", 12.5, 38)):
        weights = open_store(str(made / f"{name}.zarr"), "avkd.sequences")
        assert weights.fps == rate
        assert all(abs(one - length) <= 2 for one in weights.lengths)  # films of 2.98 s
    picture = (made / "weights.svg").read_text()
    assert "brbk7n/film" in picture and "seconds" in picture
