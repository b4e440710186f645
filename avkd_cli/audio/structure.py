"""What a container says about its own length, against the file: FFmpeg does not ask.

A file that a copy or a download broke off is found here before anything of it is decoded.
"""

import struct

from avkd_cli.audio import frames
from avkd_cli.audio.source import Source
from avkd_cli.audio.wav import STREAMED
from avkd_cli.errors import Rejected

_LONGEST_PAGE = 65_307  # bytes of an Ogg page
_BOXES = {b"moov", b"moof", b"mdat"}  # of mp4, without which there is no sound
_EBML, _SEGMENT = b"\x1aE\xdf\xa3", b"\x18S\x80g"  # elements of matroska


def check_structure(source: Source, container: str, max_damaged: float) -> set[str]:
    """Refuse a file that is shorter than its outermost parts declare, and return warnings.

    Args:
        source: the file.
        container: what it is.
        max_damaged: share of bare frames that may be no frames.

    Raises:
        Rejected: truncated; undecodable for an Ogg file that ends within a page, and for
            damage between bare frames.
    """
    if container in ("mp3", "aac"):
        junk = frames.junk_fraction(source, container)
        if junk > max_damaged:
            raise Rejected("undecodable", f"{junk:.1%} of the file is between frames")
        return {"decode_errors"} if junk else set()
    if container in _CHECKS:
        _CHECKS[container](source)
    return set()


def _check_ogg(source: Source) -> None:
    tail = source.peek(max(0, source.size - 2 * _LONGEST_PAGE), 2 * _LONGEST_PAGE)
    page = tail.rfind(b"OggS")
    head = tail[page : page + 27] if page >= 0 else b""
    lengths = tail[page + 27 : page + 27 + head[26]] if len(head) == 27 else b""
    if (
        not lengths
        or len(lengths) < head[26]
        or page + 27 + len(lengths) + sum(lengths) > len(tail)
    ):
        raise Rejected("undecodable", "the last Ogg page is cut off")
    if not head[5] & 4:
        raise Rejected("truncated", "no Ogg page is marked as the last")


def _check_avi(source: Source) -> None:
    declared = struct.unpack("<4xI", source.peek(0, 8))[0] + 8
    if source.size < declared < STREAMED:
        raise Rejected("truncated", f"declared {declared} B, present {source.size} B")


def _check_mp4(source: Source) -> None:
    offset = 0
    while offset + 8 <= source.size:
        size, name = struct.unpack(">I4s", source.peek(offset, 8))
        if size == 1:
            size = int.from_bytes(source.peek(offset + 8, 8))
        if size < 8:  # 0: to the end of the file; else no box, which FFmpeg may judge
            return
        if name in _BOXES and offset + size > source.size:
            box = name.decode()
            raise Rejected("truncated", f"{box} ends at {offset + size} B, present {source.size} B")
        offset += size


def _check_matroska(source: Source) -> None:
    head = source.peek(0, 4096)
    end, _ = _element(head, 0, _EBML)
    end, is_known = _element(head, end, _SEGMENT)
    if is_known and end > source.size:
        raise Rejected("truncated", f"declared {end} B, present {source.size} B")


def _element(head: bytes, offset: int, name: bytes) -> tuple[int, bool]:
    """Return where an element ends and whether it says so; (0, False) if it is not there."""
    first = head[offset + 4 : offset + 5]
    if head[offset : offset + 4] != name or not first or first == b"\0":
        return 0, False
    length = 9 - first[0].bit_length()  # as many bytes as there are zeros in front, and one
    bits = 7 * length
    size = int.from_bytes(head[offset + 4 : offset + 4 + length]) & ((1 << bits) - 1)
    return offset + 4 + length + size, size != (1 << bits) - 1  # all ones: of a live stream


_CHECKS = {"ogg": _check_ogg, "avi": _check_avi, "mp4": _check_mp4, "matroska": _check_matroska}
