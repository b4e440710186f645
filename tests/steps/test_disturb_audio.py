"""prep-audio --disturb: keyed copies of a test set, and what is refused before any work."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from avkd_cli.cli import cli
from avkd_cli.config import Execution, PrepAudioConfig
from avkd_cli.errors import InputError, UsageError
from avkd_cli.steps.prep_audio import prep_audio
from avkd_cli.storage.store import open_store

HERE = Execution(workers=0, quiet=True, partition_size=2)
WAVE = PrepAudioConfig(features="waveform")
KINDS = ("babble", "music", "noise", "room", "telephone")


def sound(seed: int, seconds: float = 1.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    n = round(seconds * 16_000)
    return 0.1 * rng.standard_normal(n) * (np.arange(n) % 8000 < 6000)


def response(seed: int) -> np.ndarray:
    tail = np.random.default_rng(seed).standard_normal(8000) * np.exp(-np.arange(8000) / 1500)
    return 0.2 * np.concatenate([[4.0], np.zeros(60), tail])


def store_of(folder: Path, name: str, lines: list[dict], sounds: list[np.ndarray]) -> str:
    """A store of waveforms, from files written beside its list."""
    for line, samples in zip(lines, sounds, strict=True):
        line["audio"] = f"{name}-{len(list(folder.glob(f'{name}-*.wav')))}.wav"
        soundfile.write(folder / line["audio"], samples, 16_000)
    path = folder / f"{name}.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    prep_audio(path, folder / f"{name}.zarr", WAVE, HERE)
    return str(folder / f"{name}.zarr")


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """Six recordings of three people; noises of each kind, of them a voice of p0; two rooms."""
    folder = tmp_path_factory.mktemp("disturb")
    noises = [
        {"id": f"{kind}/{k}", "person": "p0" if (kind, k) == ("speech", 0) else ""}
        for kind in ("speech", "music", "noise")
        for k in range(4)
    ]
    people = [{"id": f"p{k % 3}/{k}", "person": f"p{k % 3}"} for k in range(6)]
    return folder, {
        "clean": store_of(folder, "people", people, [sound(k) for k in range(6)]),
        "noise": store_of(folder, "noises", noises, [sound(100 + k, 1.5) for k in range(12)]),
        "rir": store_of(
            folder, "rooms", [{"id": f"r/{k}"} for k in (0, 1)], [response(0), response(1)]
        ),
    }


def spoilt(places, tmp_path, kind: str, snr: float = 5.0, name: str = "s", **more):
    folder, stores = places
    config = PrepAudioConfig(features="waveform", disturb=kind, snr=snr, seed=more.pop("seed", 0))
    given = {
        "noise": stores["noise"] if kind in ("babble", "music", "noise") else None,
        "rir": stores["rir"] if kind == "room" else None,
    }
    source = more.pop("source", folder / "people.jsonl")
    execution = dataclasses.replace(HERE, root=folder, **more)
    prep_audio(source, tmp_path / f"{name}.zarr", config, execution, **given)
    return open_store(tmp_path / f"{name}.zarr")


@pytest.mark.parametrize("kind", KINDS)
def test_a_copy_has_the_ids_and_lengths_of_the_clean_recordings_and_other_sound(
    places, tmp_path, kind
):
    clean = open_store(places[1]["clean"])
    copy = spoilt(places, tmp_path, kind)
    assert copy.ids == clean.ids
    assert copy.lengths.tolist() == clean.lengths.tolist()
    for was, found in zip(clean.read(range(6)), copy.read(range(6)), strict=True):
        assert np.mean(was != found) > 0.5
    assert copy.manifest["config"]["disturb"] == kind


@pytest.mark.parametrize("kind", ["babble", "music", "noise"])
def test_the_noise_is_as_strong_as_asked(places, tmp_path, kind):
    clean = open_store(places[1]["clean"]).read(range(6))
    for snr in (20, 0):
        copy = spoilt(places, tmp_path, kind, snr, name=f"at{snr}").read(range(6))
        for was, found in zip(clean, copy, strict=True):
            voice = was.astype(float)
            added = found - voice  # quiet enough that nothing was made softer
            ratio = 10 * np.log10(np.mean(voice**2) / np.mean(added**2))
            assert ratio == pytest.approx(snr, abs=0.2)


@pytest.mark.parametrize("kind", ["babble", "room"])
def test_workers_order_and_company_change_nothing_and_the_seed_does(places, tmp_path, kind):
    first = spoilt(places, tmp_path, kind, name="one")
    others = spoilt(places, tmp_path, kind, name="two", workers=2, partition_size=1)
    lines = (places[0] / "people.jsonl").read_text().splitlines()
    few = places[0] / "few.jsonl"
    few.write_text("".join(line + "\n" for line in reversed(lines[2:5])))
    fewer = spoilt(places, tmp_path, kind, name="few", source=few)
    reseeded = spoilt(places, tmp_path, kind, name="seed", seed=1)
    anew = 0
    for row, (a, b) in enumerate(zip(first.read(range(6)), others.read(range(6)), strict=True)):
        np.testing.assert_array_equal(a, b)
        if first.ids[row] in fewer.ids:
            np.testing.assert_array_equal(a, fewer.read([fewer.row_of[first.ids[row]]])[0])
        anew += (a != reseeded.read([row])[0]).any()
    assert anew > 0  # of two rooms a recording may draw the same one again


def test_levels_differ_by_the_level_alone(places, tmp_path):
    clean = open_store(places[1]["clean"]).read([1])[0].astype(float)
    loud, soft = (
        spoilt(places, tmp_path, "music", snr, f"m{snr}").read([1])[0] - clean for snr in (0, 20)
    )
    assert np.corrcoef(loud, soft)[0, 1] > 0.99


def test_nobody_babbles_behind_himself(places, tmp_path):
    """Where every other voice is his own, the recording is refused rather than helped."""
    folder = tmp_path
    noise = store_of(folder, "own", [{"id": "speech/0", "person": "p0"}], [sound(7, 2.0)])
    store_of(
        folder, "two", [{"id": f"p{k}/0", "person": f"p{k}"} for k in (0, 1)], [sound(1), sound(2)]
    )
    config = PrepAudioConfig(features="waveform", disturb="babble")
    here = dataclasses.replace(HERE, max_reject_fraction=1.0)
    prep_audio(folder / "two.jsonl", folder / "b.zarr", config, here, noise=noise)
    assert open_store(folder / "b.zarr").ids == ["p1/0"]
    (reject,) = map(json.loads, (folder / "b.zarr" / "rejects.jsonl").read_text().splitlines())
    assert "of 'p0'" in reject["detail"]


def test_measures_are_of_the_copy_and_nothing_disturbed_is_as_before(places, tmp_path):
    clean = open_store(places[1]["clean"])
    loud = spoilt(places, tmp_path, "noise", -10)
    assert (loud.column("level_dbfs") > clean.column("level_dbfs") + 5).all()
    assert (loud.column("clipped_fraction") == 0).all()


@pytest.mark.parametrize(
    ("kind", "given", "words"),
    [
        ("babble", {}, "--disturb babble needs --noise STORE"),
        ("room", {}, "--disturb room needs --rir STORE"),
        ("room", {"noise": "x"}, "--noise is given, but --disturb room does not use it"),
        ("none", {"rir": "x"}, "--rir is given, but --disturb none does not use it"),
        ("telephone", {"noise": "x"}, "--noise is given, but --disturb telephone"),
    ],
)
def test_stores_that_do_not_go_together_with_the_disturbance_are_refused(
    tmp_path, kind, given, words
):
    config = PrepAudioConfig(disturb=kind)
    with pytest.raises(UsageError, match=words):
        prep_audio(tmp_path / "no.jsonl", tmp_path / "o.zarr", config, HERE, **given)
    assert not list(tmp_path.iterdir())


def test_a_store_without_that_kind_or_without_waveforms_is_refused(places, tmp_path):
    music = store_of(tmp_path, "m", [{"id": "music/0"}], [sound(3)])
    config = PrepAudioConfig(disturb="babble")
    with pytest.raises(InputError, match="has no speech, which --disturb babble needs"):
        prep_audio(places[0] / "people.jsonl", tmp_path / "o.zarr", config, HERE, noise=music)
    prep_audio(places[0] / "people.jsonl", tmp_path / "f.zarr", PrepAudioConfig(), HERE)
    with pytest.raises(InputError, match="wants waveforms"):
        prep_audio(
            places[0] / "people.jsonl",
            tmp_path / "o.zarr",
            config,
            HERE,
            noise=str(tmp_path / "f.zarr"),
        )
    with pytest.raises(InputError, match="'p0/0' is neither music, speech nor noise"):
        prep_audio(
            places[0] / "people.jsonl", tmp_path / "o.zarr", config, HERE, noise=places[1]["clean"]
        )


@pytest.mark.parametrize("snr", ["-10.5", "61", "nan"])
def test_a_ratio_out_of_range_is_a_usage_error(tmp_path, snr):
    words = ["prep-audio", "no.jsonl", "-o", str(tmp_path / "o.zarr"), "--disturb", "noise"]
    result = CliRunner().invoke(cli, [*words, "--snr", snr])
    assert isinstance(result.exception, UsageError)
    assert "--snr" in str(result.exception)


def test_by_command_line(places, tmp_path):
    folder, stores = places
    words = [
        *f"prep-audio {folder}/people.jsonl -o {tmp_path}/o.zarr -q --workers 0".split(),
        *f"--disturb babble --snr 5 --noise {stores['noise']} --seed 3".split(),
    ]
    result = CliRunner().invoke(cli, words, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["config"]["seed"] == 3
    assert "noise" in json.loads(result.stdout)["inputs"]
