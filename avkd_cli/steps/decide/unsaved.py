"""Prepared recordings that are read as a store's are, without a store: embedding is one code."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from avkd_cli.storage.readers import RaggedStore
from avkd_cli.storage.record import Record


class Unsaved(RaggedStore):
    """Records as the store would give them back, in memory.

    Args:
        kind: of the store, such as avkd.audio.
        long_name: of its long array.
        records: at least one, each of at least one frame, sample or face.
    """

    def __init__(self, kind: str, long_name: str, records: Sequence[Record]) -> None:
        self.path, self.kind = Path("the recordings given"), kind
        self.long_name, self.packed = long_name, False
        self.records = list(records)
        self._values = [one.unpacked() for one in self.records]
        self.row_shape = self._values[0].shape[1:]
        self.dtype = self._values[0].dtype
        self.ids = [str(number) for number in range(len(self.records))]
        self.persons = [""] * len(self.records)
        self.lengths = np.array([len(one) for one in self._values], np.int64)
        self.manifest, self._columns = {"config": {}, "inputs": {}}, {}

    def __len__(self) -> int:
        return len(self.records)

    def item(self, name: str) -> np.ndarray:
        """Return a column with one value a face, of all recordings in their order."""
        return np.concatenate([one.items[name] for one in self.records])

    def _stored(
        self, rows: np.ndarray, starts: np.ndarray, lengths: np.ndarray
    ) -> list[np.ndarray]:
        """Return stretches of the rows' values."""
        places = zip(rows.tolist(), starts.tolist(), lengths.tolist(), strict=True)
        return [self._values[row][start : start + length] for row, start, length in places]

    def column(self, name: str) -> np.ndarray:
        """Return what reading a stretch looks up: each row is a partition of its own."""
        if name == "start":
            return np.zeros(len(self), np.int64)
        return np.array([one.columns[name] for one in self.records])
