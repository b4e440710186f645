"""One person through a film: faces linked over frames by place and likeness.

No recogniser is needed: faces of one film that are seconds apart look alike once they are
aligned, and a face that swaps places with another is still told by its looks.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from avkd_cli.vision.align import TEMPLATE, cover, similarity, warp
from avkd_cli.vision.select import Detections, intersection_over_union

SIDE = 64  # pixels of the aligned face that looks are taken from
LOOKS = 12 * 12 + 3 * 8 * 8 + 4 * 7 * 7
# Measured on the talking heads of GRID, 0.2 s to 3 s apart: of one person 99 in 100 pairs are
# above 0.88, of two persons 95 in 100 below 0.83; photographs years apart are another matter.
ALIKE_HERE, ALIKE_ANYWHERE = 0.7, 0.88
OVERLAP = 0.3  # of two boxes that are at one place (intersection over union)


@dataclass
class Followed:
    """One of those seen so far.

    Args:
        box: where last seen.
        last: looks when last seen, of length 1.
        mean: running mean of the looks, of length 1.
        area: of all its boxes, summed: in a film with a steady rate, area times time.
    """

    box: np.ndarray
    last: np.ndarray
    mean: np.ndarray
    area: float = 0.0


class Follower:
    """Says who is who, frame after frame.

    `changes` counts how often the largest face of a frame is another person's than that of the
    frame before: what taking the largest would mix.
    """

    def __init__(self) -> None:
        self.people: list[Followed] = []
        self.changes = 0
        self._largest: int | None = None

    def link(self, faces: Detections, looks: np.ndarray) -> list[int]:
        """Return the number of the person of each face of the next frame, new ones included.

        Each person has one face at most; of all ways to link, the one with the greatest sum of
        likeness and overlap is taken, so that two who change places keep their names.

        Args:
            faces: usable, of one frame.
            looks: of each, (k, d), of length 1 (see `looks_of`).
        """
        if len(faces) == 0:
            return []
        numbers = self._known(faces, looks)
        area = (faces.boxes[:, 2:] - faces.boxes[:, :2]).prod(axis=1)
        for face, number in enumerate(numbers):
            self._see(number, faces.boxes[face], looks[face], float(area[face]))
        largest = numbers[int(area.argmax())]
        self.changes += self._largest not in (None, largest)
        self._largest = largest
        return numbers

    def main(self) -> int | None:
        """Return the person with most area over time, the first of equals; None without any."""
        areas = [person.area for person in self.people]
        return int(np.argmax(areas)) if areas else None

    def _known(self, faces: Detections, looks: np.ndarray) -> list[int]:
        """Return the number of each face's person; who is new gets the next free one."""
        from scipy.optimize import linear_sum_assignment  # half a second, and pictures need none

        numbers = [-1] * len(faces)
        if self.people:
            likeness = looks @ np.array([[p.last, p.mean] for p in self.people]).transpose(0, 2, 1)
            alike = likeness.max(axis=2).T  # (faces, people)
            overlap = np.array([intersection_over_union(faces.boxes, p.box) for p in self.people]).T
            fits = alike >= np.where(overlap >= OVERLAP, ALIKE_HERE, ALIKE_ANYWHERE)
            gain = np.where(fits, alike + 0.25 * overlap, 0.0)
            for face, number in zip(*linear_sum_assignment(gain, maximize=True), strict=True):
                if fits[face, number]:
                    numbers[face] = int(number)
        new = len(self.people)
        for face, number in enumerate(numbers):
            if number < 0:
                numbers[face], new = new, new + 1
        return numbers

    def _see(self, number: int, box: np.ndarray, look: np.ndarray, area: float) -> None:
        if number == len(self.people):
            self.people.append(Followed(box, look, look))
        person = self.people[number]
        mean = 0.9 * person.mean + 0.1 * look
        person.box, person.last, person.mean = box, look, mean / np.linalg.norm(mean)
        person.area += area


def looks_of(frame: np.ndarray, faces: Detections) -> np.ndarray:
    """Return what each face of a frame looks like, (k, 532) float32 of length 1.

    Three views of the aligned face, weighed alike: grey levels, colours with some of what is
    around it, and the edges in four directions.

    Args:
        frame: RGB uint8 (height, width, 3).
        faces: usable.
    """
    views = [_look(frame, *one) for one in zip(faces.boxes, faces.landmarks, strict=True)]
    return np.array(views, np.float32).reshape(len(views), LOOKS)


def _look(frame: np.ndarray, box: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    near, wide = (_aligned(frame, box, landmarks, zoom) for zoom in (1.0, 0.625))
    grey = cv2.cvtColor(near, cv2.COLOR_RGB2GRAY).astype(np.float32)
    parts = _small(grey, 12), _small(wide, 8), _edges(grey)
    return np.concatenate([_unit(part - part.mean()) for part in parts]) / np.sqrt(len(parts))


def _aligned(frame: np.ndarray, box: np.ndarray, landmarks: np.ndarray, zoom: float) -> np.ndarray:
    if np.isnan(landmarks).any():
        return warp(frame, cover(box, SIDE, SIDE), SIDE, SIDE)
    places = (TEMPLATE - 56) * zoom * SIDE / 112 + SIDE / 2
    return warp(frame, similarity(landmarks, places), SIDE, SIDE)


def _small(picture: np.ndarray, side: int) -> np.ndarray:
    return cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA).astype(np.float32)


def _edges(grey: np.ndarray) -> np.ndarray:
    """Return how strongly it gets lighter to the right, left, below, above: 4 maps of 7 x 7."""
    x, y = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    maps = np.stack([_small(np.maximum(way, 0), 7) for way in (x, -x, y, -y)])
    return np.sqrt(maps)  # a few strong edges would drown the others


def _unit(values: np.ndarray) -> np.ndarray:
    flat = values.ravel()
    return flat / max(float(np.linalg.norm(flat)), 1e-6)
