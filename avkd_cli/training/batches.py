"""From draws to arrays: what a batch holds, read from stores ahead of time by threads.

A source answers `(k, draws) -> dict of arrays` for rows of the training set. It is a pure
function of its arguments, so threads, ranks and interruptions cannot change a batch.
"""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Protocol

import numpy as np

from avkd_cli.audio.augment import length_before
from avkd_cli.training import keyed
from avkd_cli.training.sampler import Draws

Arrays = dict[str, np.ndarray]
HOP, WINDOW = 160, 400  # samples at 16 kHz, of the fbank's frames


class Source(Protocol):
    """Reads one thing of each drawn row."""

    def __call__(self, k: int, draws: Draws) -> Arrays:
        """Return arrays whose first axis is the batch."""


class Labels:
    """The person of each row: `label`, shape (batch,), int64."""

    def __init__(self, labels: np.ndarray) -> None:
        self.labels = labels

    def __call__(self, k: int, draws: Draws) -> Arrays:
        """Return the labels."""
        return {"label": self.labels[draws.rows]}


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
        store: Any,
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
        return (frames - 1) * HOP + WINDOW if self.store.long_name == "samples" else frames


def stretches(
    store: Any, rows: np.ndarray, length: int, seed: int, purpose: str, numbers: np.ndarray
) -> np.ndarray:
    """Return a stretch of each row, its place drawn for a purpose: (rows, length, …).

    Recordings that are shorter are repeated, from their beginning.
    """
    room = store.lengths[rows] - length
    starts = keyed.whole(seed, purpose, numbers, np.maximum(room, 0) + 1)
    long = room >= 0
    if long.all():
        return store.crops(rows, starts, length)
    short = store.read(rows[~long])
    repeated = [np.take(one, np.arange(length), axis=0, mode="wrap") for one in short]
    crops = np.empty((len(rows), *np.shape(repeated[0])), repeated[0].dtype)
    crops[~long] = repeated
    if long.any():
        crops[long] = store.crops(rows[long], starts[long], length)
    return crops


class Faces:
    """Faces drawn of each row: `faces`, (batch, height, width, channels) uint8."""

    def __init__(self, store: Any, rows: np.ndarray, seed: int) -> None:
        self.store, self.rows, self.seed = store, rows, seed

    def __call__(self, k: int, draws: Draws) -> Arrays:
        """Return one face an utterance."""
        rows = self.rows[draws.rows]
        places = keyed.whole(self.seed, "face", draws.numbers, self.store.lengths[rows])
        return {"faces": self.store.gather(rows, places)}


class Embeddings:
    """A stored embedding of each row, under a name: `teacher`, `audio` or `visual`."""

    def __init__(self, name: str, embedding: np.ndarray, rows: np.ndarray) -> None:
        self.name, self.embedding, self.rows = name, embedding, rows

    def __call__(self, k: int, draws: Draws) -> Arrays:
        """Return (batch, d) float32."""
        return {self.name: self.embedding[self.rows[draws.rows]]}


class OtherOfPerson:
    """An embedding of another utterance of the same person, drawn independently.

    The S0 authors pair a face and a voice of one person, not of one clip, in training.

    Args:
        labels: person of each row of the training set.
    """

    def __init__(
        self, name: str, embedding: np.ndarray, rows: np.ndarray, labels: np.ndarray, seed: int
    ) -> None:
        self.name, self.embedding, self.rows, self.seed = name, embedding, rows, seed
        self.order = np.argsort(labels, kind="stable")
        self.starts = np.searchsorted(labels[self.order], np.arange(labels.max() + 2))
        self.labels = labels

    def __call__(self, k: int, draws: Draws) -> Arrays:
        """Return (batch, d) float32."""
        persons = self.labels[draws.rows]
        first, after = self.starts[persons], self.starts[persons + 1]
        places = first + keyed.whole(self.seed, "pair", draws.numbers, after - first)
        return {self.name: self.embedding[self.rows[self.order[places]]]}


class Batches:
    """Batch k for one rank: its share of the draws, read from every source.

    Args:
        sampler: has `batch(k) -> Draws`.
    """

    def __init__(self, sampler: Any, sources: list[Source], rank: int = 0, world: int = 1) -> None:
        self.sampler, self.sources, self.rank, self.world = sampler, sources, rank, world

    def for_rank(self, rank: int, world: int) -> "Batches":
        """Return the same batches, seen from one of several processes."""
        return Batches(self.sampler, self.sources, rank, world)

    def __call__(self, k: int) -> Arrays:
        """Return batch k."""
        draws = self.sampler.batch(k).share(self.rank, self.world)
        arrays: Arrays = {}
        for source in self.sources:
            arrays |= source(k, draws)
        return arrays

    def describe(self, k: int) -> np.ndarray:
        """Return the training-set rows of batch k over all ranks, to name utterances."""
        return self.sampler.batch(k).rows


@contextmanager
def read_ahead(
    batches: Callable[[int], Arrays], first: int, last: int, threads: int
) -> Iterator[Callable[[], Arrays]]:
    """Give a function that returns batches first .. last - 1 in order, read ahead by threads.

    With 0 threads each batch is read when it is asked for; the batches are the same.
    """
    if threads == 0:
        numbers = iter(range(first, last))
        yield lambda: batches(next(numbers))
        return
    pool = ThreadPoolExecutor(threads, thread_name_prefix="avkd-batches")
    waiting: deque[Future[Arrays]] = deque()
    todo = iter(range(first, last))

    def ahead() -> None:
        while len(waiting) < 2 * threads + 1 and (k := next(todo, None)) is not None:
            waiting.append(pool.submit(batches, k))

    def take() -> Arrays:
        ahead()
        batch = waiting.popleft().result()
        ahead()
        return batch

    try:
        yield take
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
