from collections import Counter

import numpy as np
import pytest
import torch

from avkd_cli.audio.augment import SPEEDS, length_before
from avkd_cli.errors import InputError
from avkd_cli.inputs.crops import AudioCrops
from avkd_cli.inputs.disturbance import Disturbances, SpeedClasses, sorted_noise
from avkd_cli.inputs.frontends import AudioFrontEnd, disturb
from avkd_cli.training.sampler import Draws

LENGTH = 10 * 160 + 240  # samples of 10 frames


class Waves:
    """Recordings in memory: utterance u is all of value 100 (u + 1)."""

    long_name, path = "samples", "noise.zarr"

    def __init__(self, lengths, ids=(), sessions=None):
        self.lengths, self.ids, self.sessions = np.array(lengths), list(ids), sessions

    def read(self, rows):
        return [np.full(self.lengths[row], 100 * (row + 1), np.int16) for row in rows]

    def crops(self, rows, starts, length):
        assert (np.asarray(starts) + length <= self.lengths[rows]).all()
        return np.repeat(100 * (np.asarray(rows)[:, None] + 1), length, axis=1).astype(np.int16)

    def has(self, name):
        return name == "session" and self.sessions is not None

    def column(self, name):
        return self.sessions


def draws(count: int, first: int = 0) -> Draws:
    return Draws(np.arange(count) % 3, np.arange(first, first + count))


def disturbances(probability=0.8, seed=0, noise=True, rooms=True) -> Disturbances:
    crops = AudioCrops(Waves([9000] * 3), np.arange(3), 10, 10, seed)
    rows = {"babble": np.array([0, 1]), "music": np.array([2]), "noise": np.array([3])}
    store = Waves([9000, 500, 9000, 9000])
    return Disturbances(
        crops,
        probability,
        seed,
        (store, rows) if noise else None,
        Waves([300] * 5) if rooms else None,
    )


def kinds_drawn(source: Disturbances, count: int = 4000) -> Counter:
    """What happened to each draw, told from the arrays themselves."""
    found = source(0, draws(count))
    level = np.abs(found["noise"]).mean(axis=1) * 2**15
    kinds = np.select(
        [found["response"].any(axis=1), level == 0, level > 1000, level > 350, level > 250],
        ["room", "clean", "babble", "noise", "music"],
        "other",
    )
    return Counter(kinds.tolist())


def test_four_kinds_and_clean_are_equally_likely():
    found = kinds_drawn(disturbances(0.8))
    assert set(found) == {"room", "clean", "babble", "noise", "music"}
    for count in found.values():  # 800 each, standard deviation 25
        assert 700 < count < 900


def test_each_kind_has_its_range_of_ratios():
    found = disturbances(1.0, rooms=False)(0, draws(4000))
    level = np.abs(found["noise"]).mean(axis=1) * 2**15
    babble, noise = level > 1000, (level > 350) & (level <= 1000)
    for here, low, high in ((babble, 13, 20), (noise, 0, 15), (~babble & ~noise, 5, 15)):
        snr = found["snr_db"][here]
        assert low <= snr.min() < low + 0.5 and high - 0.5 < snr.max() <= high


def test_a_draw_is_disturbed_alike_in_any_company():
    source, together = disturbances(), disturbances()(5, draws(60))
    assert len(np.unique(together["response"][:, 0])) == 6  # all five rooms, and none
    for place in range(60):
        alone = source(5, Draws(np.array([place % 3]), np.array([place])))
        np.testing.assert_array_equal(together["noise"][place], alone["noise"][0])
        assert together["snr_db"][place] == alone["snr_db"][0]
        assert together["response"][place, 0] == alone["response"][0, 0]


def test_another_seed_disturbs_otherwise():
    first, second = disturbances(seed=0)(0, draws(60)), disturbances(seed=1)(0, draws(60))
    assert (first["snr_db"] != second["snr_db"]).any()


def test_stores_that_are_absent_leave_their_kinds_out():
    assert set(disturbances(rooms=False)(0, draws(9))) == {"noise", "snr_db"}
    only_rooms = disturbances(1.0, noise=False)(0, draws(9))
    assert set(only_rooms) == {"response"} and only_rooms["response"].any(axis=1).all()


