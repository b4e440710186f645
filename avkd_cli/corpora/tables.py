"""Tables of text as people save them: TAB, comma or semicolon, BOM, CRLF, stray blanks."""

import csv
import io
import itertools
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from avkd_cli.errors import InputError, reading, some


class TableRow(NamedTuple):
    """One line of a table: its number, counted from 1, and its values by column."""

    line: int
    values: dict[str, str]


_WORKBOOKS = {
    b"PK\x03\x04": "a workbook or archive (.xlsx, .ods, .zip)",
    b"\xd0\xcf\x11\xe0": "a workbook of old (.xls)",
}
_DECIMAL_COMMA = re.compile(r"[+-]?\d+(,(\d+))?")


def read_text(path: Path, encoding: str | None = None) -> str:
    """Return a text without its BOM, line ends as they are.

    Args:
        path: a file.
        encoding: of the text; None: UTF-8, or UTF-16 where a BOM says so.

    Raises:
        MissingInputError: not there, or not a readable file.
        InputError: a workbook, or not of this encoding.
    """
    with reading(path, "give a file you may read"):
        data = path.read_bytes()
    for head, name in _WORKBOOKS.items():
        if data.startswith(head):
            raise InputError(f"{path}: is {name}, no text; save the sheet as CSV UTF-8")
    if encoding is None and data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encoding = "utf-16"
    _refuse_utf8_read_otherwise(path, data, encoding)
    try:
        return data.decode(encoding or "utf-8-sig").removeprefix("\ufeff")
    except UnicodeError as error:
        raise InputError(_not_of(path, data, encoding, error)) from None


def _refuse_utf8_read_otherwise(path: Path, data: bytes, encoding: str | None) -> None:
    """Stop where one byte a letter was asked for and the text is UTF-8: "ü" would become "Ã¼"."""
    if encoding is None or len("é".encode(encoding, "replace")) != 1 or data.isascii():
        return
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return
    raise InputError(f"{path}: is UTF-8, which {encoding} would misread; leave out --encoding")


def _not_of(path: Path, data: bytes, encoding: str | None, error: UnicodeError) -> str:
    start = error.start if isinstance(error, UnicodeDecodeError) else 0
    where = f"{path}: byte {start} (line {data.count(bytes([10]), 0, start) + 1})"
    if encoding is not None:
        return f"{where} is not {encoding}; give another --encoding"
    return (
        f"{where} is not UTF-8; spreadsheets on Windows write cp1252: convert it "
        "(iconv -f cp1252 -t utf-8), or read a table with --encoding cp1252"
    )


class TableFile(NamedTuple):
    """Column names, rows in order, and what should be told about how they were read."""

    columns: list[str]
    rows: list[TableRow]
    notes: list[str]


def read_table(path: Path, encoding: str | None = None) -> TableFile:
    """Return the column names and the rows of a table whose first line names its columns.

    Values and names lose the blanks around them; empty lines are skipped. Columns of numbers
    with decimal commas, as spreadsheets write them in half of the world, get decimal points.

    Raises:
        MissingInputError: not there, or not a readable file.
        InputError: not text of this encoding, empty, two columns of one name, or a row that is
            not as long as the first line.
    """
    text = read_text(path, encoding)
    if not text.strip():
        raise InputError(f"{path}: is empty; a first line with column names was wanted")
    delimiter, text = _delimiter(text)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    filled = _filled(path, lines)
    skipped = 1 if text.startswith(_HINT) else 0
    _, columns = next(itertools.islice(filled, skipped, None), (0, []))
    if not columns:
        raise InputError(f"{path}: is empty; a first line with column names was wanted")
    while columns and not columns[-1]:  # a spreadsheet's empty columns at the right
        columns.pop()
    if len(set(columns)) < len(columns):
        twice = next(name for name in columns if columns.count(name) > 1)
        raise InputError(f"{path}:1: column {twice!r} twice; rename one")
    rows = list(_rows(path, columns, filled))
    commas = _decimal_commas(columns, rows, delimiter)
    notes = [f"read as {encoding}"] * bool(encoding)
    if commas:
        notes.append(f"decimal commas in {some(commas, 20)} were read as points")
        for row in rows:
            row.values.update({name: row.values[name].replace(",", ".") for name in commas})
    return TableFile(columns, rows, notes)


