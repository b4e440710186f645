"""The packets of a video: whether all are there, and when each frame is shown."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import av
import numpy as np

from avkd_cli.errors import Rejected, apart
from avkd_cli.media.formats import check_packets
from avkd_cli.media.limits import PICTURES
from avkd_cli.media.opened import DecoderFaults, open_container
from avkd_cli.vision.timeline import is_steady

_LOST = 0.05  # share of the frames of a transport stream that may have lost packets


class Film:
    """A film that FFmpeg has opened.

    Attributes:
        container: the file. kind: of it, as FFmpeg has it.
        stream: of moving pictures, the first of several.
        seconds: that the header promises, 0 where it says nothing.
        origin: where its times begin, in s.
        clock: how long reading it may take.

    Raises:
        Rejected: no_video_stream, codec_missing.
    """

    def __init__(self, container: av.container.InputContainer, clock: "Clock") -> None:
        self.container, self.kind, self.clock = container, container.format.name, clock
        self.seconds = (container.duration or 0) / av.time_base
        self.origin = (container.start_time or 0) / av.time_base
        pictures = list(container.streams.video)
        streams = [s for s in pictures if not s.disposition & type(s.disposition).attached_pic]
        if not streams:
            raise Rejected("no_video_stream", "only cover art" if pictures else "no video stream")
        self.stream, *self.others = streams
        if self.stream.codec_context is None:
            raise Rejected("codec_missing", "codec of the video stream is not built in")


@contextmanager
def open_film(faults: DecoderFaults, clock: "Clock") -> Iterator[Film]:
    """Open a film; `faults` says which, and what it is."""
    if faults.container == "mpegts":
        check_packets(faults.opened)
    options = {"max_pixels": str(PICTURES.max_side**2)}
    with open_container(faults, buffer_size=1 << 18, options=options) as container:
        yield Film(container, clock)


def check_small(width: int, height: int) -> None:
    """Raise Rejected image_too_small when there is no face to see."""
    if min(width, height) < PICTURES.min_side:
        side = PICTURES.min_side
        raise Rejected("image_too_small", f"{width} x {height} < {side} x {side}")


@dataclass(frozen=True)
class Listing:
    """The packets of a video stream.

    Args:
        keys: what a decoder's output is matched by, rising, one a shown frame: presentation
            stamps where all packets have their own, else the position in output order.
        times: when each is shown, in s.
        stamps: presentation stamp of every packet in file order; None without exact stamps.
        random_access: whether each packet starts anew.
    """

    keys: np.ndarray
    times: np.ndarray
    stamps: np.ndarray | None
    random_access: np.ndarray


def list_packets(film: Film, warnings: list[str]) -> Listing:
    """Return the packets of the video stream, all gone through, none decoded.

    Raises:
        Rejected: frame_too_large, image_too_small, too_long,
            truncated, too_few_frames, decode_timeout.
    """
    if film.others:
        warnings.append("multi_stream")
    _check_header(film)
    packets, seconds_there, damaged = [], 0.0, 0
    for packet in film.container.demux():
        if packet.size == 0:
            continue
        seconds_there = max(seconds_there, _end_of(packet, film.origin))
        if packet.stream.index == film.stream.index:
            damaged += packet.is_corrupt
            anew = packet.is_keyframe and starts_anew(packet, film.stream.codec_context)
            packets.append((packet.pts, packet.dts, anew, packet.is_discard))
        if len(packets) > PICTURES.max_frames:
            raise Rejected("too_long", f"more than {PICTURES.max_frames} frames")
        film.clock.check()
    _check_whole(film, len(packets), seconds_there)
    if film.kind == "mpegts" and damaged > _LOST * len(packets):
        raise Rejected("undecodable", f"{damaged} of {len(packets)} frames lost packets")
    shown = sum(not discarded for *_, discarded in packets)
    if shown < PICTURES.min_frames:
        frames = "frame" if shown == 1 else "frames"
        raise Rejected("too_few_frames", f"{shown} {frames} < {PICTURES.min_frames}")
    return _listing(film, packets, warnings)


def starts_anew(packet: av.Packet, codec: av.video.codeccontext.VideoCodecContext) -> bool:
    """Return whether decoding can begin at a packet that the container calls a key frame.

    In H.264 containers also mark recovery points, from where the picture may take a second to
    become whole; only an IDR picture (unit type 5; ITU-T H.264, 7.4.1) begins anew at once.
    """
    if codec.name != "h264":
        return True
    data, extra = bytes(packet), codec.extradata or b""
    if extra[:1] != b"\x01":  # units follow start codes, not lengths
        return re.search(rb"\x00\x00\x01[\x25\x45\x65]", data) is not None
    length_size, at = (extra[4] & 3) + 1 if len(extra) > 4 else 4, 0
    while at + length_size < len(data):
        unit = at + length_size
        if data[unit] & 0x1F == 5:
            return True
        at = unit + int.from_bytes(data[at:unit])
    return False


def _check_header(film: Film) -> None:
    codec, side = film.stream.codec_context, PICTURES.max_side
    if max(codec.width, codec.height) > side:
        raise Rejected("frame_too_large", f"{codec.width} x {codec.height} > {side} x {side}")
    if codec.width and codec.height:
        check_small(codec.width, codec.height)
    if film.stream.frames > PICTURES.max_frames:
        raise Rejected("too_long", f"{film.stream.frames} frames > {PICTURES.max_frames}")
    if film.seconds > PICTURES.max_seconds:
        here, most = apart(film.seconds, PICTURES.max_seconds, 0)
        raise Rejected("too_long", f"{here} s > {most} s")


def _end_of(packet: av.Packet, origin: float) -> float:
    """Return when the packet's sound or picture ends, in s from the file's beginning."""
    stamp = packet.dts if packet.pts is None else packet.pts
    if stamp is None or packet.time_base is None:
        return 0.0
    return float((stamp + (packet.duration or 0)) * packet.time_base) - origin


def _check_whole(film: Film, there: int, seconds_there: float) -> None:
    """Raise Rejected truncated when less than 0.95 of what the header declares is there.

    FFmpeg ends a cut file without an error. Where the header counts no frames (mkv, fragmented
    mp4), the duration decides; mpg declares neither.
    """
    declared = film.stream.frames
    if film.kind == "mp4" and declared:
        # An edit list may hide frames that the sample table counts; the index knows.
        declared = min(declared, len(film.stream.index_entries) or declared)
    if there < 0.95 * declared:
        raise Rejected("truncated", f"decoded {there} of {declared} frames")
    if not declared and film.kind != "mpeg" and seconds_there < 0.95 * film.seconds - 0.1:
        raise Rejected("truncated", f"decoded {seconds_there:.2f} of {film.seconds:.2f} s")


FRAMES_A_SECOND = 50  # slower than this no decoder is, so that a long film may take longer


class Clock:
    """How long the reading of one video has taken, without what is done with its frames."""

    def __init__(self) -> None:
        self.allowed = PICTURES.wall_seconds
        self._began = time.monotonic()
        self._away = 0.0

    def grant(self, frames: int) -> None:
        """Allow the time that so many frames may take, if that is more."""
        self.allowed = max(self.allowed, frames / FRAMES_A_SECOND)

    def check(self) -> None:
        """Raise Rejected decode_timeout when the time is up."""
        if time.monotonic() - self._began - self._away > self.allowed:
            raise Rejected("decode_timeout", f"> {self.allowed:g} s")

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Do not count what is done inside."""
        began = time.monotonic()
        yield
        self._away += time.monotonic() - began


