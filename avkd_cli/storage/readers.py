"""Read from a store that has been opened: columns, crops of long arrays.

zarr-python decodes tables (`tables`), TensorStore reads long arrays (`shards`); either is imported
when it is first needed. Files are reached through the store's directory as it was when opened;
every chunk's crc is checked, and the digest of the metadata that is trusted.
"""

import functools
import os
import weakref
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from avkd_cli.errors import InputError, TemporaryError
from avkd_cli.storage import durable


class Store:
    """What every kind has: the manifest, the index, and text and number columns by name."""

    def __init__(self, path: Path, manifest: dict[str, Any]) -> None:
        self.path = path
        self.manifest = manifest | {"path": str(path)}
        self.kind: str = manifest["format"]
        self.fingerprint: str = manifest["fingerprint"]
        self.config: dict[str, Any] = manifest["config"]
        self._files: dict[str, list] = manifest["files"]
        self._arrays: dict[str, dict[str, Any]] = manifest["arrays"]
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

    def preparation(self) -> dict[str, Any]:
        """Return how it was made, so that other recordings can be made alike.

        Kind, version, step, settings, the avkd that made it, its fingerprint, and the digests of
        all it was made from but the recordings themselves, such as a detector's weights.
        """
        said = {name: self.manifest[name] for name in ("version", "step", "config", "fingerprint")}
        inputs = self.manifest["inputs"]
        used = {name: digest for name, digest in inputs.items() if name not in ("list", "media")}
        return {"kind": self.kind, **said, "avkd": self.manifest["made_by"]["avkd"], "inputs": used}

    def read_file(self, name: str) -> np.ndarray:
        """Return the bytes of a listed file, uint8; of metadata only if the digest is right.

        Raises:
            InputError: not listed, cut off, a link, or metadata that are not those written.
            TemporaryError: it is not there any more.
        """
        if name not in self._files:
            raise InputError(f"{self.path}: has no {name}; make the store again")
        size, digest = self._files[name]
        data = np.empty(size, np.uint8)
        place = 0
        with os.fdopen(self._open_file(name), "rb", buffering=0) as file:
            while place < size and (count := file.readinto(memoryview(data)[place:])):
                place += count
        if place < size:
            raise InputError(f"{self.path}: {name} is cut off; make the store again")
        if name.endswith("/zarr.json") and durable.sha256_bytes(data) != digest:
            raise InputError(f"{self.path}: {name} is damaged or edited; make the store again")
        return data

    def _open_file(self, name: str) -> int:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            return os.open(name, flags, dir_fd=self._directory)
        except FileNotFoundError:
            raise TemporaryError(
                f"{self.path}: {name} went away while it was read (store replaced?); run again"
            ) from None
        except OSError as error:
            raise InputError(f"{self.path}: {name}: {error.strerror}") from None

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
        from avkd_cli.storage import tables

        said = self._arrays[name]
        return tables.decode(
            lambda file: self.read_file(f"{name}/{file}"),
            said["dtype"],
            said["shape"],
            sum(size for file, (size, _) in self._files.items() if file.startswith(f"{name}/")),
            f"{self.path}: {name}",
        )

    @functools.cached_property
    def ids(self) -> list[str]:
        """Name of each row."""
        return self.column("id")

    @functools.cached_property
    def persons(self) -> list[str]:
        """Person of each row, "" where unknown."""
        return self.column("person")

    @functools.cached_property
    def filled(self) -> np.ndarray:
        """Whether each row has anything, (utterances,) bool; one without a face has not."""
        return np.ones(len(self), bool)

    def holds(self, utterance: str) -> bool:
        """Return whether there is anything of an utterance: sound, a face, an embedding."""
        row = self.row_of.get(utterance)
        return row is not None and bool(self.filled[row])

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


