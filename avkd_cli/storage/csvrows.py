"""Embeddings as rows of a CSV file without a header: FOP's and FAME's features, read as streams.

A row is the values, then perhaps whose it is. Files may be larger than the memory: they are gone
through once for their shape, then read row by row where a row is wanted.

Reference: the released code of M. S. Saeed et al., ICASSP 2022: faces are 4096 values, voices 512,
training files have the person in one more column, rows of both files belong together.
"""

import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from avkd_cli.errors import InputError, reading

SENSES = {4096: "visual", 512: "audio"}  # width: whose embeddings it is in FOP and FAME
LONGEST_ROW = 16 << 20  # bytes
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class CsvRows:
    """Where the rows of a file are and what they hold.

    Args:
        path: of the file.
        dimension: values of an embedding.
        offsets: where each row begins, in bytes, shape (n,) int64.
        labels: what follows the values, "" where nothing does.
        lines: number of each row's line, for messages.
    """

    path: Path
    dimension: int
    offsets: np.ndarray
    labels: list[str]
    lines: np.ndarray

    def __len__(self) -> int:
        return len(self.offsets)

    def read(self, rows: np.ndarray) -> np.ndarray:
        """Return the embeddings of some rows, (rows, dimension) float32.

        Raises:
            InputError: a value is no finite number, or the file has changed.
        """
        found = np.empty((len(rows), self.dimension), np.float32)
        with self.path.open("rb") as file:
            for place, row in enumerate(rows.tolist()):
                file.seek(self.offsets[row])
                line = file.readline(LONGEST_ROW)
                found[place] = self._values(line, int(self.lines[row]))
        return found

    def _values(self, line: bytes, number: int) -> np.ndarray:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # an older numpy's way
                values = np.fromstring(line, np.float64, self.dimension, sep=",")
        except ValueError:
            raise self._fault(line, number) from None
        if len(values) < self.dimension or not np.isfinite(values).all():
            raise self._fault(line, number)
        return values

    def _fault(self, line: bytes, number: int) -> InputError:
        for column, field in enumerate(line.split(b",")[: self.dimension], 1):
            try:
                if np.isfinite(float(field)):
                    continue
            except ValueError:
                pass
            shown = field.strip().decode("utf-8", "replace")[:40]
            return InputError(
                f"{self.path}:{number}: column {column} is {shown!r}, wanted a finite number"
            )
        return InputError(f"{self.path}:{number}: has changed while it was read; run again")


def scan(path: Path, dimension: int | None = None) -> CsvRows:
    """Go through a file once and return where its rows are, in memory bounded by a row.

    Args:
        path: of the file.
        dimension: values of an embedding; None: by the width, 4096 or 512 with or without one
            more column.

    Raises:
        MissingInputError: there is no such file.
        InputError: empty, ragged, of another width, or it has a header.
    """
    offsets, lines, labels, width = [], [], [], 0
    with reading(path, "give a CSV of embeddings"), path.open("rb") as file:
        place = len(_BOM) if file.read(len(_BOM)) == _BOM else 0
        file.seek(place)
        for number, line in enumerate(iter(lambda: file.readline(LONGEST_ROW), b""), 1):
            if line.strip():
                found = line.count(b",") + 1
                width = width or found
                dimension = dimension or _dimension(path, found)
                _check(path, number, found, width, dimension)
                labels.append(_label(line, found, dimension))
                offsets.append(place)
                lines.append(number)
            place += len(line)
    if not offsets:
        raise InputError(f"{path}: is empty; a row is an embedding's values and perhaps its person")
    return CsvRows(path, dimension or 0, np.array(offsets), labels, np.array(lines))


def _dimension(path: Path, width: int) -> int:
    for known in SENSES:
        if width in (known, known + 1):
            return known
    raise InputError(
        f"{path}: rows of {width} columns; FOP's have 4096 (faces) or 512 (voices), or one more "
        "for the person; say how many are the embedding with --columns"
    )


def _check(path: Path, number: int, found: int, width: int, dimension: int) -> None:
    if found != width:
        raise InputError(
            f"{path}:{number}: {found} columns, the first row has {width}; is the file cut off?"
        )
    if found not in (dimension, dimension + 1):
        raise InputError(
            f"{path}:{number}: {found} columns, wanted {dimension}, or {dimension + 1} with the "
            "person last"
        )


def _label(line: bytes, found: int, dimension: int) -> str:
    """Return what follows the values; whole numbers as such, since 3 and 3.0 are one person."""
    if found == dimension:
        return ""
    text = line.rpartition(b",")[2].strip().strip(b'"').decode("utf-8", "replace")
    try:
        value = float(text)
    except ValueError:
        return text
    return str(int(value)) if value.is_integer() else text
