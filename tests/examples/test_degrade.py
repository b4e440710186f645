"""Spoilt copies: the right strength, the same each time, the right trials."""

import json
import math

import degrade
import numpy as np
import pytest
import soundfile
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

RATE = degrade.RATE


def voice(seed: int, seconds: float = 1.0) -> np.ndarray:
    """Something that swells and fades as speech does."""
    rng = np.random.default_rng(seed)
    time = np.arange(int(seconds * RATE)) / RATE
    return 0.2 * np.sin(2 * np.pi * (3 + seed) * time) * rng.standard_normal(len(time))


OTHERS = [voice(seed) for seed in range(10, 18)]


@pytest.mark.parametrize("level", degrade.LEVELS_DB)
@pytest.mark.parametrize("kind", degrade.NOISES)
def test_the_level_is_the_ratio_of_powers_to_a_tenth_of_a_decibel(kind, level):
    clean = voice(1)
    noise = degrade.NOISES[kind](clean, degrade.generator("a/1", kind), OTHERS)
    both = degrade.mix(clean, noise, level)
    added = both / gain(both, clean, noise) - clean
    found = 10 * math.log10(np.mean(clean**2) / np.mean(added**2))
    assert found == pytest.approx(level, abs=0.1)


def gain(both: np.ndarray, clean: np.ndarray, noise: np.ndarray) -> float:
    """Share of the clean voice in a mixture: least squares on voice and noise."""
    (of_clean, _), *_ = np.linalg.lstsq(np.stack([clean, noise], axis=1), both, rcond=None)
    return of_clean


@settings(max_examples=25, deadline=None)
@given(level=st.floats(-20, 40), loud=st.floats(0.01, 5))
def test_a_mixture_never_clips(level, loud):
    both = degrade.mix(loud * voice(2, 0.2), voice(3, 0.2), level)
    assert np.max(np.abs(both)) <= 0.99 + 1e-12


def test_the_file_keeps_the_level(tmp_path):
    clean, noise = voice(4), voice(5)
    degrade.write_flac(tmp_path / "a.flac", degrade.mix(clean, noise, 10))
    read, rate = soundfile.read(tmp_path / "a.flac")
    added = read / gain(read, clean, noise) - clean
    assert rate == RATE
    assert 10 * math.log10(np.mean(clean**2) / np.mean(added**2)) == pytest.approx(10, abs=0.1)


def test_white_noise_is_level_over_frequency_and_a_room_decays():
    spectrum = np.abs(np.fft.rfft(degrade.white(voice(1, 4), np.random.default_rng(0), []))) ** 2
    low, high = np.array_split(spectrum, 2)
    assert low.mean() == pytest.approx(high.mean(), rel=0.1)
    click_ = np.zeros(RATE)
    click_[0] = 1
    response = degrade.room(click_, np.random.default_rng(0), [])
    start, end = int(degrade.DIRECT_S * RATE), int(degrade.REVERBERATION_S * RATE)
    assert np.abs(response[: start - 1]).max() < 1e-12 < np.abs(response[start + 1]).max()
    first, last = response[start : start + 800], response[end - 800 : end]
    # 60 dB over half a second: 50 ms at the start and at the end are 54 dB apart.
    fall = 10 * math.log10(np.mean(first**2) / np.mean(last**2))
    assert fall == pytest.approx(53.7, abs=2)


def test_babble_is_of_other_voices_each_as_loud():
    clean = voice(1)
    rng = np.random.default_rng(0)
    alone = degrade.babble(clean, rng, [OTHERS[0]])
    assert np.sqrt(np.mean(alone**2)) == pytest.approx(1, rel=1e-6)
    quiet = [0.001 * OTHERS[0], OTHERS[1]]
    both = degrade.babble(clean, np.random.default_rng(0), quiet)
    assert np.mean(both**2) == pytest.approx(2, rel=0.1)


def test_faces_get_blurred_dark_and_small():
    rng = np.random.default_rng(0)
    face = rng.integers(0, 256, (112, 96, 3), dtype=np.uint8)
    edges = [np.abs(np.diff(degrade.blurred(face, s, rng).astype(int))).mean() for s in (1, 2, 4)]
    assert edges == sorted(edges, reverse=True)
    dark = degrade.darkened(face, 0.25, np.random.default_rng(1))
    assert dark.mean() == pytest.approx(face.mean() / 4, rel=0.02)
    small = degrade.shrunk(face, 8, rng)
    assert small.shape == face.shape
    # Eight columns, enlarged: steps of a twelfth of what neighbours differ by, so it is smooth.
    assert np.abs(np.diff(small.astype(int), axis=1)).mean() < 5


@pytest.fixture
def corpus(tmp_path):
    lines = []
    for person, split in (("a", "train"), ("b", "train"), ("t", "eval"), ("u", "eval")):
        for n in range(2):
            soundfile.write(tmp_path / f"{person}{n}.wav", voice(ord(person) + n), RATE)
            pixels = np.random.default_rng(n).integers(0, 255, (112, 96), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / f"{person}{n}.png")
            lines.append({"id": f"{person}/{n}", "person": person, "split": split,
                          "audio": f"{person}{n}.wav", "images": f"{person}{n}.png"})  # fmt: skip
    (tmp_path / "people.jsonl").write_text("".join(json.dumps(one) + "\n" for one in lines))
    (tmp_path / "trials.txt").write_text("1 t/0 t/1\n0 t/0 u/1\n")
    return tmp_path


def spoil(corpus, out: str) -> dict[str, bytes]:
    words = [str(corpus / "people.jsonl"), str(corpus / "trials.txt"), "-o", str(corpus / out)]
    result = CliRunner().invoke(degrade.main, words, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    folder = corpus / out
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_the_same_bytes_each_time_and_no_training_person_is_spoilt(corpus):
    first, second = spoil(corpus, "one"), spoil(corpus, "two")
    assert first == second
    copies = [name for name in first if "/" in name]
    assert len(copies) == 4 * (len(degrade.sound_conditions()) + len(degrade.face_conditions()))
    assert {name.split("/")[2] for name in copies} == {"t", "u"}


def test_trials_come_again_for_each_condition_with_the_test_side_spoilt(corpus):
    found = spoil(corpus, "one")["sound.txt"].decode().splitlines()
    assert len(found) == 2 * (1 + len(degrade.sound_conditions()))
    assert found[:2] == ["1 t/0 t/1", "0 t/0 u/1"]
    assert "1 t/0 babble-20/t/1" in found
    assert "0 t/0 room-0/u/1" in found
    listed = {json.loads(line)["id"] for line in spoil(corpus, "two")["sound.jsonl"].splitlines()}
    assert {side for line in found for side in line.split()[1:]} <= listed


def test_levels_of_one_kind_differ_by_the_level_alone(corpus):
    spoil(corpus, "one")
    clean = voice(ord("t"))
    read = [
        soundfile.read(corpus / "one" / "sound" / f"music-{level}" / "t" / "0.flac")[0]
        for level in (20, 0)
    ]
    noises = [one / gain(one, clean, read[1] - read[0]) - clean for one in read]
    assert np.corrcoef(*noises)[0, 1] > 0.99
