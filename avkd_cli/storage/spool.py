"""Rows laid aside on disk until they are stored, so that a long film is never in memory whole.

The file has no name, so nothing is left of it when the process ends, however it ends.
"""

import math
import tempfile
from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import BinaryIO

import numpy as np


class _Scratch:
    """One nameless file that all spools of a partition share, opened when first needed."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self._file: BinaryIO | None = None

    def append(self, data: bytes) -> int:
        """Return where the bytes begin."""
        if self._file is None:
            self._file = tempfile.TemporaryFile(dir=self.folder)  # noqa: SIM115  see `close`
        place = self._file.seek(0, 2)
        self._file.write(data)
        return place

    def read(self, place: int, size: int) -> bytes:
        assert self._file is not None
        self._file.seek(place)
        return self._file.read(size)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


_current: ContextVar[_Scratch | None] = ContextVar("scratch", default=None)


@contextmanager
def scratch(folder: Path) -> Iterator[None]:
    """Let the spools begun inside share one file on the disk of `folder`.

    What they hold is gone when the block ends. Elsewhere each spool has a temporary file.
    """
    found = _Scratch(folder)
    token = _current.set(found)
    try:
        yield
    finally:
        _current.reset(token)
        found.close()


class Spool:
    """An array that is written in pieces, one after the other, and read in pieces.

    Args:
        dtype: of its elements.
        row_shape: shape of one row; a piece has any number of rows.
    """

    def __init__(self, dtype: np.typing.DTypeLike, row_shape: Sequence[int] = ()) -> None:
        self.dtype, self.row_shape = np.dtype(dtype), tuple(row_shape)
        self.ndim = 1 + len(self.row_shape)
        self._row_bytes = self.dtype.itemsize * math.prod(self.row_shape)
        self._scratch = _current.get() or _Scratch(None)
        self._place, self._rows = array("q"), array("q")

    def add(self, rows: np.ndarray) -> int:
        """Lay rows aside; return the number of the piece.

        Raises:
            ValueError: they are of another type or shape.
        """
        if rows.dtype != self.dtype or rows.shape[1:] != self.row_shape:
            raise ValueError(f"a piece of {rows.dtype} {rows.shape}, wanted rows {self.row_shape}")
        self._place.append(self._scratch.append(np.ascontiguousarray(rows).tobytes()))
        self._rows.append(len(rows))
        return len(self._rows) - 1

    def take(self, pieces: Iterable[int]) -> "Spool":
        """Return the array that these pieces make, in this order; one may stand there twice."""
        taken = Spool(self.dtype, self.row_shape)
        taken._scratch = self._scratch
        for piece in pieces:
            taken._place.append(self._place[piece])
            taken._rows.append(self._rows[piece])
        return taken

    @property
    def piece_rows(self) -> np.ndarray:
        """Rows of each piece, int64."""
        return np.array(self._rows, np.int64)

    def __len__(self) -> int:
        return sum(self._rows)

    @property
    def shape(self) -> tuple[int, ...]:
        """As of an ndarray."""
        return (len(self), *self.row_shape)

    @property
    def nbytes(self) -> int:
        """As of an ndarray."""
        return len(self) * self._row_bytes

    def __iter__(self) -> Iterator[np.ndarray]:
        """Yield the pieces."""
        for place, rows in zip(self._place, self._rows, strict=True):
            data = self._scratch.read(place, rows * self._row_bytes)
            yield np.frombuffer(data, self.dtype).reshape(rows, *self.row_shape)

    def read(self) -> np.ndarray:
        """Return all of it in memory."""
        pieces = list(self)
        return np.concatenate(pieces) if pieces else np.empty(self.shape, self.dtype)


def pieces_of(values: np.ndarray | Spool) -> Iterable[np.ndarray]:
    """Return the pieces of rows that are in memory, as one, or laid aside on disk."""
    return [values] if isinstance(values, np.ndarray) else values
