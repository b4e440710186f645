"""Augmentation by hand, and as a function of its generator."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from avkd_cli.audio import augment


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=seeded(seed))


@settings(max_examples=20, deadline=None)
@given(st.floats(-10, 40), st.floats(1e-3, 10), st.floats(1e-3, 10))
def test_noise_is_added_at_the_ratio_asked_for_whatever_the_levels(snr, loud, louder):
    samples, added = loud * noise(2, 4000), louder * noise(2, 4000, seed=1)
    difference = augment.add_noise(samples, added, torch.tensor([snr, snr])) - samples
    ratio = 10 * torch.log10(samples.square().mean(-1) / difference.square().mean(-1))
    torch.testing.assert_close(ratio, torch.full((2,), snr), atol=0.05, rtol=0)


def test_each_row_has_its_own_ratio_and_silence_adds_nothing():
    samples = noise(2, 1000)
    added = torch.stack([noise(1000, seed=1), torch.zeros(1000)])
    louder = augment.add_noise(samples, added, torch.tensor([0.0, 0.0]))
    assert not torch.equal(louder[0], samples[0])
    assert torch.equal(louder[1], samples[1])


def test_a_babble_is_voices_of_one_loudness():
    voices = torch.stack([0.01 * noise(8000), 5 * noise(8000, seed=1)])[None]
    found = augment.babble(voices)
    assert found.shape == (1, 8000)
    for k in range(2):
        share = (found * voices[:, k]).mean() / voices[:, k].square().mean().sqrt()
        assert share == pytest.approx(1.0, abs=0.1)


def test_a_room_without_walls_changes_nothing_and_an_echo_comes_later():
    samples = noise(2, 500)
    dry = torch.zeros(1, 40)
    dry[0, 0] = 7.0  # energy is made one
    torch.testing.assert_close(augment.reverberate(samples, dry), samples, atol=1e-5, rtol=0)
    echo = dry.clone()
    echo[0, 30] = 7.0
    expected = samples.clone()
    expected[:, 30:] += samples[:, :-30]
    found = augment.reverberate(samples, echo)
    torch.testing.assert_close(found, expected / math.sqrt(2), atol=1e-5, rtol=0)


def test_reverberation_is_a_convolution_cut_to_length():
    samples, response = noise(1, 200), noise(1, 50, seed=1)
    response = response / response.norm()
    expected = torch.nn.functional.conv1d(samples[None], response.flip(-1)[None], padding=49)
    found = augment.reverberate(samples, response)
    torch.testing.assert_close(found, expected[0, :, :200], atol=1e-5, rtol=0)


@pytest.mark.parametrize("speed", [0.9, 1.1])
def test_speed_moves_length_and_pitch_together(speed):
    samples = torch.sin(2 * torch.pi * 1000 * torch.arange(16_000) / 16_000)[None]
    found = augment.change_speed(samples, speed)
    assert found.shape == (1, math.ceil(16_000 / speed))
    peak = torch.fft.rfft(found[0, :14_400]).abs().argmax().item() * 16_000 / 14_400
    assert peak == pytest.approx(1000 * speed, abs=1.2)


def test_speed_one_is_the_sound_itself():
    samples = noise(1, 100)
    assert augment.change_speed(samples, 1.0) is samples


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 60), st.integers(0, 30), st.integers(0, 1000))
def test_masks_are_one_stretch_of_each_axis_no_wider_than_asked(time_mask, freq_mask, seed):
    found = augment.spec_augment(torch.ones(4, 50, 20), time_mask, freq_mask, seeded(seed))
    for row in found:
        frames, bands = (row == 0).all(dim=1), (row == 0).all(dim=0)
        everything = frames.all() or bands.all()
        for hidden, widest in ((frames, time_mask), (bands, freq_mask)):
            if not everything:
                assert hidden.sum() <= widest
                # One stretch: at most one step up and one down.
                assert hidden.int().diff().abs().sum() <= 2
        expected = ~(frames[:, None] | bands[None, :])
        assert torch.equal(row, expected.float())


def test_masks_reach_every_place_and_every_width():
    found = augment.spec_augment(torch.ones(2000, 10, 12), 4, 0, seeded())
    hidden = (found == 0).all(dim=2)
    assert sorted(set(hidden.sum(dim=1).tolist())) == [0, 1, 2, 3, 4]
    assert hidden.any(dim=0).all()


def test_the_generator_decides_and_rows_differ():
    features = torch.ones(8, 100, 40)
    once, again = (augment.spec_augment(features, 30, 10, seeded(3)) for _ in range(2))
    assert torch.equal(once, again)
    assert len({tuple(row.flatten().tolist()) for row in once}) > 1
