"""Lists of other toolkits: NeMo, lhotse, SpeechBrain, WeSpeaker. Read as data, nothing is run.

What a line says of where to look (offset, duration, channel) is kept; a thing that avkd cannot
do, such as a mix of recordings or a command, is reported with its line and left out.

Reference:
    NeMo, "Datasets" (ASR and speaker manifests); lhotse.readthedocs.io, "Cuts", "Recordings",
    "Supervisions"; SpeechBrain, recipes/VoxCeleb/voxceleb_prepare.py; WeSpeaker, raw.list.
"""

import functools
from collections.abc import Iterator
from pathlib import Path

from msgspec.structs import replace

from avkd_cli.corpora import lhotse, trees
from avkd_cli.corpora.entries import (
    Entry,
    Unusable,
    number,
    read_entries,
    text,
)
from avkd_cli.corpora.listing import Report, make_id
from avkd_cli.corpora.paths import as_on_disk
from avkd_cli.errors import InputError, Rejected, some
from avkd_cli.storage.utterances import FIELDS, Utterance, resolve_within

TOOLKITS = ("nemo", "lhotse", "speechbrain", "wespeaker")


def list_toolkit(
    source: Path,
    toolkit: str | None = None,
    *,
    root: Path | None = None,
    split: str = "",
    supervisions: Path | None = None,
    sample_rate: int = 16_000,
) -> tuple[Iterator[Utterance], Report]:
    """List what another toolkit's list names.

    Args:
        source: JSON Lines, JSON or CSV, gzipped or not.
        toolkit: one of `TOOLKITS`; None: told by the keys of its first line.
        root: paths are relative to this folder and may not leave it; None: to the list's folder.
        split: of all utterances.
        supervisions: lhotse's, of a list of recordings.
        sample_rate: by which SpeechBrain's start and stop, which are samples, become seconds.

    Raises:
        MissingInputError: no such file.
        InputError: no list of a toolkit that is known, or a line of it that is wrong.
    """
    lines = read_entries(source)
    toolkit = toolkit or guess(source, lines)
    report = Report(f"import {toolkit}", str(source), notes=[f"read as a list of {toolkit}"])
    if supervisions is not None:
        if toolkit != "lhotse":
            raise InputError(f"--supervisions is of lhotse; {source} was read as {toolkit}")
        lines = lhotse.joined(lines, read_entries(supervisions), supervisions)
    read = {
        "nemo": functools.partial(_nemo, depth=_depth(lines)),
        "lhotse": lhotse.parts,
        "speechbrain": functools.partial(_speechbrain, sample_rate=sample_rate),
        "wespeaker": _wespeaker,
    }[toolkit]
    return report.count(_list(source, lines, read, root, split, report)), report


_KEYS = {  # what tells them apart: any of these keys
    "nemo": {"audio_filepath"},
    "lhotse": {"recording", "recording_id", "sources", "tracks"},
    "wespeaker": {"key"},
    "speechbrain": {"wav"},
}


def guess(source: Path, lines: list[Entry]) -> str:
    """Return which toolkit made a list, by the keys of its first line.

    Raises:
        InputError: none of those that are known.
    """
    keys = set(lines[0].values)
    for toolkit, marks in _KEYS.items():
        if keys & marks:
            return toolkit
    raise InputError(
        f"{source}:{lines[0].line}: no list of {', '.join(TOOLKITS)} (keys there: "
        f"{some(sorted(keys), 20) or 'none'}); a table of any kind is read by avkd corpus csv"
    )


def _list(source, lines, read, root, split, report) -> Iterator[Utterance]:
    base = root or source.parent
    seen: set[str] = set()
    for found in _found(source, lines, read, report):
        audio = _usable(found.audio, base, root, report)
        if audio is None:
            continue
        utterance = _utterance(found, audio, split)
        if utterance.id in seen:
            report.duplicated.add(utterance.id, "an id that was there before")
            continue
        seen.add(utterance.id)
        yield utterance
    if not report.utterances and report.missing.reasons[trees.MISSING]:
        report.notes.append(f"paths were taken from {base}; give another folder with --root")


def _found(source, lines, read, report: Report) -> Iterator[Utterance]:
    """Yield what each entry says: names, path and keys as written."""
    for line in lines:
        try:
            yield from read(line)
        except Unusable as error:
            report.unreadable.add(f"line {line.line}", str(error))
        except Rejected as error:
            raise InputError(f"{source}:{line.line}: {error.detail}; correct the line") from None


