"""Chosen frames of a video, decoding only what they need."""

import bisect
import math
from collections.abc import Iterator
from dataclasses import dataclass

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from avkd_cli.errors import Rejected
from avkd_cli.media.limits import PICTURES
from avkd_cli.vision.orientation import Orientation, display_orientation
from avkd_cli.vision.packets import Film, Listing

# Here a frame to which no other refers may be left out exactly; elsewhere (HEVC) only nearly.
SKIPS_EXACTLY = frozenset({"h264", "mpeg1video", "mpeg2video"})


@dataclass(frozen=True)
class Frame:
    """A picture and when it is shown.

    Args:
        time_s: from the beginning of the file.
        pixels: RGB uint8 (height, width, 3), upright, with square pixels.
    """

    time_s: float
    pixels: np.ndarray


def decode_chosen(
    film: Film, listing: Listing, chosen: np.ndarray, warnings: list[str]
) -> Iterator[tuple[int, Frame]]:
    """Yield the frames at the positions `chosen` of the listing, in order, with their positions.

    One that cannot be decoded is replaced by the next that can; the warning decode_errors says so.

    Raises:
        Rejected: undecodable if over a twentieth of the packets, or every frame, is refused, or
            if as many frames come after later ones; frame_too_large, decode_timeout.
    """
    stream, clock = film.stream, film.clock
    # Worker processes use the cores; threads would also make skipping inexact.
    stream.codec_context.thread_count = 1
    # How much wider than high a pixel is; 1 where the header says nothing sensible.
    ratio = stream.sample_aspect_ratio or stream.codec_context.sample_aspect_ratio
    square = float(ratio) if ratio and 0.25 <= ratio <= 4 else 1.0
    to_rgb = VideoReformatter()  # a frame's own one would be set up anew for each frame
    wanted = listing.keys[chosen].tolist()
    damage = Damage(missing=len(wanted))
    frames = _decode(film, listing, set(wanted), damage)
    for position, frame in enumerate(frames):
        clock.check()
        key = position if listing.stamps is None else frame.pts
        damage.order(key)
        passed = 0 if key is None else bisect.bisect_right(wanted, key)
        if passed == 0:
            continue
        del wanted[:passed]
        damage.missing -= 1
        damage.corrupt += frame.is_corrupt
        # Of an unknown key, that of the one after it.
        at = int(min(np.searchsorted(listing.keys, key), len(listing.keys) - 1))
        found = Frame(float(listing.times[at]), _to_upright(frame, square, to_rgb))
        with clock.stopped():
            yield at, found
        if not wanted:
            break
    damage.tell(warnings, len(chosen))


@dataclass
class Damage:
    """What is wrong: wanted frames still missing, packets refused of those given, concealment,
    frames that come after later ones."""

    missing: int
    given: int = 0
    refused: int = 0
    corrupt: int = 0
    late: int = 0
    latest: float = -math.inf

    def order(self, key: int | None) -> None:
        """Count a frame that is shown before one that came already."""
        if key is not None:
            self.late += key < self.latest
            self.latest = max(self.latest, key)

    def tell(self, warnings: list[str], wanted: int) -> None:
        """Warn of a little damage; raise Rejected when over a twentieth, or all, is lost."""
        if self.refused > 0.05 * self.given or self.missing == wanted:
            detail = f"decoder refused {self.refused} of {self.given} frames"
            raise Rejected("undecodable", detail)
        if self.late > 0.05 * self.given:
            detail = f"{self.late} of {self.given} frames come after later ones: out of order"
            raise Rejected("undecodable", detail)
        if self.refused or self.corrupt or self.missing:
            warnings.append("decode_errors")


def _decode(
    film: Film, listing: Listing, wanted: set[int], damage: Damage
) -> Iterator[av.VideoFrame]:
    """Yield decoded frames in order of presentation: the wanted ones and some of those between."""
    needed = _needed(listing, wanted)
    codec = film.stream.codec_context
    skips = listing.stamps is not None and codec.name in SKIPS_EXACTLY
    position, running = -1, False
    for packet in film.container.demux(film.stream):
        if packet.size == 0:
            continue
        position += 1
        if position < len(needed) and needed[position]:
            if skips:
                codec.skip_frame = "DEFAULT" if packet.pts in wanted else "NONREF"
            running = True
            yield from _feed(codec, packet, damage)
        elif running:
            running = False
            yield from _feed(codec, None, damage)
            codec.flush_buffers()
    yield from _feed(codec, None, damage) if running else ()


def _needed(listing: Listing, wanted: set[int]) -> np.ndarray:
    """Return which packets, in file order, the wanted frames need.

    A frame needs all from the last random access point that is shown no later than it: frames
    shown before such a point may refer to what precedes it (open groups of pictures).
    """
    if listing.stamps is None:
        return np.ones(len(listing.random_access), dtype=bool)
    needed = np.zeros(len(listing.stamps), dtype=bool)
    points: list[tuple[int, int]] = []  # position and stamp of those passed, stamps rising
    for position, stamp in enumerate(listing.stamps.tolist()):
        if listing.random_access[position]:
            points.append((position, stamp))
        if stamp in wanted:
            first = next((at for at, shown in reversed(points) if shown <= stamp), 0)
            needed[first : position + 1] = True
    return needed


def _feed(
    codec: av.video.codeccontext.VideoCodecContext, packet: av.Packet | None, damage: Damage
) -> list[av.VideoFrame]:
    """Return the frames that come out when a packet goes in (None: the rest)."""
    damage.given += packet is not None
    try:
        return codec.decode(packet)
    except av.FFmpegError:
        damage.refused += packet is not None
        return []


def _to_upright(frame: av.VideoFrame, aspect: float, to_rgb: VideoReformatter) -> np.ndarray:
    """Return RGB pixels of a frame, square and turned as it is to be shown."""
    side = PICTURES.max_side
    if max(frame.width, frame.height) > side:
        detail = f"{frame.width} x {frame.height} > {side} x {side}"
        raise Rejected("frame_too_large", detail)
    # The shorter side grows, so that nothing is lost.
    width = min(round(frame.width * max(aspect, 1)), side)
    height = min(round(frame.height * max(1 / aspect, 1)), side)
    shape = {"width": width, "height": height, "format": "rgb24"}
    picture = to_rgb.reformat(frame, **shape, threads=1).to_ndarray()
    return _orientation_of(frame).apply(picture)


def _orientation_of(frame: av.VideoFrame) -> Orientation:
    for data in frame.side_data:
        if data.type.name == "DISPLAYMATRIX":
            return display_orientation(bytes(data))
    return Orientation()
