"""One vector an utterance, and the head that it was trained with: what a store of them holds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from avkd_cli.errors import InputError
from avkd_cli.storage import durable, index, partitions
from avkd_cli.storage.builder import Build, Files, Said
from avkd_cli.storage.computed import Computed, Rows
from avkd_cli.storage.heads import PERSON, StoredHead
from avkd_cli.storage.partitions import Marks
from avkd_cli.storage.record import reject_lines
from avkd_cli.storage.specs import EMBEDDINGS, GROUP, StoreSpec

EMBEDDING_ROWS = 4096
"""Rows of a partition: 8 MiB at 512 dimensions."""

_ARRAYS = {array.name: array for array in (*EMBEDDINGS.index, *EMBEDDINGS.others)}
_VECTORS = _ARRAYS["embedding"]


@dataclass(frozen=True)
class Embeddings(Computed):
    """The content of a store of embeddings.

    Args:
        rows: whose they are.
        dimension: of a vector.
        compute: (start, stop) → vectors of those rows, (stop - start, dimension) float32.
        head: what they were trained with, or None.
        label: the column of the list that the head's classes are of.
        trained_on: persons that the network was trained on, where classes are not persons.
        names: of the dimensions, where these are classes, as of posteriors; not with a head.
    """

    rows: Rows
    dimension: int
    compute: Callable[[int, int], np.ndarray]
    head: StoredHead | None = None
    label: str = PERSON
    trained_on: Sequence[str] | None = None
    names: Sequence[str] | None = None

    spec: ClassVar[StoreSpec] = EMBEDDINGS

    def __post_init__(self) -> None:
        if self.head is not None and self.head.dimension != self.dimension:
            raise ValueError(f"classifier {self.head.weight.shape}, embeddings {self.dimension}")
        if self.names is not None and (self.head or len(self.names) != self.dimension):
            raise ValueError(f"{len(self.names)} names for {self.dimension} dimensions, or a head")

    @classmethod
    def of(cls, rows: Rows, vectors: np.ndarray, head: StoredHead | None = None) -> "Embeddings":
        """Return the content of vectors that are there already, (rows, dimension)."""
        return cls(rows, vectors.shape[1], lambda start, stop: vectors[start:stop], head)

    def partition_rows(self, asked: int | None) -> int:
        """Return how many rows make a partition: no more than there are."""
        return min(asked or EMBEDDING_ROWS, len(self.rows))

    def layout(self) -> Said:
        """Return what decides where things are stored."""
        rows = self.rows
        named = durable.digest_of([*rows.ids, *rows.persons, *rows.splits])
        return {"dimension": self.dimension, "rows": named}

    def commit(self, build: Build, number: int) -> Said:
        """Compute a block of vectors, write it and return its mark."""
        part = build.part(number)
        ids = self.rows.ids[part]
        vectors = _checked(self.compute(part.start, part.stop), ids, self.dimension)
        files = self._block(vectors, build.size, part.start)
        files.pop("embedding/zarr.json")  # of all blocks: it is written at the end
        summary = {"accepted": len(ids), "rejected": {}}
        return partitions.commit(build.work, number, files, summary)

    def whole(self, build: Build, marks: Marks) -> tuple[Files, Said]:
        """Return all files but the vectors', and what avkd.json says of the arrays."""
        files = {"zarr.json": GROUP, "rejects.jsonl": reject_lines([])}
        files |= self._block(np.empty((0, self.dimension), np.float32), build.size, 0)
        shape = [len(self.rows), self.dimension]
        described = {"embedding": index.described(_VECTORS, shape)}
        for name, values in self._columns().items():
            files |= index.encoded(_ARRAYS[name], values)
            described[name] = index.described(_ARRAYS[name], list(np.shape(values)))
        head = self.head and {"kind": self.head.kind, "scale": self.head.scale}
        said = {"normalised": False, "label": self.label, "head": head}
        return files, said | {"counts": self.rows.counts(), "arrays": described}

    def _columns(self) -> dict[str, Any]:
        """Return every array but the vectors: texts as lists, numbers as ndarrays."""
        rows, head = self.rows, self.head
        columns = {"id": list(rows.ids), "person": list(rows.persons), "split": list(rows.splits)}
        if head is not None:
            columns |= {"classes": list(head.classes), "classifier": np.float32(head.weight)}
            if head.bias is not None:
                columns["classifier_bias"] = np.float32(head.bias)
        if self.names is not None:
            columns["classes"] = list(self.names)
        if self.trained_on is not None:
            columns["trained_on"] = list(self.trained_on)
        return columns

    def _block(self, vectors: np.ndarray, size: int, start: int) -> Files:
        """Return the files of rows `start` on of the vectors, stored in blocks of `size`."""
        place = {"length": len(self.rows), "block": size, "start": start}
        return index.encoded(_VECTORS, vectors, **place)


def _checked(vectors: np.ndarray, ids: Sequence[str], dimension: int) -> np.ndarray:
    """Return vectors as float32, all finite."""
    vectors = np.asarray(vectors, np.float32)
    if vectors.shape != (len(ids), dimension):
        raise ValueError(f"embeddings {vectors.shape}, wanted {len(ids), dimension}")
    if not np.isfinite(vectors).all():
        bad = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
        shown = ", ".join(repr(ids[i]) for i in bad[:5])
        raise InputError(f"{len(bad)} embeddings are not finite, such as of {shown}; mend the run")
    return vectors
