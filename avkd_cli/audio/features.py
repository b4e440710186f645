"""Log-mel filterbank and spectrogram of 16 kHz sound, alone or in batches, on any device.

Frames of 25 ms every 10 ms. The mean over time is not subtracted: training does that, for each
crop, and whoever reads a store may want it.
"""

import functools

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchaudio.compliance import kaldi

SAMPLE_RATE = 16_000
FRAME, HOP, N_FFT = 400, 160, 512
SPECTROGRAM_BINS = N_FFT // 2 + 1
_PREEMPHASIS = 0.97
_LOW_FREQ, _HIGH_FREQ = 20.0, 0.0  # Hz; Kaldi counts the second from the Nyquist frequency
_FLOOR = torch.finfo(torch.float32).eps
_FULL_SCALE = 1 << 15  # Kaldi, and all that follow it, take samples as 16-bit integers


class Fbank(nn.Module):
    """Kaldi's log-mel filterbank energies of a batch of sounds, without dither.

    Povey window, pre-emphasis 0.97, mean of each frame removed, power spectrum of 512 points,
    triangular mel bands from 20 Hz to 8 kHz, natural logarithm; only whole frames. Has no
    weights and passes gradients.

    Args:
        n_mels: number of bands, 40 in S0 and 80 in most of today's systems.

    Shape:
        samples: (batch, n_samples), full scale 1, at least 400 of them.
        returns: (batch, 1 + (n_samples - 400) // 160, n_mels)

    Reference:
        D. Povey et al., "The Kaldi speech recognition toolkit", ASRU 2011, as implemented by
        torchaudio.compliance.kaldi.fbank.
    """

    window: Tensor
    bands: Tensor

    def __init__(self, n_mels: int = 40) -> None:
        super().__init__()
        self.n_mels = n_mels
        window = torch.hann_window(FRAME, periodic=False).pow(0.85)
        self.register_buffer("window", window * _FULL_SCALE, persistent=False)
        bands, _ = kaldi.get_mel_banks(
            n_mels, N_FFT, SAMPLE_RATE, _LOW_FREQ, _HIGH_FREQ, 100.0, -500.0, 1.0
        )
        bands = F.pad(bands, (0, 1)).T.contiguous()  # the Nyquist bin belongs to no band
        self.register_buffer("bands", bands, persistent=False)  # (bins, mels)

    def forward(self, samples: Tensor) -> Tensor:
        """Return the log energies of each band in each frame."""
        frames = samples.unfold(-1, FRAME, HOP)  # (batch, frames, 400), a view
        frames = frames - frames.mean(dim=-1, keepdim=True)
        emphasised = frames - _PREEMPHASIS * F.pad(frames, (1, 0), mode="replicate")[..., :-1]
        spectrum = torch.fft.rfft(emphasised * self.window, n=N_FFT)
        power = spectrum.real.square() + spectrum.imag.square()
        return (power @ self.bands).clamp(min=_FLOOR).log()


@functools.cache
def _fbank_of(n_mels: int) -> Fbank:
    return Fbank(n_mels)


def fbank(samples: Tensor, n_mels: int = 40) -> Tensor:
    """Return the log-mel filterbank of one sound or of a batch; see `Fbank`.

    Args:
        samples: float32 on the CPU, full scale 1, shape (n_samples,) or (batch, n_samples).
        n_mels: number of bands.

    Returns:
        Shape (frames, n_mels) or (batch, frames, n_mels).

    Raises:
        ValueError: if there are less than 400 samples, one frame.
    """
    if samples.shape[-1] < FRAME:
        raise ValueError(f"{samples.shape[-1]} samples are less than a frame of {FRAME}")
    return _fbank_of(n_mels)(samples)


def spectrogram(samples: Tensor) -> Tensor:
    """Return the magnitudes of the short-time Fourier transform, 100 frames a second.

    Hann window of 25 ms in 512 points, every 10 ms. Frame t is centred at sample 160 t, the
    sound mirrored at both ends, so that 5 s are 500 frames of 257 bins as S1 takes them.

    Args:
        samples: full scale 1, shape (n_samples,) or (batch, n_samples).

    Returns:
        Shape (n_samples // 160, 257), or the same behind batch; linear magnitudes.

    Raises:
        ValueError: if there are less than 400 samples.

    Reference:
        A. Hajavi, A. Etemad, "Audio representation learning by distilling video as privileged
        information", IEEE TAI 2023, arXiv 2302.02845. Front end of W. Xie et al.,
        "Utterance-level aggregation for speaker recognition in the wild", ICASSP 2019.
    """
    if samples.shape[-1] < FRAME:
        raise ValueError(f"{samples.shape[-1]} samples are less than a frame of {FRAME}")
    batch = samples if samples.dim() == 2 else samples.unsqueeze(0)
    window = torch.hann_window(FRAME, device=samples.device, dtype=samples.dtype)
    transform = torch.stft(
        batch, N_FFT, HOP, FRAME, window, center=True, pad_mode="reflect", return_complex=True
    )
    frames = samples.shape[-1] // HOP
    magnitudes = transform.abs()[..., :frames].transpose(1, 2)
    return magnitudes if samples.dim() == 2 else magnitudes[0]
