"""One face crop made worse by a known amount: to test with, never to train on.

Pure functions of a crop, uint8 (height, width, 1 or 3), a strength in the unit of
`STRENGTHS`, and the generator of what is random. Batches in training have `augment`. The shape is
given back to what OpenCV returns, which drops the channel axis of grey pictures.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

SENSOR_NOISE = 2.0  # of a dark picture, in steps of 256
_GREY = 128  # of what stands before a face


def blurred(crop: np.ndarray, sigma: float, rng: np.random.Generator) -> np.ndarray:
    """Return the crop out of focus, by a Gaussian of `sigma` pixels."""
    return cv2.GaussianBlur(crop, (0, 0), sigma).reshape(crop.shape)


def darkened(crop: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Return the crop with a share of its light, and the sensor's own noise."""
    noise = SENSOR_NOISE * rng.standard_normal(crop.shape[:2])[..., None]
    return np.clip(np.rint(crop * share + noise), 0, 255).astype(np.uint8)


def shrunk(crop: np.ndarray, width: float, rng: np.random.Generator) -> np.ndarray:
    """Return the crop of a far face, `width` pixels wide, enlarged to its old size."""
    height, wide = crop.shape[:2]
    size = (int(width), max(1, round(height * int(width) / wide)))
    small = cv2.resize(crop, size, interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (wide, height), interpolation=cv2.INTER_LINEAR).reshape(crop.shape)


def compressed(crop: np.ndarray, quality: float, rng: np.random.Generator) -> np.ndarray:
    """Return the crop after JPEG of a quality from 1 to 100."""
    swapped = crop[..., ::-1]  # OpenCV's order of colours, so that it is coded as they are seen
    coded = cv2.imencode(".jpg", swapped, [cv2.IMWRITE_JPEG_QUALITY, int(quality)])[1]
    flag = cv2.IMREAD_GRAYSCALE if crop.shape[-1] == 1 else cv2.IMREAD_COLOR
    return cv2.imdecode(coded, flag).reshape(crop.shape)[..., ::-1]


def occluded(crop: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Return the crop with a grey patch of its own shape before a share of its area."""
    height, width = crop.shape[:2]
    rows, columns = (max(1, round(side * share**0.5)) for side in (height, width))
    # Drawn as a share of what is free, so that patches of two sizes stand about one place.
    top, left = (
        int(rng.random() * (side - patch + 1)) for side, patch in ((height, rows), (width, columns))
    )
    covered = crop.copy()
    covered[top : top + rows, left : left + columns] = _GREY
    return covered


@dataclass(frozen=True)
class Strength:
    """What the strength of a disturbance is: what does it, and the range of its number."""

    apply: Callable[[np.ndarray, float, np.random.Generator], np.ndarray]
    unit: str
    low: float
    high: float
    whole: bool = False


STRENGTHS = {
    "blur": Strength(blurred, "standard deviation in pixels", 0.1, 50),
    "dark": Strength(darkened, "share of the light left", 0.001, 1),
    "small": Strength(shrunk, "width in pixels", 2, 4096, whole=True),
    "jpeg": Strength(compressed, "quality", 1, 100, whole=True),
    "occlude": Strength(occluded, "share of the area", 0.001, 1),
}
