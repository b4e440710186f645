"""What a WAV header declares against what is there; libsndfile keeps silent about either."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from avkd_cli.errors import Rejected
from avkd_cli.media.opened import OpenFile

# A writer to a pipe cannot go back to fill in the length: ffmpeg leaves 0xFFFFFFFF, sox
# 0x7FFFF000 and some bytes.
STREAMED = 0x7FFF0000
_PCM, _FLOAT = 1, 3
_USUAL_BITS = {_PCM: (8, 16, 24, 32), _FLOAT: (32, 64)}
_EXTENSIBLE = 0xFFFE


@dataclass(frozen=True)
class WavHeader:
    """The `fmt ` and `data` chunks.

    Attributes:
        codec: format tag, 1 for PCM; of an extensible header the inner one.
        channels, rate, bits, block: as declared; block is the bytes of one frame.
        data_start: offset of the first sample in bytes.
        data_bytes: length of the samples, at most what the file holds.
        big_endian: whether it is RIFX.
        warnings: streamed_header, riff_size, odd_header.
    """

    codec: int
    channels: int
    rate: int
    bits: int
    block: int
    data_start: int
    data_bytes: int
    big_endian: bool
    warnings: tuple[str, ...]


def read_wav_header(opened: OpenFile) -> WavHeader:
    """Return the header of a RIFF, RIFX, RF64 or BW64 file whose length agrees with it.

    Raises:
        Rejected: truncated if the file holds less than it declares, or declares 0 bytes and
            holds more; undecodable if there is no usable `fmt ` chunk before the data.
    """
    magic = opened.peek(0, 12)
    order = ">" if magic[:4] == b"RIFX" else "<"
    fmt, long_size = None, None
    for name, start, size in chunks(opened, 12, order + "4sI", pad=True):
        if name == b"ds64":
            long_size = struct.unpack("<8xQ", opened.peek(start, 16).ljust(16, b"\0"))[0]
        elif name == b"fmt ":
            fmt = opened.peek(start, min(size, 40))
        elif name == b"data":
            if fmt is None or len(fmt) < 16:
                raise Rejected("undecodable", "no fmt chunk before the data")
            is_wide = size == 0xFFFFFFFF and long_size is not None and magic[1:4] != b"IFF"
            declared = long_size if is_wide else size
            length, warnings = _data_length(opened, order, start, declared)
            return _header(order, fmt, (start, length), warnings)
    raise Rejected("truncated", f"no data chunk in {opened.size} B")


def chunks(
    opened: OpenFile, offset: int, head: str, *, pad: bool = False
) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, offset of the content and declared size of RIFF's, AIFF's or CAF's chunks.

    Args:
        offset: of the first.
        head: name and size as `struct` has them; a size of -1 is up to the end.
        pad: whether contents are padded to even lengths.
    """
    width = struct.calcsize(head)
    while offset + width <= opened.size:
        name, size = struct.unpack(head, opened.peek(offset, width))
        if size < 0:
            size = opened.size - offset - width
        yield name, offset + width, size
        offset += width + size + (size % 2 if pad else 0)


def _data_length(opened: OpenFile, order: str, start: int, declared: int) -> tuple[int, list[str]]:
    """Return the bytes of the data chunk that begins at `start`, and warnings."""
    present = opened.size - start
    if declared >= STREAMED and present < declared:
        return present, ["streamed_header"]
    if declared > present:
        raise Rejected("truncated", f"declared {declared} B, present {present} B")
    if declared == 0 and present > 0 and not _is_chunk(opened, start, order):
        raise Rejected("truncated", f"declared 0 B, but {present} B follow")
    if not _riff_size_agrees(opened, order):
        return declared, ["riff_size"]
    # Within an honest RIFF something must follow that is a chunk, or the data size is too small.
    rest = start + declared + declared % 2
    is_explained = opened.size - rest < 8 or _is_chunk(opened, rest, order)
    return declared, [] if is_explained else ["odd_header"]


def _header(order: str, fmt: bytes, data: tuple[int, int], warnings: list[str]) -> WavHeader:
    codec, channels, rate, byte_rate, block, bits = struct.unpack(order + "HHIIHH", fmt[:16])
    if codec == _EXTENSIBLE and len(fmt) >= 26:
        codec = struct.unpack(order + "H", fmt[24:26])[0]
    start, length = data
    if codec in _USUAL_BITS and not (
        bits in _USUAL_BITS[codec]
        and block == channels * bits // 8
        and byte_rate == rate * block % (1 << 32)
        and length % max(1, block) == 0
    ):
        warnings = [*warnings, "odd_header"]
    big_endian = order == ">"
    return WavHeader(codec, channels, rate, bits, block, start, length, big_endian, tuple(warnings))


def _is_chunk(opened: OpenFile, offset: int, order: str) -> bool:
    """Return whether a chunk begins here that ends within the file."""
    head = opened.peek(offset, 8)
    if len(head) < 8 or not all(32 <= byte < 127 for byte in head[:4]):
        return False
    return offset + 8 + struct.unpack(order + "4xI", head)[0] <= opened.size


def _riff_size_agrees(opened: OpenFile, order: str) -> bool:
    declared = struct.unpack(order + "4xI", opened.peek(0, 8))[0]
    # Some writers count the padding byte, some do not; RF64 keeps it elsewhere.
    return declared == 0xFFFFFFFF or abs(declared + 8 - opened.size) <= 1
