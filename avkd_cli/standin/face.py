"""Faces of the stand-in corpus: a parametric face on an ellipsoid head, drawn with OpenCV.

A face is a list of polygons in head coordinates (x to the right, y down, z towards the camera, in
half head heights); a pose turns and projects them; light, blur and noise are the camera's.
"""

from collections.abc import Iterator

import numpy as np
from scipy.interpolate import CubicSpline

from avkd_cli.standin.camera import Camera, Instant, Shape
from avkd_cli.standin.moods import CALM, Expression
from avkd_cli.standin.people import Face, FaceSession

FRAMES_PER_SECOND = 25
SHUT, OPEN = 0.12, 1.0  # eyes
EYE_Y, NOSE_Y, MOUTH_Y = -0.06, 0.28, 0.56
HAIRLINE, HAIR_ABOVE = -0.60, 0.10  # where it begins; how far it stands off
_ROUND = np.linspace(0, 2 * np.pi, 16, endpoint=False)


def draw_utterance(
    face: Face,
    session: FaceSession,
    loudness: np.ndarray,
    size: int,
    rng: np.random.Generator,
    mood: Expression = CALM,
) -> Iterator[np.ndarray]:
    """Yield one RGB frame (size, size, 3) uint8 for each value of `loudness` (0 to 1)."""
    camera, surface = Camera(session, size, rng), _Surface(face.width)
    skin = np.clip(face.skin + mood.flush, 20, 250)
    behind, before = _still(face, skin, session, mood, surface)
    eyes = {opening: _eyes(face, skin, mood, opening, surface) for opening in (SHUT, OPEN)}
    smile, ajar = session.smile + mood.mouth[0], mood.mouth[1]
    for instant in _moments(session, ajar + (1 - ajar) * loudness, rng):
        moving = _mouth(face, skin, smile, instant.mouth, surface) + eyes[instant.eyes]
        yield camera.picture(behind + moving + before, instant)


def _moments(session: FaceSession, mouth: np.ndarray, rng: np.random.Generator):
    """Yield the moments of an utterance: a slow sway, blinks, and a mouth that follows sound."""
    pose = session.pose + rng.normal(0, 0.07, 3)
    sway, phase = rng.uniform(0.01, 0.05, 3), rng.uniform(0, 2 * np.pi, 3)
    speed = rng.uniform(0.2, 0.7, 3) * 2 * np.pi / FRAMES_PER_SECOND
    blink = int(rng.integers(0, 100))
    for index, opening in enumerate(mouth):
        yaw, pitch, roll = pose + sway * np.sin(phase + speed * index)
        eyes = SHUT if (index + blink) % 90 < 3 else OPEN
        yield Instant(float(opening), eyes, yaw, pitch, roll)


def outline(face: Face) -> np.ndarray:
    """Return the contour of the head (48, 2), clockwise from the crown."""
    across = np.array([0.47, 0.80, 1.0, 0.96, face.jaw, 0.54 * face.jaw]) * face.width
    side = np.column_stack([across, (-0.9, -0.55, -0.08, 0.27, 0.66, 0.93)])
    knots = np.concatenate([[(0, -1.0)], side, [(0, 1.0)], side[::-1] * (-1, 1), [(0, -1.0)]])
    spline = CubicSpline(np.linspace(0, 1, len(knots)), knots, bc_type="periodic")
    return spline(np.linspace(0, 1, 48, endpoint=False))


def _still(
    face: Face, skin: np.ndarray, session: FaceSession, mood: Expression, surface: "_Surface"
) -> tuple[list[Shape], list[Shape]]:
    """Return the shapes behind and before what moves, the farthest first."""
    contour = outline(face)
    behind = [
        *_body(face, skin),
        _back_hair(face, contour),
        *(Shape(surface.flat(ear, -0.05), skin * 0.9) for ear in _ears(face)),
        Shape(surface.flat(contour), skin),
        *_wrinkles(face, skin, surface),
        *_nose(face, skin, surface),
        *_creases(face, skin, mood.creases, surface),
    ]
    return behind, [_front_hair(face, contour, surface), *_glasses(face, session, surface)]


class _Surface:
    """The front of the head as half an ellipsoid: gives points their depth."""

    def __init__(self, width: float) -> None:
        self.width = width

    def at(self, points: np.ndarray, lift: float = 0.0) -> np.ndarray:
        """Return (points, 2) as (points, 3), on the surface and `lift` above it."""
        x, y = points[:, 0], points[:, 1]
        inside = np.maximum(0.04, 1 - (x / (1.05 * self.width)) ** 2 - (y / 1.25) ** 2)
        return np.column_stack([x, y, 0.8 * np.sqrt(inside) + lift])

    @staticmethod
    def flat(points: np.ndarray, z: float = 0.0) -> np.ndarray:
        """Return (points, 2) as (points, 3), all at depth z."""
        return np.column_stack([points, np.full(len(points), z)])