_HINT = "sep="  # a first line by which spreadsheets are told the delimiter


def _delimiter(text: str) -> tuple[str, str]:
    """Return what separates values, and the text from its first filled line on."""
    first = text.lstrip().splitlines()[0]
    if first.startswith(_HINT) and len(first.rstrip()) == len(_HINT) + 1:
        return first.rstrip()[-1], text.lstrip()
    return max("\t,;", key=first.count), text


def _filled(path: Path, lines: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    """Yield line number and values of each row that holds anything."""
    try:
        for row in lines:
            values = [value.strip() for value in row]
            if any(values):
                yield lines.line_num, values
    except csv.Error as error:
        raise InputError(f"{path}: is no table of text: {error}; correct it") from None


def _rows(path: Path, columns: list[str], filled: Iterator) -> Iterator[TableRow]:
    for line, row in filled:
        if len(row) < len(columns) or any(row[len(columns) :]):
            raise InputError(
                f"{path}:{line}: {len(row)} values, {len(columns)} were wanted "
                f"({some(columns, 20)}); correct the line"
            )
        yield TableRow(line, dict(zip(columns, row, strict=False)))


def _decimal_commas(columns: list[str], rows: list[TableRow], delimiter: str) -> list[str]:
    """Return the columns whose numbers have decimal commas.

    Between commas "1,234" may be a thousand and more: there, some number must have other than
    three digits behind it.
    """
    found = []
    for column in columns:
        texts = [row.values[column] for row in rows if row.values[column]]
        numbers = [_DECIMAL_COMMA.fullmatch(text) for text in texts]
        behind = [number[2] for number in numbers if number and number[2]]
        all_are = all(number or _is_number(t) for number, t in zip(numbers, texts, strict=True))
        if behind and all_are and (delimiter != "," or any(len(d) != 3 for d in behind)):
            found.append(column)
    return found


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[+-]?\d*\.?\d+", text) is not None


def read_fields(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield line number and blank-separated fields of a text, empty lines skipped.

    Raises:
        MissingInputError, InputError: as `read_text`.
    """
    for number, line in enumerate(read_text(path).split("\n"), 1):
        fields = [field for field in re.split("[ \t]", line.rstrip("\r")) if field]
        if fields:
            yield number, fields


# A leading zero or a plus is a code, such as 007; beyond fifteen digits a float is another number.
_NUMBER = re.compile(r"-?(0|[1-9]\d{0,14})(\.\d{1,15})?([eE][+-]?\d{1,3})?")


# What people and programs write where a number is not known.
_UNKNOWN = frozenset({"na", "n/a", "nan", "null", "none", "nd", "-", "--", "?", "unknown"})


def number_columns(rows: list[TableRow]) -> frozenset[str]:
    """Return the columns all of whose values are numbers, but for empty and unknown ones."""
    columns = rows[0].values if rows else {}
    return frozenset(
        name
        for name in columns
        if (known := [row.values[name] for row in rows if not is_unknown(row.values[name])])
        and all(_is_plain(value) for value in known)
    )


def is_unknown(value: str) -> bool:
    """Return whether a value in a column of numbers says that there is none."""
    return not value or value.lower() in _UNKNOWN


def _is_plain(text: str) -> bool:
    return bool(_NUMBER.fullmatch(text)) and math.isfinite(float(text))


def number(text: str) -> int | float:
    """Return the number that a value of such a column is: whole ones as int."""
    return int(text) if text.removeprefix("-").isdecimal() else float(text)


_SECONDS = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def seconds(text: str, path: Path, line: int) -> float:
    """Return a number of seconds: finite, in decimal digits.

    Args:
        text: the number.
        path: of the file, and
        line: where it stands there, for messages.

    Raises:
        InputError: nan, inf, 1e400, 1_0 and whatever else is no such number.
    """
    found = float(text) if _SECONDS.fullmatch(text) else math.nan
    if not math.isfinite(found):
        raise InputError(f"{path}:{line}: {text!r} is no finite number of seconds; correct it")
    return found