def _usable(written: str, base: Path, root: Path | None, report: Report) -> str | None:
    try:
        path, _ = as_on_disk(written, base, root)
        found = resolve_within(base, path, root)
    except Rejected as error:
        report.unreadable.add(written, error.detail)
        return None
    return path if trees.is_usable(path, found, report) else None


def _utterance(found: Utterance, audio: str, split: str) -> Utterance:
    """Return what a list says as a line of ours has it."""
    others = {name: value for name, value in found.extra.items() if value not in (None, "")}
    return replace(
        found,
        id=make_id(found.id),
        person=make_id(found.person),
        audio=audio,
        start=found.start or None,
        split=split,
        sex=found.sex.lower()[:1] if found.sex.lower() in ("m", "f", "male", "female") else "",
        extra={f"x-{name}" if name in FIELDS else name: value for name, value in others.items()},
    )


def _depth(lines: list[Entry]) -> int:
    """Return how many last parts of a path tell NeMo's files apart, three at least."""
    paths = {str(line.values.get("audio_filepath", "")) for line in lines}
    depths = range(3, max(len(path.split("/")) for path in paths) + 1)
    return next((n for n in depths if len({_stem(path, n) for path in paths}) == len(paths)), 3)


def _stem(path: str, depth: int) -> str:
    """Return the last parts of a path, without the suffix."""
    parts = [part for part in path.split("/") if part not in ("", ".", "..")][-depth:]
    return "/".join([*parts[:-1], parts[-1].rpartition(".")[0] or parts[-1]] if parts else [])


def _nemo(line: Entry, depth: int) -> Iterator[Utterance]:
    """Yield a line of a NeMo manifest: `label` is the person, offset and duration the part."""
    values = dict(line.values)
    audio = values.pop("audio_filepath")
    if not isinstance(audio, str):
        raise Unusable("audio_filepath is no one file")
    start = number(values.pop("offset", None), "offset")
    length = number(values.pop("duration", None), "duration")
    person = text(values.pop("label", None)) or text(values.get("speaker"))
    channel = _one_channel(values.pop("channel_selector", None), "channel_selector")
    end = None if length is None else (start or 0.0) + length
    person = "" if person == "infer" else person  # NeMo's word for not known
    # The list has no ids: the end of the path, and which part of the file.
    where = f"-{start:.3f}" if start else ""
    id = _stem(audio, depth) + where + ("" if channel is None else f"-ch{channel}")
    yield Utterance(
        id=id,
        person=person,
        audio=audio,
        start=start,
        end=end,
        audio_channel=channel,
        extra=values,
    )


def _one_channel(value: object, key: str) -> int | None:
    if value in (None, "average"):
        return None
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise Unusable(f"{key} {value!r}: name one channel, counted from 0")
    return value


def _wespeaker(line: Entry) -> Iterator[Utterance]:
    """Yield the line of a raw.list: key, wav, spk."""
    values = dict(line.values)
    if "wav" not in values:
        raise Unusable("no wav: lists of shards or features are not read, raw.list is")
    if values.get("vad"):
        raise Unusable("vad: parts of a recording that are joined; write them as files")
    id, audio = text(values.pop("key")), text(values.pop("wav"))
    person = text(values.pop("spk", None))
    yield Utterance(id=id, person=person, audio=audio, extra=values)


def _speechbrain(line: Entry, sample_rate: int) -> Iterator[Utterance]:
    """Yield an entry: ID, wav, spk_id; start and stop are samples."""
    values = {name: value for name, value in line.values.items() if not name.endswith("_format")}
    id = text(values.pop("ID", None))
    wav = values.pop("wav", None)
    place = wav if isinstance(wav, dict) else values
    audio = wav.get("file") if isinstance(wav, dict) else wav
    if not isinstance(audio, str):
        raise Unusable("wav is no one file")
    for placeholder in ("{data_root}/", "{data_folder}/", "$data_root/", "$data_folder/"):
        audio = audio.removeprefix(placeholder)
    first, last = (_samples(place.pop(key, None), key) for key in ("start", "stop"))
    persons = [values.pop(key, None) for key in ("spk_id", "spk", "speaker")]
    person = next((text(name) for name in persons if name not in (None, "")), "")
    start = None if first is None else first / sample_rate
    end = None if last is None else last / sample_rate
    yield Utterance(id=id, person=person, audio=audio, start=start, end=end, extra=values)


def _samples(value: object, key: str) -> int | None:
    if value in (None, ""):
        return None
    try:
        count = int(str(value))
    except ValueError:
        raise Rejected("bad_number", f"{key} {value!r} is no number of samples") from None
    return count
