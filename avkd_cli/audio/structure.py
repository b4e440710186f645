"""What a container says about its own length, against the file: FFmpeg does not ask.

A file that a copy or a download broke off is found here before anything of it is decoded.
"""

import struct

from avkd_cli.audio import frames
from avkd_cli.audio.wav import STREAMED, chunks
from avkd_cli.errors import Rejected
from avkd_cli.media.formats import check_packets
from avkd_cli.media.opened import OpenFile

_LONGEST_PAGE = 65_307  # bytes of an Ogg page
_BOXES = {b"moov", b"moof", b"mdat"}  # of mp4, without which there is no sound
_EBML, _SEGMENT = b"\x1aE\xdf\xa3", b"\x18S\x80g"  # elements of matroska


def check_structure(opened: OpenFile, container: str, max_damaged: float) -> set[str]:
    """Refuse a file that is shorter than its outermost parts declare, and return warnings.

    Args:
        opened: the file.
        container: what it is.
        max_damaged: share of bare frames that may be no frames.

    Raises:
        Rejected: truncated; undecodable for an Ogg file that ends within a page, and for
            damage between bare frames.
    """
    if container in ("mp3", "aac"):
        junk = frames.junk_fraction(opened, container)
        if junk > max_damaged:
            raise Rejected("undecodable", f"{junk:.1%} of the file is between frames")
        return {"decode_errors"} if junk else set()
    if container in _CHECKS:
        _CHECKS[container](opened)
    return set()


def _check_ogg(opened: OpenFile) -> None:
    tail = opened.peek(max(0, opened.size - 2 * _LONGEST_PAGE), 2 * _LONGEST_PAGE)
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


def _check_avi(opened: OpenFile) -> None:
    declared = struct.unpack("<4xI", opened.peek(0, 8))[0] + 8
    if opened.size < declared < STREAMED:
        raise Rejected("truncated", f"declared {declared} B, present {opened.size} B")


def _check_mp4(opened: OpenFile) -> None:
    offset = 0
    while offset + 8 <= opened.size:
        size, name = struct.unpack(">I4s", opened.peek(offset, 8))
        if size == 1:
            size = int.from_bytes(opened.peek(offset + 8, 8))
        if size < 8:  # 0: to the end of the file; else no box, which FFmpeg may judge
            return
        if name in _BOXES and offset + size > opened.size:
            box = name.decode()
            raise Rejected("truncated", f"{box} ends at {offset + size} B, present {opened.size} B")
        offset += size


def _check_matroska(opened: OpenFile) -> None:
    head = opened.peek(0, 4096)
    end, _ = _element(head, 0, _EBML)
    end, is_known = _element(head, end, _SEGMENT)
    if is_known and end > opened.size:
        raise Rejected("truncated", f"declared {end} B, present {opened.size} B")


def _element(head: bytes, offset: int, name: bytes) -> tuple[int, bool]:
    """Return where an element ends and whether it says so; (0, False) if it is not there."""
    first = head[offset + 4 : offset + 5]
    if head[offset : offset + 4] != name or not first or first == b"\0":
        return 0, False
    length = 9 - first[0].bit_length()  # as many bytes as there are zeros in front, and one
    bits = 7 * length
    size = int.from_bytes(head[offset + 4 : offset + 4 + length]) & ((1 << bits) - 1)
    return offset + 4 + length + size, size != (1 << bits) - 1  # all ones: of a live stream


def check_aiff(opened: OpenFile) -> None:
    """Refuse an AIFF or AIFF-C file that holds less than its chunks declare.

    Raises:
        Rejected: truncated; undecodable without sound.
    """
    found = {name: (at, size) for name, at, size in chunks(opened, 12, ">4sI", pad=True)}
    if b"SSND" not in found:
        raise Rejected("truncated", f"no SSND chunk in {opened.size} B")
    last = max(at + size for at, size in found.values())
    if last > opened.size:
        raise Rejected("truncated", f"declared {last} B, present {opened.size} B")
    _check_aiff_count(opened, found)


def _check_aiff_count(opened: OpenFile, found: dict[bytes, tuple[int, int]]) -> None:
    """Refuse plain samples of which there are fewer than the header counts."""
    at, size = found.get(b"COMM", (0, 0))
    if size < 18:
        raise Rejected("undecodable", "no COMM chunk")
    channels, count, bits = struct.unpack(">hIh", opened.peek(at, 8))
    is_plain = opened.peek(8, 4) == b"AIFF"
    declared, present = count * channels * -(-bits // 8), found[b"SSND"][1] - 8
    if is_plain and present < declared:
        raise Rejected("truncated", f"declared {declared} B of sound, present {present} B")


def _check_caf(opened: OpenFile) -> None:
    names = []
    for name, start, size in chunks(opened, 8, ">4sq"):
        if start + size > opened.size:
            shown = name.decode("latin-1")
            detail = f"{shown!r} ends at {start + size} B, present {opened.size} B"
            raise Rejected("truncated", detail)
        names.append(name)
    if b"data" not in names:
        raise Rejected("truncated", f"no data chunk in {opened.size} B")


# Bytes of a frame of 20 ms by its type, the first byte included (RFC 4867, 3.6 and 5.3).
_AMR = (13, 14, 16, 18, 20, 21, 27, 32, 6, 0, 0, 0, 0, 0, 0, 1)
_AMR_WB = (18, 24, 33, 37, 41, 47, 51, 59, 61, 6, 0, 0, 0, 0, 1, 1)


def _check_amr(opened: OpenFile) -> None:
    wide = opened.peek(0, 9) == b"#!AMR-WB\n"
    sizes, offset = (_AMR_WB, 9) if wide else (_AMR, 6)
    while offset < opened.size:
        window = opened.peek(offset, 1 << 16)
        place = 0
        while place < len(window):
            size = 0 if window[place] & 0x83 else sizes[window[place] >> 3 & 15]
            if not size:
                raise Rejected("undecodable", f"byte {offset + place} begins no frame")
            place += size
        offset += place
    if offset > opened.size:
        raise Rejected("truncated", f"the last frame ends at {offset} B, present {opened.size} B")


_CHECKS = {
    "ogg": _check_ogg,
    "avi": _check_avi,
    "mp4": _check_mp4,
    "matroska": _check_matroska,
    "caf": _check_caf,
    "amr": _check_amr,
    "mpegts": check_packets,
}
