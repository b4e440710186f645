"""Measures of quality by hand and by sounds whose truth is known."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avkd_cli.audio import quality

RNG = np.random.default_rng(0)


def bursts(seconds: float, share: float, noise: float, level: float = 0.1) -> np.ndarray:
    """Noise of RMS `noise`, and in the first `share` of each second noise of RMS `level`."""
    n = round(16_000 * seconds)
    active = (np.arange(n) % 16_000) < share * 16_000
    sound = RNG.normal(0, noise, n) + active * RNG.normal(0, level, n)
    return sound.astype(np.float32)


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        pytest.param(np.tile([1.0, -1.0], 500), 0.0, id="full-scale square"),
        pytest.param(np.tile([0.1, -0.1], 500), -20.0, id="a tenth"),
        pytest.param(np.sin(2 * np.pi * np.arange(1600) / 160), -3.0103, id="sine"),
        pytest.param(0.5 + np.tile([0.1, -0.1], 500), -20.0, id="the mean does not count"),
        pytest.param(np.ones(1000), -math.inf, id="constant"),
        pytest.param(np.zeros(0), -math.inf, id="empty"),
    ],
)
def test_level_by_hand(samples, expected):
    assert quality.level_dbfs(samples.astype(np.float32)) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(
    ("samples", "expected"),
    [([0.5, -0.5], 0), ([1.0, 0, 0, -1.0], 0.5), ([32767 / 32768, 0, 0, 0], 0.25), ([], 0)],
)
def test_clipped_fraction_by_hand(samples, expected):
    assert quality.clipped_fraction(np.array(samples, np.float32)) == expected


@pytest.mark.parametrize("offset", [0.0, 0.5])
def test_frame_powers_are_variances(offset):
    samples = (offset + RNG.normal(0, 0.1, 4000)).astype(np.float32)
    expected = [np.var(samples[k : k + 400]) for k in range(0, 3601, 160)]
    np.testing.assert_allclose(quality.frame_powers(samples), expected, rtol=1e-4)


@given(st.integers(1, 2000))
def test_frames_are_those_of_the_fbank(length):
    frames = len(quality.frame_powers(np.ones(length, np.float32)))
    assert frames == (1 + (length - 400) // 160 if length >= 400 else 1)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_speech_fraction_is_the_share_of_sound(share):
    powers = quality.frame_powers(bursts(5.0, share, noise=0.002))
    # A frame that a burst only touches counts as well: 25 ms more a second.
    assert quality.speech_fraction(powers) == pytest.approx(share, abs=0.04)


@pytest.mark.parametrize("snr", [5, 10, 20, 30, 40])
def test_snr_is_within_two_decibels_where_there_are_pauses(snr):
    powers = quality.frame_powers(bursts(8.0, 0.6, noise=0.1 * 10 ** (-snr / 20)))
    assert quality.snr_db(powers) == pytest.approx(snr, abs=2.0)


def test_snr_of_silence_is_none_and_of_a_perfect_recording_the_most():
    assert quality.snr_db(np.zeros(100)) == 0.0
    clean = bursts(2.0, 0.5, noise=0.0)
    assert quality.snr_db(quality.frame_powers(clean)) == 60.0


@given(st.floats(0.01, 10.0))
def test_louder_is_not_cleaner(gain):
    sound = np.random.default_rng(1).normal(0, 0.02, 16_000) * (np.arange(16_000) % 8000 < 4000)
    sound += np.random.default_rng(2).normal(0, 0.002, 16_000)
    once, again = (quality.frame_powers(s.astype(np.float32)) for s in (sound, gain * sound))
    if gain > 0.3:  # else it is below -60 dBFS, which counts as no speech
        assert quality.snr_db(again) == pytest.approx(quality.snr_db(once), abs=0.01)
    assert 0 <= quality.speech_fraction(again) <= 1
