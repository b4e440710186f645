"""Fbank and spectrogram against Kaldi's definition, and by hand."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from avkd_cli.audio.kaldi import fbank, mel_bands, spectrogram, window


def noise(length: int, level: float = 0.1, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, level, length).astype(np.float32)


@pytest.fixture(scope="module")
def reference(compliance):
    """Kaldi's fbank of samples, by torchaudio."""

    def compute(samples: np.ndarray, n_mels: int, kind=torch.float32) -> np.ndarray:
        scaled = torch.from_numpy(samples)[None].to(kind) * 32768
        return compliance.fbank(
            scaled,
            num_mel_bins=n_mels,
            frame_length=25,
            frame_shift=10,
            dither=0.0,
            sample_frequency=16_000,
            window_type="povey",
            low_freq=20,
            high_freq=0,
        ).numpy()

    return compute


@pytest.mark.parametrize("n_mels", [23, 40, 80])
@pytest.mark.parametrize("level", [1.0, 0.05, 1e-3])
def test_fbank_is_that_of_kaldi(reference, n_mels, level):
    samples = noise(8000, level, seed=n_mels)
    found = fbank(samples, n_mels)
    assert found.shape == (48, n_mels)
    # A band of one bin can be empty by chance, where any two float32 transforms differ: the
    # typical error is far smaller than the largest.
    error = np.abs(found - reference(samples, n_mels))
    assert np.quantile(error, 0.99) < 1e-4
    assert error.max() < 5e-3


@pytest.mark.parametrize("n_mels", [40, 80])
def test_fbank_is_as_exact_as_torchaudio(reference, n_mels):
    samples = noise(32_000, 0.05)
    exact = reference(samples, n_mels, torch.float64)
    ours, theirs = fbank(samples, n_mels) - exact, reference(samples, n_mels) - exact
    assert np.sqrt(np.mean(ours**2)) < 1.5 * np.sqrt(np.mean(theirs**2)) + 1e-6


@settings(max_examples=25, deadline=None)
@given(st.integers(400, 3000), st.integers(0, 2**31))
def test_fbank_is_that_of_kaldi_for_any_length(reference, length, seed):
    samples = noise(length, seed=seed)
    found = fbank(samples, 40)
    assert len(found) == 1 + (length - 400) // 160
    np.testing.assert_allclose(found, reference(samples, 40), atol=1e-3)


@pytest.mark.parametrize("n_mels", [40, 80])
def test_fbank_of_a_voice_is_that_of_kaldi(reference, voice, n_mels):
    samples = voice(4.0, 16_000)  # longer than a block of frames
    np.testing.assert_allclose(fbank(samples, n_mels), reference(samples, n_mels), atol=1e-3)


def test_the_window_and_the_bands_are_those_of_kaldi(compliance):
    povey = torch.hann_window(400, periodic=False).pow(0.85)
    np.testing.assert_allclose(window(), povey, atol=1e-6)
    assert window()[0] == 0  # so that pre-emphasis may pass over the first sample
    for n_mels in (23, 40, 80):
        bands, _ = compliance.get_mel_banks(n_mels, 512, 16_000.0, 20.0, 0.0, 100.0, -500.0, 1.0)
        np.testing.assert_allclose(mel_bands(n_mels)[:256].T, bands, atol=2e-5)
        assert (mel_bands(n_mels)[256] == 0).all()


def test_silence_is_the_floor_everywhere():
    # ln of the float32 epsilon, 2**-23.
    np.testing.assert_allclose(fbank(np.zeros(16_000, np.float32)), -23 * math.log(2), rtol=1e-6)


def test_a_constant_added_to_the_sound_changes_nothing():
    samples = noise(4000)
    np.testing.assert_allclose(fbank(samples + 0.25), fbank(samples), atol=1e-2)


def test_twice_the_amplitude_adds_the_log_of_four():
    samples = noise(4000)
    np.testing.assert_allclose(fbank(2 * samples), fbank(samples) + math.log(4), atol=1e-4)


def test_a_tone_is_loudest_in_its_band():
    # 1000 Hz is mel 1127 ln(1 + 1000 / 700) = 1000.0; from mel 31.7 (20 Hz) to 2840 (8 kHz),
    # 41 steps of 68.5 are 40 centres: (1000.0 - 31.7) / 68.5 - 1 = 13.1.
    samples = np.sin(2 * np.pi * 1000 * np.arange(16_000) / 16_000).astype(np.float32)
    assert set(fbank(samples, 40).argmax(axis=1)) == {13}


def test_longer_sounds_begin_with_shorter_ones():
    samples = noise(64_000)
    np.testing.assert_allclose(fbank(samples[:2000], 80), fbank(samples, 80)[:11], atol=1e-5)


@pytest.mark.parametrize("compute", [fbank, spectrogram])
def test_less_than_a_frame_is_a_callers_mistake(compute):
    with pytest.raises(ValueError, match="399 samples are less than a frame of 400"):
        compute(np.zeros(399, np.float32))


def test_a_stored_half_precision_fbank_is_within_its_step():
    found = fbank(noise(16_000, 0.3), 80)
    assert np.abs(found).max() < 32  # so that a step of float16 is at most 1/64
    assert np.abs(found.astype(np.float16) - found).max() <= 1 / 128


@pytest.mark.parametrize(("seconds", "frames"), [(1, 100), (4, 400), (5, 500)])
def test_the_spectrogram_has_a_hundred_frames_a_second(seconds, frames):
    assert spectrogram(noise(seconds * 16_000)).shape == (frames, 257)


def test_the_spectrogram_of_a_tone_is_half_the_sum_of_its_window():
    # 1 kHz is bin 32 of 512 at 16 kHz; the Hann window of 400 sums to 200.
    samples = np.sin(2 * np.pi * 1000 * np.arange(16_000) / 16_000).astype(np.float32)
    found = spectrogram(samples)[10:-10]
    assert set(found.argmax(axis=1)) == {32}
    np.testing.assert_allclose(found[:, 32], 100.0, rtol=1e-3)


def test_the_spectrogram_is_that_of_torch():
    samples = noise(16_000 + 77)
    transform = torch.stft(
        torch.from_numpy(samples),
        400,
        160,
        400,
        torch.hann_window(400),
        return_complex=True,
        pad_mode="reflect",
    )
    # Without padding to 512 points the bins are others; their energy is the same.
    expected = transform.abs().numpy().T[:100]
    found = spectrogram(samples)
    weight = np.r_[1, np.full(255, 2), 1] / 512, np.r_[1, np.full(199, 2), 1] / 400
    np.testing.assert_allclose(found**2 @ weight[0], expected**2 @ weight[1], rtol=1e-3)
