"""How good a face picture is: numbers for weighting and for error analysis, never to reject."""

import cv2
import numpy as np


def sharpness(crop: np.ndarray) -> float:
    """Return the variance of the Laplacian of the grey crop; higher is sharper.

    Grey levels squared, of the crop's size, so that faces of one store can be compared.

    Args:
        crop: uint8 (height, width, 1 or 3), RGB.

    Reference:
        J. L. Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy: a comparative
        study", ICPR 2000.
    """
    return float(cv2.Laplacian(_grey(crop), cv2.CV_32F).var(dtype=np.float64))


def brightness(crop: np.ndarray) -> float:
    """Return the mean grey level, 0 black to 255 white."""
    return float(_grey(crop).mean())


def is_flat(crop: np.ndarray) -> bool:
    """Return whether the crop has no texture: one colour, but for one grey level of coding."""
    return bool(crop.reshape(-1, crop.shape[-1]).std(axis=0).max() < 1)


def face_size(box: np.ndarray) -> float:
    """Return the side in pixels of a square as large as the box x1, y1, x2, y2."""
    return float(np.sqrt(max(box[2] - box[0], 0) * max(box[3] - box[1], 0)))


def roll(landmarks: np.ndarray) -> float:
    """Return how far the eyes' line is turned, in degrees, clockwise as seen; NaN without eyes.

    Args:
        landmarks: (5, 2) in pixels, left eye and right eye as seen first.
    """
    x, y = landmarks[1] - landmarks[0]
    return float(np.degrees(np.arctan2(y, x)))


def yaw(landmarks: np.ndarray) -> float:
    """Return about how far the face is turned, in degrees, above 0 to the right as seen.

    Seen from afar, a head turned by an angle moves the tip of the nose along the eyes' line by
    its depth times the sine, and halves of the eyes' distance shrink by the cosine. With the
    nose as deep as half the distance of the eyes, the ratio is the tangent. Good to some ten
    degrees; NaN without landmarks.

    Args:
        landmarks: (5, 2) in pixels: left eye, right eye, nose, ...
    """
    left, right, nose = landmarks[:3]
    half = (right - left) / 2
    along = float((nose - (left + right) / 2) @ half)
    return float(np.degrees(np.arctan2(along, max(float(half @ half), 1e-9))))


def _grey(crop: np.ndarray) -> np.ndarray:
    return crop[:, :, 0] if crop.shape[-1] == 1 else cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)
