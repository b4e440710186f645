"""From what a store holds to what an encoder takes, on the device; augmentation in training.

Randomness comes from torch's default generator, which the loop seeds from (seed, step, rank).
"""

import torch
from torch import Tensor, nn


class AudioFrontEnd(nn.Module):
    """Fbank (if the store holds waveforms), mean subtraction, SpecAugment in training.

    The mean over time is subtracted from each recording or crop, as WeSpeaker does.

    Args:
        features: what the store holds: fbank, spectrogram or waveform.
        n_mels: mel bands, for waveform.
        time_mask: widest time mask in frames, 0 for none; freq_mask likewise in bands.

    Shape:
        fbank: (batch, frames, mels), waveform: (batch, samples) int16 or float.
        Returns (batch, frames, mels) float32.
    """

    def __init__(
        self, features: str = "fbank", n_mels: int = 40, time_mask: int = 0, freq_mask: int = 0
    ) -> None:
        super().__init__()
        self.fbank: nn.Module | None = None
        if features == "waveform":
            from avkd_cli.audio.features import Fbank  # loads torchaudio, not needed otherwise

            self.fbank = Fbank(n_mels)
        self.time_mask, self.freq_mask = time_mask, freq_mask

    def forward(self, sound: Tensor) -> Tensor:
        """Return features with zero mean over time."""
        if self.fbank is not None:
            scale = 2.0**-15 if sound.dtype == torch.int16 else 1.0
            with torch.autocast(sound.device.type, enabled=False):
                sound = self.fbank(sound.float() * scale)
        frames = sound.float()
        frames = frames - frames.mean(dim=1, keepdim=True)
        if self.training and (self.time_mask or self.freq_mask):
            frames = mask(mask(frames, 1, self.time_mask), 2, self.freq_mask)
        return frames


def mask(frames: Tensor, axis: int, widest: int) -> Tensor:
    """Set one stretch of an axis to zero, the mean, another for each of the batch.

    Its width is uniform in 0..widest, its place uniform.

    Reference:
        D. Park et al., "SpecAugment", Interspeech 2019, section 2.
    """
    n, size = frames.shape[0], frames.shape[axis]
    width = torch.randint(0, min(widest, size) + 1, (n, 1), device=frames.device)
    start = (torch.rand(n, 1, device=frames.device) * (size - width + 1)).long()
    place = torch.arange(size, device=frames.device)[None, :]
    inside = (place >= start) & (place < start + width)  # (batch, size)
    return frames.masked_fill(inside.unsqueeze(3 - axis), 0.0)


class FaceFrontEnd(nn.Module):
    """Bytes to numbers in [-0.5, 0.5], channels first; flip, light, shift, erase in training.

    Args:
        flip: mirror half of the faces. jitter: widest change of brightness and contrast, as a
            share. shift: widest shift in pixels. erase: probability of a grey patch.

    Shape:
        faces: (batch, height, width, channels) uint8. Returns (batch, channels, height, width).
    """

    def __init__(
        self, flip: bool = False, jitter: float = 0.0, shift: int = 0, erase: float = 0.0
    ) -> None:
        super().__init__()
        self.flip, self.jitter, self.shift, self.erase = flip, jitter, shift, erase

    def forward(self, faces: Tensor) -> Tensor:
        """Return faces as floats."""
        pixels = (faces.permute(0, 3, 1, 2).float() / 255 - 0.5).contiguous()
        return self.augment(pixels) if self.training else pixels

    def augment(self, pixels: Tensor) -> Tensor:
        """Return faces changed at random, each on its own."""
        n, device = len(pixels), pixels.device
        if self.flip:
            mirrored = torch.rand(n, device=device) < 0.5
            pixels = torch.where(mirrored[:, None, None, None], pixels.flip(3), pixels)
        if self.jitter:
            gain = 1 + self.jitter * (2 * torch.rand(n, 1, 1, 1, device=device) - 1)
            offset = self.jitter * (torch.rand(n, 1, 1, 1, device=device) - 0.5)
            mean = pixels.mean(dim=(1, 2, 3), keepdim=True)
            pixels = ((pixels - mean) * gain + mean + offset).clamp(-0.5, 0.5)
        if self.shift:
            pixels = shifted(pixels, self.shift)
        if self.erase:
            pixels = erased(pixels, self.erase)
        return pixels


def shifted(pixels: Tensor, widest: int) -> Tensor:
    """Move each face by up to `widest` pixels each way; the edge is repeated."""
    n, _, height, width = pixels.shape
    padded = nn.functional.pad(pixels, (widest,) * 4, mode="replicate")
    place = torch.randint(0, 2 * widest + 1, (n, 2), device=pixels.device)
    rows = place[:, :1] + torch.arange(height, device=pixels.device)  # (batch, height)
    columns = place[:, 1:] + torch.arange(width, device=pixels.device)  # (batch, width)
    batch = torch.arange(n, device=pixels.device)[:, None, None]
    moved = padded.permute(0, 2, 3, 1)[batch, rows[:, :, None], columns[:, None, :]]
    return moved.permute(0, 3, 1, 2).contiguous()


def erased(pixels: Tensor, probability: float) -> Tensor:
    """Put mid-grey on a patch of 2 to 20 % of the area, with a probability a face.

    Reference:
        Z. Zhong et al., "Random erasing data augmentation", AAAI 2020.
    """
    n, _, height, width = pixels.shape
    chance, area, place_y, place_x = torch.rand(4, n, 1, device=pixels.device)
    side = (0.02 + 0.18 * area).sqrt()  # share of each side
    top, left = place_y * (1 - side) * height, place_x * (1 - side) * width
    y = torch.arange(height, device=pixels.device)[None, :]
    x = torch.arange(width, device=pixels.device)[None, :]
    rows = (y >= top) & (y < top + side * height)
    columns = (x >= left) & (x < left + side * width)
    patch = rows[:, None, :, None] & columns[:, None, None, :]
    return pixels.masked_fill(patch & (chance < probability)[:, :, None, None], 0.0)
