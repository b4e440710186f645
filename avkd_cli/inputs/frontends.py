"""From what a store holds to what a network takes, on the device; augmentation in training.

Randomness comes from torch's default generator, which the loop seeds from (seed, step, rank).
"""

import torch
from torch import Tensor, nn

from avkd_cli.audio.augment import add_noise, change_speeds, reverberate, spec_augment
from avkd_cli.audio.features import Fbank
from avkd_cli.vision import augment


class AudioFrontEnd(nn.Module):
    """Fbank (if the store holds waveforms), mean subtraction, SpecAugment in training.

    The mean over time is subtracted from each recording or crop, as WeSpeaker does. A training
    batch of waveforms may bring what disturbs them (`training.disturbance`).

    Args:
        features: what the store holds: fbank, spectrogram or waveform.
        n_mels: mel bands, for waveform.
        time_mask: widest time mask in frames, 0 for none; freq_mask likewise in bands.

    Shape:
        fbank: (batch, frames, mels), waveform: (batch, samples) int16 or float.
        speed: (batch,) for `change_speeds`; response, noise: (batch, samples), rows of zeros
        for none; snr_db: (batch,).
        Returns (batch, frames, mels) float32.
    """

    takes = ("speed", "response", "noise", "snr_db")

    def __init__(
        self, features: str = "fbank", n_mels: int = 40, time_mask: int = 0, freq_mask: int = 0
    ) -> None:
        super().__init__()
        self.fbank: nn.Module | None = None
        if features == "waveform":
            self.fbank = Fbank(n_mels)
        self.masks = (time_mask, freq_mask)

    def forward(self, sound: Tensor, **disturbance: Tensor) -> Tensor:
        """Return features with zero mean over time."""
        if self.fbank is not None:
            scale = 2.0**-15 if sound.dtype == torch.int16 else 1.0
            with torch.autocast(sound.device.type, enabled=False):
                sound = self.fbank(disturb(sound.float() * scale, **disturbance))
        frames = sound.float()
        frames = frames - frames.mean(dim=1, keepdim=True)
        return spec_augment(frames, *self.masks) if self.training else frames


def disturb(
    samples: Tensor,
    speed: Tensor | None = None,
    response: Tensor | None = None,
    noise: Tensor | None = None,
    snr_db: Tensor | None = None,
) -> Tensor:
    """Return waveforms played at other speeds, in rooms, with noise; None leaves a part out."""
    if speed is not None:
        samples = change_speeds(samples, speed)
    if response is not None:
        rows = response.any(dim=1).nonzero().squeeze(1)
        if len(rows):
            samples = samples.index_copy(0, rows, reverberate(samples[rows], response[rows]))
    return samples if noise is None else add_noise(samples, noise, snr_db)


class FaceFrontEnd(nn.Module):
    """Bytes to numbers in [-0.5, 0.5], channels first; flip, light, shift, erase in training.

    Args:
        flip: mirror half of the faces. jitter: widest change of brightness and contrast, as a
            share. shift: widest shift in pixels. erase: probability of a grey patch.

    Shape:
        faces: (batch, height, width, channels) uint8. Returns (batch, channels, height, width).
    """

    takes: tuple[str, ...] = ()

    def __init__(
        self, flip: bool = False, jitter: float = 0.0, shift: int = 0, erase: float = 0.0
    ) -> None:
        super().__init__()
        self.flip, self.jitter, self.shift, self.erase = flip, jitter, shift, erase

    def forward(self, faces: Tensor) -> Tensor:
        """Return faces as floats."""
        pixels = augment.to_unit(faces)
        return self.augment(pixels) if self.training else pixels

    def augment(self, pixels: Tensor) -> Tensor:
        """Return faces changed at random, each on its own."""
        draw = torch.default_generator
        if self.flip:
            pixels = augment.flip(pixels, draw)
        if self.jitter:
            pixels = augment.jitter(pixels, self.jitter, draw)
        if self.shift:
            pixels = augment.shift(pixels, self.shift, draw)
        if self.erase:
            pixels = augment.erase(pixels, self.erase, draw)
        return pixels


class FusionFrontEnd(nn.Module):
    """Takes the mean embedding of each sense off, or nothing; spoils one now and then in training.

    Embeddings of unseen persons share a large mean, which says nothing of who they are; faces
    and voices have other shares of it, and a fusion of both weighs the senses by what is left.

    Args:
        visual_size, audio_size: widths of the embeddings; 0, the default, takes nothing off.
        corrupt: probability that a training pair loses one sense: to zeros, to noise, or to
            itself plus half a standard deviation of noise, all equally likely.

    Shape:
        visual: (batch, d_v); audio: (batch, d_a). Returns both.

    Reference:
        `corrupt`: the S0 authors' released fusion code; Y. Qian et al., TASLP 2021 (noise
        distribution).
    """

    visual_mean: Tensor
    audio_mean: Tensor

    def __init__(self, visual_size: int = 0, audio_size: int = 0, corrupt: float = 0.0) -> None:
        super().__init__()
        self.corrupt = corrupt
        self.centred = bool(visual_size or audio_size)
        if self.centred:
            self.register_buffer("visual_mean", torch.zeros(visual_size))
            self.register_buffer("audio_mean", torch.zeros(audio_size))

    def set_means(self, visual: Tensor, audio: Tensor) -> None:
        """Keep the means of the training set, (d_v,) and (d_a,); they are saved as weights are."""
        self.visual_mean.copy_(visual)
        self.audio_mean.copy_(audio)

    def forward(self, visual: Tensor, audio: Tensor) -> tuple[Tensor, Tensor]:
        """Return both senses' embeddings."""
        if self.training and self.corrupt:
            visual, audio = spoilt(visual, audio, self.corrupt)
        if not self.centred:
            return visual, audio
        return visual - self.visual_mean, audio - self.audio_mean


def spoilt(visual: Tensor, audio: Tensor, probability: float) -> tuple[Tensor, Tensor]:
    """Return embeddings of which some have lost one sense; see `FusionFrontEnd`."""
    chance, which, how = torch.rand(3, len(visual), 1, device=visual.device)
    found = []
    for values, hit in ((visual, which < 0.5), (audio, which >= 0.5)):
        noise = torch.randn_like(values)
        noisy = values + 0.5 * values.std(dim=1, keepdim=True) * noise
        instead = torch.where(how < 1 / 3, torch.zeros_like(values), noise)
        instead = torch.where(how < 2 / 3, instead, noisy)
        found.append(torch.where(hit & (chance < probability), instead, values))
    return found[0], found[1]
