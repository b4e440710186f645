"""Any recording to 16 kHz mono, or the reason why not.

The content decides what a file is, its decoder is told so, and what comes out is held against
what the header declares. Nothing but `Rejected`, MemoryError and the operating system's own
errors leaves this room, whatever the bytes. How long a decoder may take, and how much memory,
is for whoever runs it in a process of its own (`storage.workers`).
"""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soxr

from avkd_cli.audio import quality
from avkd_cli.audio.limits import SAMPLE_RATE, Decoded, Segment
from avkd_cli.audio.sound import is_of_unknown_length, open_sound
from avkd_cli.audio.stream import BLOCK, Stream, check_format, check_length
from avkd_cli.errors import Rejected, apart
from avkd_cli.media.formats import SOUND, allowed_format, is_named_otherwise
from avkd_cli.media.limits import Limits
from avkd_cli.media.opened import OpenFile, open_file

_BY_LIBSNDFILE = {"wav", "flac", "sphere", "aiff"}


def decode_audio(
    path: Path,
    *,
    start: float | None = None,
    end: float | None = None,
    limits: Limits | None = None,
    channel: str = "mean",
) -> Decoded:
    """Return the recording at `path`, or its stretch from `start` to `end` seconds.

    Args:
        path: a regular file; a link is followed, a pipe or device is refused.
        start, end: seconds from the beginning of the file, for a film of its container, so that
            picture and sound share one clock. `end` may pass the real end by 20 ms.
        limits: what is refused; the defaults if None.
        channel: "mean" of all, "0" the first, "1" the second …, or "error" to refuse several.

    Raises:
        Rejected: file_not_found, file_unreadable, not_regular_file, empty_file,
            format_not_allowed, undecodable, truncated, too_short, too_long, bad_rate, low_rate,
            bad_channels, non_finite, bad_amplitude, silent, no_audio_stream, codec_missing,
            bad_segment.
        OSError: if the machine, not the file, is at fault (EIO, EMFILE).
        MemoryError: if there is not enough of it.
    """
    limits, segment = limits or Limits(), Segment(start or 0.0, end)
    with open_file(path) as opened:
        container = allowed_format(opened, SOUND)
        with _opener(opened, container)(opened, container, segment, limits) as stream:
            if is_named_otherwise(opened, container):
                stream.warnings.add("extension_mismatch")
            return _decoded(stream, container, channel, limits)


def decode_samples(
    samples: np.ndarray,
    rate: int = SAMPLE_RATE,
    *,
    limits: Limits | None = None,
    channel: str = "mean",
) -> Decoded:
    """Return samples that are decoded already as `decode_audio` returns those of a file.

    Args:
        samples: (n,) or (n, channels), float of full scale 1, or int16.
        rate: of them, in Hz.
        limits, channel: as for a file.

    Raises:
        Rejected: of a file's reasons those that samples can have.
    """
    limits = limits or Limits()
    whole = samples.astype(np.float32) * (2.0**-15 if samples.dtype == np.int16 else 1.0)
    block = np.ascontiguousarray(whole.reshape(len(samples), -1), np.float32)
    check_format(rate, block.shape[1], limits)
    check_length(len(block) / rate, 0, 0, segment=Segment(), limits=limits)
    blocks = (block[start : start + BLOCK] for start in range(0, len(block), BLOCK))
    stream = Stream(rate, block.shape[1], blocks)
    return _decoded(stream, "array", channel, limits)


def _decoded(stream: Stream, container: str, channel: str, limits: Limits) -> Decoded:
    """Return one channel at 16 kHz, its length and level checked."""
    samples, clipped = _collect(stream, channel, limits)
    samples = resample(samples, stream.rate)
    if len(samples) < limits.min_duration * SAMPLE_RATE:
        seconds = len(samples) / SAMPLE_RATE
        here, least = apart(seconds, limits.min_duration)
        raise Rejected("too_short", f"{here} s < {least} s")
    level = _checked_level(samples, stream, limits)
    _warn(stream, channel, clipped, limits)
    return Decoded(
        samples=samples,
        level_dbfs=level,
        clipped_fraction=clipped,
        container=container,
        warnings=tuple(sorted(stream.warnings)),
    )


