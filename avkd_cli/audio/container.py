"""Read what FFmpeg reads, films and phone recordings above all: the first sound track."""

import contextlib
import itertools
from collections.abc import Iterator

import av
import numpy as np

from avkd_cli.audio.frames import has_frame_count
from avkd_cli.audio.limits import Segment
from avkd_cli.audio.stream import BLOCK, Stream, check_format, check_length, check_segment_end
from avkd_cli.audio.structure import check_structure
from avkd_cli.errors import Rejected
from avkd_cli.media.limits import Limits
from avkd_cli.media.opened import DecoderFaults, OpenFile, open_container

_SEEKS = {"mp4", "matroska"}  # those with an index of exact times
_ONE_LENGTH = {"matroska", "avi"}  # those that declare one for all tracks together
_PRE_ROLL = 1.0  # seconds decoded before a segment: AAC needs one frame, opus 80 ms
_SLACK = 0.1  # seconds that a track may lack without a word
_STILL = 0.05  # seconds that its time stamps may jump without one
_SHORT = 0.95  # reaching less than this share of the declared length is being cut off
_PACKETS_PER_SECOND = 2_000  # more of them is no sound: the shortest frame in use is 2.5 ms
_FULL_SCALE = {"u8": 1 << 7, "s16": 1 << 15, "s32": 1 << 31, "flt": 1, "dbl": 1}


@contextlib.contextmanager
def open_track(
    opened: OpenFile, container: str, segment: Segment, limits: Limits
) -> Iterator[Stream]:
    """Give the first sound track of a file that FFmpeg reads.

    Time 0 is the beginning of the container, so that a segment means the same for sound and
    picture. What an encoder puts before and after the sound to fill its frames is left out
    where the container says how much it is.

    Raises:
        Rejected: no_audio_stream, codec_missing, truncated, bad_rate, low_rate, bad_channels,
            too_long, bad_segment, undecodable; some of them while its blocks are read.
    """
    warnings = check_structure(opened, container, limits.max_damaged)
    faults = DecoderFaults(opened, container)
    with open_container(faults) as file:
        track = _Track(file, faults, segment, limits)
        track.warnings |= warnings
        if container == "flac":  # FFmpeg reads those of unknown length
            track.warnings.add("streamed_header")
        yield track.stream()


