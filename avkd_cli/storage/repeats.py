"""Recordings whose content is there twice, whatever their files are called and packed in."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from avkd_cli.storage.spool import Spool, pieces_of
from avkd_cli.storage.utterances import told

OF_TWO, OF_ONE = "same_content", "repeated_content"


def content_of(long: np.ndarray | Spool) -> bytes:
    """Return what tells equal records from others, 16 bytes; none of an empty one.

    Args:
        long: its frames, samples or faces, in memory or laid aside on disk.
    """
    if not len(long):
        return b""
    found = hashlib.blake2b(digest_size=16)
    for piece in pieces_of(long):
        found.update(piece.tobytes())
    return found.digest()


def warnings_of(
    parts: Sequence[Mapping[str, Any]], ids: Sequence[str], persons: Sequence[str]
) -> Iterator[dict[str, Any]]:
    """Yield a line of warnings.jsonl for each record that is equal to an earlier one.

    Args:
        parts: of the index, with `content` and `place` where records were compared.
        ids: of all rows.
        persons: of all rows.
    """
    content = [one for part in parts for one in part.get("content", ())]
    place = [tuple(one) for part in parts for one in part.get("place", ())]
    first: dict[bytes, int] = {}
    for row, one in enumerate(content):
        other = first.setdefault(one, row) if one else row
        if other == row:
            continue
        known = persons[row] and persons[other]
        code = OF_TWO if known and persons[row] != persons[other] else OF_ONE
        who = f" of person {persons[other]!r}" if persons[other] else ""
        detail = f"equal to {ids[other]!r}{who}" + (
            f", this is {persons[row]!r}" * (code == OF_TWO)
        )
        yield told("warnings", place[row], ids[row], "process", code, detail)
