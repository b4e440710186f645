"""Which of the faces in a frame is the person."""

from dataclasses import dataclass

import numpy as np

SMALLEST_AREA = 32 * 32  # pixels; there is no person to see in fewer


@dataclass(frozen=True)
class Detections:
    """The faces found in a frame.

    Args:
        boxes: x1, y1, x2, y2 in pixels, (k, 4).
        scores: of the detector, (k,).
        landmarks: x, y of left eye, right eye, nose, left and right corner of the mouth as seen
            in the picture, (k, 5, 2); all NaN where a detector gives none.
    """

    boxes: np.ndarray
    scores: np.ndarray
    landmarks: np.ndarray

    def __len__(self) -> int:
        return len(self.boxes)

    def take(self, which: np.ndarray) -> "Detections":
        """Return the faces at positions, or where a mask is true."""
        return Detections(self.boxes[which], self.scores[which], self.landmarks[which])


NOTHING = Detections(np.zeros((0, 4)), np.zeros(0), np.zeros((0, 5, 2)))


def usable(found: Detections, height: int, width: int) -> Detections:
    """Return the faces that can be cropped, boxes clipped to the frame.

    Left out are boxes or scores that are not finite, landmarks that are partly so or one point,
    and boxes whose part inside the frame is smaller than 32 x 32 pixels.
    """
    if len(found) == 0:
        return found
    boxes = np.clip(found.boxes, 0, [width, height, width, height])
    sides = (boxes[:, 2:] - boxes[:, :2]).clip(min=0)
    known = np.isfinite(found.landmarks).all(axis=(1, 2))
    unknown = np.isnan(found.landmarks).all(axis=(1, 2))
    apart = np.ptp(np.nan_to_num(found.landmarks), axis=1).max(axis=1) >= 4
    good = (
        np.isfinite(boxes).all(axis=1)
        & np.isfinite(found.scores)
        & (sides.prod(axis=1) >= SMALLEST_AREA)
        & ((known & apart) | unknown)
    )
    return Detections(boxes, found.scores, found.landmarks).take(good)


def on_half(found: Detections, half: str, width: int) -> Detections:
    """Return the faces whose middle is on one half of a frame, in pixels of the whole frame.

    The whole frame as a face, without landmarks, becomes that half.

    Args:
        half: "left" or "right".
        width: of the frame.
    """
    low, high = (0, width / 2) if half == "left" else (width / 2, width)
    whole = np.isnan(found.landmarks).all(axis=(1, 2)) & (np.ptp(found.boxes[:, ::2], 1) == width)
    boxes = found.boxes.copy()
    boxes[whole, ::2] = low, high
    middle = boxes[:, ::2].mean(axis=1)
    there = (middle >= low) & ((middle < high) | (half == "right"))
    return Detections(boxes, found.scores, found.landmarks).take(there)


def choose(
    faces: Detections, height: int, width: int, rule: str, track: np.ndarray | None = None
) -> int | None:
    """Return the position of the person's face, None when no face is theirs.

    Ties fall to the other criteria in turn, then to the face further left and further up, so the
    order in which a detector lists faces never matters.

    Args:
        faces: of one frame, usable.
        height, width: of the frame.
        rule: "largest" box, most "central" box, or "track": the box that overlaps `track` most
            (intersection over union), none when no box does.
        track: x1, y1, x2, y2 of the person in this frame; None: not known there, so no face.
    """
    if len(faces) == 0 or (rule == "track" and track is None):
        return None
    middle = (faces.boxes[:, :2] + faces.boxes[:, 2:]) / 2 - [width / 2, height / 2]
    distance = np.hypot(*middle.T)
    area = (faces.boxes[:, 2:] - faces.boxes[:, :2]).prod(axis=1)
    criteria = {"largest": [-area, distance], "central": [distance, -area]}.get(rule)
    if criteria is None:
        overlap = intersection_over_union(faces.boxes, track)
        if overlap.max() <= 0:
            return None
        criteria = [-overlap, -area, distance]
    keys = [*criteria, *faces.boxes.T]
    return int(np.lexsort(keys[::-1])[0])  # lexsort takes its last key first


def is_ambiguous(faces: Detections, chosen: int) -> bool:
    """Return whether another face is about as large as the chosen one (a tenth, or larger)."""
    area = (faces.boxes[:, 2:] - faces.boxes[:, :2]).prod(axis=1)
    return bool((np.delete(area, chosen) >= 0.9 * area[chosen]).any())


def intersection_over_union(boxes: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the overlap of each box (k, 4) with one other (4,), from 0 to 1."""
    low, high = np.maximum(boxes[:, :2], other[:2]), np.minimum(boxes[:, 2:], other[2:])
    shared = (high - low).clip(min=0).prod(axis=1)
    area = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1) + (other[2:] - other[:2]).prod()
    return shared / np.maximum(area - shared, 1e-9)


def is_scene(height: int, width: int) -> bool:
    """Return whether a frame has the form of a camera's picture, not of a face crop.

    Cameras give 5:4, 4:3 or longer, upright or lying; crops of faces are square, or as high as
    112 to 92, whose half width of background would be no face any more.
    """
    return max(height, width) >= 1.25 * min(height, width)
