"""Voices of the stand-in corpus: a glottal pulse train and noise through a moving vocal tract.

Reference: G. Fant, "Acoustic theory of speech production", Mouton 1960; average formants of men
from G. Peterson and H. Barney, "Control methods used in a study of the vowels", JASA 24(2), 1952.
"""

from dataclasses import dataclass

import numpy as np

from avkd_cli.standin.people import BANDS, FORMANTS, VOWELS, Voice, VoiceSession

RATE = 16_000  # Hz
HOP = 80  # samples a control frame: 5 ms
SPECTRUM = 512  # samples a filtered frame

# Hz; the fourth and fifth hardly move with the vowel.
_VOWEL_FORMANTS = np.array(
    [
        [270, 2290, 3010, 3500, 4500],
        [390, 1990, 2550, 3500, 4500],
        [530, 1840, 2480, 3500, 4500],
        [660, 1720, 2410, 3500, 4500],
        [730, 1090, 2440, 3500, 4500],
        [570, 840, 2410, 3400, 4500],
        [440, 1020, 2240, 3400, 4500],
        [300, 870, 2240, 3400, 4500],
        [640, 1190, 2390, 3500, 4500],
    ],
    dtype=float,
)
_BANDWIDTHS = np.array([60, 90, 140, 220, 320], dtype=float)


@dataclass(frozen=True)
class _Score:
    """What the mouth does, every 5 ms."""

    fundamental: np.ndarray  # (frames,) Hz
    formants: np.ndarray  # (frames, formants) Hz
    voiced: np.ndarray  # (frames,) amplitude
    hiss: np.ndarray  # (frames,) amplitude
    hiss_centre: np.ndarray  # (frames,) Hz


