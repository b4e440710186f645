"""One vector an utterance, and the head that it was trained with: what a store of them holds."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from avkd_cli.config import Execution
from avkd_cli.errors import InputError
from avkd_cli.storage import partitions
from avkd_cli.storage.computed import Origin, Rows, build_computed, digest_of_rows
from avkd_cli.storage.heads import AAM, PERSON, StoredHead
from avkd_cli.storage.record import reject_lines
from avkd_cli.storage.specs import EMBEDDINGS, GROUP, Array, StoreSpec

EMBEDDING_ROWS = 4096
"""Rows of a partition: 8 MiB at 512 dimensions."""

_ARRAYS = {array.name: array for array in (*EMBEDDINGS.index, *EMBEDDINGS.items)}
_VECTORS = _ARRAYS["embedding"]

Files = dict[str, bytes]
Said = dict[str, Any]


@dataclass(frozen=True)
class Embeddings:
    """The content of a store of embeddings.

    Args:
        rows: whose they are.
        dimension: of a vector.
        compute: (start, stop) → vectors of those rows, (stop - start, dimension) float32.
        head: what they were trained with, or None.
        label: the column of the list that the head's classes are of.
        trained_on: persons that the network was trained on, where classes are not persons.
    """

    rows: Rows
    dimension: int
    compute: Callable[[int, int], np.ndarray]
    head: StoredHead | None = None
    label: str = PERSON
    trained_on: Sequence[str] | None = None

    spec: ClassVar[StoreSpec] = EMBEDDINGS
    partition_rows: ClassVar[int] = EMBEDDING_ROWS

    def __post_init__(self) -> None:
        if self.head is not None and self.head.dimension != self.dimension:
            raise ValueError(f"classifier {self.head.weight.shape}, embeddings {self.dimension}")

    def layout(self) -> Said:
        """Return what decides where things are stored."""
        rows = digest_of_rows(self.rows.ids, self.rows.persons, self.rows.splits)
        return {"dimension": self.dimension, "rows": rows}

    def expected_bytes(self) -> int:
        """Return the bytes of the vectors."""
        return 4 * len(self.rows) * self.dimension

    def part(self, number: int, part: slice, size: int) -> tuple[Files, Said]:
        """Return the files of a block of vectors."""
        ids = self.rows.ids[part]
        vectors = _checked(self.compute(part.start, part.stop), ids, self.dimension)
        files = self._block(vectors, size, part.start)
        files.pop("embedding/zarr.json")  # of all blocks: it is written at the end
        return files, {}

    def whole(self, work: Path, marks: partitions.Marks, size: int) -> tuple[Files, Said]:
        """Return all files but the vectors', and what avkd.json says of the arrays."""
        files = {"zarr.json": GROUP, "rejects.jsonl": reject_lines([])}
        files |= self._block(np.empty((0, self.dimension), np.float32), size, 0)
        described = {"embedding": _described(_VECTORS, [len(self.rows), self.dimension])}
        for name, values in self._columns().items():
            files |= _encoded(_ARRAYS[name], values)
            described[name] = _described(_ARRAYS[name], list(np.shape(values)))
        record = {"normalised": False, "label": self.label, "head": self._said_of_head()}
        return files, record | {"counts": self.rows.counts(), "arrays": described}

    def _columns(self) -> dict[str, Any]:
        """Return every array but the vectors: texts as lists, numbers as ndarrays."""
        rows, head = self.rows, self.head
        columns = {"id": list(rows.ids), "person": list(rows.persons), "split": list(rows.splits)}
        if head is not None:
            columns |= {"classes": list(head.classes), "classifier": _float32(head.weight)}
            if head.bias is not None:
                columns["classifier_bias"] = _float32(head.bias)
        if self.trained_on is not None:
            columns["trained_on"] = list(self.trained_on)
        return columns

    def _said_of_head(self) -> Said | None:
        return self.head and {"kind": self.head.kind, "scale": self.head.scale}

    def _block(self, vectors: np.ndarray, size: int, start: int) -> Files:
        """Return the files of rows `start` on of the vectors, stored in blocks of `size`."""
        place = {"length": len(self.rows), "block": size, "start": start}
        return _encoded(_VECTORS, vectors, **place)


def _float32(values: np.ndarray) -> np.ndarray:
    return np.asarray(values, np.float32)


def _encoded(array: Array, values: Any, **place: int) -> Files:
    """Return the files of an array by their names in the store."""
    from avkd_cli.storage import tables  # zarr-python, not for a dry run

    files = tables.encode(values, array.axes, array.meaning, **place)
    return {f"{array.name}/{file}": data for file, data in files.items()}


def _described(array: Array, shape: list[int]) -> Said:
    return {"dtype": array.dtype, "shape": shape, "axes": list(array.axes)}


def _checked(vectors: np.ndarray, ids: Sequence[str], dimension: int) -> np.ndarray:
    """Return vectors as float32, all finite."""
    vectors = _float32(vectors)
    if vectors.shape != (len(ids), dimension):
        raise ValueError(f"embeddings {vectors.shape}, wanted {len(ids), dimension}")
    if not np.isfinite(vectors).all():
        bad = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
        shown = ", ".join(repr(ids[i]) for i in bad[:5])
        raise InputError(f"{len(bad)} embeddings are not finite, such as of {shown}; mend the run")
    return vectors


def build_embeddings(
    out: Path,
    *,
    ids: Sequence[str],
    persons: Sequence[str],
    dimension: int,
    compute: Callable[[int, int], np.ndarray],
    config: Mapping[str, Any],
    inputs: Mapping[str, str],
    extra: Mapping[str, Any],
    classes: Sequence[str] | None,
    classifier: np.ndarray | None,
    execution: Execution,
    splits: Sequence[str] = (),
    step: str = "extract-embeddings",
) -> dict[str, Any] | None:
    """Make a store of embeddings with an AAM-softmax of unknown scale: callers are on their way.

    `build_computed` of `Embeddings` is what to call; this goes when nothing calls it.
    """
    if (classes is None) != (classifier is None):
        raise ValueError("classes and classifier go together")
    head = None if classifier is None else StoredHead(AAM, classes or [], classifier)
    content = Embeddings(Rows(ids, persons, splits), dimension, compute, head)
    return build_computed(out, content, Origin(step, config, inputs, extra), execution)
