"""Log-mel filterbank as a module: batches of sound on any device, for training on waveforms."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from avkd_cli.audio import kaldi
from avkd_cli.audio.limits import FRAME, HOP

CHUNK = 4  # sounds of some seconds


class Fbank(nn.Module):
    """Kaldi's log-mel filterbank energies of a batch of sounds, without dither.

    The same as `kaldi.fbank`, which prepares stores: Povey window, pre-emphasis 0.97, mean of
    each frame removed, power spectrum of 512 points, triangular mel bands from 20 Hz to 8 kHz,
    natural logarithm; only whole frames. Has no weights and passes gradients.

    Args:
        n_mels: number of bands, 40 in S0 and 80 in most of today's systems.

    Shape:
        samples: (batch, n_samples) float32, full scale 1, 16 kHz, at least 400 of them.
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
        window = torch.from_numpy(kaldi.window() * kaldi.FULL_SCALE)
        self.register_buffer("window", window, persistent=False)
        bands = torch.from_numpy(kaldi.mel_bands(n_mels)).clone()  # the array is shared
        self.register_buffer("bands", bands, persistent=False)  # (bins, mels)

    def forward(self, samples: Tensor) -> Tensor:
        """Return the log energies of each band in each frame."""
        if samples.device.type == "cpu" and samples.ndim > 1 and len(samples) > CHUNK:
            # What a CPU's cache holds takes less than half the time.
            return torch.cat([self.energies(some) for some in samples.split(CHUNK)])
        return self.energies(samples)

    def energies(self, samples: Tensor) -> Tensor:
        """Return what `forward` does, of all at once."""
        frames = samples.unfold(-1, FRAME, HOP)  # (batch, frames, 400), a view
        frames = frames - frames.mean(dim=-1, keepdim=True)
        before = F.pad(frames, (1, 0), mode="replicate")[..., :-1]
        windowed = (frames - kaldi.PREEMPHASIS * before) * self.window
        spectrum = torch.fft.rfft(windowed, n=kaldi.N_FFT)
        power = spectrum.real.square() + spectrum.imag.square()
        return (power @ self.bands).clamp(min=kaldi.FLOOR).log()
