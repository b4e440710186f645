"""Which kind of file it is, by its first bytes: the name is never believed.

Names choose what is looked at when folders are walked, never how it is decoded.
"""

import re

from avkd_cli.errors import Rejected
from avkd_cli.media.opened import OpenFile

SOUND, IMAGE, VIDEO = "sound", "image", "video"

# The formats that are read, and how their files are named. A film's demuxer is named to the
# decoder, which then never guesses: a playlist that is guessed opens other files.
IMAGES = {
    "jpeg": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "png": (".png",),
    "webp": (".webp",),
    "bmp": (".bmp", ".dib"),
    "tiff": (".tif", ".tiff"),
    "pnm": (".ppm", ".pgm", ".pbm", ".pnm"),
    "heic": (".heic", ".heif", ".hif"),
}
VIDEOS = {
    "mp4": (".mp4", ".m4v", ".mov", ".3gp", ".3g2", ".qt"),
    "matroska": (".mkv", ".webm"),
    "avi": (".avi",),
    "mpeg": (".mpg", ".mpeg", ".vob"),
    "mpegts": (".mts", ".m2ts", ".ts"),
}
SOUNDS = {  # beside the sound of films: names of what has no picture
    "wav": (".wav", ".wave", ".bwf", ".rf64"),
    "flac": (".flac",),
    "sphere": (".sph", ".nist"),
    "ogg": (".ogg", ".oga", ".opus", ".ogv"),
    "mp3": (".mp3", ".mp2", ".mpga"),
    "aac": (".aac", ".adts"),
    "mp4": (".m4a", ".m4b"),
    "matroska": (".mka",),
    "avi": (),
    "mpeg": (),
    "mpegts": (),
    "amr": (".amr", ".awb"),
    "caf": (".caf",),
    "aiff": (".aif", ".aiff", ".aifc"),
}
HEIC_HINT = "the extra avkd[heic] (pip install pillow-heif) reads them"

_READ = {SOUND: SOUNDS, IMAGE: IMAGES, VIDEO: VIDEOS}
_FORMAT_OF = {
    suffix: name
    for formats in _READ.values()
    for name, suffixes in formats.items()
    for suffix in suffixes
}
# What a file of another kind is: no format that might be allowed, but a mistake. Ogg has films.
_OF_KIND = {
    SOUND: SOUNDS.keys() - VIDEOS.keys() - {"ogg"},
    IMAGE: IMAGES.keys() | {"gif", "avif", "psd", "ico", "fits", "eps", "pdf"},
    VIDEO: VIDEOS.keys(),
}
_TEXT = rb"(?:\xef\xbb\xbf)?\s*"
# The first that fits decides; bare frames, of which two bytes tell, come last.
_SIGNATURES = (
    (rb"\xff\xd8\xff", "jpeg"),
    (rb"\x89PNG\r\n\x1a\n", "png"),
    (rb"(RIFF|RIFX|RF64|BW64)....WAVE", "wav"),
    (rb".{8}AVI ", "avi"),
    (rb".{8}WEBP", "webp"),
    (rb"fLaC", "flac"),
    (rb"NIST_1A\n", "sphere"),
    (rb"OggS", "ogg"),
    (rb"\x1aE\xdf\xa3", "matroska"),
    (rb".{4}ftyp(hei[cxm]|m[is]f1)", "heic"),
    (rb".{4}ftypavi[fs]", "avif"),
    (rb".{4}(ftyp|moov|mdat|wide|skip|free|pnot|styp)", "mp4"),
    (rb"\x00\x00\x01\xba", "mpeg"),
    (rb"\x00\x00\x01\xb3", "raw mpeg"),
    (rb"#!AMR(-WB)?\n", "amr"),
    (rb"#!AMR_MC", "amr of several channels"),
    (rb"caff\x00\x01", "caf"),
    (rb"FORM....AIF[FC]", "aiff"),
    (rb"GIF8", "gif"),
    (rb"II\*\x00|MM\x00\*", "tiff"),
    (rb"BM", "bmp"),
    (rb"8BPS", "psd"),
    (rb"\x00\x00\x01\x00", "ico"),
    (rb"SIMPLE  =", "fits"),
    (rb"%!PS", "eps"),
    (rb"%PDF", "pdf"),
    (rb"P[1-7]", "pnm"),
    (rb"\.snd", "au"),
    (rb"FLV", "flv"),
    (rb"MThd", "midi"),
    (rb"ADIF", "adif"),
    (rb"\x30\x26\xb2\x75", "asf"),
    (rb"riff\x2e\x91\xcf\x11", "wave64"),
    (_TEXT + rb"#EXTM3U", "hls playlist"),
    (_TEXT + rb"ffconcat", "concat playlist"),
    (_TEXT + rb"\[playlist\]", "playlist"),
    (_TEXT + rb"v=0\r?\n", "sdp"),
    (_TEXT + rb"<(.*<)?(?i:mpd)", "dash playlist"),
    (_TEXT + rb"<(.*<)?(?i:svg)", "svg"),
    (_TEXT + rb"<(.*<)?(?i:smil)", "smil"),
    (rb"G.{187}G.{187}G", "mpegts"),
    (rb".{4}G.{191}G.{191}G", "mpegts"),  # of camcorders: a time before each packet
    (rb"\xff[\xf0\xf1\xf8\xf9][\x00-\xff]{5}", "aac"),
    (rb"\xff[\xe2-\xe7\xf2-\xf7\xfa-\xff][\x00-\xef]", "mp3"),
)


