"""Read mp4, matroska, avi, mpeg, ogg, mp3 and aac by FFmpeg (PyAV): the first sound track."""

import contextlib
import itertools
from collections.abc import Iterator

import av
import numpy as np

from avkd_cli.audio.frames import has_frame_count
from avkd_cli.audio.limits import Limits, Segment
from avkd_cli.audio.source import Source, decoder_faults
from avkd_cli.audio.stream import BLOCK, Stream, check_format, check_length, check_segment_end
from avkd_cli.audio.structure import check_structure
from avkd_cli.errors import Rejected

av.logging.set_level(av.logging.PANIC)  # what FFmpeg has to say comes out as a reject code

_SEEKS = {"mp4", "matroska"}  # those with an index of exact times
_PRE_ROLL = 1.0  # seconds decoded before a segment: AAC needs one frame, opus 80 ms
_SLACK = 0.1  # seconds that a track may lack, or stand still, without a word
_SHORT = 0.95  # reaching less than this share of the declared length is being cut off
_PACKETS_PER_SECOND = 2_000  # more of them is no sound: the shortest frame in use is 2.5 ms
_FULL_SCALE = {"u8": 1 << 7, "s16": 1 << 15, "s32": 1 << 31, "flt": 1, "dbl": 1}


@contextlib.contextmanager
def open_container(
    source: Source, container: str, segment: Segment, limits: Limits
) -> Iterator[Stream]:
    """Give the first sound track of a file that FFmpeg reads.

    Time 0 is the beginning of the container, so that a segment means the same for sound and
    picture. What an encoder puts before and after the sound to fill its frames is left out
    where the container says how much it is.

    Raises:
        Rejected: no_audio_stream, codec_missing, truncated, bad_rate, low_rate, bad_channels,
            too_long, bad_segment, undecodable; some of them while its blocks are read.
    """
    warnings = check_structure(source, container, limits.max_damaged)
    source.seek(0)
    with decoder_faults(source, container):
        file = av.open(source, format=container, mode="r", metadata_errors="replace")
    with file:
        track = _Track(file, source, container, segment, limits)
        track.warnings |= warnings
        yield track.stream()


