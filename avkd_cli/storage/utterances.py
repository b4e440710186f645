"""Lists of utterances: JSON Lines, JSON arrays, either gzipped, or standard input.

A bad line is a reject and the rest is read; a file that is not such a list, is cut off or gives
one id to two recordings stops the run. Formats: docs/formats.md.
"""

import gzip
import hashlib
import os
import stat
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from avkd_cli.errors import InputError, MissingInputError, Rejected, reading
from avkd_cli.storage import durable, foreign, lines
from avkd_cli.storage.utterance import (
    FIELDS,
    Utterance,
    check_values,
    images_of,
    resolve_within,
    value_of,
)

__all__ = [
    "FIELDS",
    "Utterance",
    "UtteranceList",
    "images_of",
    "read_ids",
    "read_utterances",
    "read_whole",
    "resolve_within",
    "value_of",
    "write_utterances",
]


@dataclass
class UtteranceList:
    """What `read_utterances` found.

    Args:
        name: of the list, for messages.
        base: folder that its paths are relative to.
        utterances: the good lines.
        rows: which record of the list each good line was, counted from 0.
        line_numbers: where each good line stood, counted from 1.
        rejects: one dict for each bad line: row, line, id, stage, code, detail.
        digest: "sha256:…" of the bytes, unpacked.
        warnings: how often each oddity occurred.
        root: folder that paths must stay inside, or None.
        persons: who is in the list, also of lines that are rejects for what others say.
        passed_over: how many lines a store is made without, and why, as these are no rejects.
    """

    name: str
    base: Path
    utterances: list[Utterance] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    line_numbers: list[int] = field(default_factory=list)
    rejects: list[dict] = field(default_factory=list)
    digest: str = ""
    warnings: Counter[str] = field(default_factory=Counter)
    root: Path | None = None
    persons: set[str] = field(default_factory=set)
    passed_over: Counter[str] = field(default_factory=Counter)

    def resolve(self, path: str) -> Path:
        """Return where `path`, as written in the list, is.

        Raises:
            Rejected: not_a_local_path; path_escape if it leaves `root`.
        """
        return resolve_within(self.base, path, self.root)

    def part(self, which: slice) -> "UtteranceList":
        """Return some of the good lines as a list of their own, without rejects."""
        chosen = (self.utterances[which], self.rows[which], self.line_numbers[which])
        return UtteranceList(self.name, self.base, *chosen, root=self.root)

    def keep(self, which: Sequence[int]) -> None:
        """Leave out all good lines but these."""
        for name in ("utterances", "rows", "line_numbers"):
            setattr(self, name, [getattr(self, name)[index] for index in which])

    def told(self, kind: str, index: int, stage: str, code: str, detail: str) -> dict[str, Any]:
        """Return one line of rejects.jsonl or warnings.jsonl, about a good line; see `told`."""
        place = self.rows[index], self.line_numbers[index]
        return told(kind, place, self.utterances[index].id, stage, code, detail)


def told(
    kind: str, place: tuple[int, int], id: str, stage: str, code: str, detail: str
) -> dict[str, Any]:
    """Return one line of rejects.jsonl or of warnings.jsonl.

    Args:
        kind: "rejects" or "warnings".
        place: record, counted from 0, and line, from 1.
        id: of the utterance.
        stage: where it turned out, "list" or "process".
        code: what it is.
        detail: in words.
    """
    row, line = place
    visible = detail.encode("unicode_escape").decode() if not detail.isprintable() else detail
    found = {"schema": f"avkd.{kind}/1", "row": row, "line": line, "id": id}
    return found | {"stage": stage, "code": code, "detail": visible[:200]}


def read_utterances(source: str | Path, root: Path | None = None) -> UtteranceList:
    """Read a list of utterances, a million lines in seconds.

    Args:
        source: path of a .jsonl or .json file, gzipped or not, or "-" for standard input.
        root: paths are relative to this folder and may not leave it; None: to the list's folder.

    Raises:
        MissingInputError: no such file, or not a regular one.
        InputError: empty, not UTF-8, cut off, or one id for two different records.
    """
    name = "<stdin>" if str(source) == "-" else str(source)
    base = root or (Path() if str(source) == "-" else Path(source).parent)
    found = UtteranceList(name=name, base=base, root=root)
    digest = hashlib.sha256()
    seen: dict[str, int] = {}
    with _open(source) as file:
        for line in lines.read(file, name, digest, found.warnings):
            _add(found, line, seen)
    found.digest = f"sha256:{digest.hexdigest()}"
    if not found.utterances and not found.rejects:
        raise InputError(f"{name}: has no records; give a list with one JSON object a line")
    _refuse_ids_equal_after_normalisation(found)
    _reject_label_conflicts(found)
    return found


def _add(found: UtteranceList, line: lines.RawLine, seen: dict[str, int]) -> None:
    """Parse one line into the list, or into its rejects."""
    row = len(found.utterances) + len(found.rejects)
    id = ""
    try:
        values = lines.parse(line.text)
        id = str(values.get("id", ""))[:200]
        utterance = _utterance(values, found.warnings)
        if (first := seen.setdefault(utterance.id, len(found.utterances))) < len(found.utterances):
            earlier = found.line_numbers[first]
            if utterance != found.utterances[first]:
                raise InputError(
                    f"{found.name}: id {utterance.id!r} has two different records (lines {earlier} "
                    f"and {line.number}); give each its own id"
                )
            raise Rejected("duplicate_exact", f"same as line {earlier}")
    except Rejected as error:
        if error.code == "bad_json" and line.unfinished:
            hint = " (CR line ends?)" if b"\r" in line.text else ""
            raise InputError(
                f"{found.name}: is cut off at line {line.number}{hint}; fetch it again"
            ) from None
        place = row, line.number
        found.rejects.append(told("rejects", place, id, "list", error.code, error.detail))
        return
    found.utterances.append(utterance)
    found.persons.add(utterance.person)
    found.rows.append(row)
    found.line_numbers.append(line.number)


