"""Weights of moments: which networks have them, and what clock those of sound are on."""

from collections.abc import Iterator

import numpy as np
from torch import nn

from avkd_cli.audio.limits import HOP, SAMPLE_RATE
from avkd_cli.inputs.base import Row
from avkd_cli.inputs.passing import one_by_one
from avkd_cli.models.weasp import WeightEnhancedPooling
from avkd_cli.storage.store import RaggedStore

FRAMES_A_SECOND = SAMPLE_RATE // HOP


def weighs(encoder: nn.Module) -> bool:
    """Return whether an encoder's pooling gives each moment a weight."""
    return isinstance(getattr(encoder, "pool", None), WeightEnhancedPooling)


def frames_of(store: RaggedStore, row: int) -> float:
    """Return how many frames of sound a row has, at `FRAMES_A_SECOND`."""
    return store.lengths[row] / (HOP if store.long_name == "samples" else 1)


def sound_weights(
    network: nn.Module, store: RaggedStore, rows: np.ndarray, level: str, precision: str
) -> Iterator[Row]:
    """Yield the weights of each moment of sound, (moments, 1), and when each begins in s.

    Args:
        store: of sound. level: that the network calls them.
    """
    each = one_by_one(network, "audio", store, rows, precision=precision, level=level)
    for row, found in zip(rows.tolist(), each, strict=True):
        step = stride(frames_of(store, row), len(found)) / FRAMES_A_SECOND
        yield found[:, None], np.arange(len(found)) * step


def sound_step(network: nn.Module, store: RaggedStore, row: int, level: str) -> float:
    """Return the seconds from one moment of sound to the next, by trying one recording."""
    ((found, _),) = sound_weights(network, store, np.array([row]), level, "no")
    return stride(frames_of(store, row), len(found)) / FRAMES_A_SECOND


def stride(frames: float, moments: int) -> int:
    """Return the frames of a moment; networks take a whole number of them together."""
    return max(1, round(frames / moments))
