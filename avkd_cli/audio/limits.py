"""What decoding a recording returns."""

from dataclasses import dataclass

import numpy as np

from avkd_cli.errors import Rejected, apart

SAMPLE_RATE = 16_000  # Hz; everything after decoding is at this rate
FRAME, HOP = 400, 160  # samples: 25 ms of sound every 10 ms, of features and of measures

# Codes of what is unusual but usable; with --strict each of them is a reject.
WARNING_CODES = frozenset(
    """
    clipped decode_errors downmixed duration_mismatch extension_mismatch multi_stream odd_header
    over_range riff_size streamed_header timestamp_gap upsampled
    """.split()
)


@dataclass(frozen=True)
class Decoded:
    """One recording as the rest of avkd wants it.

    Attributes:
        samples: 16 kHz, one channel, float32, full scale is 1; shape (n_samples,).
        level_dbfs: RMS after removal of the mean, see `quality.level_dbfs`.
        clipped_fraction: share of the source's samples at full scale, before any resampling.
        container: kind of file by its content, such as "wav".
        warnings: some of `WARNING_CODES`, sorted.
    """

    samples: np.ndarray
    level_dbfs: float
    clipped_fraction: float
    container: str
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Segment:
    """A stretch of a recording in seconds; `end` None is the end of the recording.

    Raises:
        Rejected: bad_segment, for one that no recording can have.
    """

    start: float = 0.0
    end: float | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.start < float("inf"):
            raise Rejected("bad_segment", f"start {self.start:g} s")
        if self.end is not None and not self.start < self.end:
            end, start = apart(self.end, self.start)
            raise Rejected("bad_segment", f"end {end} s is not after start {start} s")
