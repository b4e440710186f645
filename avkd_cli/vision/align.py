"""Faces to crops of one size: by five landmarks, by a box, or as they are."""

from dataclasses import dataclass

import cv2
import numpy as np

# Left eye, right eye, nose, left and right corner of the mouth, as seen in the picture; x, y in
# pixels of a 112 x 112 crop. Widely published with ArcFace (J. Deng et al., CVPR 2019) and, less
# 8 in x, with SphereFace (W. Liu et al., CVPR 2017), whose crop is 112 high and 96 wide.
TEMPLATE = np.array(
    [
        [38.2946, 51.6963],
        [73.5318, 51.5014],
        [56.0252, 71.7366],
        [41.5493, 92.3655],
        [70.7299, 92.2041],
    ]
)


@dataclass(frozen=True)
class CropMode:
    """What a crop is.

    Args:
        height, width, channels: its shape.
        template: where the landmarks go, (5, 2); None for a square around the box.
        whole: no face is looked for: the middle of the frame, as large a part as there is.
    """

    height: int
    width: int
    channels: int = 3
    template: np.ndarray | None = None
    whole: bool = False


CROP_MODES = {
    "aligned-112x96": CropMode(112, 96, template=TEMPLATE - [8, 0]),
    "aligned-112": CropMode(112, 112, template=TEMPLATE),
    "box-224": CropMode(224, 224),
    "gray-128": CropMode(128, 128, channels=1),
    "centre-224": CropMode(224, 224, whole=True),
}


def crop(
    frame: np.ndarray,
    box: np.ndarray,
    landmarks: np.ndarray,
    mode: CropMode,
    margin: float = 0.3,
) -> np.ndarray:
    """Return one face of a frame as a crop.

    With landmarks, aligned modes move them onto the template and box modes take a square around
    the box. A face without landmarks (NaN) is already a crop: the largest centred part of the
    box that has the crop's aspect is resized. What lies outside the frame is black.

    Args:
        frame: RGB uint8 (height, width, 3).
        box: x1, y1, x2, y2 in pixels.
        landmarks: (5, 2) in pixels, x first; NaN where there are none.
        mode: of `CROP_MODES`.
        margin: a square around a box is so much wider than the box, as a fraction.

    Returns:
        uint8 (mode.height, mode.width, mode.channels); grey is ITU-R BT.601 luma.

    Raises:
        ValueError: if all landmarks are one point, or the box is empty.
    """
    if np.isnan(landmarks).any():
        matrix = cover(box, mode.height, mode.width)
    elif mode.template is None:
        matrix = enclose(box, mode.height, margin)
    else:
        matrix = similarity(landmarks, mode.template)
    picture = warp(frame, matrix, mode.height, mode.width)
    if mode.channels == 1:
        return cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)[:, :, None]
    return picture


def similarity(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Return the turn, scale and shift that moves points nearest to others, least squares.

    In the plane such a map is z -> a z + b with complex a and b, so the least-squares solution
    is one division and there is never a reflection.

    Args:
        source, target: (n, 2), x first.

    Returns:
        (2, 3) matrix that maps (x, y, 1) of the source to the target.

    Raises:
        ValueError: if all source points are one, or any is not finite.

    Reference:
        S. Umeyama, "Least-squares estimation of transformation parameters between two point
        patterns", IEEE PAMI 13(4), 1991, eq. 40 to 42.
    """
    if not np.isfinite(source).all() or np.ptp(source, axis=0).max() < 1e-6:
        raise ValueError("landmarks are one point or not finite: no direction to align")
    z, w = source[:, 0] + 1j * source[:, 1], target[:, 0] + 1j * target[:, 1]
    z0, w0 = z.mean(), w.mean()
    power = (np.abs(z - z0) ** 2).sum()
    a = ((z - z0).conj() * (w - w0)).sum() / power
    b = w0 - a * z0
    return np.array([[a.real, -a.imag, b.real], [a.imag, a.real, b.imag]])


def cover(box: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return the map that fills the crop with the centre of the box, aspect kept."""
    x1, y1, x2, y2 = (float(v) for v in box)
    if x2 <= x1 or y2 <= y1:
        raise ValueError(f"box {box} is empty")
    scale = max(width / (x2 - x1), height / (y2 - y1))
    return _centred((x1 + x2) / 2, (y1 + y2) / 2, scale, height, width)


def enclose(box: np.ndarray, side: int, margin: float) -> np.ndarray:
    """Return the map of a square around the box, `margin` wider than its longer side."""
    x1, y1, x2, y2 = (float(v) for v in box)
    longer = max(x2 - x1, y2 - y1)
    if longer <= 0:
        raise ValueError(f"box {box} is empty")
    scale = side / (longer * (1 + margin))
    return _centred((x1 + x2) / 2, (y1 + y2) / 2, scale, side, side)


def _centred(x: float, y: float, scale: float, height: int, width: int) -> np.ndarray:
    # A pixel's middle is at its number plus a half.
    dx = width / 2 - 0.5 - scale * (x - 0.5)
    dy = height / 2 - 0.5 - scale * (y - 0.5)
    return np.array([[scale, 0.0, dx], [0.0, scale, dy]])


def warp(frame: np.ndarray, matrix: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return the frame seen through a similarity map, linear between pixels, black outside.

    Args:
        frame: uint8 (any height, any width, 3).
        matrix: (2, 3), frame to result.
        height, width: of the result.
    """
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    if scale <= 0.5:  # linear interpolation would leave out whole pixels: take means first
        frame, matrix = _shrink(frame, matrix, int(1 / scale), height, width)
    return cv2.warpAffine(frame, matrix, (width, height), flags=cv2.INTER_LINEAR)


def _shrink(
    frame: np.ndarray, matrix: np.ndarray, factor: int, height: int, width: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the part of the frame that the result shows, `factor` times smaller, and its map."""
    turn, shift = matrix[:, :2], matrix[:, 2]
    corners = np.array([[0, 0], [width, 0], [0, height], [width, height]], dtype=float)
    seen = np.linalg.solve(turn, (corners - shift).T).T
    limit = [frame.shape[1], frame.shape[0]]
    x1, y1 = np.floor(seen.min(axis=0) - factor).clip(0, limit).astype(int)
    x2, y2 = np.ceil(seen.max(axis=0) + factor).clip(0, limit).astype(int)
    part = frame[y1:y2, x1:x2]
    below, right = -part.shape[0] % factor, -part.shape[1] % factor
    part = cv2.copyMakeBorder(part, 0, below, 0, right, cv2.BORDER_REPLICATE)
    size = (part.shape[1] // factor, part.shape[0] // factor)
    small = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
    middle = np.array([x1, y1]) + (factor - 1) / 2  # of the first small pixel, in the frame
    return small, np.column_stack([turn * factor, turn @ middle + shift])
