"""Sound and features made harder for training, in batches on the device.

Each function is pure: what is random comes from the generator it is given (None: torch's own),
drawn separately for each row of a batch. Which of them apply, and how often, is for training to
say; the ranges that the VoxCeleb community uses stand here.
"""

import torch
from torch import Generator, Tensor

from avkd_cli.audio.limits import SAMPLE_RATE
from avkd_cli.audio.resample import resample

# Signal-to-noise ratios in dB by what is added (MUSAN), from TaoRuijie/AVCleanse.
NOISE_SNR, SPEECH_SNR, MUSIC_SNR = (0.0, 15.0), (13.0, 20.0), (5.0, 15.0)
BABBLE_VOICES = (3, 8)  # how many voices make a babble
SPEEDS = (0.9, 1.1)  # beside 1; each counts as other persons, since it moves the pitch too
_POWER_FLOOR = 1e-10  # -100 dBFS: silence takes noise of no more than this


def add_noise(samples: Tensor, noise: Tensor, snr_db: Tensor) -> Tensor:
    """Return the samples with noise added at a ratio of their powers.

    Args:
        samples: (batch, n_samples), or any shape whose last axis is time.
        noise: the same shape; its level does not matter. Silence adds nothing.
        snr_db: power of the samples over that of the noise in dB, shape (batch,).
    """
    power = samples.square().mean(dim=-1, keepdim=True).clamp(min=_POWER_FLOOR)
    noise_power = noise.square().mean(dim=-1, keepdim=True).clamp(min=_POWER_FLOOR)
    wanted = power / 10 ** (snr_db.unsqueeze(-1) / 10)
    return samples + noise * (wanted / noise_power).sqrt()


def babble(voices: Tensor) -> Tensor:
    """Return voices talking at once, each as loud as the others.

    Args:
        voices: (batch, n_voices, n_samples)

    Returns:
        (batch, n_samples), of any level; for `add_noise`.
    """
    power = voices.square().mean(dim=-1, keepdim=True).clamp(min=_POWER_FLOOR)
    return (voices / power.sqrt()).sum(dim=1)


def reverberate(samples: Tensor, response: Tensor) -> Tensor:
    """Return the samples as heard in a room, cut to their length.

    Convolution with the impulse response at unit energy, by FFT.

    Args:
        samples: (batch, n_samples)
        response: (batch, n_response) or (1, n_response), impulse responses at 16 kHz.
    """
    energy = response.square().sum(dim=-1, keepdim=True).clamp(min=_POWER_FLOOR)
    size = samples.shape[-1] + response.shape[-1] - 1
    product = torch.fft.rfft(samples, n=size) * torch.fft.rfft(response / energy.sqrt(), n=size)
    return torch.fft.irfft(product, n=size)[..., : samples.shape[-1]]


def change_speed(samples: Tensor, speed: float) -> Tensor:
    """Return the samples played faster (speed above 1), with the pitch moved as much.

    Args:
        samples: (batch, n_samples)
        speed: in steps of a hundredth, such as 0.9 or 1.1.

    Returns:
        (batch, ceil(n_samples / speed))
    """
    hundredths = round(100 * speed)
    if hundredths == 100:
        return samples
    step = SAMPLE_RATE // 100
    return resample(samples, hundredths * step, 100 * step)


def length_before(length: int) -> int:
    """Return the samples to read for `length` samples after the fastest change of speed."""
    return -(-length * round(100 * max(SPEEDS)) // 100)


def change_speeds(samples: Tensor, speed: Tensor) -> Tensor:
    """Return each sound at its own speed, all of one length.

    Args:
        samples: (batch, length_before(length))
        speed: 0 for 1, else 1 + a place in SPEEDS; shape (batch,), whole numbers.

    Returns:
        (batch, length)
    """
    length = samples.shape[1] * 100 // round(100 * max(SPEEDS))
    changed = samples[:, :length].clone()
    for number, factor in enumerate(SPEEDS, start=1):
        rows = (speed == number).nonzero().squeeze(1)
        if len(rows):
            source = samples[rows, : -(-length * round(100 * factor) // 100)]
            changed[rows] = change_speed(source, factor)[:, :length]
    return changed


def spec_augment(
    features: Tensor, time_mask: int, freq_mask: int, generator: Generator | None = None
) -> Tensor:
    """Return features with one stretch of frames and one of bands set to 0, the mean.

    Each width is drawn evenly from 0 to the widest, each place evenly, for each row.

    Args:
        features: (batch, frames, bands), of zero mean over time.
        time_mask: the widest in frames; 0 for none. freq_mask: in bands.

    Reference:
        D. Park et al., "SpecAugment", Interspeech 2019, section 2.
    """
    hidden = _masked(features, 1, time_mask, generator).unsqueeze(2)
    hidden = hidden | _masked(features, 2, freq_mask, generator).unsqueeze(1)
    return features.masked_fill(hidden, 0.0)


def _masked(features: Tensor, axis: int, widest: int, generator: Generator | None) -> Tensor:
    """Return which places of an axis are hidden, (batch, size)."""
    batch, size = features.shape[0], features.shape[axis]
    drawn = torch.rand(2, batch, 1, generator=generator, device=features.device)
    width = (drawn[0] * (min(widest, size) + 1)).long()
    first = (drawn[1] * (size - width + 1)).long()
    place = torch.arange(size, device=features.device)
    return (place >= first) & (place < first + width)
