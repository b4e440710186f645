import dataclasses

import numpy as np
import pytest

from avkd_cli.standin.people import BANDS, generator, make_person, make_voice_session
from avkd_cli.standin.voice import RATE, synthesise

PERSON = make_person(0, 1)
QUIET = dataclasses.replace(
    make_voice_session(generator(0, "quiet"), 0.0),
    channel_db=np.zeros(BANDS),
    snr_db=60.0,
    reverberation_s=0.02,
    low_cut=40.0,
    high_cut=8000.0,
    level_dbfs=-30.0,
)


def speak(seconds=2.0, session=QUIET, **changes):
    voice = dataclasses.replace(PERSON.voice, **changes)
    return synthesise(voice, session, seconds, generator(0, "words"))


def pitch_of(clean: np.ndarray) -> float:
    """The most frequent best lag of loud 40 ms pieces, in Hz."""
    pieces = clean[: len(clean) // 640 * 640].reshape(-1, 640)
    loud = pieces[np.std(pieces, axis=1) > np.std(clean)]
    lags = []
    for piece in loud:
        correlation = np.correlate(piece, piece, "full")[640:]
        lags.append(40 + np.argmax(correlation[40:320]))
    return RATE / np.median(lags)


def test_recording_and_voice_are_as_long_as_asked_and_below_full_scale():
    recorded, clean = speak(1.234)
    assert recorded.shape == clean.shape == (19744,)
    for signal in (recorded, clean):
        assert np.isfinite(signal).all()
        assert np.abs(signal).max() <= 1


@pytest.mark.parametrize("fundamental", [100.0, 150.0, 220.0])
def test_the_pitch_is_the_persons(fundamental):
    _, clean = speak(fundamental=fundamental, excursion=0.3, declination=0.0, jitter=1e-4)
    assert pitch_of(clean) == pytest.approx(fundamental, rel=0.08)


def test_a_shorter_vocal_tract_moves_the_spectrum_up():
    def centre(signal):
        power = np.abs(np.fft.rfft(signal)) ** 2
        frequency = np.fft.rfftfreq(len(signal), 1 / RATE)
        return (power * frequency)[frequency < 4000].sum() / power[frequency < 4000].sum()

    long, short = (centre(speak(tract=tract)[1]) for tract in (1.0, 1.25))
    assert short > 1.05 * long


@pytest.mark.parametrize("level", [-35.0, -20.0])
def test_the_level_is_the_sessions(level):
    recorded, _ = speak(session=dataclasses.replace(QUIET, level_dbfs=level))
    assert 10 * np.log10(np.mean(recorded**2)) == pytest.approx(level, abs=0.1)


def test_noise_is_as_loud_as_the_session_says():
    # Two sessions that differ in noise alone: after scaling to one level, the voice in the noisy
    # one is lower by what the noise adds, 10 log10(1 + 1/10) of its power at 10 dB.
    clean, noisy = (
        speak(session=dataclasses.replace(QUIET, snr_db=snr))[0] for snr in (90.0, 10.0)
    )
    gain = np.dot(clean, noisy) / np.dot(clean, clean)
    noise = noisy - gain * clean
    ratio = 10 * np.log10(np.mean((gain * clean) ** 2) / np.mean(noise**2))
    assert ratio == pytest.approx(10.0, abs=0.5)


def test_a_telephone_passes_nothing_above_its_band():
    recorded, _ = speak(session=dataclasses.replace(QUIET, high_cut=3400.0))
    power = np.abs(np.fft.rfft(recorded)) ** 2
    frequency = np.fft.rfftfreq(len(recorded), 1 / RATE)
    assert power[frequency > 5500].sum() < 1e-3 * power.sum()
    wide, _ = speak()
    power = np.abs(np.fft.rfft(wide)) ** 2
    assert power[frequency > 5500].sum() > 1e-4 * power.sum()


def test_other_words_are_another_utterance_and_the_same_the_same():
    first, again = speak()[0], speak()[0]
    other = synthesise(PERSON.voice, QUIET, 2.0, generator(0, "other words"))[0]
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