class _Track:
    """The decoding of one track: where it is, and what went wrong on the way."""

    def __init__(self, file, faults: DecoderFaults, segment: Segment, limits: Limits) -> None:
        self.file, self.opened, self.container = file, faults.opened, faults.container
        self.segment, self.limits = segment, limits
        self.guard = faults
        if not file.streams.audio:
            raise Rejected("no_audio_stream", "no audio stream")
        self.track = file.streams.audio[0]
        if self.track.codec_context is None:
            raise Rejected("codec_missing", "the codec of the sound is not built in")
        if self.track.codec_context.name == "flac":  # else damage comes out as sound
            self.track.codec_context.options = {"err_detect": "crccheck+explode"}
        if (self.container, self.track.codec_context.name) == ("caf", "alac"):
            # The last packet's length leaves out its padding, which FFmpeg then cuts off again.
            self.track.codec_context.options = {"flags2": "+skip_manual"}
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
        self.kind, self.is_planar = first.format.name, first.format.is_planar
        if self.kind.removesuffix("p") not in _FULL_SCALE:
            raise Rejected("codec_missing", f"samples of kind {self.kind}")
        self.dtype = np.dtype(av.audio.frame.format_dtypes[self.kind])
        self.tick = float(first.time_base or 0)  # s
        if declared := self._declared():
            check_length(
                declared,
                4 * self.rate * self.channels,
                self.opened.size,
                segment=self.segment,
                limits=self.limits,
            )
        blocks = self._blocks(itertools.chain([first], frames))
        return Stream(self.rate, self.channels, blocks, True, self.warnings)

    def _seek(self) -> None:
        start = self.segment.start - _PRE_ROLL
        if self.container in _SEEKS and start > 0:
            with self.guard:
                ticks = int((start + self.origin) / self.track.time_base)
                self.file.seek(ticks, stream=self.track)

    def _declared(self) -> float | None:
        """Return the seconds that the header promises; None where FFmpeg only guesses them."""
        if self.container in ("mp4", "caf") or (
            self.container == "mp3" and has_frame_count(self.opened)
        ):
            return float((self.track.duration or 0) * self.track.time_base) or None
        if self.container in _ONE_LENGTH:  # of the longest track
            return (self.file.duration or 0) / av.time_base or None
        return None

    def _packets(self) -> Iterator[av.Packet]:
        has_one_length = self.container in _ONE_LENGTH
        packets = self.file.demux() if has_one_length else self.file.demux(self.track)
        most = (self.segment.start + self.limits.max_duration) * _PACKETS_PER_SECOND
        index = self.track.index
        while True:
            try:
                with self.guard:
                    packet = next(packets, None)
            except Rejected:  # whether enough came out before is seen at the end
                self.cut = True
                return
            if packet is None:
                return
            if has_one_length and packet.pts is not None:
                end = float((packet.pts + (packet.duration or 0)) * packet.time_base)
                self.reached = max(self.reached, end - self.origin)
            if packet.stream_index == index:
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
                with self.guard:
                    frames = packet.decode()
            except Rejected:
                self.damaged += 1
                continue
            yield from frames

    def _blocks(self, frames: Iterator[av.AudioFrame]) -> Iterator[np.ndarray]:
        """Yield the samples (n, channels) of the segment, then check that none are missing."""
        first = round(self.segment.start * self.rate)
        last = None if self.segment.end is None else round(self.segment.end * self.rate)
        room = int(self.limits.max_duration * self.rate)
        for begin, samples in self._joined(frames, last):
            end = None if last is None else max(0, last - begin)
            wanted = samples[max(0, first - begin) : end]
            room -= len(wanted)
            if room < 0:
                raise Rejected("too_long", f"more than {self.limits.max_duration:g} s")
            if len(wanted):
                yield wanted
            if last is not None and begin + len(samples) >= last:
                self._check_damage()
                return
        self._check_complete()
        check_segment_end(self.segment, (self.position or 0) / self.rate)

    def _joined(
        self, frames: Iterator[av.AudioFrame], last: int | None
    ) -> Iterator[tuple[int, np.ndarray]]:
        """Yield (place, samples) of many frames at once: each is 64 ms, and calls are slow."""
        held: list[np.ndarray] = []
        begin, most = 0, BLOCK // self.channels
        for frame, is_last in _marked(frames):
            place = self._place(frame)
            if held and place != self.position:
                yield begin, self._floats(held)
                held = []
            begin = begin if held else place
            length = self._length(frame, is_last)
            held.append(self._array(frame, length))
            self.position = place + length
            self.decoded += length
            if self.position - begin >= most or (last is not None and self.position >= last):
                yield begin, self._floats(held)
                held = []
        if held:
            yield begin, self._floats(held)

    def _place(self, frame: av.AudioFrame) -> int:
        """Return where the frame begins, in samples; the time stamps decide where they jump."""
        stamp = None
        if frame.pts is not None:
            stamp = round((frame.pts * self.tick - self.origin) * self.rate)
        if self.position is None:
            return stamp or 0
        if stamp is not None and stamp - self.position > _STILL * self.rate:
            self.warnings.add("timestamp_gap")
            return stamp
        return self.position

    def _length(self, frame: av.AudioFrame, is_last: bool) -> int:
        """Return the samples of a frame; in mp4 the last one says how many are no padding."""
        if is_last and self.container == "mp4" and frame.duration:
            return min(frame.samples, round(frame.duration * self.tick * self.rate))
        return frame.samples

    def _array(self, frame: av.AudioFrame, length: int) -> np.ndarray:
        """Return samples as decoded: (channels, n) if planar, else (1, n * channels)."""
        rows, times = (self.channels, 1) if self.is_planar else (1, self.channels)
        count = times * frame.samples
        with self.guard:
            data = frame.to_ndarray() if rows > 1 else self._view(frame, count)
        if frame.sample_rate != self.rate or data.shape != (rows, count):
            raise Rejected("undecodable", "rate or channels change on the way")
        return data[:, : times * length]

    def _view(self, frame: av.AudioFrame, count: int) -> np.ndarray:
        """Return the one row of a frame without copying it, a quarter of the time of decoding."""
        if frame.format.name != self.kind or frame.layout.nb_channels != self.channels:
            raise Rejected("undecodable", "rate or channels change on the way")
        return np.frombuffer(frame.planes[0], self.dtype, count)[None]

    def _floats(self, held: list[np.ndarray]) -> np.ndarray:
        """Return samples as decoded joined to (n, channels) float32, full scale 1."""
        joined = np.concatenate(held, axis=1)
        joined = joined.T if self.is_planar else joined.reshape(-1, self.channels)
        kind = self.kind.removesuffix("p")
        samples = joined.astype(np.float32, copy=False)
        if kind == "u8":
            samples = samples - 128
        return samples if kind == "flt" else samples / np.float32(_FULL_SCALE[kind])

    def _check_damage(self) -> None:
        if self.damaged > self.limits.max_damaged * self.packets:
            detail = f"{self.damaged} of {self.packets} packets are damaged"
            raise Rejected("undecodable", detail)
        if self.damaged:
            self.warnings.add("decode_errors")

    def _check_complete(self) -> None:
        self._check_damage()
        reached = self.reached
        if self.container not in _ONE_LENGTH and self.position is not None:
            reached = max(self.decoded, self.position) / self.rate
        if self.container == "mpegts" and self.decoded < _SHORT * (self.position or 0):
            lost = reached - self.decoded / self.rate
            raise Rejected("undecodable", f"{lost:.2f} of {reached:.2f} s were lost on the way")
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
