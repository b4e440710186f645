"""Fbank and spectrogram against Kaldi's definition, and by hand."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchaudio.compliance import kaldi

from avkd_cli.audio.features import Fbank, fbank, spectrogram


def compliance(samples: torch.Tensor, n_mels: int) -> torch.Tensor:
    scaled = samples[None] * 32768
    return kaldi.fbank(
        scaled, num_mel_bins=n_mels, frame_length=25, frame_shift=10, dither=0.0,
        sample_frequency=16_000, window_type="povey", low_freq=20, high_freq=0,
    )  # fmt: skip


@pytest.mark.parametrize("n_mels", [23, 40, 80])
@pytest.mark.parametrize("level", [1.0, 0.05, 1e-4])
def test_fbank_is_that_of_kaldi(n_mels, level):
    samples = level * torch.randn(8000, generator=torch.Generator().manual_seed(n_mels))
    found = fbank(samples, n_mels)
    assert found.shape == (48, n_mels)
    torch.testing.assert_close(found, compliance(samples, n_mels), atol=1e-4, rtol=0)


@settings(max_examples=25, deadline=None)
@given(st.integers(400, 3000), st.integers(0, 2**31))
def test_fbank_is_that_of_kaldi_for_any_length(length, seed):
    samples = 0.1 * torch.randn(length, generator=torch.Generator().manual_seed(seed))
    found = fbank(samples, 40)
    assert len(found) == 1 + (length - 400) // 160
    torch.testing.assert_close(found, compliance(samples, 40), atol=1e-4, rtol=0)


@pytest.mark.parametrize("n_mels", [40, 80])
def test_fbank_of_a_voice_is_that_of_kaldi(voice, n_mels):
    samples = torch.from_numpy(voice(1.0, 16_000))
    torch.testing.assert_close(
        fbank(samples, n_mels), compliance(samples, n_mels), atol=1e-4, rtol=0
    )


def test_silence_is_the_floor_everywhere():
    # ln of the float32 epsilon, 2**-23.
    floor = torch.full((98, 40), -23 * math.log(2))
    torch.testing.assert_close(fbank(torch.zeros(16_000)), floor)


def test_a_constant_added_to_the_sound_changes_nothing():
    samples = 0.1 * torch.randn(4000, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(fbank(samples + 0.25), fbank(samples), atol=1e-2, rtol=0)


def test_twice_the_amplitude_adds_the_log_of_four():
    samples = 0.1 * torch.randn(4000, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(fbank(2 * samples), fbank(samples) + math.log(4), atol=1e-4, rtol=0)


def test_a_tone_is_loudest_in_its_band():
    # 1000 Hz is mel 1127 ln(1 + 1000 / 700) = 1000.0; from mel 31.7 (20 Hz) to 2840 (8 kHz),
    # 41 steps of 68.5 are 40 centres: (1000.0 - 31.7) / 68.5 - 1 = 13.1.
    samples = torch.sin(2 * torch.pi * 1000 * torch.arange(16_000) / 16_000)
    assert set(fbank(samples, 40).argmax(dim=1).tolist()) == {13}


def test_a_batch_is_its_rows_and_longer_sounds_begin_with_shorter_ones():
    samples = 0.1 * torch.randn(3, 4000, generator=torch.Generator().manual_seed(0))
    batch = fbank(samples, 80)
    assert batch.shape == (3, 23, 80)
    for row, sound in zip(batch, samples, strict=True):
        torch.testing.assert_close(fbank(sound, 80), row, atol=1e-5, rtol=0)
        torch.testing.assert_close(fbank(sound[:2000], 80), row[:11], atol=1e-5, rtol=0)


def test_the_module_has_no_weights_and_passes_gradients():
    module = Fbank(40)
    samples = (0.1 * torch.randn(2, 2000)).requires_grad_()
    module(samples).sum().backward()
    assert samples.grad is not None
    assert samples.grad.isfinite().all()
    assert samples.grad[:, :1840].abs().sum() > 0
    assert list(module.parameters()) == []
    assert module.state_dict() == {}  # nothing of it in a checkpoint


@pytest.mark.parametrize("compute", [fbank, spectrogram])
def test_less_than_a_frame_is_a_callers_mistake(compute):
    with pytest.raises(ValueError, match="399 samples"):
        compute(torch.zeros(399))


def test_a_stored_half_precision_fbank_is_within_its_step():
    found = fbank(0.3 * torch.randn(16_000, generator=torch.Generator().manual_seed(0)), 80)
    assert found.abs().max() < 32  # so that a step of float16 is at most 1/64
    assert (found.half().float() - found).abs().max() <= 1 / 128


@pytest.mark.parametrize(("seconds", "frames"), [(1, 100), (4, 400), (5, 500)])
def test_the_spectrogram_has_a_hundred_frames_a_second(seconds, frames):
    assert spectrogram(torch.randn(seconds * 16_000)).shape == (frames, 257)


def test_the_spectrogram_of_a_tone_is_half_the_sum_of_its_window():
    # 1 kHz is bin 32 of 512 at 16 kHz; the Hann window of 400 sums to 200.
    samples = torch.sin(2 * torch.pi * 1000 * torch.arange(16_000) / 16_000)
    found = spectrogram(samples)[10:-10]
    assert set(found.argmax(dim=1).tolist()) == {32}
    np.testing.assert_allclose(found[:, 32], 100.0, rtol=1e-3)


def test_a_spectrogram_of_a_batch_is_its_rows():
    samples = torch.randn(2, 1600, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(spectrogram(samples)[1], spectrogram(samples[1]))
