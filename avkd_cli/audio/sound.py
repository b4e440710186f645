"""Read wav, flac, aiff and NIST SPHERE by libsndfile, and check that all of it is there."""

import contextlib
import re
from collections.abc import Iterator

import numpy as np
import soundfile

from avkd_cli.audio.limits import Segment
from avkd_cli.audio.stream import BLOCK, Stream, check_format, check_length, check_segment_end
from avkd_cli.audio.structure import check_aiff
from avkd_cli.audio.wav import WavHeader, read_wav_header
from avkd_cli.errors import Rejected
from avkd_cli.media.limits import Limits
from avkd_cli.media.opened import DecoderFaults, OpenFile

_PCM16 = np.dtype("<i2")


@contextlib.contextmanager
def open_sound(
    opened: OpenFile, container: str, segment: Segment, limits: Limits
) -> Iterator[Stream]:
    """Give the stream of a wav, flac, aiff or SPHERE file.

    Raises:
        Rejected: truncated, bad_rate, low_rate, bad_channels, too_long, bad_segment,
            undecodable; the last ones also while its blocks are read.
    """
    warnings: set[str] = set()
    if container == "wav":
        header = read_wav_header(opened)
        check_format(header.rate, header.channels, limits)
        warnings.update(header.warnings)
        if _is_plain(header):
            frames = header.data_bytes // header.block
            part = _part(opened, frames, header.rate, header.channels, segment, limits)
            blocks = _pcm16(opened, header, part)
            yield Stream(header.rate, header.channels, blocks, warnings=warnings)
            return
    elif container == "sphere":
        _check_sphere(opened)
    elif container == "aiff":
        check_aiff(opened)
    opened.seek(0)
    guard = DecoderFaults(opened, container)
    with guard:
        file = soundfile.SoundFile(opened)
    with file:
        rate, channels = file.samplerate, file.channels
        check_format(rate, channels, limits)
        part = _part(opened, file.frames, rate, channels, segment, limits)
        yield Stream(rate, channels, _decoded(file, guard, part), warnings=warnings)


def _is_plain(header: WavHeader) -> bool:
    plain = (header.codec, header.bits, header.big_endian) == (1, 16, False)
    return plain and header.block == 2 * header.channels


def _part(
    opened: OpenFile, frames: int, rate: int, channels: int, segment: Segment, limits: Limits
) -> range:
    """Return which of the frames that a header declares are of a segment."""
    check_segment_end(segment, frames / rate)
    size = 4 * rate * channels
    check_length(frames / rate, size, opened.size, segment=segment, limits=limits)
    end = frames if segment.end is None else round(segment.end * rate)
    return range(min(frames, round(segment.start * rate)), min(frames, end))


def _pcm16(opened: OpenFile, header: WavHeader, part: range) -> Iterator[np.ndarray]:
    """Yield blocks of 16-bit PCM, which needs no decoder.

    It is nearly every file of VoxCeleb1; libsndfile would take longer than the fbank's FFT.
    """
    step = BLOCK // header.channels
    for start in part[::step]:
        count = min(step, part.stop - start)
        data = opened.peek(header.data_start + start * header.block, count * header.block)
        if len(data) < count * header.block:
            raise Rejected("truncated", "the file shrank while it was read")
        samples = np.frombuffer(data, _PCM16).astype(np.float32)
        samples *= np.float32(2.0**-15)
        yield samples.reshape(-1, header.channels)


def _decoded(file: soundfile.SoundFile, guard: DecoderFaults, part: range) -> Iterator[np.ndarray]:
    """Yield blocks of what libsndfile decodes, as many frames as the header declares."""
    position = part.start
    if position:  # some codecs cannot seek, not even to the beginning
        with guard:
            _skip(file, position)
    while position < part.stop:
        with guard:
            count = min(BLOCK // file.channels, part.stop - position)
            block = file.read(count, dtype="float32", always_2d=True)
        if not len(block):
            raise Rejected("truncated", f"declared {part.stop} samples, present {position}")
        position += len(block)
        yield block


def _skip(file: soundfile.SoundFile, frames: int) -> None:
    if file.seekable():
        file.seek(frames)
        return
    while frames > 0:
        frames -= len(file.read(min(frames, BLOCK // file.channels), always_2d=True)) or frames


def is_of_unknown_length(opened: OpenFile) -> bool:
    """Return whether a FLAC file was written to a pipe, which libsndfile does not read."""
    head = opened.peek(0, 26)  # the length has 36 bits; 0 is unknown
    return head[:4] == b"fLaC" and not int.from_bytes(head[21:26]) & ((1 << 36) - 1)


def _check_sphere(opened: OpenFile) -> None:
    """Refuse a SPHERE file that holds less than its text header declares."""
    head = opened.peek(0, 1024)
    length = re.match(rb"NIST_1A\n\s*(\d{1,9})\n", head)
    fields = dict(re.findall(rb"\n(\w+) -i (\d{1,12})", head))
    if length is None or b"sample_count" not in fields:
        raise Rejected("undecodable", "the SPHERE header has no length")
    if re.search(rb"\nsample_coding -s\d+ \S*(shorten|wavpack|shortpack)", head):
        raise Rejected("codec_missing", "compressed SPHERE; unpack it by sph2pipe")
    frame = int(fields.get(b"sample_n_bytes", 1)) * int(fields.get(b"channel_count", 1))
    declared, present = int(fields[b"sample_count"]) * frame, opened.size - int(length[1])
    if present < declared:
        raise Rejected("truncated", f"declared {declared} B, present {present} B")