def _utterance(values: dict[str, Any], warnings: Counter[str]) -> Utterance:
    """Return the checked utterance of one JSON object."""
    if "id" not in values:
        others = (key for key in values if foreign.meant_by(key) == "id")
        hint = next((f"; is it {key!r}?" for key in others), "")
        raise Rejected("missing_field", f"field 'id' missing{hint}")
    if None in values.values():
        values = {key: value for key, value in values.items() if value is not None}
    for key in ("person", "session", "split"):  # shared by many lines: kept in memory once
        if type(value := values.get(key)) is str:
            values[key] = sys.intern(value)
    if not values.keys() <= FIELDS:
        extra = {key: value for key, value in values.items() if key not in FIELDS}
        for text in foreign.warnings_of(values, extra):
            warnings[text] += 1
        values = {key: value for key, value in values.items() if key in FIELDS}
        values["extra"] = extra
    try:
        utterance = msgspec.convert(values, Utterance)
    except msgspec.ValidationError as error:
        raise Rejected("bad_type", str(error)) from None
    lines.check_id(utterance.id)
    check_values(utterance)
    return utterance


def _refuse_ids_equal_after_normalisation(found: UtteranceList) -> None:
    spellings: dict[str, str] = {}
    for utterance in found.utterances:
        if not utterance.id.isascii():
            normal = unicodedata.normalize("NFC", utterance.id)
            if spellings.setdefault(normal, utterance.id) != utterance.id:
                raise InputError(
                    f"{found.name}: ids are equal after normalisation: {normal!r}; "
                    "spell them in one way"
                )


_WHOLE = None, None, None, None, ""


def part_of(utterance: Utterance) -> tuple[Any, ...]:
    """Return which part of its files an utterance is: two parts of one may be of two persons."""
    return (
        utterance.start,
        utterance.end,
        utterance.boxes,
        utterance.audio_channel,
        utterance.half,
    )


def _media(utterance: Utterance) -> list[Any]:
    """Return what stands for the sound and for the film: the path, or the part of it."""
    audio, video = utterance.audio, utterance.video
    paths = [path for path in (audio, None if video == audio else video) if path is not None]
    part = part_of(utterance)
    return paths if part == _WHOLE else [(path, *part) for path in paths]


def _reject_label_conflicts(found: UtteranceList) -> None:
    """Reject every record whose file another record gives to another person."""
    first: dict[tuple | str, int] = {}
    conflicts: dict[int, int] = {}
    for index, utterance in enumerate(found.utterances):
        for media in _media(utterance):
            other = first.setdefault(media, index)
            if other == index:
                continue
            if utterance.person == found.utterances[other].person:
                found.warnings["same_file"] += 1
            elif utterance.person and found.utterances[other].person:
                conflicts[index] = other
                conflicts.setdefault(other, index)
    drop_conflicts(found, conflicts, "same file")


def drop_conflicts(found: UtteranceList, conflicts: Mapping[int, int], same: str) -> None:
    """Make rejects of records that are of another person as well.

    Args:
        found: the list; changed.
        conflicts: index of each → index of a record of the other person.
        same: what both have, for the reject's words.
    """
    if not conflicts:
        return
    for index, other in conflicts.items():
        line, person = found.line_numbers[other], found.utterances[other].person
        detail = f"{same} as line {line} with person {person!r}"
        found.rejects.append(found.told("rejects", index, "list", "label_conflict", detail))
    found.rejects.sort(key=lambda one: one["row"])
    found.keep([index for index in range(len(found.utterances)) if index not in conflicts])


def _open(source: str | Path) -> BinaryIO:
    """Open a regular file or standard input, unpacked if it is gzip."""
    if str(source) == "-":
        file: Any = sys.stdin.buffer
    else:
        with reading(source, "give a list to read"):
            # A FIFO would block until somebody writes to it.
            descriptor = os.open(source, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise MissingInputError(f"{source}: is not a regular file; give a list, or - for stdin")
        file = os.fdopen(descriptor, "rb")
    return gzip.GzipFile(fileobj=file) if file.peek(2)[:2] == b"\x1f\x8b" else file


def read_whole(source: str | Path) -> UtteranceList:
    """Read a list of which no line may be lost.

    Raises:
        MissingInputError, InputError: as `read_utterances`; also for any bad line.
    """
    found = read_utterances(source)
    if found.rejects:
        bad = found.rejects[0]
        more = f" (and {len(found.rejects) - 1:,} more)" if len(found.rejects) > 1 else ""
        raise InputError(
            f"{found.name}:{bad['line']}: {bad['code']}: {bad['detail']}; correct the line{more}"
        )
    return found


def read_ids(path: str | Path) -> list[str]:
    """Return the ids of a list in its order; other keys do not matter.

    Raises:
        MissingInputError, InputError: as `read_whole`.
    """
    return [utterance.id for utterance in read_whole(path).utterances]


def write_utterances(path: str | Path, utterances: Iterable[Utterance | dict]) -> None:
    """Write a list as JSON Lines, gzipped if the name ends in .gz, to stdout if it is "-"."""
    encode = msgspec.json.Encoder().encode
    text = (encode(u.to_json() if isinstance(u, Utterance) else u) + b"\n" for u in utterances)
    with durable.output_or_stdout(None if str(path) == "-" else Path(path)) as file:
        if not str(path).endswith(".gz"):
            file.writelines(text)
            return
        with gzip.GzipFile("", "wb", 6, file, mtime=0) as packed:  # no clock in the bytes
            packed.writelines(text)
