"""Which kind of file it is, by its first bytes: the name is never believed."""

import re

from avkd_cli.audio.opened import OpenFile
from avkd_cli.errors import Rejected

# The demuxer of each allowed container is named to the decoder, which then never guesses: a
# playlist that is guessed opens other files.
SUFFIXES = {
    "wav": (".wav", ".wave", ".bwf", ".rf64"),
    "flac": (".flac",),
    "sphere": (".sph", ".nist"),
    "ogg": (".ogg", ".oga", ".opus", ".ogv"),
    "mp3": (".mp3", ".mp2", ".mpga"),
    "aac": (".aac", ".adts"),
    "mp4": (".mp4", ".m4a", ".m4v", ".m4b", ".mov", ".3gp", ".3g2"),
    "matroska": (".mkv", ".mka", ".webm"),
    "avi": (".avi",),
    "mpeg": (".mpg", ".mpeg", ".vob"),
    "mpegts": (".mts", ".m2ts", ".ts"),
    "amr": (".amr", ".awb"),
    "caf": (".caf",),
    "aiff": (".aif", ".aiff", ".aifc"),
}
ALLOWED = ", ".join(SUFFIXES)

_MAGIC = (
    (rb"(RIFF|RIFX|RF64|BW64)....WAVE", "wav"),
    (rb"RIFF....AVI ", "avi"),
    (rb"fLaC", "flac"),
    (rb"NIST_1A\n", "sphere"),
    (rb"OggS", "ogg"),
    (rb"\x1aE\xdf\xa3", "matroska"),
    (rb"....(ftyp|moov|mdat|wide|skip|free|pnot)", "mp4"),
    (rb"\x00\x00\x01\xba", "mpeg"),
    (rb"\x47.{187}\x47.{187}\x47", "mpegts"),
    (rb".{4}\x47.{191}\x47.{191}\x47", "mpegts"),  # of camcorders: a time before each packet
    (rb"#!AMR(-WB)?\n", "amr"),
    (rb"caff\x00\x01", "caf"),
    (rb"FORM....AIF[FC]", "aiff"),
    (rb"\xff[\xf0\xf1\xf8\xf9][\x00-\xff]{5}", "aac"),
    (rb"\xff[\xe2-\xe7\xf2-\xf7\xfa-\xff][\x00-\xef]", "mp3"),
)
_REFUSED = (
    (rb"#EXTM3U", "hls"),
    (rb"ffconcat", "ffconcat"),
    (rb"v=0\r?\n", "sdp"),
    (rb"\[playlist\]", "pls"),
    (rb"(<\?xml[^>]*>\s*)?<MPD", "dash"),
    (rb"(<\?xml[^>]*>\s*)?<smil", "smil"),
    (rb"\.snd", "au"),
    (rb"#!AMR_MC", "amr of several channels"),
    (rb"FLV", "flv"),
    (rb"MThd", "midi"),
    (rb"ADIF", "adif"),
    (rb"\x30\x26\xb2\x75", "asf"),
    (rb"riff\x2e\x91\xcf\x11", "wave64"),
)


def sniff(opened: OpenFile) -> str:
    """Return the container of `opened`, a key of `SUFFIXES`.

    Raises:
        Rejected: format_not_allowed for a known format outside of the list, a playlist first
            of all; undecodable for anything else.
    """
    head = opened.peek(0, 4096)
    if head.startswith(b"ID3"):
        # mp3 is what carries such tags; some put them before FLAC.
        return "flac" if opened.peek(id3_length(opened), 4) == b"fLaC" else "mp3"
    if found := _match(_MAGIC, head):
        return found
    if refused := _match(_REFUSED, head.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n")):
        raise Rejected("format_not_allowed", f"looks like {refused!r}; allowed: {ALLOWED}")
    raise Rejected("undecodable", "the first bytes are of no known format")


def is_named_otherwise(opened: OpenFile, container: str) -> bool:
    """Return whether the name ends as another format would; no or an odd ending is no name."""
    known = {suffix for suffixes in SUFFIXES.values() for suffix in suffixes}
    return opened.suffix in known and opened.suffix not in SUFFIXES[container]


def _match(patterns: tuple[tuple[bytes, str], ...], head: bytes) -> str | None:
    for pattern, name in patterns:
        if re.match(pattern, head, re.DOTALL):
            return name
    return None


def id3_length(opened: OpenFile) -> int:
    """Return the bytes of the ID3v2 tag that the file begins with, 0 without one."""
    head = opened.peek(0, 10)
    if head[:3] != b"ID3" or len(head) < 10:
        return 0
    length = 0
    for byte in head[6:10]:  # seven bits in each
        length = length << 7 | byte & 0x7F
    return 10 + length
