"""Face tracks of VoxCeleb: where the person is, frame by frame."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from avkd_cli.errors import Rejected
from avkd_cli.media.opened import open_file

FRAME_RATE = 25.0  # VoxCeleb counts frames of the video at 25 a second
MOST_BYTES = 4 << 20
NEAR_S = 0.5  # a box so far in time says nothing about a frame


@dataclass(frozen=True)
class Track:
    """Boxes of one person over time.

    Args:
        times: in s, rising, (n,).
        boxes: x, y, width, height, (n, 4), in pixels or, if `relative`, in fractions of the frame.
        relative: no value is above 1, as in the files of VoxCeleb2.
    """

    times: np.ndarray
    boxes: np.ndarray
    relative: bool

    def at(self, time_s: float, height: int, width: int) -> np.ndarray | None:
        """Return the box x1, y1, x2, y2 in pixels nearest in time; None over half a second off."""
        nearest = int(np.abs(self.times - time_s).argmin())
        if abs(self.times[nearest] - time_s) > NEAR_S:
            return None
        x, y, w, h = self.boxes[nearest]
        box = np.array([x, y, x + w, y + h])
        return box * [width, height, width, height] if self.relative else box


def read_track(path: Path) -> Track:
    """Read a track file: a header of "name : value" lines, then rows FRAME X Y W H.

    Raises:
        Rejected: bad_box if there is no row or one is not five finite numbers with a positive
            width and height; or what `open_file` raises.
    """
    with open_file(path) as opened:
        data = opened.peek(0, MOST_BYTES)
    text = data.decode("utf-8", errors="replace").lstrip("\ufeff")
    lines = iter(text.splitlines())
    for line in lines:
        if line.split()[:1] == ["FRAME"]:
            break
    rows = [_row(line, n) for n, line in enumerate(lines, 1) if line.strip()]
    if not rows:
        raise Rejected("bad_box", "the track file has no row after FRAME X Y W H")
    table = np.array(sorted(rows))
    boxes = table[:, 1:]
    return Track(table[:, 0] / FRAME_RATE, boxes, relative=bool(np.abs(boxes).max() <= 1))


def _row(line: str, number: int) -> tuple[float, ...]:
    try:
        row = tuple(float(part) for part in line.split())
    except ValueError:
        row = ()
    if len(row) != 5 or not np.isfinite(row).all() or min(row[3:]) <= 0:
        raise Rejected("bad_box", f"row {number} of the track is not FRAME X Y W H")
    return row
