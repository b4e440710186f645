"""Recordings whose content is there twice, whatever their files are called and packed in."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from avkd_cli.storage.spool import Spool
from avkd_cli.storage.utterances import UtteranceList, warning_line

OF_TWO, OF_ONE = "same_content", "repeated_content"


def contents(longs: Iterable[np.ndarray | Spool]) -> list[bytes]:
    """Return what tells equal records from others, 16 bytes each; none for an empty one.

    Args:
        longs: of each record its frames, samples or faces, in memory or laid aside on disk.
    """
    return [_digest(long) if len(long) else b"" for long in longs]


def _digest(long: np.ndarray | Spool) -> bytes:
    found = hashlib.blake2b(digest_size=16)
    for piece in [long] if isinstance(long, np.ndarray) else long:
        found.update(piece.tobytes())
    return found.digest()


def places(utterances: UtteranceList, chosen: Iterable[int]) -> list[tuple[int, int]]:
    """Return record and line in the list of each of these."""
    return [(utterances.rows[index], utterances.line_numbers[index]) for index in chosen]


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
        yield warning_line(place[row], ids[row], code, detail)
