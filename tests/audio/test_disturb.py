"""Recordings made worse: by as much as was asked, and by nothing else."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avkd_cli.audio import disturb
from avkd_cli.audio.limits import SAMPLE_RATE as RATE


def voice(seed: int, seconds: float = 1.0) -> np.ndarray:
    """Something that swells and fades as speech does."""
    rng = np.random.default_rng(seed)
    time = np.arange(int(seconds * RATE)) / RATE
    return 0.2 * np.sin(2 * np.pi * (3 + seed) * time) * rng.standard_normal(len(time))


def tone(hertz: float) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(RATE) / RATE)


def decibels(left: np.ndarray, right: np.ndarray) -> float:
    return 10 * math.log10(np.mean(left**2) / np.mean(right**2))


@given(st.floats(-10, 60), st.floats(0.001, 10))
def test_noise_is_as_far_below_the_voice_as_asked_whatever_its_own_level(snr, loud):
    clean = voice(1, 0.2)
    both = disturb.add(clean, loud * voice(2, 0.2), snr)
    assert decibels(clean, both - clean) == pytest.approx(snr, abs=1e-6)


def test_silence_is_no_noise():
    with pytest.raises(ValueError, match="silent"):
        disturb.add(voice(1), np.zeros(RATE), 5)


def test_all_voices_of_a_babble_are_as_strong():
    both = disturb.babble([0.001 * voice(1), 3 * voice(2)])
    parts = np.linalg.lstsq(np.stack([voice(1), voice(2)], axis=1), both, rcond=None)[0]
    assert decibels(parts[0] * voice(1), parts[1] * voice(2)) == pytest.approx(0, abs=1e-6)


@given(st.integers(1, 400), st.integers(1, 400), st.integers(0, 99))
def test_a_stretch_is_part_of_the_sound_repeated_where_it_is_short(size, length, seed):
    sound = np.arange(size)
    found = disturb.stretch(sound, length, np.random.default_rng(seed))
    assert len(found) == length
    assert (np.diff(found) % size == 1 % size).all()
    if size >= length:
        assert (np.diff(found) == 1).all()


@pytest.mark.parametrize("ratio", [20, 0, -10])
def test_a_room_answers_as_loudly_as_asked(ratio):
    rng = np.random.default_rng(0)
    response = np.zeros(4000)
    response[50] = 0.7  # the direct sound comes late, and is not of unit strength
    response[91:] = 0.01 * rng.standard_normal(3909)
    click = np.zeros(RATE)
    click[0] = 1
    heard = disturb.room(click, response, ratio)
    assert heard[50] == pytest.approx(1)
    assert np.abs(heard[:50]).max() < 1e-9
    late = 10 * math.log10(np.sum(heard[:91] ** 2) / np.sum(heard[91:] ** 2))
    assert late == pytest.approx(ratio, abs=1e-6)


def test_a_response_that_is_only_a_click_is_no_room():
    with pytest.raises(ValueError, match="no sound after"):
        disturb.room(voice(1), np.eye(1, 2000)[0], 5)


@pytest.mark.parametrize(
    ("hertz", "least", "most"), [(100, -90, -30), (1000, -1, 1), (3000, -3, 1), (5000, -200, -50)]
)
def test_a_telephone_passes_300_to_3400_hertz(hertz, least, most):
    passed = disturb.telephone(tone(hertz))
    assert len(passed) == RATE
    middle = slice(2000, -2000)
    assert least < decibels(passed[middle] + 1e-12, tone(hertz)[middle]) < most


def test_a_telephone_has_the_steps_of_eight_bits():
    # A-law keeps about 38 dB between a tone and what its steps add (G.711).
    passed = disturb.telephone(tone(1000))[2000:-2000]
    time = np.arange(len(passed)) / RATE
    waves = np.stack([np.sin(2 * np.pi * 1000 * time), np.cos(2 * np.pi * 1000 * time)], axis=1)
    left = passed - waves @ np.linalg.lstsq(waves, passed, rcond=None)[0]
    assert 30 < decibels(passed, left) < 45


@given(st.floats(0.01, 50))
def test_nothing_clips_and_what_does_not_clip_is_left_alone(loud):
    samples = loud * voice(3, 0.1)
    soft = disturb.softened(samples)
    assert np.max(np.abs(soft)) <= 0.99 + 1e-12
    if np.max(np.abs(samples)) <= 0.99:
        assert soft is samples


def test_kinds_are_told_by_session_or_id_as_musan_names_them():
    ids = ["speech/librivox/speech-librivox-0000", "x/1", "noise/free-sound/noise-free-sound-0000"]
    rows = disturb.rows_by_kind(ids, ["", "music", ""])
    assert {kind: found.tolist() for kind, found in rows.items()} == {
        "babble": [0],
        "music": [1],
        "noise": [2],
    }
    with pytest.raises(ValueError, match="'x/1' is neither"):
        disturb.rows_by_kind(["x/1"], [""])