def suffixes_of(kind: str) -> tuple[str, ...]:
    """Return how files of a kind are named, of SOUND those without a picture."""
    return tuple(suffix for suffixes in _READ[kind].values() for suffix in suffixes)


def sniff(opened: OpenFile) -> str:
    """Return what the first bytes of a file say it is, "" when they say nothing."""
    head = opened.peek(0, 4096)
    if head.startswith(b"ID3"):
        # mp3 is what carries such tags; some put them before FLAC.
        return "flac" if opened.peek(id3_length(opened), 4) == b"fLaC" else "mp3"
    found = (name for pattern, name in _SIGNATURES if re.match(pattern, head, re.DOTALL))
    return next(found, "")


def allowed_format(opened: OpenFile, kind: str) -> str:
    """Return the format of a file of a kind, SOUND, IMAGE or VIDEO, by its content.

    Raises:
        Rejected: format_not_allowed for a known format that is not read here (a playlist would
            open other files); empty_file for sound, undecodable for what is of another kind.
    """
    found = sniff(opened)
    if found in _READ[kind]:
        return found
    is_other = any(found in formats for other, formats in _OF_KIND.items() if other != kind)
    if found and not is_other:
        wanted = ", ".join(SOUNDS if kind == SOUND else sorted(_READ[kind]))
        raise Rejected("format_not_allowed", f"looks like '{found}'; allowed: {wanted}")
    if kind == SOUND:
        if not opened.size:
            raise Rejected("empty_file", "0 bytes")
        raise Rejected("undecodable", "the first bytes are of no known format")
    what = found or ("unknown content" if opened.size else "0 bytes")
    raise Rejected("undecodable", f"not {'an' if kind == IMAGE else 'a'} {kind} ({what})")


def kind_of(opened: OpenFile) -> str:
    """Return whether a file is SOUND, an IMAGE or a VIDEO.

    Raises:
        Rejected: what `allowed_format` raises.
    """
    found = sniff(opened)
    kind = next((k for k in (IMAGE, VIDEO) if found in _OF_KIND[k]), SOUND)
    allowed_format(opened, kind)
    return kind


def is_named_otherwise(opened: OpenFile, found: str) -> bool:
    """Return whether the name ends as another format would; no or an odd ending is no name."""
    return opened.suffix in _FORMAT_OF and _FORMAT_OF[opened.suffix] != found


def id3_length(opened: OpenFile) -> int:
    """Return the bytes of the ID3v2 tag that the file begins with, 0 without one."""
    head = opened.peek(0, 10)
    if head[:3] != b"ID3" or len(head) < 10:
        return 0
    length = 0
    for byte in head[6:10]:  # seven bits in each
        length = length << 7 | byte & 0x7F
    return 10 + length


def check_packets(opened: OpenFile) -> None:
    """Refuse a transport stream that ends within a packet; packets lost are seen in decoding.

    Raises:
        Rejected: truncated.
    """
    packet = 188 if opened.peek(0, 1) == opened.peek(188, 1) == b"G" else 192
    if rest := opened.size % packet:
        raise Rejected("truncated", f"the last packet has {packet} B, present {rest} B")
