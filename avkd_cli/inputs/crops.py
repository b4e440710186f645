"""Stretches of sound, drawn for each row of a batch."""

import numpy as np

from avkd_cli import keyed
from avkd_cli.audio.augment import length_before
from avkd_cli.audio.limits import FRAME, HOP
from avkd_cli.storage.store import RaggedStore
from avkd_cli.training.batches import Arrays
from avkd_cli.training.sampler import Draws


class AudioCrops:
    """One stretch of sound of each row, all of one length, another length each batch.

    The length is uniform in crop_min .. crop_max frames; recordings that are shorter are
    repeated. Shape (batch, frames, mels) or, for waveforms, (batch, samples).

    Args:
        store: an open audio store.
        rows: row of the store for each row of the training set.
        speeds: read more of each, for a change of speed that follows.
    """

    def __init__(
        self,
        store: RaggedStore,
        rows: np.ndarray,
        crop_min: int,
        crop_max: int,
        seed: int,
        speeds: bool = False,
    ) -> None:
        self.store, self.rows, self.seed, self.speeds = store, rows, seed, speeds
        self.crop_min, self.crop_max = crop_min, crop_max

    def __call__(self, k: int, draws: Draws) -> Arrays:
        """Return `audio`."""
        length = length_before(self.length(k)) if self.speeds else self.length(k)
        rows = self.rows[draws.rows]
        return {"audio": stretches(self.store, rows, length, self.seed, "crop", draws.numbers)}

    def length(self, k: int) -> int:
        """Return the crop length of batch k, in the store's unit."""
        spread = self.crop_max - self.crop_min + 1
        frames = self.crop_min + int(keyed.whole(self.seed, "length", np.array([k]), spread)[0])
        return (frames - 1) * HOP + FRAME if self.store.long_name == "samples" else frames


def stretches(
    store: RaggedStore, rows: np.ndarray, length: int, seed: int, purpose: str, numbers: np.ndarray
) -> np.ndarray:
    """Return a stretch of each row, its place drawn for a purpose: (rows, length, …).

    Recordings that are shorter are repeated, from their beginning.
    """
    room = np.maximum(store.lengths[rows] - length, 0)
    return at(store, rows, keyed.whole(seed, purpose, numbers, room + 1), length)


def at(store: RaggedStore, rows: np.ndarray, starts: np.ndarray, length: int) -> np.ndarray:
    """Return `length` of each row from its start on, or its last: (rows, length, …).

    Recordings that are shorter are repeated, from their beginning.
    """
    room = store.lengths[rows] - length
    starts, long = np.minimum(starts.astype(np.int64), np.maximum(room, 0)), room >= 0
    if long.all():
        return store.crops(rows, starts, length)
    short = store.read(rows[~long])
    repeated = [np.take(one, np.arange(length), axis=0, mode="wrap") for one in short]
    crops = np.empty((len(rows), *np.shape(repeated[0])), repeated[0].dtype)
    crops[~long] = repeated
    if long.any():
        crops[long] = store.crops(rows[long], starts[long], length)
    return crops
