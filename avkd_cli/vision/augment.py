"""Faces made different on the device while training: pure functions of tensor and generator.

Shapes: faces are (batch, channels, height, width), float in [-0.5, 0.5]. Random numbers are drawn
on the generator's device and moved, so a CPU generator gives the same faces on every device.
"""

import torch
import torch.nn.functional as F
from torch import Generator, Tensor


def to_unit(crops: Tensor) -> Tensor:
    """Return stored crops as the networks take them: pixel / 255 - 0.5, channels first.

    Args:
        crops: uint8 (batch, height, width, channels).

    Returns:
        float32 (batch, channels, height, width), contiguous, in [-0.5, 0.5].
    """
    return crops.movedim(-1, 1).contiguous().float() / 255 - 0.5


def flip(faces: Tensor, generator: Generator) -> Tensor:
    """Return each face mirrored left to right with probability one half."""
    chosen = _uniform(faces, generator, 1) < 0.5
    return torch.where(chosen[:, :, None, None], faces.flip(-1), faces)


def jitter(faces: Tensor, strength: float, generator: Generator) -> Tensor:
    """Return faces of other brightness and contrast, kept within [-0.5, 0.5].

    Args:
        faces: see above.
        strength: contrast is multiplied by 1 - strength to 1 + strength about each face's mean,
            and up to strength / 2 is added or taken away.
        generator: of the two random numbers a face.
    """
    draw = (2 * _uniform(faces, generator, 2) - 1) * strength
    contrast, brightness = (1 + draw[:, :1])[:, :, None, None], draw[:, 1:, None, None] / 2
    mean = faces.mean(dim=(1, 2, 3), keepdim=True)
    return ((faces - mean) * contrast + mean + brightness).clamp(-0.5, 0.5)


def shift(faces: Tensor, pixels: int, generator: Generator) -> Tensor:
    """Return faces moved by up to `pixels` along each axis, the edge repeated behind them."""
    height, width = faces.shape[-2:]
    draw = torch.rand(len(faces), 2, generator=generator, device=generator.device)
    corners = torch.floor(draw * (2 * pixels + 1)).long().tolist()
    wide = F.pad(faces, (pixels,) * 4, mode="replicate")
    # Views of it, copied once: a sixth of the time that an index of each pixel takes on a CPU.
    moved = [
        face[:, y : y + height, x : x + width] for face, (y, x) in zip(wide, corners, strict=True)
    ]
    return torch.stack(moved)


def erase(faces: Tensor, probability: float, generator: Generator) -> Tensor:
    """Return faces with, in some, a rectangle made mid-grey (0), 0.1 to 0.4 of the face a side.

    Args:
        faces: see above.
        probability: of a face losing a rectangle.
        generator: of the five random numbers a face.

    Reference:
        Z. Zhong et al., "Random erasing data augmentation", AAAI 2020 (mid-grey, not noise).
    """
    height, width = faces.shape[-2:]
    draw = _uniform(faces, generator, 5)
    sides = 0.1 + 0.3 * draw[:, 1:3]
    corner = draw[:, 3:5] * (1 - sides)
    inside = [
        (at >= corner[:, [axis]]) & (at < corner[:, [axis]] + sides[:, [axis]])
        for axis, at in enumerate(
            (torch.arange(n, device=faces.device)[None] + 0.5) / n for n in (height, width)
        )
    ]
    hole = inside[0][:, :, None] & inside[1][:, None, :] & (draw[:, 0] < probability)[:, None, None]
    return faces.masked_fill(hole[:, None], 0.0)


def _uniform(faces: Tensor, generator: Generator, count: int) -> Tensor:
    """Return `count` numbers in [0, 1) a face, (batch, count)."""
    draw = torch.rand(len(faces), count, generator=generator, device=generator.device)
    return draw.to(faces.device)
