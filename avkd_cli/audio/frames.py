"""The frames of mp3 and of aac without a container, which nothing but their headers counts."""

from avkd_cli.errors import Rejected
from avkd_cli.media.formats import id3_length
from avkd_cli.media.opened import OpenFile

_TAGS = (b"TAG", b"APETAGEX", b"LYRICSBEGIN", b"3DI", b"ID3")  # what may stand behind the sound
_HEADER = 7  # bytes that tell how long a frame is
_WINDOW = 1 << 16
_BIT_RATES = {  # of MPEG audio in kbit/s, by (is version 1, layer)
    (True, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}


def has_frame_count(opened: OpenFile) -> bool:
    """Return whether an mp3 counts its frames in a first, silent one."""
    frame = opened.peek(id3_length(opened), 256)
    return any(mark in frame for mark in (b"Xing", b"Info", b"VBRI"))


def frame_length(head: bytes, container: str) -> int | None:
    """Return the bytes of the mp3 or aac (ADTS) frame with this header; None if it has none.

    Reference:
        ISO/IEC 11172-3, 2.4.2.3; ISO/IEC 13818-7, 6.2.
    """
    if len(head) < 7 or head[0] != 0xFF or head[1] < 0xE0:
        return None
    if container == "aac":
        length = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
        return length if head[1] & 0xF6 == 0xF0 and length >= _HEADER else None
    version, layer = head[1] >> 3 & 3, 4 - (head[1] >> 1 & 3)
    bit_rate, rate = head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or layer == 4 or bit_rate in (0, 15) or rate == 3:
        return None  # reserved, or a bit rate that only the decoder knows
    is_first = version == 3
    hertz = (44_100, 48_000, 32_000)[rate] >> (0, 1, 2)[(3, 2, 0).index(version)]
    bits = 1000 * _BIT_RATES[is_first, layer][bit_rate - 1]
    padding = head[2] >> 1 & 1
    if layer == 1:
        return 4 * (12 * bits // hertz + padding)
    return (72 if layer == 3 and not is_first else 144) * bits // hertz + padding


def junk_fraction(opened: OpenFile, container: str) -> float:
    """Return the share of the file, in [0, 1], that lies between frames and belongs to none.

    Decoders pass over it in silence. What is before the first frame or behind the last does not
    count: tags, padding.

    Raises:
        Rejected: truncated, if the file ends within a frame.
    """
    junk, offset = 0, _next_frame(opened, container, id3_length(opened))
    while offset is not None:
        head = opened.peek(offset, 11)
        length = frame_length(head, container)
        if length is None:
            following = None if head.startswith(_TAGS) else _next_frame(opened, container, offset)
            junk += 0 if following is None else following - offset
            offset = following
        elif offset + length > opened.size:
            present = opened.size - offset
            raise Rejected("truncated", f"the last frame has {length} B, present {present} B")
        else:
            offset += length
    return junk / opened.size


def _next_frame(opened: OpenFile, container: str, offset: int) -> int | None:
    """Return where, from `offset` on, a frame begins that another one follows, or None."""
    while offset + _HEADER < opened.size:
        window = opened.peek(offset, _WINDOW)
        place = window.find(b"\xff")
        while 0 <= place <= len(window) - _HEADER:
            length = frame_length(window[place : place + _HEADER], container)
            following = opened.peek(offset + place + length, _HEADER) if length else b""
            if following and frame_length(following, container):
                return offset + place
            place = window.find(b"\xff", place + 1)
        offset += max(1, len(window) - _HEADER + 1)
    return None
