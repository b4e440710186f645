"""Small networks on the temporal weights of a sense: generators, discriminators, noise models.

All take and give series of `length` points, (batch, length).

Reference:
    P. Sun et al., Interspeech 2023, section 2.3 (multilayer perceptrons of three or four layers,
    not shared); sizes are ours, as none is printed.
"""

import itertools
import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from avkd_cli.models.encoder import at_least_float32

LENGTH = 64  # points that a series of any length is resampled to


class Generator(nn.Module):
    """A perceptron length - hidden - hidden - length with ReLU, from one sense to the other.

    Shape:
        series: (batch, length). Returns (batch, length).
    """

    def __init__(self, length: int = LENGTH, hidden: int = 256) -> None:
        super().__init__()
        sizes = [length, hidden, hidden, length]
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in itertools.pairwise(sizes))

    def forward(self, series: Tensor) -> Tensor:
        """Return the other sense's series."""
        return self.features(series)[-1]

    def features(self, series: Tensor) -> list[Tensor]:
        """Return the input and what each layer gives, (batch, size) each."""
        found = [series]
        for layer in self.layers[:-1]:
            found.append(layer(found[-1]).relu())
        return [*found, self.layers[-1](found[-1])]


class Discriminator(nn.Module):
    """A perceptron length - 128 - 64 - 1: how much a series looks like one of its sense.

    Shape:
        series: (batch, length). Returns (batch, 1), 1 for real.
    """

    def __init__(self, length: int = LENGTH) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(length, 128),
            nn.LeakyReLU(0.2),
            nn.Linear(128, 64),
            nn.LeakyReLU(0.2),
            nn.Linear(64, 1),
        )

    def forward(self, series: Tensor) -> Tensor:
        """Return its judgement."""
        return self.net(series)


class NoiseModel(nn.Module):
    """What noise is in a noisy series at a moment of the diffusion: a perceptron of both.

    Args:
        length: of a series. hidden: width. moments: width of the embedding of the moment, even.

    Shape:
        noisy: (batch, length); moment: (batch,), 0 for clean. Returns (batch, length).
    """

    def __init__(self, length: int = LENGTH, hidden: int = 256, moments: int = 32) -> None:
        super().__init__()
        self.moments = moments
        self.net = nn.Sequential(
            nn.Linear(length + moments, hidden),
            nn.ReLU(),
            nn.Linear(hidden, hidden),
            nn.ReLU(),
            nn.Linear(hidden, length),
        )

    def forward(self, noisy: Tensor, moment: Tensor) -> Tensor:
        """Return the noise."""
        half = self.moments // 2
        steps = torch.arange(half, device=noisy.device) / half
        angles = moment.float().unsqueeze(1) * torch.exp(-math.log(1e4) * steps)
        place = torch.cat([angles.sin(), angles.cos()], dim=1).to(noisy.dtype)
        return self.net(torch.cat([noisy, place], dim=1))


def resampled(weights: Tensor, length: int = LENGTH) -> Tensor:
    """Return series (batch, time) at `length` points, by straight lines between their moments."""
    series = at_least_float32(weights).unsqueeze(1)
    return F.interpolate(series, size=length, mode="linear", align_corners=True).squeeze(1)
