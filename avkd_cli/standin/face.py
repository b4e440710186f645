"""Faces of the stand-in corpus: a parametric face on an ellipsoid head, drawn with OpenCV.

A face is a list of polygons in head coordinates (x to the right, y down, z towards the camera, in
half head heights); a pose turns and projects them; light, blur and noise are the camera's.
"""

from collections.abc import Iterator

import numpy as np
from scipy.interpolate import CubicSpline

from avkd_cli.standin.camera import Camera, Instant, Shape
from avkd_cli.standin.people import Face, FaceSession

FRAMES_PER_SECOND = 25
SHUT, OPEN = 0.12, 1.0  # eyes
_ROUND = np.linspace(0, 2 * np.pi, 16, endpoint=False)


def draw_utterance(
    face: Face, session: FaceSession, loudness: np.ndarray, size: int, rng: np.random.Generator
) -> Iterator[np.ndarray]:
    """Yield one RGB frame (size, size, 3) uint8 for each value of `loudness` (0 to 1)."""
    camera, surface = Camera(session, size, rng), _Surface(face.width)
    behind, before = _still(face, session, surface)
    eyes = {opening: _eyes(face, session, opening, surface) for opening in (SHUT, OPEN)}
    for instant in _moments(session, loudness, rng):
        moving = _mouth(face, session, instant, surface) + eyes[instant.eyes]
        yield camera.picture(behind + moving + before, instant)


def _moments(session: FaceSession, loudness: np.ndarray, rng: np.random.Generator):
    """Yield the moments of an utterance: a slow sway, blinks, and a mouth that follows sound."""
    pose = np.array([session.yaw, session.pitch, session.roll]) + rng.normal(0, 0.07, 3)
    sway, phase = rng.uniform(0.01, 0.05, 3), rng.uniform(0, 2 * np.pi, 3)
    speed = rng.uniform(0.2, 0.7, 3) * 2 * np.pi / FRAMES_PER_SECOND
    blink = int(rng.integers(0, 100))
    for index, loud in enumerate(loudness):
        yaw, pitch, roll = pose + sway * np.sin(phase + speed * index)
        eyes = SHUT if (index + blink) % 90 < 3 else OPEN
        yield Instant(float(loud), eyes, yaw, pitch, roll)


def outline(face: Face) -> np.ndarray:
    """Return the contour of the head (48, 2), clockwise from the crown."""
    width = face.width
    side = np.array(
        [
            (0.55 * width * face.forehead, -0.9),
            (0.93 * width * face.forehead, -0.55),
            (width, -0.08),
            (width * face.cheek, 0.27),
            (width * face.jaw, 0.66),
            (width * face.chin, 0.93),
        ]
    )
    knots = np.concatenate([[(0, -1.0)], side, [(0, 1.0)], side[::-1] * (-1, 1), [(0, -1.0)]])
    spline = CubicSpline(np.linspace(0, 1, len(knots)), knots, bc_type="periodic")
    return spline(np.linspace(0, 1, 48, endpoint=False))


def _still(face: Face, session: FaceSession, surface: "_Surface") -> tuple[list, list]:
    """Return the shapes behind and before what moves, the farthest first."""
    contour = outline(face)
    behind = [
        *_body(face, session),
        *_back_hair(face, session, contour),
        *_ears(face),
        Shape(surface.flat(contour), face.skin),
        *_beard(face, session, contour, surface),
        *_skin_marks(face, surface),
        *_nose(face, surface),
        *_creases(face, session.creases, surface),
    ]
    front = _front_hair(face, session, contour, surface)
    return behind, [*front, *_worn(face, session, contour, surface)]


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


def _oval(x: float, y: float, half_width: float, half_height: float, slant: float = 0.0):
    """Return the outline (16, 2) of an ellipse."""
    points = np.column_stack([half_width * np.cos(_ROUND), half_height * np.sin(_ROUND)])
    cosine, sine = np.cos(slant), np.sin(slant)
    return points @ np.array([[cosine, sine], [-sine, cosine]]) + (x, y)


def _body(face: Face, session: FaceSession) -> list[Shape]:
    neck = 0.62 * face.width * face.jaw
    shoulders = np.array(
        [(-2.2, 2.6), (-1.5, 1.42), (-neck, 1.2), (neck, 1.2), (1.5, 1.42), (2.2, 2.6)]
    )
    throat = np.array([(-neck, 0.6), (neck, 0.6), (neck * 1.1, 1.35), (-neck * 1.1, 1.35)])
    return [
        Shape(_Surface.flat(throat, -0.25), face.skin * 0.78),
        Shape(_Surface.flat(shoulders, -0.3), session.clothes),
    ]


