"""Labeled Faces in the Wild: `pairs.txt`, whose lines name a person and numbers of pictures.

G. B. Huang et al., "Labeled Faces in the Wild", University of Massachusetts TR 07-49, 2007: the
first line says how many folds and pairs there are, or pairs alone; `name n m` are two pictures of
one person, `name n other m` of two. A picture is `name/name_0001`, as the corpus' folders have it.
"""

import re
from collections.abc import Callable, Iterator

_FIRST = re.compile(r"\d+([ \t]+\d+)?[ \t]*")
_PAIR = re.compile(r"\S+[ \t]+\d+[ \t]+(\S+[ \t]+)?\d+[ \t]*")


def is_header(line: str, following: str) -> bool:
    """Return whether a file's first two lines are those of a list of LFW's."""
    return bool(_FIRST.fullmatch(line) and _PAIR.fullmatch(following))


def cut(text: bytes, line: int, fail: Callable[[int, str], Exception]) -> Iterator[list[str]]:
    """Yield enrolment, test and label of each pair.

    Args:
        text: whole lines.
        line: number of the first.
        fail: returns the error that says what is wrong in a line.

    Raises:
        InputError: a line is no pair.
    """
    for number, row in enumerate(text.split(b"\n"), line):
        fields = row.split()
        label = "1" if len(fields) == 3 else "0"
        if len(fields) == 3:
            fields = [*fields[:2], fields[0], fields[2]]
        if fields and not (len(fields) == 4 and fields[1].isdigit() and fields[3].isdigit()):
            shown = row.decode().strip()[:80]
            raise fail(number, f"{shown!r} is no pair 'name 1 4' or 'name 1 other 2'")
        if fields:
            yield [_picture(*fields[:2]), _picture(*fields[2:]), label]


def _picture(name: bytes, number: bytes) -> str:
    return f"{name.decode()}/{name.decode()}_{int(number):04d}"
