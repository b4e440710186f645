"""Pictures of the stand-in faces: shapes turned by a pose, projected, painted, lit and blurred."""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from avkd_cli.standin.people import FaceSession

SCALE = 0.46  # half a head height in picture heights
BLUR = 0.6  # deviation in pixels
GRAIN = 3.0  # deviation in grey levels
_SHIFT = 4  # fractional bits of OpenCV's coordinates


@dataclass(frozen=True)
class Shape:
    """A polygon or, when `thickness` is given, a line, in head coordinates (points, 3)."""

    points: np.ndarray
    colour: np.ndarray  # (3,) RGB
    thickness: float = 0.0  # half head heights

    @cached_property
    def paint(self) -> list[float]:
        """The colour as OpenCV takes it."""
        return np.clip(self.colour, 0, 255).astype(float).tolist()


@dataclass(frozen=True)
class Instant:
    """What moves within an utterance."""

    mouth: float  # opening, 0 to 1
    eyes: float  # opening, 0 to 1
    yaw: float  # radians, as the two below
    pitch: float
    roll: float


class Camera:
    """Turns, projects and paints shapes; its light, blur and noise last a session."""

    def __init__(self, session: FaceSession, size: int, rng: np.random.Generator) -> None:
        self.session, self.size = session, size
        self.scale = SCALE * size
        ramp = np.linspace(-1, 1, size)
        light = 1 + session.light[0] * ramp[None, :] + session.light[1] * ramp[:, None]
        gain = np.clip(light, 0.25, 2.2)[..., None] * session.gain
        self.gain = gain.astype(np.float32)
        mix = np.linspace(0, 1, size)[:, None]
        wall = session.background[0] * (1 - mix) + session.background[1] * mix
        clutter = cv2.resize(
            rng.normal(0, 11, (6, 6, 3)), (size, size), interpolation=cv2.INTER_CUBIC
        )
        self.wall = np.clip(wall[:, None, :] + clutter, 0, 255).astype(np.uint8)
        grain = rng.normal(0, GRAIN, (4, size, size, 3))
        self.grain = grain.astype(np.float32)  # four frames of it, used in turn
        self.frame = 0

    def picture(self, shapes: list[Shape], instant: Instant) -> np.ndarray:
        """Return the RGB picture (size, size, 3) uint8 of `shapes`."""
        image = self.wall.copy()
        points = self._project(np.concatenate([shape.points for shape in shapes]), instant)
        end = 0
        for shape in shapes:
            start, end = end, end + len(shape.points)
            self._paint(image, shape, points[start:end])
        lit = cv2.GaussianBlur(image.astype(np.float32) * self.gain, (0, 0), BLUR)
        self.frame += 1
        return np.clip(lit + self.grain[self.frame % 4], 0, 255).astype(np.uint8)

    def _paint(self, image: np.ndarray, shape: Shape, points: np.ndarray) -> None:
        if shape.thickness:
            width = max(1, round(shape.thickness * self.scale))
            cv2.polylines(image, [points], False, shape.paint, width, cv2.LINE_AA, _SHIFT)
        else:
            cv2.fillPoly(image, [points], shape.paint, cv2.LINE_AA, _SHIFT)

    def _project(self, points: np.ndarray, instant: Instant) -> np.ndarray:
        """Return head coordinates (points, 3) as OpenCV's fixed-point pixels (points, 2)."""
        x, y, z = points.T
        wide = 1 / np.hypot(
            np.cos(instant.yaw), 0.9 * np.sin(instant.yaw)
        )  # a head is as deep as wide
        x = wide * x * np.cos(instant.yaw) + z * np.sin(instant.yaw)
        y = y * np.cos(instant.pitch) + z * np.sin(instant.pitch)
        cosine, sine = np.cos(instant.roll), np.sin(instant.roll)
        turned = np.column_stack([x * cosine - y * sine, x * sine + y * cosine])
        centre = (0.5 + self.session.offset) * self.size
        return np.round((turned * self.scale + centre) * (1 << _SHIFT)).astype(np.int32)
