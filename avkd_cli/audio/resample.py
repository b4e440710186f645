"""Sound at another rate, on the device that it is on: by torchaudio, or by the same formula here.

torchaudio's compiled library does not load beside every torch that pip may choose, and a change of
speed is all that avkd asks of it; so where it does not load, the formula is computed here.
"""

import functools
import math
from collections.abc import Callable

import torch
from torch import Tensor

_ZEROS = 6  # crossings of zero that the kernel keeps on either side
_ROLLOFF = 0.99  # of the lower Nyquist frequency


def resample(samples: Tensor, old_rate: int, new_rate: int) -> Tensor:
    """Return the samples at another rate, without what lies above the lower Nyquist frequency.

    Args:
        samples: (..., n_samples), of a float type.
        old_rate: in Hz, or in any unit shared with `new_rate`. new_rate: the wanted one.

    Returns:
        (..., ceil(n_samples * new_rate / old_rate))
    """
    return _best()(samples, old_rate, new_rate)


@functools.cache
def _best() -> Callable[[Tensor, int, int], Tensor]:
    """Return torchaudio's function where its library loads, else the one below."""
    try:
        from torchaudio.functional import resample as theirs  # half a second
    except (ImportError, OSError):  # OSError: built for another torch
        return windowed_sinc
    return theirs


def windowed_sinc(samples: Tensor, old_rate: int, new_rate: int) -> Tensor:
    """Return what `resample` says, by convolution with a sinc under a Hann window.

    With rates a and b without a common divisor, output j lies at input place j a / b, so every
    b-th output has the same weights, a inputs later: b filters at a stride of a. The weight of an
    input at distance d is c sinc(c d) cos²(pi c d / 12) up to c |d| = 6, where c is the cutoff as
    a share of the old Nyquist frequency.

    Reference:
        J. O. Smith, "Digital audio resampling", CCRMA, Stanford 2002; window, width and rolloff
        are the defaults of torchaudio.functional.resample.
    """
    divisor = math.gcd(old_rate, new_rate)
    old, new = old_rate // divisor, new_rate // divisor
    weights = _weights(old, new, samples)
    reach = (weights.shape[-1] - old) // 2
    flat = samples.reshape(-1, 1, samples.shape[-1])
    padded = torch.nn.functional.pad(flat, (reach, reach + old))
    filtered = torch.nn.functional.conv1d(padded, weights.unsqueeze(1), stride=old)
    joined = filtered.transpose(1, 2).reshape(*samples.shape[:-1], -1)
    return joined[..., : -(-samples.shape[-1] * new // old)]


def _weights(old: int, new: int, like: Tensor) -> Tensor:
    """Return the filter of each of `new` outputs, (new, taps), with type and device of `like`.

    In the type of the samples, as torchaudio has it: in double precision the weights would be
    closer to the formula, and the sound a millionth away from torchaudio's.
    """
    lower = _ROLLOFF * min(old, new)
    reach = math.ceil(_ZEROS * old / lower)
    inputs = torch.arange(-reach, reach + old, dtype=like.dtype, device=like.device) / old
    outputs = torch.arange(new, dtype=like.dtype, device=like.device).unsqueeze(1) / new
    distance = ((inputs - outputs) * lower).clamp(-_ZEROS, _ZEROS)
    window = torch.cos(distance * math.pi / (2 * _ZEROS)) ** 2
    return lower / old * window * torch.sinc(distance)
