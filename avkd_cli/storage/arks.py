"""Vectors in Kaldi's archives, .ark and .scp, binary and text.

Read by ourselves: the form of a vector is a few bytes, and the usual library runs the commands
that an .scp may hold, which avkd never does.

Reference:
    kaldi-asr.org/doc/io.html, "Kaldi I/O mechanisms"; kaldi/src/matrix/kaldi-vector.cc, Read.
"""

import os
import re
import struct
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

import numpy as np

from avkd_cli.errors import InputError, MissingInputError, reading

_TYPES = {b"FV ": ("<f4", 1), b"DV ": ("<f8", 1), b"FM ": ("<f4", 2), b"DM ": ("<f8", 2)}
_LONGEST_TEXT = 1 << 24  # bytes of a vector in text
_LONGEST_ID = 1 << 12


def read_ark(source: Path) -> dict[str, np.ndarray]:
    """Return ids and vectors of an archive.

    Returns:
        `id` (n,) and `embedding` (n, d).

    Raises:
        MissingInputError: no such file.
        InputError: cut off, no archive, matrices, or vectors of several lengths.
    """
    with _open(source) as file:
        ids = iter(lambda: _id(source, file), None)
        return _arrays(source, [(id, _vector(source, file, id)) for id in ids])


def read_scp(source: Path) -> dict[str, np.ndarray]:
    """Return ids and vectors of a list of places in archives: `id path:offset`.

    Paths are relative to the folder that the command runs in, as in Kaldi, or to the list's.

    Raises:
        MissingInputError: no such file, or archive.
        InputError: as `read_ark`; a command, a range, a line of another form.
    """
    with _open(source) as file:
        lines = file.read().decode("utf-8", "replace").splitlines()
    places = [_place(source, n, line) for n, line in enumerate(lines, 1) if line.strip()]
    opened: dict[Path, BinaryIO] = {}
    found = []
    with ExitStack() as stack:
        for number, id, path, offset in places:
            if path not in opened:
                opened[path] = stack.enter_context(_open(path, f"{source}:{number}: "))
            opened[path].seek(offset or 0)
            found.append((id, _vector(path, opened[path], id)))
    return _arrays(source, found)


def _open(path: Path, before: str = "") -> BinaryIO:
    with reading(f"{before}{path}", "give a file you may read"):
        if not path.is_file() and path.exists():
            raise MissingInputError(f"{before}{path}: is no file; give an archive")
        return path.open("rb")


def _place(source: Path, number: int, line: str) -> tuple[int, str, Path, int | None]:
    """Return line, id, archive and byte of a line of an .scp."""
    id, *rest = re.split(r"[ \t]+", line.strip(), maxsplit=1)
    where = rest[0] if rest else ""
    if where.endswith("|") or where.startswith("|"):
        raise InputError(f"{source}:{number}: a command is never run; copy it to an ark")
    if where.endswith("]"):
        raise InputError(f"{source}:{number}: a range of rows; copy whole vectors to an ark")
    if not where:
        raise InputError(f"{source}:{number}: {line[:80]!r} is no 'id path:offset'")
    place = re.fullmatch(r"(.+):(\d+)", where)
    path = Path(place[1] if place else where)
    if not path.is_absolute() and not path.exists():
        path = source.parent / path
    return number, id, path, int(place[2]) if place else None


def _id(source: Path, file: BinaryIO) -> str | None:
    """Return what stands before the next blank, None at the end."""
    found = bytearray()
    while (byte := file.read(1)) not in (b"", b" ", b"\t"):
        if byte != b"\n" or found:
            found += byte
        if len(found) > _LONGEST_ID or byte == b"\0":
            raise InputError(f"{source}: is no archive of Kaldi: no id at byte {file.tell()}")
    if not byte and found:
        raise InputError(f"{source}: is cut off behind the id {_shown(found)!r}; copy it again")
    return _shown(found) if found else None


def _shown(id: bytes) -> str:
    return id.decode("utf-8", "replace")


def _vector(source: Path, file: BinaryIO, id: str) -> np.ndarray:
    mark = file.read(2)
    if mark == b"\0B":
        return _binary(source, file, id)
    file.seek(-len(mark), os.SEEK_CUR)
    return _text(source, file, id)


def _binary(source: Path, file: BinaryIO, id: str) -> np.ndarray:
    kind = file.read(3)
    if kind not in _TYPES:
        shown = kind.decode("ascii", "replace").strip()
        raise InputError(f"{source}: {id!r} is {shown!r}, no plain vector of floats")
    dtype, axes = _TYPES[kind]
    shape = [_size(source, file, id) for _ in range(axes)]
    if axes == 2 and shape[0] != 1:
        raise InputError(
            f"{source}: {id!r} is a matrix of {shape[0]} x {shape[1]}; one vector an utterance "
            "was wanted"
        )
    count = shape[-1] * np.dtype(dtype).itemsize
    if count > os.fstat(file.fileno()).st_size - file.tell():
        raise InputError(f"{source}: is cut off within {id!r}; copy it again")
    return np.frombuffer(file.read(count), dtype).astype(np.float32)


def _size(source: Path, file: BinaryIO, id: str) -> int:
    data = file.read(5)  # the width of the number, and the number
    if len(data) < 5 or data[0] != 4:
        raise InputError(f"{source}: is cut off or damaged at {id!r}; copy it again")
    (size,) = struct.unpack("<i", data[1:])
    if size <= 0:
        raise InputError(f"{source}: {id!r} has {size} values; a vector was wanted")
    return size


def _text(source: Path, file: BinaryIO, id: str) -> np.ndarray:
    line = file.readline(_LONGEST_TEXT).decode("ascii", "replace")
    values = re.fullmatch(r"\s*\[([^\[\]]*)\]\s*", line)
    if values is None:
        raise InputError(f"{source}: {id!r} is followed by {line[:40]!r}, a vector was wanted")
    try:
        return np.array([float(value) for value in values[1].split()], np.float32)
    except ValueError:
        raise InputError(f"{source}: {id!r} has a value that is no number") from None


def _arrays(source: Path, found: list[tuple[str, np.ndarray]]) -> dict[str, np.ndarray]:
    if not found:
        raise InputError(f"{source}: is empty; vectors were wanted")
    sizes = {len(vector) for _, vector in found}
    if len(sizes) > 1:
        first = len(found[0][1])
        id, other = next((id, len(v)) for id, v in found if len(v) != first)
        raise InputError(f"{source}: {id!r} has {other} values, {found[0][0]!r} has {first}")
    return {
        "id": np.array([id for id, _ in found]),
        "embedding": np.stack([vector for _, vector in found]),
    }
