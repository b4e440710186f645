"""Tables of text as people save them: TAB, comma or semicolon, BOM, CRLF, stray blanks."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from avkd_cli.errors import InputError, MissingInputError


class Row(NamedTuple):
    """One line of a table: its number, counted from 1, and its values by column."""

    line: int
    values: dict[str, str]


def read_text(path: Path) -> str:
    """Return a UTF-8 text without its BOM, line ends as they are.

    Raises:
        MissingInputError: not there, or not a readable file.
        InputError: not UTF-8.
    """
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        reason = (error.strerror or "cannot be read").lower()
        raise MissingInputError(f"{path}: {reason}; give a file you may read") from None
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path}: byte {error.start} is not UTF-8; convert it with iconv"
        ) from None


def read_table(path: Path) -> tuple[list[str], Iterator[Row]]:
    """Return the column names and the rows of a table whose first line names its columns.

    Values and names lose the blanks around them; empty lines are skipped.

    Raises:
        MissingInputError: not there, or not a readable file.
        InputError: not UTF-8, empty, two columns of one name, or a row that is not as long as
            the first line.
    """
    text = read_text(path)
    if not text.strip():
        raise InputError(f"{path}: is empty; a first line with column names was wanted")
    first = text.lstrip().splitlines()[0]
    delimiter = max("\t,;", key=first.count)
    lines = csv.reader(text.splitlines(keepends=True), delimiter=delimiter)
    rows = ((lines.line_num, [v.strip() for v in row]) for row in lines)
    filled = ((line, row) for line, row in rows if any(row))
    _, columns = next(filled)
    if len(set(columns)) < len(columns):
        twice = next(name for name in columns if columns.count(name) > 1)
        raise InputError(f"{path}:1: column {twice!r} twice; rename one")
    return columns, _rows(path, columns, filled)


def _rows(path: Path, columns: list[str], filled: Iterator) -> Iterator[Row]:
    try:
        for line, row in filled:
            if len(row) < len(columns) or any(row[len(columns) :]):
                raise InputError(
                    f"{path}:{line}: {len(row)} values, {len(columns)} were wanted "
                    f"({', '.join(columns)}); correct the line"
                )
            yield Row(line, dict(zip(columns, row, strict=False)))
    except csv.Error as error:
        raise InputError(f"{path}: is no table of text: {error}; correct it") from None


def read_fields(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield line number and blank-separated fields of a text, empty lines skipped.

    Raises:
        MissingInputError, InputError: as `read_text`.
    """
    for number, line in enumerate(read_text(path).split("\n"), 1):
        fields = line.split()
        if fields:
            yield number, fields