def synthesise(
    voice: Voice, session: VoiceSession, seconds: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return one recorded utterance and the clean voice in it.

    Args:
        voice: whose.
        session: through which channel, in which room and state.
        seconds: how long.
        rng: the words and the noise of this utterance.

    Returns:
        Recording and clean voice, each float64 (seconds * 16000,), peak below 1.
    """
    samples = int(seconds * RATE)
    clean = _filter(_compose(voice, session, samples // HOP + 1, rng), voice, session, rng)[
        :samples
    ]
    return _record(clean, session, rng), clean / max(1e-9, np.abs(clean).max())


def _compose(voice: Voice, session: VoiceSession, frames: int, rng: np.random.Generator) -> _Score:
    """Write syllables (a consonant, a vowel, perhaps a pause) until `frames` are full."""
    vowel, voiced = np.zeros(frames, int), np.zeros(frames)
    hiss, centre = np.zeros(frames), np.full(frames, voice.hiss)
    at, accent = 0, np.zeros(frames)
    while at < frames:
        length = max(12, int(200 / (voice.syllables * session.rate) * np.exp(rng.normal(0, 0.2))))
        consonant = int(length * (1 - voice.vowel_share))
        end = min(frames, at + length)
        vowel[at:end] = rng.choice(VOWELS, p=voice.vowels)
        voiced[at + consonant : end] = np.exp(rng.normal(0, 0.2))
        accent[at:end] = voice.excursion * rng.normal()
        _consonant((voiced, hiss, centre), slice(at, min(end, at + consonant)), voice, rng)
        at = end + (rng.integers(20, 60) if rng.random() < voice.pauses else 0)
    formants = _VOWEL_FORMANTS[vowel] * np.exp(voice.formants[vowel]) * voice.tract * session.tract
    return _Score(
        fundamental=_fundamental(voice, session, accent, rng),
        formants=_smooth(np.clip(formants, 180, 7600), 9),
        voiced=_smooth(voiced, 5),
        hiss=_smooth(hiss, 3),
        hiss_centre=_smooth(centre, 5),
    )


def _consonant(tracks, where: slice, voice: Voice, rng: np.random.Generator) -> None:
    """Write a hiss, a hum or a burst into `where` of the tracks of amplitudes and centre."""
    voiced, hiss, centre = tracks
    kind = rng.random()
    if kind < 0.45:
        hiss[where] = rng.uniform(0.25, 0.7)
        centre[where] = voice.hiss * (1.0 if rng.random() < 0.5 else 0.55)
    elif kind < 0.7:
        voiced[where] = 0.3
    else:
        hiss[max(where.start, where.stop - 4) : where.stop] = rng.uniform(0.5, 1.0)
        centre[where] = voice.hiss * rng.uniform(0.3, 0.8)


def _fundamental(voice: Voice, session: VoiceSession, accent, rng) -> np.ndarray:
    """Return the pitch: falling over the utterance, moved by accents, never quite still."""
    frames = len(accent)
    semitones = _smooth(accent, 31) - voice.declination * (np.linspace(0, 1, frames) - 0.5)
    semitones += _smooth(rng.normal(0, 1.0, frames), 15)
    return voice.fundamental * session.pitch * 2 ** (semitones / 12)


def _smooth(track: np.ndarray, frames: int) -> np.ndarray:
    """Return `track` (frames, …) averaged over `frames` with a Hann window, ends held."""
    window = np.hanning(frames + 2)[1:-1]
    window /= window.sum()
    half = frames // 2
    padded = np.pad(track, [(half, half)] + [(0, 0)] * (track.ndim - 1), mode="edge")
    if track.ndim == 1:
        return np.convolve(padded, window, "valid")
    return np.stack([np.convolve(column, window, "valid") for column in padded.T], axis=1)


def _pulses(score: _Score, jitter: float, rng: np.random.Generator) -> np.ndarray:
    """Return a glottal pulse train: one pulse a period, between samples, periods jittered."""
    samples = len(score.fundamental) * HOP
    fundamental = np.repeat(score.fundamental, HOP)
    wobble = np.repeat(rng.normal(0, jitter, samples // 40 + 1), 40)[:samples]
    phase = np.cumsum(fundamental / RATE * (1 + wobble * 3))
    at = np.nonzero(np.diff(np.floor(phase)) > 0)[0]
    late = (phase[at + 1] % 1.0) / (phase[at + 1] - phase[at])  # of a sample, after the crossing
    height = (1 + rng.normal(0, 3 * jitter, len(at))) / np.sqrt(fundamental[at] / 100)
    train = np.zeros(samples)
    np.add.at(train, at, late * height)
    np.add.at(train, at + 1, (1 - late) * height)
    return train


def _filter(score: _Score, voice: Voice, session: VoiceSession, rng) -> np.ndarray:
    """Return source times vocal tract, by overlapped frames in the frequency domain."""
    train = _pulses(score, voice.jitter, rng)
    noise = _frames(rng.normal(0, 1.0, len(train)))
    frequency = np.fft.rfftfreq(SPECTRUM, 1 / RATE)
    octaves = np.log2(np.maximum(frequency, 100) / 100)
    source = 10 ** ((voice.tilt + session.effort) * octaves / 20)
    source *= frequency / (frequency + 60)  # lips radiate no constant flow
    tract = _tract(score.formants, voice.bandwidth, frequency)
    breath = 0.25 * voice.breath * np.sqrt(source)
    voiced = _frames(train) * source + noise * breath
    hiss = np.exp(-0.5 * ((frequency - score.hiss_centre[:, None]) / 1100) ** 2)
    spectrum = voiced * tract * score.voiced[:, None]
    spectrum += 0.035 * noise * hiss * score.hiss[:, None]
    return _overlap_add(np.fft.irfft(spectrum, SPECTRUM))


def _tract(formants: np.ndarray, bandwidth: float, frequency: np.ndarray) -> np.ndarray:
    """Return the complex response (frames, bins) of the formants in cascade, gain 1 at 0 Hz."""
    z = np.exp(-2j * np.pi * frequency / RATE)
    response = np.ones((len(formants), len(frequency)), complex)
    for index in range(FORMANTS):
        radius = np.exp(-np.pi * _BANDWIDTHS[index] * bandwidth / RATE)
        cosine = 2 * radius * np.cos(2 * np.pi * formants[:, index, None] / RATE)
        response *= (1 - cosine + radius**2) / (1 - cosine * z + radius**2 * z**2)
    return response


def _frames(signal: np.ndarray) -> np.ndarray:
    """Return the windowed spectra (frames, bins) of `signal`, a frame every hop."""
    length = 2 * HOP
    padded = np.concatenate([np.zeros(HOP), signal, np.zeros(length)])
    starts = np.arange(len(signal) // HOP) * HOP
    window = np.hanning(length + 1)[:-1]  # sums to 1 at half overlap
    return np.fft.rfft(padded[starts[:, None] + np.arange(length)] * window, SPECTRUM)


def _overlap_add(frames: np.ndarray) -> np.ndarray:
    """Return the sum of frames (frames, samples), one hop apart, without the leading half frame."""
    count, length = frames.shape
    out = np.zeros((count + length // HOP + 1) * HOP)
    pieces = -(-length // HOP)
    padded = np.pad(frames, [(0, 0), (0, pieces * HOP - length)]).reshape(count, pieces, HOP)
    view = out.reshape(-1, HOP)
    for piece in range(pieces):
        view[piece : piece + count] += padded[:, piece]
    return out[HOP:]


def _record(clean: np.ndarray, session: VoiceSession, rng: np.random.Generator) -> np.ndarray:
    """Return `clean` in the session's room, through its channel, with its noise, at its level."""
    size = 1 << int(np.ceil(np.log2(len(clean) + RATE // 2)))
    frequency = np.fft.rfftfreq(size, 1 / RATE)
    room = np.fft.rfft(_room(session.reverberation_s, rng), size)
    channel = _channel(session, frequency)
    voice = np.fft.irfft(np.fft.rfft(clean, size) * room * channel, size)[: len(clean)]
    shape = np.maximum(frequency, 50) ** session.noise_slope
    noise = np.fft.irfft(np.fft.rfft(rng.normal(0, 1, size)) * shape * channel, size)
    noise = noise[: len(clean)] / _rms(noise)
    mixed = voice / _rms(voice) + noise * 10 ** (-session.snr_db / 20)
    mixed *= 10 ** (session.level_dbfs / 20) / _rms(mixed)
    return mixed * min(1.0, 0.95 / np.abs(mixed).max())


def _room(seconds: float, rng: np.random.Generator) -> np.ndarray:
    """Return an impulse response: the direct sound, then noise falling 60 dB in `seconds`."""
    time = np.arange(int(0.4 * RATE)) / RATE
    tail = rng.normal(0, 1, len(time)) * 10 ** (-3 * time / seconds)
    tail *= 0.5 * np.sqrt(seconds) / np.sqrt(np.sum(tail**2))
    tail[0] = 1.0
    return tail


def _channel(session: VoiceSession, frequency: np.ndarray) -> np.ndarray:
    """Return the microphone's response: a smooth curve of knots between two soft band edges."""
    knots = np.geomspace(100, 8000, BANDS)
    curve = np.interp(np.log(np.maximum(frequency, 50)), np.log(knots), session.channel_db)
    low = 1 / np.sqrt(1 + (session.low_cut / np.maximum(frequency, 1)) ** 6)
    high = 1 / np.sqrt(1 + (frequency / session.high_cut) ** 12)
    return 10 ** (curve / 20) * low * high


def _rms(signal: np.ndarray) -> float:
    return float(np.sqrt(np.mean(signal**2)) + 1e-12)