def test_a_babble_is_of_three_to_eight_equally_loud_voices():
    source = disturbances()
    level = source.babble("babble", np.arange(400), 50)[:, 0]
    assert set(np.round(level).astype(int)) == {3, 4, 5, 6, 7, 8}


@pytest.mark.parametrize(
    ("ids", "sessions"),
    [
        (["music/fma/music-fma-0000", "speech/us-gov/speech-us-gov-0000"], None),
        (["music-fma-0000", "speech-librivox-0000"], None),
        (["a", "b"], ["music", "speech"]),
        (["musan/music/a", "musan/speech/b"], ["", ""]),
    ],
)
def test_the_kind_of_noise_is_told_by_session_or_id(ids, sessions):
    found = sorted_noise(Waves([9, 9], ids, sessions))
    assert {name: rows.tolist() for name, rows in found.items()} == {"babble": [1], "music": [0]}


def test_noise_of_no_known_kind_is_refused():
    with pytest.raises(InputError, match="'street' is neither"):
        sorted_noise(Waves([9], ["street"], [""]))


def test_speeds_are_three_times_the_classes_the_plain_ones_first():
    labels = np.array([0, 1, 2])
    found = SpeedClasses(labels, 3, seed=0)(0, draws(600))
    np.testing.assert_array_equal(found["label"], labels[np.arange(600) % 3] + 3 * found["speed"])
    assert set(found["speed"]) == {0, 1, 2} and set(found["label"]) == set(range(9))
    again = SpeedClasses(labels, 3, seed=0)(7, Draws(np.array([1]), np.array([40])))
    assert again["speed"][0] == found["speed"][40]


@pytest.mark.parametrize("length", [LENGTH, 400, 16001])
def test_every_speed_ends_with_the_length_that_was_asked_for(length):
    samples = torch.randn(3, length_before(length))
    found = disturb(samples, speed=torch.tensor([0, 1, 2]))
    assert found.shape == (3, length)
    assert torch.equal(found[0], samples[0, :length])


def test_speed_moves_the_pitch():
    time = torch.arange(length_before(16000)) / 16000
    tone = torch.sin(2 * torch.pi * 1000 * time).repeat(3, 1)
    found = disturb(tone, speed=torch.tensor([0, 1, 2]))
    peaks = torch.fft.rfft(found).abs().argmax(dim=1).tolist()  # 1 Hz a bin
    assert peaks == [1000, *(round(1000 * speed) for speed in SPEEDS)]


def test_noise_is_as_loud_as_drawn_and_a_row_of_zeros_stays_clean():
    samples, noise = torch.randn(2, 16000), torch.randn(2, 16000)
    noise[1] = 0
    found = disturb(samples, noise=noise, snr_db=torch.tensor([10.0, 10.0]))
    ratio = samples[0].square().mean() / (found - samples)[0].square().mean()
    assert 10 * ratio.log10() == pytest.approx(10, abs=1e-3)
    assert torch.equal(found[1], samples[1])


def test_a_room_that_only_delays_delays_and_no_room_changes_nothing():
    samples, response = torch.randn(2, 1000), torch.zeros(2, 50)
    response[0, 7] = 0.3
    found = disturb(samples, response=response)
    torch.testing.assert_close(found[0, 7:], samples[0, :-7], atol=1e-5, rtol=0)
    assert torch.equal(found[1], samples[1])


def test_the_front_end_hears_the_disturbed_sound():
    sound = (torch.randn(2, length_before(LENGTH)) * 3000).to(torch.int16)
    batch = {
        "speed": torch.tensor([1, 2]),
        "noise": torch.randn(2, LENGTH),
        "snr_db": torch.zeros(2),
    }
    front_end = AudioFrontEnd("waveform", n_mels=24)
    found = front_end(sound, **batch)
    assert found.shape == (2, 10, 24)
    plain = front_end(sound[:, :LENGTH])
    assert not torch.allclose(found, plain, atol=0.1)