def _listing(film: Film, packets: list[tuple], warnings: list[str]) -> Listing:
    access = np.array([key for _, _, key, _ in packets])
    shown = [packet for packet in packets if not packet[3]]
    # As of the sound: what is before 0 is left out by players.
    unit, origin = float(film.stream.time_base), max(0.0, film.origin)
    # AVI knows no presentation stamps: with frames out of order FFmpeg has to guess them.
    guessed = film.kind == "avi" and film.stream.codec_context.has_b_frames
    stamps = None if guessed else _distinct([pts for pts, *_ in packets])
    if stamps is not None:
        keys = np.sort([pts for pts, *_ in shown])
        times = keys * unit - origin
    else:
        keys = np.arange(len(shown))
        order = _distinct([dts for _, dts, *_ in shown])
        rate = float(film.stream.average_rate or 25)
        times = keys / rate if order is None else np.sort(order) * unit - origin
    if times[-1] - times[0] > PICTURES.max_seconds:
        here, most = apart(times[-1] - times[0], PICTURES.max_seconds, 0)
        raise Rejected("too_long", f"{here} s > {most} s")
    if not is_steady(times) or not 1 <= float(film.stream.average_rate or 0) <= 1000:
        warnings.append("bad_fps")
    return Listing(keys, times, stamps, access)


def _distinct(stamps: list[int | None]) -> np.ndarray | None:
    """Return the stamps as an array if every packet has one of its own, else None."""
    if None in stamps or len(set(stamps)) < len(stamps):
        return None
    return np.array(stamps, dtype=np.int64)