def _back_hair(face: Face, session: FaceSession, contour: np.ndarray) -> list[Shape]:
    volume = max(0.02, face.hair_volume + session.hair_volume)
    length = face.hair_length + session.hair_length
    around = contour * (1 + volume / face.width * 0.8, 1 + volume)
    around = np.where(
        around[:, 1:] > length, np.column_stack([around[:, 0], np.full(48, length)]), around
    )
    wide = np.abs(around[:, 0]).max()
    fall = around[:, 1] > 0.2  # below the cheeks long hair hangs straight
    around[fall, 0] = np.sign(around[fall, 0]) * wide
    return [Shape(_Surface.flat(around, -0.15), face.hair * 0.85)]


def _ears(face: Face) -> list[Shape]:
    return [
        Shape(_Surface.flat(_oval(side * face.width, 0.05, 0.08, face.ear), -0.05), face.skin * 0.9)
        for side in (-1, 1)
    ]


def _beard(face: Face, session: FaceSession, contour, surface: _Surface) -> list[Shape]:
    if face.beard is None:
        return []
    strength = face.beard or min(0.25, session.stubble)
    if strength <= 0.02:
        return []
    colour = face.skin + (face.hair - face.skin) * min(0.85, strength)
    jaw = contour[contour[:, 1] > 0.3]
    jaw = jaw[np.argsort(np.arctan2(jaw[:, 1], jaw[:, 0]))]  # from the right ear to the left
    across = np.linspace(-0.9, 0.9, 9)
    top = face.mouth_y + 0.13 - 0.4 * np.abs(across) ** 1.5  # from ear to ear, under the lip
    edge = surface.at(np.column_stack([across * face.width * face.jaw, top]))
    return [Shape(np.concatenate([edge, surface.flat(jaw)]), colour)]


def _skin_marks(face: Face, surface: _Surface) -> list[Shape]:
    marks = [
        Shape(surface.at(_oval(x, y, radius, radius)), face.skin * 0.5)
        for x, y, radius in face.moles
        if radius > 0.01
    ]
    line, shade = 0.012 + 0.012 * face.wrinkles, face.skin * (1 - 0.3 * face.wrinkles)
    for side in (-1, 1):
        fold = np.array([(0.17, face.nose_y), (0.25, face.nose_y + 0.12), (0.28, face.mouth_y)])
        marks.append(Shape(surface.at(fold * (side, 1)), shade, line))
        bag = np.add([(-0.1, 0.1), (0.0, 0.125), (0.1, 0.1)], (face.eye_x, face.eye_y))
        marks.append(Shape(surface.at(bag * (side, 1)), shade, line))
    for height in (0.12, 0.2):
        brow = np.add([(-0.3, 0.01), (0.0, -0.01), (0.3, 0.01)], (0, face.brow_y - height))
        marks.append(Shape(surface.at(brow), shade, line * 0.8))
    return marks


def _creases(face: Face, creases: tuple[float, ...], surface: _Surface) -> list[Shape]:
    """Return the lines of an expression; none where nothing is expressed."""
    furrow, forehead, nose, cheek = creases
    brow, middle, low = face.brow_y, face.eye_y, face.nose_y
    lines = [(furrow, [(0.05, brow - 0.07), (0.035, brow + 0.09)])]
    for height in (0.1, 0.17, 0.24):
        across = [(0.0, brow - height), (0.18, brow - height + 0.01), (0.36, brow - height + 0.04)]
        lines.append((forehead, across))
    for height in (0.0, 0.06, 0.12):
        lines.append((nose, [(0.0, middle + height - 0.02), (0.09, middle + height + 0.02)]))
    fold = [(0.17, low), (0.3, low + 0.14), (0.33, face.mouth_y), (0.28, face.mouth_y + 0.1)]
    bag = [(face.eye_x - 0.13, middle + 0.12), (face.eye_x, middle + 0.16)]
    lines += [(cheek, fold), (cheek, [*bag, (face.eye_x + 0.15, middle + 0.1)])]
    return [
        Shape(surface.at(np.array(line) * (side, 1), 0.01), face.skin * (1 - 0.55 * depth), 0.028)
        for depth, line in lines
        if depth > 0
        for side in (-1, 1)
    ]


def _nose(face: Face, surface: _Surface) -> list[Shape]:
    half, low = face.nose_width, face.nose_y
    ridge = np.array([(face.bridge, face.eye_y), (face.bridge * 1.3, low * 0.5), (half * 0.9, low)])
    shadow = np.concatenate([ridge, [(0.0, low + 0.05)], [(0.0, face.eye_y)]])
    tip = _oval(0, low - 0.01, half * 0.62, 0.07)
    nostrils = [_oval(side * half * 0.55, low + 0.035, half * 0.27, 0.02) for side in (-1, 1)]
    wings = [_oval(side * half * 0.75, low, half * 0.32, 0.055) for side in (-1, 1)]
    return [
        Shape(surface.at(shadow, 0.08), face.skin * 0.87),
        *(Shape(surface.at(wing, 0.1), face.skin * 0.92) for wing in wings),
        Shape(surface.at(tip, 0.2), np.minimum(255, face.skin * 1.06)),
        *(Shape(surface.at(nostril, 0.14), face.skin * 0.42) for nostril in nostrils),
    ]