class RaggedStore(Store):
    """Utterances of many lengths: frames, samples, or faces.

    A store may be read by several threads at once.
    """

    def __init__(self, path: Path, manifest: dict[str, Any]) -> None:
        super().__init__(path, manifest)
        self.long_name: str = manifest["long"]
        said = self._arrays[self.long_name]
        self.packed = "item" in said  # the long array holds bytes, each thing some of them
        self._stored_shape: tuple[int, ...] = tuple(said["shape"][1:])
        self.row_shape: tuple[int, ...] = tuple(said["item"]) if self.packed else self._stored_shape
        self.dtype = np.dtype(said["dtype"])
        self._shards: dict[int, Any] = {}  # open handles of TensorStore; none holds a descriptor
        self._once = False

    def read_once(self) -> None:
        """Let go of what was read: for one pass over all rows, whose memory must not grow.

        To be called before anything is read.
        """
        self._once = True

    @functools.cached_property
    def _cache(self) -> Any:
        from avkd_cli.storage import shards

        return shards.cache(once=self._once)

    @functools.cached_property
    def lengths(self) -> np.ndarray:
        """How many frames, samples or faces each utterance has, int64; 0 for no face."""
        return self.column("length")

    @functools.cached_property
    def filled(self) -> np.ndarray:
        """Whether each row has anything, (utterances,) bool; one without a face has not."""
        return self.lengths > 0

    @functools.cached_property
    def item_start(self) -> np.ndarray:
        """Where each utterance begins in columns with one value a face or piece, int64."""
        return np.cumsum(self.lengths) - self.lengths

    def read(self, rows: Sequence[int] | np.ndarray) -> list[np.ndarray]:
        """Return whole utterances, each (length, …)."""
        rows = np.asarray(rows, np.int64)
        return self._pieces(rows, np.zeros_like(rows), self.lengths[rows])

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
        if not len(rows):
            return np.empty((0, length, *self.row_shape), self.dtype)
        return np.stack(self._pieces(rows, starts, np.full_like(rows, length)))

    def _pieces(
        self, rows: np.ndarray, starts: np.ndarray, lengths: np.ndarray
    ) -> list[np.ndarray]:
        """Return some of each row; all are asked for before the first is waited for."""
        if self.packed:
            return self._unpacked(rows, starts, lengths)
        return self._stored(rows, self.column("start")[rows] + starts, lengths)

    def _stored(
        self, rows: np.ndarray, starts: np.ndarray, lengths: np.ndarray
    ) -> list[np.ndarray]:
        """Return stretches of the long arrays; starts are those of the row's partition."""
        from tensorstore import Batch

        numbers = self.column("partition")[rows].tolist()
        places = zip(numbers, starts.tolist(), lengths.tolist(), strict=True)
        with Batch() as batch:  # chunks that are neighbours are read at once
            asked = [self._ask(*place, batch) for place in places]
        return [answer() for answer in asked]

    def _unpacked(
        self, rows: np.ndarray, starts: np.ndarray, lengths: np.ndarray
    ) -> list[np.ndarray]:
        """Return some pictures of each row, decoded."""
        from avkd_cli.storage import pictures

        first = (self.item_start[rows] + starts).tolist()
        begins, sizes = self.column("byte_start"), self.column("byte_size")
        places = [
            (begins[a : a + n], sizes[a : a + n])
            for a, n in zip(first, lengths.tolist(), strict=True)
        ]
        low = np.array([begin[0] if len(begin) else 0 for begin, _ in places], np.int64)
        high = np.array([begin[-1] + size[-1] if len(begin) else 0 for begin, size in places])
        stored = self._stored(rows, low, high.astype(np.int64) - low)
        return [
            pictures.decode_all(data, begin - base, size, self.row_shape, str(self.path))
            for data, (begin, size), base in zip(stored, places, low.tolist(), strict=True)
        ]

    def _ask(self, partition: int, start: int, length: int, batch: Any) -> Callable[[], np.ndarray]:
        """Ask for rows of a partition; return what waits for them."""
        if length == 0:  # its partition may hold nothing at all
            return lambda: np.empty((0, *self._stored_shape), self.dtype)
        shard = self._shards.get(partition) or self._open_shard(partition)
        stop = start + length
        if stop > shard.shape[0]:
            raise InputError(
                f"{self.path}: {self._where(partition)} ends before row {stop}; make it again"
            )
        reading = shard[start:stop].read(batch=batch)

        def answer() -> np.ndarray:
            try:
                return reading.result()
            except ValueError as error:
                raise self._fault(partition, f"rows {start} to {stop}", error) from None

        return answer

    def _open_shard(self, partition: int) -> Any:
        from avkd_cli.storage import shards

        folder = f"parts/{partition:05d}/{self.long_name}"
        self.read_file(f"{folder}/zarr.json")  # is it the one that was written?
        # A store replaced meanwhile is noticed, not mixed: the path leads to the old directory.
        path = f"/proc/self/fd/{self._directory}/{folder}"
        try:
            shard = shards.open_shard(path, self.dtype, self._stored_shape, self._cache)
        except ValueError as error:
            raise self._fault(partition, "zarr.json", error) from None
        self._shards[partition] = shard
        return shard

    def _where(self, partition: int) -> str:
        from avkd_cli.storage import shards

        return f"parts/{partition:05d}/{self.long_name}/{shards.key(self._stored_shape)}"

    def _fault(self, partition: int, what: str, error: ValueError) -> InputError | TemporaryError:
        """Return why TensorStore could not read: the shard is gone, or damaged."""
        file = self._where(partition)
        try:
            os.close(self._open_file(file))
        except (InputError, TemporaryError) as gone:
            return gone
        reason = str(error).partition(" [")[0].rpartition('": ')[2][:80]
        return InputError(
            f"{self.path}: {file} is damaged ({what}: {reason}); make the store again"
        )

    def gather(
        self, rows: Sequence[int] | np.ndarray, offsets: Sequence[int] | np.ndarray
    ) -> np.ndarray:
        """Return one position of each row, such as one face, (rows, …)."""
        return self.crops(rows, offsets, 1)[:, 0]
