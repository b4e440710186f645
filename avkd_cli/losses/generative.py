"""Two series of temporal weights that supervise each other through generators: functions.

All take series (batch, length) of the two senses and return a loss for each sample, (batch,).

Reference:
    P. Sun et al., "A method of audio-visual person verification by mining connections between
    time series", Interspeech 2023, eq. 8 to 15.
"""

import itertools
from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from avkd_cli.losses.geometry import SMALLEST_NORM
from avkd_cli.losses.precision import at_least_float32, without_autocast

Map = Callable[[Tensor], Tensor]
Noise = Callable[[Tensor, Tensor], Tensor]


def apart(one: Tensor, other: Tensor) -> Tensor:
    """Return 1 - cosine of series (batch, length), in [0, 2]: (batch,)."""
    one, other = at_least_float32(one, other)
    return 1 - F.cosine_similarity(one, other, dim=1, eps=SMALLEST_NORM)


def mapping_loss(
    audio: Tensor, visual: Tensor, to_visual: Map, to_audio: Map, direction: str = "both"
) -> Tensor:
    """Return how far each sense's series is from what the other one's maps to, (batch,).

    Args:
        direction: "both", "a2v" for the map to the visual alone, or "v2a".

    Reference:
        Eq. 8, in [0, 2] a direction.
    """
    losses = []
    if direction in ("both", "a2v"):
        losses.append(apart(visual, to_visual(audio)))
    if direction in ("both", "v2a"):
        losses.append(apart(audio, to_audio(visual)))
    return torch.stack(losses).sum(dim=0)


def cycle_loss(audio: Tensor, visual: Tensor, to_visual: Map, to_audio: Map) -> Tensor:
    """Return how far a series is from itself, mapped to the other sense and back, (batch,).

    Reference:
        Eq. 9; as printed it feeds a sense to the generator of the other, which cannot be.
    """
    there = apart(audio, to_audio(to_visual(audio)))
    return there + apart(visual, to_visual(to_audio(visual)))


def patch_nce(
    query: Tensor, key: Tensor, temperature: float = 0.07, *, detach: bool = True
) -> Tensor:
    """Return the cross entropy of finding each location's own key among the sample's, (batch,).

    Args:
        query, key: features of the locations of one series and of the other's, taken to length
            1 here, shape (batch, locations, size).
        temperature: of the cosines.
        detach: let no gradient reach the keys.

    Reference:
        Eq. 11 and 12; T. Park et al., "Contrastive learning for unpaired image-to-image
        translation", ECCV 2020, eq. 2 and 3.
    """
    with without_autocast(query):
        query, key = at_least_float32(query, key.detach() if detach else key)
        query, key = (F.normalize(x, dim=-1, eps=SMALLEST_NORM) for x in (query, key))
        cosine = query @ key.transpose(1, 2) / temperature  # (batch, locations, locations)
        own = torch.arange(cosine.shape[1], device=cosine.device).expand(len(cosine), -1)
        return F.cross_entropy(cosine.transpose(1, 2), own, reduction="none").mean(dim=1)


def locations(features: Sequence[Tensor], count: int = 16) -> list[Tensor]:
    """Return each layer's features cut into locations, (batch, count, size / count).

    A perceptron over time has no places: equal blocks of its units take their part.
    """
    return [one.unflatten(1, (count, one.shape[1] // count)) for one in features]


def deceit(judged: Tensor) -> Tensor:
    """Return how far a discriminator is from taking series for real, least squares, (batch,)."""
    return (judged.float() - 1).square().squeeze(1)


def judgement(real: Tensor, made: Tensor) -> Tensor:
    """Return how wrong a discriminator is of real and of made series, least squares, (batch,).

    Reference:
        X. Mao et al., "Least squares generative adversarial networks", ICCV 2017, eq. 2.
    """
    return deceit(real) + made.float().square().squeeze(1)


def noise_levels(steps: int, first: float, last: float) -> Tensor:
    """Return what is left of the signal after each of `steps`, alpha bar, (steps,) float64.

    Beta rises in a straight line from `first` to `last`.
    """
    beta = torch.linspace(first, last, steps, dtype=torch.float64)
    return (1 - beta).cumprod(dim=0)


def bridge(
    series: Tensor,
    levels: Tensor,
    count: int,
    up: Noise,
    down: Noise,
) -> Tensor:
    """Return series of one sense as series of the other: up to noise by one model, down by other.

    The path is the probability flow of DDIM (eta 0), the same formula either way.

    Args:
        series: (batch, length), of mean 0 and deviation 1.
        levels: alpha bar of each step, (steps,).
        count: steps of the path, each way.
        up, down: from noisy series and alpha bar (batch,) to their noise.

    Reference:
        Eq. 13 to 15; X. Su et al., "Dual diffusion implicit bridges for image-to-image
        translation", ICLR 2023, algorithm 1.
    """
    places = torch.linspace(-1, len(levels) - 1, count + 1, dtype=torch.float64).round().long()
    path = levels[places.clamp(min=0)].to(series.device, torch.float64)
    path[0] = levels[0]  # the clean end has the first level's noise, and never none
    for now, then in itertools.pairwise(path):
        series = moved(series, up, now, then)
    back = path.flip(0)
    for now, then in itertools.pairwise(back):
        series = moved(series, down, now, then)
    return series


def moved(series: Tensor, noise_of: Noise, now: Tensor, then: Tensor) -> Tensor:
    """Return series at another level of noise, by one step of DDIM."""
    now, then = now.to(series.dtype), then.to(series.dtype)
    noise = noise_of(series, now.expand(len(series)))
    clean = (series - (1 - now).sqrt() * noise) / now.sqrt()
    return then.sqrt() * clean + (1 - then).sqrt() * noise


def unit(series: Tensor) -> Tensor:
    """Return series of root mean square 1, their signs and ratios kept.

    Weights are sums over channels: how large they are says how wide a network is. No cosine
    sees that, but a judge does, whose squared error otherwise outgrows all other losses.
    """
    series = at_least_float32(series)[0]
    return series / (series.square().mean(dim=1, keepdim=True) + 1e-8).sqrt()


def standardised(series: Tensor) -> Tensor:
    """Return series of mean 0 and deviation 1 each; of equal weights, zeros."""
    series = at_least_float32(series)[0]
    series = series - series.mean(dim=1, keepdim=True)
    return series / (series.square().mean(dim=1, keepdim=True) + 1e-8).sqrt()
