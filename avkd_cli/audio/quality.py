"""How good a recording is: level, share of speech, signal-to-noise ratio, clipping.

Simple, documented estimators on 16 kHz samples with full scale 1, good enough to weigh
utterances and to explain errors. They are stored as columns and never reject a recording.
"""

import numpy as np

from avkd_cli.audio.limits import FRAME, HOP

_PIECE = 80  # divides both, so that each sample is squared once
_SILENCE = 1e-12  # mean square of -120 dBFS, below the noise of 16 bits
_FULL_SCALE = 0.999  # of 16 bits the last 33 steps; of 8 bits none but the last
_FLOOR_SHARE = 0.1  # of the frames, the quietest: what sounds when nobody speaks
_ABOVE_FLOOR = 10 ** (6 / 10)  # 6 dB over the noise is speech ...
_BELOW_PEAK = 10 ** (-30 / 10)  # ... if not more than 30 dB below the loudest frames
_QUIETEST_SPEECH = 10 ** (-60 / 10)  # ... and not less than -60 dBFS
SNR_RANGE = (0.0, 60.0)  # dB; beyond, the estimate says no more than "very"


def level_dbfs(samples: np.ndarray) -> float:
    """Return the RMS level after removal of the mean, in dB; a full-scale square wave is 0.

    -inf for digital silence and for an empty array.
    """
    if samples.size == 0:
        return float("-inf")
    deviation = float(np.std(samples, dtype=np.float64))
    return 20 * float(np.log10(deviation)) if deviation > 0 else float("-inf")


def clipped_fraction(samples: np.ndarray) -> float:
    """Return the share of samples at or beyond full scale, in [0, 1]; 0 for an empty array.

    Meaningful before resampling only, which smooths the flat tops away.
    """
    if samples.size == 0 or max(samples.max(), -samples.min()) < _FULL_SCALE:
        return 0.0
    return np.count_nonzero(np.abs(samples) >= _FULL_SCALE) / samples.size


def frame_powers(samples: np.ndarray) -> np.ndarray:
    """Return the variance of each 25 ms, every 10 ms: the power of all but hum and offset.

    Args:
        samples: float32, shape (n_samples,), 16 kHz; less than 25 ms are padded with zeros.

    Returns:
        float64, shape (1 + (n_samples - 400) // 160,).
    """
    samples = samples - np.mean(samples, dtype=np.float64).astype(np.float32)
    if len(samples) < FRAME:
        samples = np.pad(samples, (0, FRAME - len(samples)))
    pieces = samples[: len(samples) // _PIECE * _PIECE].reshape(-1, _PIECE)
    squares = _frame_means(np.einsum("ij,ij->i", pieces, pieces))
    return np.maximum(0.0, squares - _frame_means(pieces.sum(axis=1)) ** 2)


def _frame_means(sums: np.ndarray) -> np.ndarray:
    """Return the mean of each frame from the sums of its pieces, in float64."""
    sums, step, count = sums.astype(np.float64), HOP // _PIECE, FRAME // _PIECE
    frames = 1 + (len(sums) - count) // step
    whole = sums[: (frames - 1) * step + 1 : step].copy()
    for piece in range(1, count):
        whole += sums[piece::step][:frames]
    return whole / FRAME


def speech_frames(powers: np.ndarray) -> np.ndarray:
    """Return which frames carry speech, as booleans of the shape of `powers`.

    A frame does if it is 6 dB over the noise floor (the mean of the quietest tenth of the
    frames), within 30 dB of the loud frames (their 95th percentile) and over -60 dBFS. In a
    recording without any pause the floor is speech too; then the frames within 6 dB of the
    floor count as well, if the floor itself is within 15 dB of the loud frames.
    """
    floor, loud = noise_power(powers), float(np.quantile(powers, 0.95))
    wanted = max(floor * _ABOVE_FLOOR, loud * _BELOW_PEAK, _QUIETEST_SPEECH)
    return powers >= wanted


def noise_power(powers: np.ndarray) -> float:
    """Return the mean of the quietest tenth of the frames, at least one of them."""
    count = max(1, int(_FLOOR_SHARE * len(powers)))
    return float(np.partition(powers, count - 1)[:count].mean())


def speech_fraction(powers: np.ndarray) -> float:
    """Return the share of frames with speech, in [0, 1], from `frame_powers`."""
    return float(speech_frames(powers).mean())


def snr_db(powers: np.ndarray) -> float:
    """Return an estimate of the signal-to-noise ratio in dB, clipped to `SNR_RANGE`.

    Mean power of the speech frames, less the noise, over the noise floor; 0 where no frame
    stands out of it. Speech without pauses has no floor to measure and is underestimated.
    """
    speech = speech_frames(powers)
    if not speech.any():
        return SNR_RANGE[0]
    noise = max(noise_power(powers), _SILENCE)
    signal = max(float(powers[speech].mean()) - noise, _SILENCE)
    return float(np.clip(10 * np.log10(signal / noise), *SNR_RANGE))
