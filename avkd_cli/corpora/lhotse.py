"""Entries of lhotse: cuts, recordings, and supervisions of recordings."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from avkd_cli.corpora.entries import Entry, Unusable, number, text
from avkd_cli.errors import InputError
from avkd_cli.storage.utterances import Utterance

_KNOWN = {"id", "start", "duration", "channel", "supervisions", "recording", "type", "sources"}


def joined(recordings: list[Entry], supervisions: list[Entry], source: Path) -> list[Entry]:
    """Return each recording with its supervisions, as a cut has them.

    Raises:
        InputError: a supervision of a recording that is not there.
    """
    of = defaultdict(list)
    names = {text(line.values.get("id")) for line in recordings}
    for line in supervisions:
        name = text(line.values.get("recording_id"))
        if name not in names:
            raise InputError(f"{source}:{line.line}: recording {name!r} is not in the other list")
        of[name].append(line.values)
    return [
        Entry(line.line, line.values | {"supervisions": of[text(line.values.get("id"))]})
        for line in recordings
    ]


def parts(line: Entry) -> Iterator[Utterance]:
    """Yield the utterances of an entry: the cut, or each of several people's supervisions.

    Raises:
        Unusable: a mix, padding, features without sound, a source that is no file, several
            channels in one cut.
        Rejected: bad_number.
    """
    entry = line.values
    kind = text(entry.get("type"))
    if kind in ("MixedCut", "PaddingCut") or "tracks" in entry:
        raise Unusable(f"{kind or 'tracks'}: a mix of recordings; save it as a file")
    if "recording_id" in entry:
        raise Unusable("a supervision; give the recordings, and these with --supervisions")
    recording = entry if "sources" in entry else entry.get("recording")
    if not isinstance(recording, dict):
        raise Unusable("no recording in it, features alone")
    audio, whole = _file(recording)
    is_cut = recording is not entry
    start = number(entry.get("start"), "start") if is_cut else None
    length = number(entry.get("duration"), "duration") if is_cut else None
    end = None if length is None else (start or 0.0) + length
    others = {name: value for name, value in entry.items() if name not in _KNOWN} if is_cut else {}
    channel = _channel(entry.get("channel") if is_cut else None, whole)
    cut = Utterance(
        id=text(entry.get("id")),
        audio=audio,
        start=start,
        end=end,
        audio_channel=channel,
        extra=others,
    )
    supervisions = entry.get("supervisions") or []
    if not is_cut and supervisions:
        yield from (_turn(cut, one, whole) for one in supervisions)
    else:
        yield from _people(cut, supervisions, whole)


def _file(recording: dict[str, Any]) -> tuple[str, int]:
    """Return the one file of a recording, and how many channels it has."""
    sources = recording.get("sources") or []
    if len(sources) != 1:
        raise Unusable(f"{len(sources)} sources; one file was wanted")
    (source,) = sources
    if source.get("type") != "file":
        raise Unusable(f"a source of type {source.get('type')!r}; avkd runs and fetches nothing")
    if recording.get("transforms"):
        raise Unusable("transforms of the recording; save the result as a file")
    return text(source.get("source")), len(source.get("channels") or [0])


def _channel(value: object, channels: int) -> int | None:
    """Return which channel is meant; None where the file has one, or all are meant."""
    if isinstance(value, list):
        if len(value) > 1 and len(value) < channels:
            raise Unusable(f"channels {value} of {channels}: name one")
        value = value[0] if len(value) == 1 else None
    if value is None or channels == 1:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise Unusable(f"channel {value!r} is no number from 0")
    return value


def _people(
    cut: Utterance, supervisions: list[dict[str, Any]], channels: int
) -> Iterator[Utterance]:
    names = {text(one.get("speaker")) for one in supervisions}
    if len(names) <= 1:
        sex = text(supervisions[0].get("gender")) if supervisions else ""
        person = next(iter(names), "")
        yield replace(cut, person=person, sex=sex, extra=_others(cut, supervisions))
        return
    for one in supervisions:
        yield _turn(cut, one, channels)


def _turn(cut: Utterance, supervision: dict[str, Any], channels: int) -> Utterance:
    """Return the part of a cut or recording in which one person speaks."""
    start = (cut.start or 0.0) + (number(supervision.get("start"), "start") or 0.0)
    length = number(supervision.get("duration"), "duration")
    return replace(
        cut,
        id=text(supervision.get("id")),
        person=text(supervision.get("speaker")),
        start=start,
        end=cut.end if length is None else start + length,
        audio_channel=_channel(supervision.get("channel"), channels),
        sex=text(supervision.get("gender")),
        extra=_others(cut, [supervision]),
    )


def _others(cut: Utterance, supervisions: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what else is said, such as text and language, where one supervision says it."""
    if len(supervisions) != 1:
        return cut.extra
    said = {"text", "language"} & supervisions[0].keys()
    custom = supervisions[0].get("custom") or {}
    return {**cut.extra, **{name: supervisions[0][name] for name in said}, **custom}