def resample(samples: np.ndarray, rate: int) -> np.ndarray:
    """Return `samples` (n,) of `rate` Hz at 16 kHz, float32, n * 16000 / rate of them."""
    if rate == SAMPLE_RATE or len(samples) == 0:
        return samples
    return soxr.resample(samples, rate, SAMPLE_RATE, quality="HQ")


def _opener(opened: OpenFile, container: str) -> Callable:
    if container in _BY_LIBSNDFILE and not is_of_unknown_length(opened):
        return open_sound
    from avkd_cli.audio.container import open_track  # FFmpeg, which wav and flac do without

    return open_track


def _collect(stream: Stream, channel: str, limits: Limits) -> tuple[np.ndarray, float]:
    """Return one channel of all blocks and the share of source samples at full scale."""
    pieces, total, clipped, peak = [], 0, 0.0, 0.0
    _check_channel(channel, stream.channels)
    for block in stream.blocks:
        peak = max(peak, _peak(block, total, limits))
        clipped += quality.clipped_fraction(block) * len(block)
        total += len(block)
        pieces.append(_one_channel(block, channel))
    if peak > 1 and not stream.overshoots:
        stream.warnings.add("over_range")
    if len(pieces) == 1:  # a block is half a minute: most recordings are one
        return pieces[0], clipped / total
    samples = np.concatenate(pieces) if pieces else np.zeros(0, np.float32)
    return samples, clipped / max(1, total)


def _peak(block: np.ndarray, position: int, limits: Limits) -> float:
    """Return the largest magnitude of a block whose first frame is number `position`."""
    peak = max(float(block.max()), -float(block.min()))  # NaN and Inf both show here
    if not math.isfinite(peak):
        bad = ~np.isfinite(block)
        first = position + int(np.argmax(bad.any(axis=1)))
        raise Rejected("non_finite", f"{int(bad.sum())} samples NaN or Inf, first at {first}")
    if peak > limits.max_amplitude:
        shown = f"{peak:.3g}" if peak >= 1.01 * limits.max_amplitude else repr(peak)
        raise Rejected("bad_amplitude", f"peak {shown} > {limits.max_amplitude:g}")
    return peak


def _check_channel(channel: str, channels: int) -> None:
    if channel == "error" and channels > 1:
        raise Rejected("bad_channels", f"{channels} channels, wanted one")
    if channel.isdecimal() and int(channel) >= channels:
        raise Rejected("bad_channels", f"{channels} channels, wanted number {channel}")


def _one_channel(block: np.ndarray, channel: str) -> np.ndarray:
    if block.shape[1] == 1 or channel.isdecimal():
        return np.ascontiguousarray(block[:, int(channel) if channel.isdecimal() else 0])
    return block.mean(axis=1, dtype=np.float32)


def _checked_level(samples: np.ndarray, stream: Stream, limits: Limits) -> float:
    level = quality.level_dbfs(samples)
    if level < limits.silence_dbfs:
        of = f"of {stream.channels} channels" if stream.channels > 1 else "of the recording"
        shown = "-inf" if math.isinf(level) else f"{level:.0f}"
        raise Rejected("silent", f"RMS {shown} dBFS after removal of the mean ({of})")
    return level


def _warn(stream: Stream, channel: str, clipped: float, limits: Limits) -> None:
    if stream.rate < SAMPLE_RATE:
        stream.warnings.add("upsampled")
    if stream.channels > 1 and channel == "mean":
        stream.warnings.add("downmixed")
    if clipped > limits.clipped_fraction:
        stream.warnings.add("clipped")
