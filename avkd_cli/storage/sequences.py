"""Many vectors an utterance, such as one a segment or a frame: what a store of them holds.

The vectors go to the disk while they are computed: a film of hours needs no more memory than a
short one.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import msgspec
import numpy as np

from avkd_cli.errors import InputError
from avkd_cli.storage import durable, index, partitions
from avkd_cli.storage.builder import Build, Files, Said
from avkd_cli.storage.computed import Computed, Rows
from avkd_cli.storage.heads import PERSON
from avkd_cli.storage.partitions import Marks
from avkd_cli.storage.specs import GROUP, SEQUENCES, StoreSpec

_VALUES, _TIME = SEQUENCES.long[0], SEQUENCES.items[0]
_MOST_PARTITIONS, _SMALLEST_PARTITION = 4000, 16


@dataclass(frozen=True)
class Pieces:
    """Some pieces of an utterance, in their order.

    Args:
        row: of the store.
        values: (length, dimension) float32; the length may be 0.
        time_s: where each begins, in seconds from the utterance's beginning; NaN for stills.
    """

    row: int
    values: np.ndarray
    time_s: np.ndarray


@dataclass(frozen=True)
class Sequences(Computed):
    """The content of a store of sequences.

    Args:
        rows: whose they are.
        level: what a piece is, such as segments, frames, weights or posteriors.
        dimension: of a vector.
        compute: (start, stop) → the pieces of those rows, row by row; a long utterance may come
            in several.
        fps: pieces a second; None where they are not evenly spaced.
        piece_s: seconds that each is of; None: a moment.
        classes: names of the dimensions, where they are posteriors of classes.
        label: the column of the list that the classes are of.
    """

    rows: Rows
    level: str
    dimension: int
    compute: Callable[[int, int], Iterable[Pieces]]
    fps: float | None = None
    piece_s: float | None = None
    classes: Sequence[str] | None = None
    label: str = PERSON

    spec: ClassVar[StoreSpec] = SEQUENCES

    def __post_init__(self) -> None:
        if self.classes is not None and len(self.classes) != self.dimension:
            raise ValueError(f"{len(self.classes)} classes for {self.dimension} dimensions")

    def partition_rows(self, asked: int | None) -> int:
        """Return how many rows make a partition: VoxCeleb2 is some thousands of files."""
        return asked or max(_SMALLEST_PARTITION, len(self.rows) // _MOST_PARTITIONS)

    def settings(self) -> Said:
        """Return what is part of the fingerprint beside the step's settings."""
        return {"level": self.level}

    def layout(self) -> Said:
        """Return what decides where things are stored."""
        rows = self.rows
        named = durable.digest_of([*rows.ids, *rows.persons, *rows.splits, *rows.sessions])
        return {"utterances": len(rows), "dimension": self.dimension, "rows": named}

    def commit(self, build: Build, number: int) -> Said:
        """Compute a partition into its files and return its mark."""
        name, part = partitions.name_of(number), build.part(number)
        found = _Found(part.start, part.stop)
        files, written = self._stream(build.work / name, found)
        files = {f"{name}/{file}": data for file, data in files.items()}
        files[f"{name}.index"] = msgspec.msgpack.encode(self._index(number, found))
        written = {f"{name}/{file}": listed for file, listed in written.items()}
        return partitions.commit(build.work, number, files, self._summary(found), written)

    def _stream(self, folder: Path, found: "_Found") -> tuple[Files, Said]:
        """Write the vectors of a partition while they are computed.

        Returns:
            The other files of the array, and what was written, with size and digest; neither for
            a partition of nothing.
        """
        from avkd_cli.storage import shards  # TensorStore, not for a dry run

        dtype, row_shape = np.dtype(_VALUES.dtype), [self.dimension]
        values = (one for one in self._values(found) if len(one))
        if (first := next(values, None)) is None:
            return {}, {}
        shard = f"{_VALUES.name}/{shards.key(row_shape)}"
        passing = shards.passing(itertools.chain([first], values), dtype, row_shape)
        [measured] = durable.write_all({folder / shard: passing}).values()
        shape = [sum(found.lengths), self.dimension]
        metadata = shards.described(shape, dtype, _VALUES.axes, _VALUES.meaning)
        files = {"zarr.json": GROUP, f"{_VALUES.name}/zarr.json": metadata}
        return files, {shard: measured}

    def _values(self, found: "_Found") -> Iterator[np.ndarray]:
        """Yield the vectors of a partition, and note of whom and when they are."""
        for pieces in self.compute(found.start, found.stop):
            values = self._checked(pieces)
            found.add(pieces)
            yield values
        found.end()

    def _checked(self, pieces: Pieces) -> np.ndarray:
        """Return the vectors as float32, all finite."""
        values = np.asarray(pieces.values, np.float32)
        if values.shape != (len(pieces.time_s), self.dimension):
            wanted = len(pieces.time_s), self.dimension
            raise ValueError(f"{self.level} {values.shape}, wanted {wanted}")
        if not np.isfinite(values).all():
            id = self.rows.ids[pieces.row]
            raise InputError(f"{self.level} of {id!r} are not finite; mend the run")
        return values

    def _index(self, number: int, found: "_Found") -> Said:
        """Return the partition's part of every column: text as a list, numbers as bytes."""
        rows, part = self.rows, slice(found.start, found.stop)
        lengths = np.array(found.lengths, np.int64)
        return {
            "id": list(rows.ids[part]),
            "person": list(rows.persons[part]),
            "session": list(rows.sessions[part]),
            "split": list(rows.splits[part]),
            "partition": np.full(len(lengths), number, np.int32).tobytes(),
            "start": (np.cumsum(lengths) - lengths).tobytes(),
            "length": lengths.tobytes(),
            _TIME.name: found.time_s.tobytes(),
        }

    def _summary(self, found: "_Found") -> Said:
        """Return what a mark counts."""
        shape = [sum(found.lengths), self.dimension]
        long = {"name": _VALUES.name, "dtype": _VALUES.dtype, "shape": shape}
        return {
            "accepted": len(found.lengths),
            "rejected": {},
            "empty": found.lengths.count(0),
            "long": long if shape[0] else None,
        }

    def whole(self, build: Build, marks: Marks) -> tuple[Files, Said]:
        """Return the files above the partitions, and what avkd.json says of them."""
        files, described = index.assemble(build.work, SEQUENCES, marks)
        if self.classes is not None:
            (array,) = SEQUENCES.others
            files |= index.encoded(array, list(self.classes))
            described["arrays"][array.name] = index.described(array, [self.dimension])
        said = {"level": self.level, "fps": self.fps, "piece_s": self.piece_s, "label": self.label}
        return files, described | said


