"""Read from a store that has been opened: columns, embeddings, crops of long arrays.

Files are opened relative to the store's directory as it was when opened, without following
links; every chunk's crc is checked, and the digest of the metadata that is trusted.
"""

import functools
import math
import os
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from avkd_cli.errors import InputError, TemporaryError
from avkd_cli.storage import arrays, durable


class Store:
    """What every kind has: the manifest, the index, and text and number columns by name."""

    def __init__(self, path: Path, record: dict[str, Any]) -> None:
        self.path = path
        self.manifest = record | {"path": str(path)}
        self.kind: str = record["format"]
        self.fingerprint: str = record["fingerprint"]
        self.config: dict[str, Any] = record["config"]
        self._files: dict[str, list] = record["files"]
        self._columns: dict[str, Any] = {}
        # Files are opened relative to this: a store replaced meanwhile is noticed, not mixed.
        self._directory = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        weakref.finalize(self, os.close, self._directory)

    def __len__(self) -> int:
        return int(self.manifest["counts"]["utterances"])

    def __repr__(self) -> str:
        return f"<{self.kind} {str(self.path)!r}, {len(self)} utterances>"

    def __reduce__(self) -> tuple:
        return type(self), (self.path, self.manifest)

    def size_of(self, name: str) -> int:
        """Return the bytes of a listed file."""
        return self._files[name][0]

    def open_file(self, name: str) -> int:
        """Return a descriptor of a listed file; links are not followed."""
        if name not in self._files:
            raise InputError(f"{self.path}: has no {name}")
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            return os.open(name, flags, dir_fd=self._directory)
        except FileNotFoundError:
            raise TemporaryError(
                f"{self.path}: {name} went away while it was read (store replaced?); run again"
            ) from None
        except OSError as error:
            raise InputError(f"{self.path}: {name}: {error.strerror}") from None

    def read_file(self, name: str, buffer: np.ndarray | None = None) -> np.ndarray:
        """Return the bytes of a listed file, uint8; in `buffer`, if one that fits is given."""
        descriptor = self.open_file(name)
        size = self._files[name][0]
        data = np.empty(size, np.uint8) if buffer is None else buffer[:size]
        with os.fdopen(descriptor, "rb", buffering=0) as file:
            place = 0
            while place < size and (count := file.readinto(memoryview(data)[place:])):
                place += count
        if place < size:
            raise InputError(f"{self.path}: {name} is cut off; make the store again")
        return data

    def layout(self, array: str) -> arrays.Layout:
        """Return shape, type and chunks of an array, its metadata checked by digest."""
        name = f"{array}/zarr.json"
        text = self.read_file(name).tobytes()
        if durable.sha256_bytes(text) != self._files[name][1]:
            raise InputError(f"{self.path}: {name} is damaged or edited; make the store again")
        return arrays.read_layout(text, f"{self.path}: {name}")

    def has(self, array: str) -> bool:
        """Return whether the store has an array of this name at its top."""
        return f"{array}/zarr.json" in self._files

    def column(self, name: str) -> Any:
        """Return a whole array: numbers as an ndarray, text as a list of str.

        Raises:
            InputError: there is no such array, or it is damaged.
        """
        if name not in self._columns:
            self._columns[name] = self._read_column(name)
        return self._columns[name]

    def _read_column(self, name: str) -> Any:
        if not self.has(name):
            raise InputError(f"{self.path}: has no column {name!r}; made by an older avkd?")
        layout = self.layout(name)
        if layout.dtype == "string":
            return self._text(name, layout)
        out = np.empty(layout.shape, layout.dtype)
        self._read_blocks(name, layout, out)
        return out

    def _text(self, name: str, layout: arrays.Layout) -> list[str]:
        count = layout.shape[0]
        if count == 0:
            return []
        file = f"{name}/c.0"
        where = f"{self.path}: {file}"
        limit = 4 + count * (4 + arrays.LONGEST_TEXT)
        raw = arrays.unseal(self.read_file(file), limit, where, at_most=True)
        return arrays.text_values(raw.tobytes(), count, where)

    def _read_blocks(self, name: str, layout: arrays.Layout, out: np.ndarray) -> None:
        """Fill `out` from chunks along the first axis; the last one is padded."""
        if not out.size:
            return
        rows = layout.chunk[0]
        size = math.prod(layout.chunk) * out.itemsize
        tail = ".0" * (len(layout.shape) - 1)
        files = [f"{name}/c.{number}{tail}" for number in range(-(-len(out) // rows))]
        if absent := [file for file in files if file not in self._files]:
            raise InputError(f"{self.path}: missing file {absent[0]}; make the store again")
        # One buffer for all: touching new memory costs more than reading.
        buffer = np.empty(max(self._files[file][0] for file in files), np.uint8)
        for start, file in zip(range(0, len(out), rows), files, strict=True):
            data = self.read_file(file, buffer)
            target = out[start : start + rows]
            if target.nbytes == size:
                arrays.unseal_into(data, target, f"{self.path}: {file}")
            else:
                raw = arrays.unseal(data, size, f"{self.path}: {file}")
                target[...] = raw.view(layout.dtype).reshape(layout.chunk)[: len(target)]

    @functools.cached_property
    def ids(self) -> list[str]:
        """Name of each row."""
        return self.column("id")

    @functools.cached_property
    def persons(self) -> list[str]:
        """Person of each row, "" where unknown."""
        return self.column("person")

    @functools.cached_property
    def row_of(self) -> dict[str, int]:
        """Row of each id.

        Raises:
            InputError: an id stands twice.
        """
        rows = {id: row for row, id in enumerate(self.ids)}
        if len(rows) != len(self) or len(self.ids) != len(self):
            raise InputError(f"{self.path}: ids are not unique, or not one a row; make it again")
        return rows


class EmbeddingStore(Store):
    """One vector an utterance, and the classifier that they were trained with, if it is known."""

    @functools.cached_property
    def embedding(self) -> np.ndarray:
        """The vectors, (utterances, dimension) float32, as the model gave them."""
        found = self.column("embedding")
        if found.dtype != np.float32 or found.ndim != 2 or len(found) != len(self):
            raise InputError(
                f"{self.path}: embedding is {found.dtype} {found.shape}, wanted float32, "
                f"{len(self)} rows; make the store again"
            )
        return found

    @property
    def dimension(self) -> int:
        """Size of a vector."""
        return int(self.layout("embedding").shape[1])

    @functools.cached_property
    def classes(self) -> list[str] | None:
        """Person of each row of the classifier, or None."""
        return self.column("persons") if self.has("persons") else None

    @functools.cached_property
    def classifier(self) -> np.ndarray | None:
        """Rows of the AAM-softmax W, (classes, dimension) float32, or None."""
        return self.column("classifier") if self.has("classifier") else None


class _Shard:
    """The open shard of a partition: reads runs of rows, chunk by chunk."""

    def __init__(self, store: Store, partition: int, name: str) -> None:
        array = f"parts/{partition:05d}/{name}"
        self.layout = store.layout(array)
        file = f"{array}/c" + ".0" * len(self.layout.shape)
        self.where = f"{store.path}: {file}"
        self.descriptor = store.open_file(file)
        weakref.finalize(self, os.close, self.descriptor)
        count, size = arrays.index_size(self.layout)
        end = store.size_of(file)
        if size > end:
            raise InputError(f"{self.where}: is cut off; make the store again")
        tail = os.pread(self.descriptor, size, end - size)
        self.offsets = arrays.shard_index(tail, count, self.where)
        self.dtype = np.dtype(self.layout.dtype)
        self.chunk_bytes = math.prod(self.layout.chunk) * self.dtype.itemsize

    def read(self, start: int, out: np.ndarray) -> None:
        """Fill `out` with rows from `start` on."""
        rows, stop = self.layout.chunk[0], start + len(out)
        if stop > self.layout.shape[0]:
            raise InputError(f"{self.where}: ends before row {stop}; make the store again")
        first, last = start // rows, (stop - 1) // rows
        begin, end = self.offsets[first], self.offsets[last + 1]
        data = os.pread(self.descriptor, end - begin, begin)
        for number in range(first, last + 1):
            packed = data[self.offsets[number] - begin : self.offsets[number + 1] - begin]
            chunk = self._decoded(packed, number)
            here = number * rows
            low, high = max(start, here), min(stop, here + rows)
            out[low - start : high - start] = chunk[low - here : high - here]

    def _decoded(self, packed: bytes, number: int) -> np.ndarray:
        try:
            raw = arrays.unseal(packed, self.chunk_bytes, self.where)
        except InputError as error:
            rows = self.layout.chunk[0]
            place = f"rows {number * rows} to {(number + 1) * rows}"
            raise InputError(f"{error} ({place})") from None
        return raw.view(self.dtype).reshape(self.layout.chunk)


class RaggedStore(Store):
    """Utterances of many lengths: frames, samples, or faces.

    A store may be read by several threads at once.
    """

    OPEN_SHARDS = 256

    def __init__(self, path: Path, record: dict[str, Any]) -> None:
        super().__init__(path, record)
        self.long_name: str = record["long"]
        self.row_shape: tuple[int, ...] = tuple(record["arrays"][self.long_name]["shape"][1:])
        self.dtype = np.dtype(record["arrays"][self.long_name]["dtype"])
        self._shard = functools.lru_cache(self.OPEN_SHARDS)(
            lambda partition: _Shard(self_reference(), partition, self.long_name)
        )
        self_reference = weakref.ref(self)

    @functools.cached_property
    def lengths(self) -> np.ndarray:
        """How many frames, samples or faces each utterance has, int64; 0 for no face."""
        return self.column("length")

    @functools.cached_property
    def item_start(self) -> np.ndarray:
        """Where each utterance begins in the per-item columns, int64."""
        return np.cumsum(self.lengths) - self.lengths

    def item(self, name: str) -> np.ndarray:
        """Return a column with one value a face, all utterances' in row order."""
        return self.column(name)

    def read(self, rows: Sequence[int] | np.ndarray) -> list[np.ndarray]:
        """Return whole utterances, each (length, …)."""
        return [
            self.crops([row], [0], int(self.lengths[row]))[0] for row in np.asarray(rows).tolist()
        ]

    def crops(
        self, rows: Sequence[int] | np.ndarray, starts: Sequence[int] | np.ndarray, length: int
    ) -> np.ndarray:
        """Return a crop of each row, (crops, length, …).

        Args:
            rows: utterances.
            starts: where each crop begins in its utterance.
            length: of every crop.

        Raises:
            ValueError: a crop does not lie inside its utterance.
            InputError: a chunk is damaged.
        """
        rows, starts = np.asarray(rows, np.int64), np.asarray(starts, np.int64)
        if (starts < 0).any() or (starts + length > self.lengths[rows]).any():
            raise ValueError("a crop must lie inside its utterance")
        out = np.empty((len(rows), length, *self.row_shape), self.dtype)
        if length == 0 or not len(rows):
            return out
        partitions = self.column("partition")[rows].tolist()
        places = (self.column("start")[rows] + starts).tolist()
        # In the order of the files, so that each is opened once however many there are.
        for i in sorted(range(len(places)), key=lambda i: (partitions[i], places[i])):
            self._shard(partitions[i]).read(places[i], out[i])
        return out

    def gather(
        self, rows: Sequence[int] | np.ndarray, offsets: Sequence[int] | np.ndarray
    ) -> np.ndarray:
        """Return one position of each row, such as one face, (rows, …)."""
        return self.crops(rows, offsets, 1)[:, 0]
