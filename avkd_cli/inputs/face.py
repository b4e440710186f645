"""One face: drawn of each utterance in training, all of them averaged afterwards."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from avkd_cli import keyed
from avkd_cli.config import VisualConfig
from avkd_cli.inputs.base import Input, Row
from avkd_cli.inputs.frames import rate_of, size_of_crop
from avkd_cli.inputs.passing import Passage, chunks, posteriors
from avkd_cli.losses.heads import Head
from avkd_cli.storage.store import RaggedStore
from avkd_cli.training.batches import Arrays, Source
from avkd_cli.training.sampler import Draws
from avkd_cli.training.training_set import TrainingSet


class Face(Input):
    """A face store, of which one face an utterance makes a sample."""

    modality = "visual"
    kinds = ("avkd.faces",)
    stores: Sequence[RaggedStore]

    def held(self) -> dict[str, Any]:
        """Return the size of a crop."""
        return size_of_crop(self.stores[0])

    def front_end(self, settings: VisualConfig) -> dict[str, Any]:
        """Return the keywords of the front end."""
        return {name: getattr(settings, name) for name in ("flip", "jitter", "shift", "erase")}

    def sources(self, chosen: TrainingSet, settings: VisualConfig) -> list[Source]:
        """Return what reads the faces of a batch."""
        store = self.stores[0]
        return [Faces(store, chosen.rows(store), settings.seed)]

    def embed(self, passage: Passage, ids: list[str]) -> np.ndarray:
        """Return a level of each utterance, (ids, d) float32: of its faces the mean, or the peak.

        Utterances have one face or more; images have one size, so batches are of any make-up.
        """
        pool = (Mean if passage.settings.face_pool == "mean" else Peak)(len(ids), self.head)
        for owner, _, given in self.each(passage, self.rows(self.stores[0], ids)):
            pool.add(owner, given)
        return pool.result()

    def each(
        self, passage: Passage, rows: np.ndarray
    ) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Yield places in `rows`, numbers of the face, and the level of each: (faces, d)."""
        store = self.stores[0]
        ends = np.cumsum(store.lengths[rows])
        for i in chunks(int(ends[-1]), passage.settings.batch_faces):
            faces = np.arange(i.start, min(i.stop, int(ends[-1])))
            owner = np.searchsorted(ends, faces, side="right")
            number = faces - (ends - store.lengths[rows])[owner]
            yield owner, number, passage.of({"faces": store.gather(rows[owner], number)})

    def piece(self, passage: Passage) -> tuple[int, float | None]:
        """Return the width of a face's embedding, and the s to the next, if they keep time."""
        self.check_level(passage.level, "frames")
        rate = rate_of(self.stores[0])
        return passage.network.encoder.embedding_size, None if rate is None else 1 / rate

    def pieces(self, passage: Passage, ids: list[str]) -> Iterator[Row]:
        """Yield the embeddings of each utterance's faces, a long one's in several parts."""
        store = self.stores[0]
        for row in self.rows(store, ids).tolist():
            times = store.column("time_s")[store.item_start[row] :][: store.lengths[row]]
            for _, number, given in self.each(passage.to("embedding"), np.array([row])):
                yield given, times[number]


class Mean:
    """The mean embedding of the faces of each utterance, kept up as they come."""

    def __init__(self, count: int, head: Head | None) -> None:
        self.count, self.sums = np.zeros(count), np.empty((count, 0))

    def add(self, owner: np.ndarray, given: np.ndarray) -> None:
        """Take the embeddings of some faces, (faces, d), of utterances `owner`."""
        if not self.sums.shape[1]:
            self.sums = np.zeros((len(self.count), given.shape[1]))
        np.add.at(self.sums, owner, given.astype(np.float64))
        np.add.at(self.count, owner, 1)

    def result(self) -> np.ndarray:
        """Return (utterances, d) float32."""
        return (self.sums / self.count[:, None]).astype(np.float32)


class Peak:
    """The embedding of the face whose class is most probable, the first of equals.

    Reference:
        A. Hajavi, A. Etemad, IEEE TAI 2023, section III (peak frame).
    """

    def __init__(self, count: int, head: Head | None) -> None:
        if head is None:
            raise ValueError("the peak face is told by the class probabilities of a head")
        self.head, self.best, self.found = head, np.full(count, -1.0), np.empty((count, 0))

    def add(self, owner: np.ndarray, given: np.ndarray) -> None:
        """Take the embeddings of some faces, (faces, d), of utterances `owner`."""
        if not self.found.shape[1]:
            self.found = np.zeros((len(self.best), given.shape[1]), np.float32)
        probable = posteriors(self.head, given).max(axis=1)
        for place, chance, one in zip(owner.tolist(), probable.tolist(), given, strict=True):
            if chance > self.best[place]:
                self.best[place], self.found[place] = chance, one

    def result(self) -> np.ndarray:
        """Return (utterances, d) float32."""
        return self.found


class Faces:
    """Faces drawn of each row: `faces`, (batch, height, width, channels) uint8."""

    def __init__(self, store: RaggedStore, rows: np.ndarray, seed: int) -> None:
        self.store, self.rows, self.seed = store, rows, seed

    def __call__(self, k: int, draws: Draws) -> Arrays:
        """Return one face an utterance."""
        rows = self.rows[draws.rows]
        places = keyed.whole(self.seed, "face", draws.numbers, self.store.lengths[rows])
        return {"faces": self.store.gather(rows, places)}
