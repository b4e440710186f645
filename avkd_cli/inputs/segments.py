"""Segments in a row, drawn for each row of a batch; those of two utterances never mix.

An utterance is cut from its beginning in segments of one length. The last is filled by repeating
it when it is at least half as long, else dropped; an utterance shorter than a segment is filled.
"""

import numpy as np

from avkd_cli import keyed
from avkd_cli.models.sequence import count_pieces
from avkd_cli.storage.store import RaggedStore
from avkd_cli.training.batches import Arrays
from avkd_cli.training.sampler import Draws


class Drawn:
    """Which segments of each utterance make a batch, as many of each.

    Their number is uniform in those that fit into a crop; utterances with fewer begin again.

    Args:
        counts: segments of each row of the training set.
        length: of a segment, in frames.
        crop: frames of the shortest and the longest training crop.
    """

    def __init__(self, counts: np.ndarray, length: int, crop: tuple[int, int], seed: int) -> None:
        self.counts, self.seed = counts, seed
        self.low, self.high = (frames // length for frames in crop)

    def __call__(self, k: int, draws: Draws) -> np.ndarray:
        """Return numbers of segments, (batch, segments)."""
        spread = self.high - self.low + 1
        number = self.low + int(keyed.whole(self.seed, "length", np.array([k]), spread)[0])
        counts = self.counts[draws.rows]
        starts = keyed.whole(self.seed, "crop", draws.numbers, np.maximum(counts - number, 0) + 1)
        return (starts[:, None] + np.arange(number)) % counts[:, None]


class Segments:
    """Sound of each row: `audio`, (batch, segments * length, bands), and `segment`, their numbers.

    Args:
        store: an open store of features. rows: its row for each row of the training set.
        length: of a segment, in frames. crop: see `Drawn`.
    """

    def __init__(
        self, store: RaggedStore, rows: np.ndarray, length: int, crop: tuple[int, int], seed: int
    ) -> None:
        self.store, self.rows, self.length = store, rows, length
        counts = [count_pieces(n, length) for n in store.lengths[rows].tolist()]
        self.drawn = Drawn(np.array(counts, np.int64), length, crop, seed)

    def __call__(self, k: int, draws: Draws) -> Arrays:
        """Return `audio` and `segment`."""
        numbers, rows = self.drawn(k, draws), self.rows[draws.rows]
        flat, owner = numbers.ravel(), np.repeat(rows, numbers.shape[1])
        return {
            "audio": self.read(owner, flat).reshape(len(rows), -1, *self.store.row_shape),
            "segment": numbers,
        }

    def read(self, rows: np.ndarray, numbers: np.ndarray) -> np.ndarray:
        """Return one segment of each row, (rows, length, bands)."""
        starts = numbers * self.length
        left = self.store.lengths[rows] - starts
        full = left >= self.length
        found = np.empty((len(rows), self.length, *self.store.row_shape), self.store.dtype)
        if full.any():
            found[full] = self.store.crops(rows[full], starts[full], self.length)
        for place in np.flatnonzero(~full).tolist():
            rest = int(left[place])
            piece = self.store.crops(rows[[place]], starts[[place]], rest)[0]
            found[place] = np.take(piece, np.arange(self.length), axis=0, mode="wrap")
        return found


class TaughtSegments:
    """The teacher's vectors of the segments that are drawn: `teacher` and `known`.

    Where a film ends before the sound there is none: `known` (batch, segments) is 0 there.

    Args:
        store: an open store of segments. rows: its row for each row of the training set.
        drawn: what draws the student's segments.
    """

    def __init__(self, store: RaggedStore, rows: np.ndarray, drawn: Drawn) -> None:
        self.store, self.rows, self.drawn = store, rows, drawn

    def __call__(self, k: int, draws: Draws) -> Arrays:
        """Return `teacher`, (batch, segments, d) float32, and `known`, (batch, segments)."""
        numbers, rows = self.drawn(k, draws), self.rows[draws.rows]
        known = numbers < self.store.lengths[rows][:, None]
        owner = np.repeat(rows, numbers.shape[1])
        taught = self.store.gather(owner, np.where(known, numbers, 0).ravel())
        return {"teacher": taught.reshape(*numbers.shape, -1), "known": known.astype(np.float32)}
