"""One recording made worse by a known amount: to test with, never to train on.

Pure functions of samples at 16 kHz, (n,) float, full scale 1; what is random comes from the
generator given. Batches in training have `augment`, on the device.
"""

import io
from collections.abc import Sequence

import numpy as np
import soundfile
import soxr

from avkd_cli.audio.limits import SAMPLE_RATE

FILES = {"babble": "speech", "music": "music", "noise": "noise"}  # MUSAN's folder of each
VOICES = (3, 8)  # of a babble, as in training
DIRECT_S = 0.0025  # after its peak a response is the room's answer
TELEPHONE_HZ = (300, 3400)
_TELEPHONE_RATE = 8_000
_ORDER = 4  # of the telephone's filter: 24 dB per octave at either edge
_PEAK = 0.99
_SILENCE = 1e-10  # mean power, -100 dBFS


def add(clean: np.ndarray, noise: np.ndarray, snr_db: float) -> np.ndarray:
    """Return clean + noise, their mean powers `snr_db` apart.

    Args:
        clean, noise: samples (n,); the noise's level does not matter.
        snr_db: 0: as strong as the voice; 20: a hundredth of its power.

    Raises:
        ValueError: the noise is silent.
    """
    power = float(np.mean(np.square(noise)))
    if power < _SILENCE:
        raise ValueError("the noise is silent")
    wanted = float(np.mean(np.square(clean))) / 10 ** (snr_db / 10)
    return clean + noise * np.sqrt(wanted / power)


def babble(voices: Sequence[np.ndarray]) -> np.ndarray:
    """Return voices (n,) talking at once, each as strong as the next, of any level."""
    powers = [max(float(np.mean(np.square(one))), _SILENCE) for one in voices]
    return np.sum([one / np.sqrt(p) for one, p in zip(voices, powers, strict=True)], axis=0)


def stretch(sound: np.ndarray, length: int, rng: np.random.Generator) -> np.ndarray:
    """Return `length` samples of a sound from a random place; a shorter sound is repeated."""
    places = len(sound) - length + 1 if len(sound) >= length else len(sound)
    first = int(rng.integers(places))
    return sound[(first + np.arange(length)) % len(sound)]


def room(clean: np.ndarray, response: np.ndarray, direct_db: float) -> np.ndarray:
    """Return the recording as a room gives it back, the ratio of direct to reverberant set.

    What the response has later than 2.5 ms after its peak is made louder or softer until the
    direct part's energy is `direct_db` above it; the direct part keeps its delay and strength.

    Args:
        clean: samples (n,).
        response: impulse response at 16 kHz, (m,).
        direct_db: 20: nearly dry; 0: as much of the room as of the voice.

    Raises:
        ValueError: the response ends with its direct part, or has none.

    Reference:
        N. Bryan, "Impulse response data augmentation and deep neural networks for blind room
        acoustic parameter estimation", ICASSP 2020, section 3.2.
    """
    from scipy.signal import fftconvolve  # half a second that training needs not

    after = int(np.argmax(np.abs(response))) + 1 + round(DIRECT_S * SAMPLE_RATE)
    direct, late = np.split(np.asarray(response, np.float64), [after])
    energies = np.sum(np.square(direct)), np.sum(np.square(late))
    if min(energies) <= 0:
        raise ValueError("the response has no sound after its direct part")
    scale = np.sqrt(energies[0] / energies[1] / 10 ** (direct_db / 10))
    whole = np.concatenate([direct, scale * late]) / np.sqrt(energies[0])
    return fftconvolve(clean, whole)[: len(clean)]


def telephone(clean: np.ndarray) -> np.ndarray:
    """Return the recording after a telephone line: 300 to 3,400 Hz, A-law at 8 kHz.

    Reference:
        ITU-T G.712 (the band) and G.711 (A-law).
    """
    from scipy.signal import butter, sosfilt

    narrow = soxr.resample(clean, SAMPLE_RATE, _TELEPHONE_RATE, quality="HQ")
    band = butter(_ORDER, TELEPHONE_HZ, "bandpass", fs=_TELEPHONE_RATE, output="sos")
    coded = io.BytesIO()
    soundfile.write(coded, softened(sosfilt(band, narrow)), _TELEPHONE_RATE, "ALAW", format="WAV")
    coded.seek(0)
    decoded = soundfile.read(coded, dtype="float64")[0]
    wide = soxr.resample(decoded, _TELEPHONE_RATE, SAMPLE_RATE, quality="HQ")
    return np.resize(np.pad(wide, (0, max(0, len(clean) - len(wide)))), len(clean))


def softened(samples: np.ndarray) -> np.ndarray:
    """Return the samples, softer where they would clip."""
    peak = float(np.max(np.abs(samples), initial=0))
    return samples if peak <= _PEAK else samples * (_PEAK / peak)


def rows_by_kind(ids: Sequence[str], sessions: Sequence[str]) -> dict[str, np.ndarray]:
    """Return the rows of a store of noises for babble, music and noise, those kinds it has.

    An utterance's kind is MUSAN's: its session is `speech`, `music` or `noise`, or a part of
    its id is, or begins so (`noise/free-sound/noise-free-sound-0000`).

    Raises:
        ValueError: an utterance's kind cannot be told.
    """
    rows: dict[str, list[int]] = {name: [] for name in FILES.values()}
    for row, (one, session) in enumerate(zip(ids, sessions, strict=True)):
        words = [part.split("-")[0] for part in (session, *one.split("/"))]
        kind = next((word for word in words if word in rows), None)
        if kind is None:
            raise ValueError(f"'{one}' is neither music, speech nor noise")
        rows[kind].append(row)
    return {name: np.array(rows[kind], np.int64) for name, kind in FILES.items() if rows[kind]}
