"""What every reader hands over: blocks of samples as they are in the file."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from avkd_cli.audio.limits import Segment
from avkd_cli.errors import Rejected, apart
from avkd_cli.media.limits import Limits

BLOCK = 1 << 19  # samples of all channels read at once: 2 MiB, so memory never follows a header
TOLERANCE = 0.02  # seconds by which a segment may pass the end of its recording
LOWEST_RATE = 1_000  # Hz; what is below is no rate of sound


@dataclass
class Stream:
    """Sound on its way out of a file.

    Attributes:
        rate: samples a second of each channel.
        channels: number of them.
        blocks: arrays (n, channels), float32, full scale 1, of the segment only.
        overshoots: whether the decoder itself may pass full scale, as lossy ones do.
        warnings: codes found so far; reading the blocks may add some.
    """

    rate: int
    channels: int
    blocks: Iterator[np.ndarray]
    overshoots: bool = False
    warnings: set[str] = field(default_factory=set)


def check_format(rate: int, channels: int, limits: Limits) -> None:
    """Refuse rates and channel counts that no recording of a person has.

    Raises:
        Rejected: bad_rate, low_rate, bad_channels.
    """
    if not LOWEST_RATE <= rate <= limits.max_source_rate:
        raise Rejected("bad_rate", f"{rate} Hz; accepted: up to {limits.max_source_rate} Hz")
    if rate < limits.min_source_rate:
        raise Rejected("low_rate", f"{rate} Hz < {limits.min_source_rate} Hz")
    if not 1 <= channels <= limits.max_channels:
        raise Rejected("bad_channels", f"{channels} channels; accepted: 1 to {limits.max_channels}")


def check_length(
    seconds: float, bytes_per_second: int, file_bytes: int, *, segment: Segment, limits: Limits
) -> None:
    """Refuse what the header says to be too much, before anything is decoded.

    Args:
        seconds: length of the recording that the header declares.
        bytes_per_second: of all channels decoded to float32.
        file_bytes: size of the file.

    Raises:
        Rejected: too_long, also for a file that expands out of all proportion (a bomb).
    """
    end = seconds if segment.end is None else min(seconds, segment.end)
    wanted = end - segment.start
    if wanted > limits.max_duration:
        here, most = apart(wanted, limits.max_duration)
        raise Rejected("too_long", f"{here} s > {most} s")
    decoded = bytes_per_second * wanted
    if decoded > max(limits.free_bytes, limits.max_expansion * file_bytes):
        times = decoded / file_bytes
        here, most = apart(times, limits.max_expansion, 0)
        raise Rejected("too_long", f"expands {here} times > {most}")


def check_segment_end(segment: Segment, seconds: float) -> None:
    """Refuse a segment that passes the end of a recording of so many `seconds`.

    Raises:
        Rejected: bad_segment.
    """
    last = segment.start if segment.end is None else segment.end
    if last > seconds + TOLERANCE:
        there, end = apart(last, seconds)
        raise Rejected("bad_segment", f"{there} s is after the end, {end} s")
