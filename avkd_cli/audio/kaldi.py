"""Kaldi's log-mel filterbank, and a plain spectrogram, of one recording: numpy, for preparation.

Frames of 25 ms every 10 ms of 16 kHz sound. The mean over time is not subtracted: training does
that, for each crop, and whoever reads a store may want it. `features.Fbank` computes the same in
batches on any device; preparing stays without torch, since each of its worker processes would
load it (1.5 s and 300 MB) to be no faster.

Reference: D. Povey et al., "The Kaldi speech recognition toolkit", ASRU 2011; the definition and
the golden numbers are those of torchaudio.compliance.kaldi.fbank.
"""

import functools
from collections.abc import Iterator

import numpy as np

from avkd_cli.audio.limits import FRAME, HOP, SAMPLE_RATE

N_FFT = 512
BINS = N_FFT // 2 + 1
PREEMPHASIS = 0.97
FLOOR = float(np.finfo(np.float32).eps)  # of an energy, before the logarithm
FULL_SCALE = 1 << 15  # Kaldi, and all that follow it, take samples as 16-bit integers
_LOW, _HIGH = 20.0, SAMPLE_RATE / 2  # Hz, edges of the lowest and the highest band
_BLOCK = 256  # frames multiplied by the bands at once
# Frames transformed at once, in arrays that are used again, so that they stay in the cache.
_PIECE = 128


@functools.cache
def window() -> np.ndarray:
    """Return the Povey window, a Hann window to the power of 0.85: (400,) float32."""
    return (np.hanning(FRAME) ** 0.85).astype(np.float32)


@functools.cache
def mel_bands(n_mels: int) -> np.ndarray:
    """Return triangular bands, evenly spaced and overlapping by half on the mel scale.

    Mel(f) = 1127 ln(1 + f / 700). The Nyquist bin belongs to no band.

    Returns:
        Weights of each FFT bin in each band, shape (257, n_mels), float32.
    """
    mel = 1127 * np.log1p(np.arange(N_FFT // 2) * SAMPLE_RATE / N_FFT / 700)
    low, high = 1127 * np.log1p(_LOW / 700), 1127 * np.log1p(_HIGH / 700)
    step = (high - low) / (n_mels + 1)
    place = (mel[:, None] - low) / step - np.arange(n_mels)  # 0, 1, 2: left edge, top, right edge
    bands = np.maximum(0.0, np.minimum(place, 2 - place))
    return np.pad(bands, ((0, 1), (0, 0))).astype(np.float32)


def fbank(samples: np.ndarray, n_mels: int = 40) -> np.ndarray:
    """Return the log energies of each mel band in each whole frame, natural logarithm, no dither.

    Args:
        samples: float32, full scale 1, 16 kHz, shape (n_samples,).
        n_mels: number of bands, 40 in S0 and 80 in most of today's systems.

    Returns:
        float32, shape (1 + (n_samples - 400) // 160, n_mels).

    Raises:
        ValueError: if there are less than 400 samples.
    """
    frames = _frames(samples)
    energies = np.empty((len(frames), n_mels), np.float32)
    for start, power in _powers(frames):
        # Threads of the BLAS share rows, never a sum, so their number changes no bit.
        np.dot(power, mel_bands(n_mels), out=energies[start : start + len(power)])
    return np.log(np.maximum(energies, FLOOR, out=energies), out=energies)


def _powers(frames: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Yield the number of a frame and the power spectra (some, 257) of those from it on.

    They are in an array that is used again.
    """
    from scipy.fft import rfft

    scaled, power = window() * FULL_SCALE, np.empty((_BLOCK, BINS), np.float32)
    centred, windowed = (np.zeros((_PIECE, size), np.float32) for size in (FRAME, N_FFT))
    for first in range(0, len(frames), _BLOCK):
        block = frames[first : first + _BLOCK]
        for start in range(0, len(block), _PIECE):
            piece = block[start : start + _PIECE]
            still, padded = centred[: len(piece)], windowed[: len(piece)]
            np.subtract(piece, piece.mean(axis=1, keepdims=True), out=still)
            # Less 0.97 of the sample before each; the window leaves nothing of the first.
            np.multiply(still[:, :-1], np.float32(-PREEMPHASIS), out=padded[:, 1:FRAME])
            padded[:, 1:FRAME] += still[:, 1:]
            padded[:, :FRAME] *= scaled
            squares = rfft(padded, axis=1).view(np.float32)  # real, imaginary, real …
            np.square(squares, out=squares)
            np.add(squares[:, ::2], squares[:, 1::2], out=power[start : start + len(piece)])
        yield first, power[: len(block)]


def spectrogram(samples: np.ndarray) -> np.ndarray:
    """Return the magnitudes of the short-time Fourier transform, 100 frames a second.

    Hann window of 25 ms in 512 points, every 10 ms. Frame t is centred at sample 160 t, the
    sound mirrored at both ends, so that 5 s are 500 frames of 257 bins as S1 takes them.

    Args:
        samples: float32, full scale 1, 16 kHz, shape (n_samples,).

    Returns:
        float32, linear, shape (n_samples // 160, 257); at most 200 for full scale.

    Raises:
        ValueError: if there are less than 400 samples.

    Reference:
        A. Hajavi, A. Etemad, "Audio representation learning by distilling video as privileged
        information", IEEE TAI 2023, arXiv 2302.02845. Front end of W. Xie et al.,
        "Utterance-level aggregation for speaker recognition in the wild", ICASSP 2019.
    """
    from scipy.fft import rfft  # whoever needs samples alone does without

    _check_length(samples)
    count = len(samples) // HOP
    hann = np.hanning(FRAME + 1)[:FRAME].astype(np.float32)
    frames = _frames(np.pad(samples, FRAME // 2, mode="reflect"))[:count]
    magnitudes = np.empty((count, BINS), np.float32)
    for start in range(0, count, _BLOCK):
        block = frames[start : start + _BLOCK] * hann
        np.abs(rfft(block, N_FFT, axis=1), out=magnitudes[start : start + _BLOCK])
    return magnitudes


def _frames(samples: np.ndarray) -> np.ndarray:
    """Return the whole frames of a sound, (frames, 400), as a view."""
    _check_length(samples)
    return np.lib.stride_tricks.sliding_window_view(samples, FRAME)[::HOP]


def _check_length(samples: np.ndarray) -> None:
    if len(samples) < FRAME:
        raise ValueError(f"{len(samples)} samples are less than a frame of {FRAME}")
