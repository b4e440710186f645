"""Files of equal bytes, found without reading more of a corpus than that takes."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

_ENDS = 1 << 16  # bytes at either end that are compared before the whole


def equal_files(paths: Iterable[Path]) -> list[list[Path]]:
    """Return the groups of files that hold the same bytes, in the order of their first.

    Only files of one size are opened, and read whole only where their ends agree. What cannot be
    read, and what is empty, is in no group.
    """
    groups = [list(dict.fromkeys(paths))]
    for key in (_size, _ends, _whole):
        groups = [part for group in groups for part in _parted(group, key)]
    return groups


def _parted(paths: list[Path], key) -> list[list[Path]]:
    found = defaultdict(list)
    for path in paths:
        try:
            found[key(path)].append(path)
        except OSError:
            continue  # it is reported as unreadable by those who look for that
    return [group for group in found.values() if len(group) > 1]


def _size(path: Path) -> int:
    if not (size := path.stat().st_size):
        raise OSError("empty")
    return size


def _ends(path: Path) -> bytes:
    size = path.stat().st_size
    with path.open("rb") as file:
        digest = hashlib.blake2b(file.read(_ENDS), digest_size=16)
        file.seek(max(0, size - _ENDS))
        digest.update(file.read(_ENDS))
    return digest.digest()


def _whole(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).digest()
