"""Lists of other toolkits as entries: JSON Lines, one JSON object by id, or a table."""

import gzip
import math
import zlib
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from avkd_cli.corpora.tables import read_table, read_text
from avkd_cli.errors import InputError, Rejected
from avkd_cli.storage import lines


class Entry(NamedTuple):
    """One entry: its line (of one JSON object: its number), counted from 1, and its keys."""

    line: int
    values: dict[str, Any]


class Unusable(Exception):  # noqa: N818  not an error of the run
    """An entry says something that avkd cannot do; it is reported and left out."""


def read_entries(source: Path) -> list[Entry]:
    """Return the entries of a list.

    JSON Lines, a JSON array, a JSON object of {id: entry}, or a table with column names; any of
    them gzipped.

    Raises:
        MissingInputError: no such file.
        InputError: YAML, a workbook, damaged, or empty.
    """
    if source.suffix in (".yaml", ".yml"):
        raise InputError(f"{source}: YAML is not read; write it as .jsonl (lhotse copy does)")
    if source.suffix.lower() in (".csv", ".tsv"):
        found = [Entry(row.line, dict(row.values)) for row in read_table(source).rows]
    else:
        found = _json(source, _unpacked(source))
    if not found:
        raise InputError(f"{source}: is empty; a list with an entry a line was wanted")
    return found


def _unpacked(source: Path) -> str:
    if source.suffix != ".gz":
        return read_text(source)
    try:
        with gzip.open(source, "rt", encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return read_text(source)  # which says so
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise InputError(f"{source}: is cut off or damaged ({error}); fetch it again") from None


def _json(source: Path, content: str) -> list[Entry]:
    if content.lstrip()[:1] == "[":
        return [_checked(source, n, item) for n, item in enumerate(_whole(source, content), 1)]
    filled = [(n, t) for n, t in enumerate(content.split("\n"), 1) if t.strip()]
    begins_object = bool(filled) and filled[0][1].strip() in ("{", "{}")
    if begins_object or _is_one_object(content, filled):
        return _by_id(source, _whole(source, content))
    return [_line(source, number, piece) for number, piece in filled]


def _is_one_object(content: str, filled: list[tuple[int, str]]) -> bool:
    """Return whether a text of one line is an object of objects, not an entry by itself."""
    if len(filled) != 1:
        return False
    try:
        whole = msgspec.json.decode(content)
    except msgspec.DecodeError:
        return False
    return isinstance(whole, dict) and all(isinstance(entry, dict) for entry in whole.values())


def _whole(source: Path, content: str) -> Any:
    try:
        return msgspec.json.decode(content)
    except (msgspec.DecodeError, RecursionError) as error:
        raise InputError(f"{source}: is not JSON, or cut off: {error}") from None


def _by_id(source: Path, entries: object) -> list[Entry]:
    if not isinstance(entries, dict):
        raise InputError(f"{source}: is not a JSON object of entries by id")
    found = []
    for row, (id, entry) in enumerate(entries.items(), 1):
        found.append(Entry(row, {"ID": id} | _checked(source, row, entry).values))
    return found


def _checked(source: Path, row: int, entry: object) -> Entry:
    if not isinstance(entry, dict):
        raise InputError(f"{source}: entry {row} is no object with keys; give one an utterance")
    return Entry(row, entry)


def _line(source: Path, row: int, piece: str) -> Entry:
    try:
        return Entry(row, lines.parse(piece.encode("utf-8", "surrogatepass")))
    except Rejected as error:
        raise InputError(f"{source}:{row}: {error.code}: {error.detail}") from None


def number(value: object, key: str) -> float | None:
    """Return seconds, or None where there are none.

    Raises:
        Rejected: bad_number, for what is no finite number.
    """
    if value is None:
        return None
    try:
        seconds = float(value) if not isinstance(value, bool) else math.nan  # type: ignore[arg-type]
    except (TypeError, ValueError):
        seconds = math.nan
    if not math.isfinite(seconds):
        raise Rejected("bad_number", f"{key} {value!r} is no number of seconds")
    return seconds


def text(value: object) -> str:
    """Return a name: lists write persons as text or as numbers."""
    return "" if value is None else str(value)
