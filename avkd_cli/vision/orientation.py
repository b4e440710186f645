"""How a picture or a film is held, by what its header says."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Orientation:
    """One of the eight ways to hold a picture: transpose first, then mirror.

    Args:
        transpose: exchange rows and columns.
        mirror_x, mirror_y: then turn left and right, top and bottom round.
    """

    transpose: bool = False
    mirror_x: bool = False
    mirror_y: bool = False

    def apply(self, picture: np.ndarray) -> np.ndarray:
        """Return the picture (height, width, channels) as it is to be seen, contiguous."""
        if self.transpose:
            picture = picture.swapaxes(0, 1)
        if self.mirror_x:
            picture = picture[:, ::-1]
        if self.mirror_y:
            picture = picture[::-1]
        return np.ascontiguousarray(picture)


# EXIF tag 0x0112, values 1 to 8 (CIPA DC-008, 4.6.4).
EXIF_ORIENTATIONS = {
    1: Orientation(),
    2: Orientation(mirror_x=True),
    3: Orientation(mirror_x=True, mirror_y=True),
    4: Orientation(mirror_y=True),
    5: Orientation(transpose=True),
    6: Orientation(transpose=True, mirror_x=True),
    7: Orientation(transpose=True, mirror_x=True, mirror_y=True),
    8: Orientation(transpose=True, mirror_y=True),
}


def display_orientation(matrix: bytes) -> Orientation:
    """Return the nearest orientation of a display matrix.

    Args:
        matrix: nine 32-bit integers a b u c d v x y w; a point (p, q) is shown at
            (a p + c q + x, b p + d q + y) (ISO/IEC 14496-12, 8.2.2; FFmpeg display.h).
    """
    a, b, _, c, d = np.frombuffer(matrix, dtype=np.int32, count=5).tolist()
    if abs(a) + abs(d) >= abs(b) + abs(c):
        return Orientation(mirror_x=a < 0, mirror_y=d < 0)
    return Orientation(transpose=True, mirror_x=c < 0, mirror_y=b < 0)