@dataclass
class _Found:
    """What has been computed of the rows of a partition: lengths and times, not the vectors."""

    start: int
    stop: int
    lengths: list[int] = field(default_factory=list)
    times: list[np.ndarray] = field(default_factory=list)

    def add(self, pieces: Pieces) -> None:
        """Add some pieces, of the last row or of the next."""
        row = pieces.row - self.start
        if row not in (max(0, len(self.lengths) - 1), len(self.lengths)):
            raise ValueError(f"pieces of row {pieces.row} after {len(self.lengths)} rows")
        if row == len(self.lengths):
            self.lengths.append(0)
        self.lengths[row] += len(pieces.time_s)
        self.times.append(np.array(pieces.time_s, np.float32))

    def end(self) -> None:
        """Raise ValueError unless every row was computed, and its times are times."""
        if len(self.lengths) != self.stop - self.start:
            raise ValueError(f"{len(self.lengths)} rows computed of {self.start}:{self.stop}")
        for row, times in enumerate(np.split(self.time_s, np.cumsum(self.lengths)[:-1])):
            if not are_times(times):
                raise ValueError(f"times of row {self.start + row} do not rise from 0")

    @property
    def time_s(self) -> np.ndarray:
        """When each piece begins, float32, row after row."""
        return np.concatenate([np.empty(0, np.float32), *self.times])


def are_times(time_s: np.ndarray) -> bool:
    """Return whether these are seconds from a beginning, in order; stills have NaN alone."""
    if np.isnan(time_s).all():
        return True
    return bool(np.isfinite(time_s).all() and time_s[0] >= 0 and (np.diff(time_s) >= 0).all())