class _Track:
    """The decoding of one track: where it is, and what went wrong on the way."""

    def __init__(
        self, file, source: Source, container: str, segment: Segment, limits: Limits
    ) -> None:
        self.file, self.source, self.container = file, source, container
        self.segment, self.limits = segment, limits
        if not file.streams.audio:
            raise Rejected("no_audio_stream", "no audio stream")
        self.track = file.streams.audio[0]
        if self.track.codec_context is None:
            raise Rejected("codec_missing", "the codec of the sound is not built in")
        self.warnings = {"multi_stream"} if len(file.streams.audio) > 1 else set()
        self.origin = max(0.0, (file.start_time or 0) / av.time_base)  # s
        self.packets = self.damaged = 0
        self.cut = False
        self.reached = 0.0  # s, the end of the last packet of any track
        self.position: int | None = None  # samples from the origin, of the next frame
        self.decoded = 0  # samples

    def stream(self) -> Stream:
        """Return the track as blocks; its first frame is decoded here, to know the format."""
        self._seek()
        frames = self._frames()
        first = next(frames, None)
        if first is None:
            self._check_complete()
            raise Rejected("undecodable", f"no sound in {self.packets} packets")
        self.rate, self.channels = first.sample_rate, first.layout.nb_channels
        check_format(self.rate, self.channels, self.limits)
        if declared := self._declared():
            check_length(
                declared,
                4 * self.rate * self.channels,
                self.source.size,
                segment=self.segment,
                limits=self.limits,
            )
        blocks = _gathered(self._wanted(itertools.chain([first], frames)), self.channels)
        return Stream(self.rate, self.channels, blocks, True, self.warnings)

    def _seek(self) -> None:
        start = self.segment.start - _PRE_ROLL
        if self.container in _SEEKS and start > 0:
            with decoder_faults(self.source, self.container):
                ticks = int((start + self.origin) / self.track.time_base)
                self.file.seek(ticks, stream=self.track)

    def _declared(self) -> float | None:
        """Return the seconds that the header promises; None where FFmpeg only guesses them."""
        if self.container == "mp4" or (self.container == "mp3" and has_frame_count(self.source)):
            return float((self.track.duration or 0) * self.track.time_base) or None
        if self.container in ("matroska", "avi"):  # of the longest track
            return (self.file.duration or 0) / av.time_base or None
        return None

    def _packets(self) -> Iterator[av.Packet]:
        # The tracks of matroska and avi have one declared length together, so all are watched.
        watched = [] if self.container in ("matroska", "avi") else [self.track]
        packets = self.file.demux(*watched)
        most = (self.segment.start + self.limits.max_duration) * _PACKETS_PER_SECOND
        while True:
            try:
                with decoder_faults(self.source, self.container):
                    packet = next(packets, None)
            except Rejected:  # whether enough came out before is seen at the end
                self.cut = True
                return
            if packet is None:
                return
            if packet.pts is not None and packet.time_base:
                end = float((packet.pts + (packet.duration or 0)) * packet.time_base)
                self.reached = max(self.reached, end - self.origin)
            if packet.stream_index == self.track.index:
                self.packets += 1
                if self.packets > most:
                    raise Rejected("too_long", f"more than {most:.0f} packets")
                yield packet

    def _frames(self) -> Iterator[av.AudioFrame]:
        for packet in self._packets():
            if packet.is_corrupt:  # the file ends within it
                self.cut = True
                continue
            try:
                with decoder_faults(self.source, self.container):
                    frames = packet.decode()
            except Rejected:
                self.damaged += 1
                continue
            yield from frames

    def _wanted(self, frames: Iterator[av.AudioFrame]) -> Iterator[np.ndarray]:
        """Yield the samples (n, channels) of the segment, then check that none are missing."""
        segment, rate = self.segment, self.rate
        first = round(segment.start * rate)
        last = None if segment.end is None else round(segment.end * rate)
        room = int(self.limits.max_duration * rate)
        for frame, is_last in _marked(frames):
            samples = self._samples(frame, is_last)
            begin = self._place(frame)
            self.position = begin + len(samples)
            self.decoded += len(samples)
            samples = samples[
                max(0, first - begin) : None if last is None else max(0, last - begin)
            ]
            room -= len(samples)
            if room < 0:
                raise Rejected("too_long", f"more than {self.limits.max_duration:g} s")
            if len(samples):
                yield samples
            if last is not None and self.position >= last:
                self._check_damage()
                return
        self._check_complete()
        check_segment_end(segment, (self.position or 0) / rate)

    def _samples(self, frame: av.AudioFrame, is_last: bool) -> np.ndarray:
        if (frame.sample_rate, frame.layout.nb_channels) != (self.rate, self.channels):
            raise Rejected("undecodable", "rate or channels change on the way")
        with decoder_faults(self.source, self.container):
            data = frame.to_ndarray()
        # Planar frames come as (channels, n), packed ones as (1, n * channels).
        data = data.T if frame.format.is_planar else data.reshape(-1, self.channels)
        kind = frame.format.name.removesuffix("p")
        if kind not in _FULL_SCALE:
            raise Rejected("codec_missing", f"samples of kind {kind}")
        if kind == "u8":
            data = data.astype(np.float32) - 128
        data = data.astype(np.float32, copy=False) / np.float32(_FULL_SCALE[kind])
        if is_last and self.container == "mp4" and frame.duration:
            data = data[: round(float(frame.duration * frame.time_base) * self.rate)]
        return data

    def _place(self, frame: av.AudioFrame) -> int:
        """Return where the frame begins, in samples; the time stamps decide where they jump."""
        stamp = None if frame.time is None else round((frame.time - self.origin) * self.rate)
        if self.position is None:
            return stamp or 0
        if stamp is not None and stamp - self.position > _SLACK * self.rate:
            self.warnings.add("timestamp_gap")
            return stamp
        return self.position

    def _check_damage(self) -> None:
        if self.damaged > self.limits.max_damaged * self.packets:
            detail = f"{self.damaged} of {self.packets} packets are damaged"
            raise Rejected("undecodable", detail)
        if self.damaged:
            self.warnings.add("decode_errors")

    def _check_complete(self) -> None:
        self._check_damage()
        heard = 0.0 if self.position is None else self.decoded / self.rate
        ends = 0.0 if self.position is None else self.position / self.rate
        reached = max(heard, ends)
        if self.container in ("matroska", "avi"):
            reached = self.reached
        declared = self._declared()
        if declared is not None and reached < declared - _SLACK:
            if reached < _SHORT * declared:
                detail = f"declared {declared:.2f} s, present {reached:.2f} s"
                raise Rejected("truncated", detail)
            self.warnings.add("duration_mismatch")
        if self.cut:
            raise Rejected("truncated", f"the file breaks off after {reached:.2f} s")


def _marked(frames: Iterator[av.AudioFrame]) -> Iterator[tuple[av.AudioFrame, bool]]:
    """Yield each frame and whether it is the last."""
    held = next(frames, None)
    while held is not None:
        following = next(frames, None)
        yield held, following is None
        held = following


def _gathered(pieces: Iterator[np.ndarray], channels: int) -> Iterator[np.ndarray]:
    """Yield the pieces joined to blocks: a frame is 64 ms, and a call for each is slow."""
    held, size = [], 0
    for piece in pieces:
        held.append(piece)
        size += len(piece) * channels
        if size >= BLOCK:
            yield np.concatenate(held)
            held, size = [], 0
    if held:
        yield np.concatenate(held)
