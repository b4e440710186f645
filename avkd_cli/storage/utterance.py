"""One recording of one person, as a line of a list says it; and where its files are."""

import os
import re
from pathlib import Path
from typing import Any

import msgspec

from avkd_cli.errors import Rejected, apart
from avkd_cli.storage import lines


class Utterance(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One recording of one person; paths are as the list has them.

    Args:
        id: unique in the list, no blanks, at most 200 bytes.
        person: who; "" where unknown.
        session: what was recorded together, such as the video's name.
        audio: a sound file, or a film whose sound is meant.
        video: a film.
        images: a folder of pictures or the pictures.
        start: seconds into the file; None: the beginning.
        end: seconds into the file; None: the end.
        audio_channel: which channel of the sound is meant, counted from 0; None: by the step.
        boxes: VoxCeleb's track file of the face.
        half: "left" or "right": the part of a film on which the person is seen; "": all of it.
        split: such as train or test.
        sex: such as m or f.
        extra: every other key of the line, as it was.
    """

    id: str
    person: str = ""
    session: str = ""
    audio: str | None = None
    video: str | None = None
    images: tuple[str, ...] | str | None = None
    start: float | None = None
    end: float | None = None
    audio_channel: int | None = None
    boxes: str | None = None
    half: str = ""
    split: str = ""
    sex: str = ""
    extra: dict[str, Any] = {}

    def to_json(self) -> dict[str, Any]:
        """Return the line of the list that this is, as a dict without empty keys."""
        plain = msgspec.to_builtins(self)
        if isinstance(self.images, tuple):
            plain["images"] = list(self.images)
        return plain | plain.pop("extra", {})


HALVES = ("", "left", "right")
FIELDS = frozenset(Utterance.__struct_fields__) - {"extra"}


def value_of(utterance: Utterance, column: str) -> str:
    """Return what a column of the list says of an utterance, as text; "" for nothing."""
    value = getattr(utterance, column) if column in FIELDS else utterance.extra.get(column)
    return "" if value is None else str(value)


def check_values(utterance: Utterance) -> None:
    """Reject a person that is no name, an impossible segment, and media that are no files."""
    if utterance.person and not utterance.person.isascii():
        lines.check_text(utterance.person, "person")
    if utterance.start is not None or utterance.end is not None:
        _check_segment(utterance.start or 0.0, utterance.end)
    if utterance.audio_channel is not None and utterance.audio_channel < 0:
        raise Rejected("bad_number", f"audio_channel {utterance.audio_channel} is below 0")
    if utterance.half not in HALVES:
        raise Rejected("bad_type", f"half is {utterance.half[:40]!r}, wanted left or right")
    for path in (utterance.audio, utterance.video):
        if path is not None:
            check_local(path)
    for path in () if utterance.images is None else images_of(utterance):
        check_local(path)


def images_of(utterance: Utterance) -> tuple[str, ...]:
    """Return the pictures, or the one folder of pictures, as written."""
    images = utterance.images or ()
    return (images,) if isinstance(images, str) else images


def _check_segment(start: float, end: float | None) -> None:
    if start < 0:
        raise Rejected("bad_segment", f"start {start:g} s is before 0")
    if end is not None and end <= start:
        last, first = apart(end, start)
        raise Rejected("bad_segment", f"end {last} s is not after start {first} s")


_SCHEME = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]*://"
    r"|(async|cache|concat|concatf|crypto|data|fd|file|gopher|hls|http|https|pipe|rtmp|rtp|"
    r"s3|sftp|smb|subfile|tcp|tee|tls|udp|unix):",
    re.IGNORECASE,
)


def check_local(path: str) -> None:
    """Reject a path that names a protocol: nothing is fetched, no file opens another."""
    if ":" in path and (scheme := _SCHEME.match(path)):
        raise Rejected("not_a_local_path", f"scheme {scheme[0].rstrip(':/')!r}")
    if not path or "\0" in path:
        raise Rejected("file_not_found", "the path is empty or holds a NUL")


def resolve_within(base: Path, written: str, root: Path | None) -> Path:
    """Return the path that a list's line means: taken literally, nothing in it is expanded.

    Args:
        base: folder that relative paths start from.
        written: the path in the list.
        root: if given, the file must lie inside it, links followed.

    Raises:
        Rejected: not_a_local_path, path_escape.
    """
    check_local(written)
    path = base / written
    if root is not None:
        inside = Path(os.path.realpath(path))
        if not inside.is_relative_to(os.path.realpath(root)):
            raise Rejected("path_escape", "leaves the root directory")
    return path