def _oval(x: float, y: float, half_width: float, half_height: float) -> np.ndarray:
    """Return the outline (16, 2) of an ellipse."""
    return np.column_stack([x + half_width * np.cos(_ROUND), y + half_height * np.sin(_ROUND)])


def _band(x: np.ndarray, top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    """Return the outline (2 points, 2) of what lies between two lines."""
    return np.concatenate([np.column_stack([x, top]), np.column_stack([x, bottom])[::-1]])


def _body(face: Face, skin: np.ndarray) -> list[Shape]:
    neck = 0.62 * face.width * face.jaw
    shoulders = [(-2.2, 2.6), (-1.5, 1.42), (-neck, 1.2), (neck, 1.2), (1.5, 1.42), (2.2, 2.6)]
    throat = [(-neck, 0.6), (neck, 0.6), (neck * 1.1, 1.35), (-neck * 1.1, 1.35)]
    return [
        Shape(_Surface.flat(np.array(throat), -0.25), skin * 0.78),
        Shape(_Surface.flat(np.array(shoulders), -0.3), np.array([92.0, 96, 104])),
    ]


def _ears(face: Face) -> list[np.ndarray]:
    return [_oval(side * face.width, 0.05, 0.08, 0.14) for side in (-1, 1)]


def _back_hair(face: Face, contour: np.ndarray) -> Shape:
    around = contour * (1 + HAIR_ABOVE / face.width * 0.8, 1 + HAIR_ABOVE)
    around[:, 1] = np.minimum(around[:, 1], face.hair_length)
    wide = np.abs(around[:, 0]).max()
    fall = around[:, 1] > 0.2  # below the cheeks long hair hangs straight
    around[fall, 0] = np.sign(around[fall, 0]) * wide
    return Shape(_Surface.flat(around, -0.15), face.hair * 0.85)


def _front_hair(face: Face, contour: np.ndarray, surface: _Surface) -> Shape:
    top = contour * (1.04, 1 + HAIR_ABOVE)
    top = top[top[:, 1] < -0.25]
    top = top[np.argsort(top[:, 0])]
    x = np.linspace(top[-1, 0], top[0, 0], 11)
    fringe = np.column_stack([x, np.minimum(HAIRLINE + 0.35 * x**2 / face.width, -0.22)])
    return Shape(np.concatenate([surface.flat(top), surface.at(fringe, 0.02)]), face.hair)


def _lines(
    lines: list[tuple[float, list]], skin: np.ndarray, thickness: float, surface: _Surface
) -> list[Shape]:
    """Return lines of some depth on both sides of the face, the deeper the darker."""
    return [
        Shape(surface.at(np.array(line) * (side, 1), 0.01), skin * (1 - 0.55 * depth), thickness)
        for depth, line in lines
        if depth > 0
        for side in (-1, 1)
    ]


def _wrinkles(face: Face, skin: np.ndarray, surface: _Surface) -> list[Shape]:
    fold = [(0.17, NOSE_Y), (0.25, NOSE_Y + 0.12), (0.28, MOUTH_Y)]
    bag = [(face.eye_x + x, EYE_Y + y) for x, y in ((-0.1, 0.1), (0.0, 0.125), (0.1, 0.1))]
    forehead = [[(0.0, face.brow_y - y), (0.3, face.brow_y - y + 0.02)] for y in (0.12, 0.2)]
    lines = [(0.5 * face.wrinkles, line) for line in (fold, bag, *forehead)]
    return _lines(lines, skin, 0.012 + 0.012 * face.wrinkles, surface)


def _creases(face: Face, skin: np.ndarray, creases, surface: _Surface) -> list[Shape]:
    """Return the lines of an expression; none where nothing is expressed."""
    furrow, forehead, nose, cheek = creases
    brow, middle, low = face.brow_y, EYE_Y, NOSE_Y
    lines = [(furrow, [(0.05, brow - 0.07), (0.035, brow + 0.09)])]
    for height in (0.1, 0.17, 0.24):
        across = [(0.0, brow - height), (0.18, brow - height + 0.01), (0.36, brow - height + 0.04)]
        lines.append((forehead, across))
    for height in (0.0, 0.06, 0.12):
        lines.append((nose, [(0.0, middle + height - 0.02), (0.09, middle + height + 0.02)]))
    fold = [(0.17, low), (0.3, low + 0.14), (0.33, MOUTH_Y), (0.28, MOUTH_Y + 0.1)]
    bag = [(face.eye_x + x, middle + y) for x, y in ((-0.13, 0.12), (0.0, 0.16), (0.15, 0.1))]
    return _lines([*lines, (cheek, fold), (cheek, bag)], skin, 0.028, surface)


def _nose(face: Face, skin: np.ndarray, surface: _Surface) -> list[Shape]:
    half, low = face.nose_width, NOSE_Y
    ridge = [(0.05, EYE_Y), (0.065, low * 0.5), (half * 0.9, low), (0.0, low + 0.05), (0.0, EYE_Y)]
    tip = _oval(0, low - 0.01, half * 0.62, 0.07)
    nostrils = [_oval(side * half * 0.55, low + 0.035, half * 0.27, 0.02) for side in (-1, 1)]
    wings = [_oval(side * half * 0.75, low, half * 0.32, 0.055) for side in (-1, 1)]
    return [
        Shape(surface.at(np.array(ridge), 0.08), skin * 0.87),
        *(Shape(surface.at(wing, 0.1), skin * 0.92) for wing in wings),
        Shape(surface.at(tip, 0.2), np.minimum(255, skin * 1.06)),
        *(Shape(surface.at(nostril, 0.14), skin * 0.42) for nostril in nostrils),
    ]


def _mouth(
    face: Face, skin: np.ndarray, smile: float, mouth: float, surface: _Surface
) -> list[Shape]:
    across = np.linspace(-1, 1, 9)
    arch, opening = 1 - across**2, 0.13 * mouth
    x = across * face.mouth_width * (1 + 0.13 * smile - 0.12 * mouth)
    bend = MOUTH_Y + 0.05 * smile * (0.5 - across**2)
    upper, lower = bend - 0.35 * opening * arch, bend + 0.65 * opening * arch
    bow = face.lips * arch * (1 - 0.25 * np.exp(-((across / 0.25) ** 2)))
    bands = [
        (upper - bow, lower + face.lips * arch, skin * (0.85, 0.6, 0.62)),
        (upper - 0.006, lower + 0.006, np.array([52.0, 22, 24])),
        (upper, upper + 0.3 * opening * arch, np.array([225.0, 220, 208])),  # teeth
    ]
    return [Shape(surface.at(_band(x, top, bottom), 0.03), colour) for top, bottom, colour in bands]


def _eyes(
    face: Face, skin: np.ndarray, mood: Expression, opened: float, surface: _Surface
) -> list[Shape]:
    wide = np.clip(0.068 * np.exp(mood.eyes), 0.02, 0.13)
    shown = wide * opened
    shapes: list[Shape] = []
    for side in (-1, 1):
        x = side * face.eye_x
        ovals = [
            (_oval(x, EYE_Y - 0.012, 0.145, wide * 1.25), skin * 0.72),
            (_oval(x, EYE_Y, 0.135, shown), np.array([232.0, 230, 226])),
            (_oval(x, EYE_Y, 0.062, min(shown, 0.062)), np.array([78.0, 68, 60])),
            (_oval(x, EYE_Y, 0.026, min(shown, 0.026)), np.array([14.0, 12, 12])),
        ]
        shapes += [Shape(surface.at(oval), colour) for oval, colour in ovals]
        shapes.append(_brow(face, mood, side, surface))
    return shapes


def _brow(face: Face, mood: Expression, side: int, surface: _Surface) -> Shape:
    raised, slope = mood.brows
    along = np.linspace(-1, 1, 7)
    middle = face.brow_y - raised - 0.035 * (1 - along**2) - 0.19 * (0.05 + slope) * along
    half = face.brow_thickness / 2 * (1.15 - 0.6 * (along + 1) / 2)
    edge = _band(face.eye_x + 0.19 * along, middle - half, middle + half)
    return Shape(surface.at(edge * (side, 1), 0.04), face.hair * 0.75)


def _glasses(face: Face, session: FaceSession, surface: _Surface) -> list[Shape]:
    if not session.glasses:
        return []
    rims = [_oval(side * (face.eye_x + 0.01), EYE_Y + 0.02, 0.2, 0.16) for side in (-1, 1)]
    inner = face.eye_x - 0.19
    lines = [*(np.concatenate([rim, rim[:1]]) for rim in rims), [(-inner, EYE_Y), (inner, EYE_Y)]]
    frame = np.array([36.0, 32, 34])
    return [Shape(surface.at(np.array(one), 0.13), frame, 0.016 * session.glasses) for one in lines]
