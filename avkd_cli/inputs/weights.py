"""Weights of moments: which networks have them, and what clock those of sound are on."""

from collections.abc import Iterator

import numpy as np
from torch import nn

from avkd_cli.audio.limits import HOP, SAMPLE_RATE
from avkd_cli.inputs.base import Row
from avkd_cli.inputs.passing import Passage
from avkd_cli.models.weasp import WeightEnhancedPooling
from avkd_cli.storage.store import RaggedStore

FRAMES_A_SECOND = SAMPLE_RATE // HOP


def weighs(encoder: nn.Module) -> bool:
    """Return whether an encoder's pooling gives each moment a weight."""
    return isinstance(getattr(encoder, "pool", None), WeightEnhancedPooling)


def frames_of(store: RaggedStore, row: int) -> float:
    """Return how many frames of sound a row has, at `FRAMES_A_SECOND`."""
    return store.lengths[row] / (HOP if store.long_name == "samples" else 1)


def sound_weights(passage: Passage, store: RaggedStore, rows: np.ndarray) -> Iterator[Row]:
    """Yield the weights of each moment of sound, (moments, 1), and when each begins in s."""
    each = passage.one_by_one("audio", store, rows)
    for row, found in zip(rows.tolist(), each, strict=True):
        step = stride(frames_of(store, row), len(found)) / FRAMES_A_SECOND
        yield found[:, None], np.arange(len(found)) * step


def sound_step(passage: Passage, store: RaggedStore) -> float:
    """Return the seconds from one moment of sound to the next, by trying the first recording."""
    ((found, _),) = sound_weights(passage, store, np.array([0]))
    return stride(frames_of(store, 0), len(found)) / FRAMES_A_SECOND


def stride(frames: float, moments: int) -> int:
    """Return the frames of a moment; networks take a whole number of them together."""
    return max(1, round(frames / moments))
