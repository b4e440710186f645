"""Any table of recordings: which column is what is said by the caller, the others are kept."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from avkd_cli.corpora import trees
from avkd_cli.corpora.listing import Report
from avkd_cli.corpora.paths import FOREIGN, as_on_disk, is_foreign
from avkd_cli.corpora.tables import (
    TableRow,
    is_unknown,
    number,
    number_columns,
    read_table,
    seconds,
)
from avkd_cli.errors import InputError, Rejected, some
from avkd_cli.storage.utterances import FIELDS, Utterance, resolve_within

MEDIA = ("audio", "video", "images", "boxes")
SECONDS = ("start", "end")
_SEXES = {"male": "m", "female": "f", "man": "m", "woman": "f"}


def list_csv(
    table: Path,
    columns: Mapping[str, str],
    *,
    root: Path | None = None,
    split: str = "",
    encoding: str | None = None,
) -> tuple[Iterator[Utterance], Report]:
    """List the rows of a table.

    Args:
        table: comma, TAB or semicolon, with column names in its first line.
        columns: which column is a field of an utterance; a field that is not named is the column
            of its own name, where there is one. Every other column is kept under its own name.
        root: paths are relative to this folder and may not leave it; None: to the table's folder.
        split: of all utterances, instead of a column.
        encoding: of the text; None: UTF-8, or UTF-16 where a BOM says so.

    Raises:
        MissingInputError: no such file.
        InputError: a named column is not there, there is none for the id, no row; while reading:
            one id for two different rows.
    """
    names, rows, notes = read_table(table, encoding)
    chosen = _choose(table, names, columns)
    report = Report("csv", str(table), notes=notes)
    return report.count(_list(table, rows, chosen, root, split, report)), report


def _choose(table: Path, names: list[str], columns: Mapping[str, str]) -> dict[str, str]:
    """Return the column of each field."""
    for field, name in columns.items():
        if name not in names:
            raise InputError(
                f"{table}: no column {name!r} for --{field}; there are {some(names, 20)}"
            )
    taken = set(columns.values())
    own = {field: field for field in FIELDS if field in names and field not in taken}
    chosen = own | dict(columns)
    if "id" not in chosen:
        raise InputError(f"{table}: no column 'id'; name it with --id, one of {some(names, 20)}")
    return chosen


def _list(table, rows, chosen, root, split, report) -> Iterator[Utterance]:
    seen: dict[str, tuple[int, dict]] = {}
    base = root or table.parent
    numbers = number_columns(rows)
    for name in sorted(numbers - {chosen[field] for field in chosen}):
        texts = [row.values[name] for row in rows if row.values[name]]
        if unknown := [text for text in texts if is_unknown(text)]:
            report.notes.append(
                f"{len(unknown)} values in {name}, such as {unknown[0]!r}, are unknown"
            )
    for row in rows:
        utterance = _utterance(table, row, chosen, split, report, numbers)
        report.expected.add(utterance.person)
        line, values = seen.setdefault(utterance.id, (row.line, row.values))
        if values != row.values:
            raise InputError(
                f"{table}: id {utterance.id!r} is in lines {line} and {row.line}, differently; "
                "give each recording its own id"
            )
        if line != row.line:
            report.duplicated.add(utterance.id, "the same line twice")
            continue
        wanted = [kind for kind in MEDIA if getattr(utterance, kind)]
        found = {kind: _usable(getattr(utterance, kind), base, root, report) for kind in wanted}
        if not wanted:
            report.missing.add(utterance.id, "no file named")
        elif any(found.values()):
            yield msgspec.structs.replace(utterance, **found)
    if not report.utterances and report.missing.reasons[trees.MISSING]:
        report.notes.append(f"paths were taken from {base}; give another folder with --root")


def _utterance(
    table: Path,
    row: TableRow,
    chosen: dict[str, str],
    split: str,
    report: Report,
    numbers: frozenset[str],
) -> Utterance:
    values = {field: row.values[name] for field, name in chosen.items()}
    if not values["id"]:
        raise InputError(f"{table}:{row.line}: the id is empty; give every recording one")
    sex = values.get("sex", "")
    times = {
        field: seconds(values[field], table, row.line) for field in SECONDS if values.get(field)
    }
    return Utterance(
        id=report.name("id", values["id"]),
        extra=_others(row, chosen, numbers),
        **{field: values.get(field) or None for field in MEDIA},
        **{field: report.name(field, values.get(field, "")) for field in ("person", "session")},
        split=split or values.get("split", ""),
        sex=_SEXES.get(sex.lower(), sex.lower()),
        **times,
    )


def _others(
    row: TableRow, chosen: dict[str, str], numbers: frozenset[str]
) -> dict[str, str | int | float]:
    """Return the columns that are no field, without empty ones, those of numbers as numbers."""
    used = set(chosen.values())
    others: dict[str, str | int | float] = {
        name: number(value) if name in numbers else value
        for name, value in row.values.items()
        if name not in used and value and not (name in numbers and is_unknown(value))
    }
    return {f"x-{name}" if name in FIELDS else name: value for name, value in others.items()}


def _usable(written: str, base: Path, root: Path | None, report: Report) -> str | None:
    """Return the path of a file or folder of a row that is there and readable; report others."""
    try:
        written, changes = as_on_disk(written, base, root)
        path = resolve_within(base, written, root)
    except Rejected as error:
        report.unreadable.add(written, error.detail)
        return None
    if is_foreign(written) and not path.exists():
        report.missing.add(written, FOREIGN)
        return None
    for change in changes:
        report.changed[change] += 1
    return written if path.is_dir() or trees.is_usable(written, path, report) else None