def _mouth(face: Face, session: FaceSession, instant: Instant, surface: _Surface) -> list[Shape]:
    half = face.mouth_width * (1 + 0.13 * session.smile - 0.12 * instant.mouth)
    across = np.linspace(-1, 1, 9)
    bend = face.mouth_y - 0.05 * session.smile * (across**2 - 0.5)
    arch, opening = 1 - across**2, 0.13 * instant.mouth
    bow = 1 - 0.25 * np.exp(-((across / 0.25) ** 2))
    x = across * half

    def band(top, bottom):
        edge = [np.column_stack([x, top]), np.column_stack([x, bottom])[::-1]]
        return surface.at(np.concatenate(edge), 0.03)

    lip = np.clip(face.lip + session.lipstick, 0, 255) * (0.45 + 0.55 * face.skin.mean() / 210)
    upper, lower = bend - 0.35 * opening * arch, bend + 0.65 * opening * arch
    return [
        Shape(band(upper - face.upper_lip * arch * bow, lower + face.lower_lip * arch), lip),
        Shape(band(upper - 0.006, lower + 0.006), np.array([52.0, 22, 24])),
        *([Shape(band(upper, upper + 0.3 * opening * arch), np.array([225.0, 220, 208]))]),
    ]


def _eyes(face: Face, session: FaceSession, opened: float, surface: _Surface) -> list[Shape]:
    opening = np.clip(face.eye_height * session.eye_opening, 0.02, 0.13)
    shapes: list[Shape] = []
    for side in (-1, 1):
        x, y, slant = side * face.eye_x, face.eye_y, -side * face.eye_slant
        white = _oval(x, y, face.eye_width, opening * opened, slant)
        lid = _oval(x, y - 0.012, face.eye_width * 1.08, opening * 1.25, slant)
        round_ = min(opening * opened, 0.062)
        shapes += [
            Shape(surface.at(lid), face.skin * 0.72),
            Shape(surface.at(white), np.array([232.0, 230, 226])),
            Shape(surface.at(_oval(x, y, 0.062, round_)), face.iris),
            Shape(surface.at(_oval(x, y, 0.026, min(0.026, round_))), np.array([14.0, 12, 12])),
            _brow(face, session, side, surface),
        ]
    return shapes


def _brow(face: Face, session: FaceSession, side: int, surface: _Surface) -> Shape:
    y = face.brow_y - session.brow_raise
    along = np.linspace(-1, 1, 7)
    x = face.eye_x + along * face.brow_length
    middle = y - 0.035 * (1 - along**2) - face.brow_slope * face.brow_length * along
    half = face.brow_thickness / 2 * (1.15 - 0.6 * (along + 1) / 2)
    edge = [np.column_stack([x, middle - half]), np.column_stack([x, middle + half])[::-1]]
    return Shape(surface.at(np.concatenate(edge) * (side, 1), 0.04), face.hair * 0.75)


def _front_hair(face: Face, session: FaceSession, contour, surface: _Surface) -> list[Shape]:
    volume = max(0.01, face.hair_volume + session.hair_volume)
    top = contour * (1.04, 1 + volume)
    top = top[top[:, 1] < -0.25]
    top = top[np.argsort(top[:, 0])]
    x = np.linspace(top[-1, 0], top[0, 0], 11)
    dip = np.abs(x - face.parting * face.width)
    line = face.hairline + 0.1 * session.hair_length + 0.35 * dip**2 / face.width
    fringe = np.column_stack([x, np.minimum(line, -0.22)])
    return [Shape(np.concatenate([surface.flat(top), surface.at(fringe, 0.02)]), face.hair)]


def _worn(face: Face, session: FaceSession, contour, surface: _Surface) -> list[Shape]:
    shapes: list[Shape] = []
    if session.glasses:
        frame, line = np.array([36.0, 32, 34]), 0.016 * session.glasses
        size = 0.2 * session.glasses_size
        for side in (-1, 1):
            rim = _oval(side * (face.eye_x + 0.01), face.eye_y + 0.02, size, size * 0.8)
            shapes.append(Shape(surface.at(np.concatenate([rim, rim[:1]]), 0.12), frame, line))
        inner = face.eye_x + 0.01 - size
        bridge = np.array([(-inner, face.eye_y), (inner, face.eye_y)])
        shapes.append(Shape(surface.at(bridge, 0.14), frame, line))
    if session.hat:
        top = contour * (1.12, 1.0 + session.hat)
        top = top[top[:, 1] < -0.5]
        top = top[np.argsort(top[:, 0])]
        shapes.append(Shape(surface.flat(top, 0.1), session.hat_colour))
    return shapes
