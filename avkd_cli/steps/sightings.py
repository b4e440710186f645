"""The faces of one utterance while it is gone through: numbers in memory, crops on disk."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from avkd_cli.config import CropFacesConfig
from avkd_cli.steps.disturb_faces import disturbed
from avkd_cli.storage import pictures
from avkd_cli.storage.record import Packed, Record
from avkd_cli.storage.specs import FACES
from avkd_cli.storage.spool import Spool
from avkd_cli.vision import quality
from avkd_cli.vision.align import CROP_MODES, crop
from avkd_cli.vision.follow import Follower

WIDTHS = {"landmarks": 10, "box": 4}
"""Numbers a face has of these columns; of all others one."""
SHAPES = {"landmarks": (5, 2), "box": (4,)}
MEASURED = tuple(array.name for array in FACES.items if array.name not in ("time_s", "held"))

Seen = tuple[tuple[int, int], ...]
"""Of one moment: person and number of the sighting, for each face that may be wanted."""


class Sightings:
    """Crops of an utterance's faces and what was measured of them, numbered as they come."""

    def __init__(self, config: CropFacesConfig, id: str) -> None:
        self.config, self.id, self.mode = config, id, CROP_MODES[config.mode]
        self.shape = (self.mode.height, self.mode.width, self.mode.channels)
        self._spoils = config.disturb != "none"  # those that are kept, once that is known
        self._packs = config.format == "jpeg" and not self._spoils
        self._crops = Spool(np.uint8, () if self._packs else self.shape)
        self._measured = array("f")
        self._flat = array("b")

    def add(self, frame: np.ndarray, box: np.ndarray, score: float, landmarks: np.ndarray) -> int:
        """Lay a face of a frame aside; return its number."""
        picture = crop(frame, box, landmarks, self.mode, self.config.box_margin)
        measured = {
            "detection_score": [score],
            "landmarks": landmarks.ravel(),
            "box": box,
            **seen_in(picture),
            "face_size": [quality.face_size(box)],
            "yaw": [quality.yaw(landmarks)],
            "roll": [quality.roll(landmarks)],
        }
        self._measured.extend(float(v) for name in MEASURED for v in measured[name])
        self._flat.append(quality.is_flat(picture))
        return self._crops.add(self._stored(picture) if self._packs else picture[None])

    def _stored(self, picture: np.ndarray) -> np.ndarray:
        """Return a crop as it is stored: one row, or the bytes of a JPEG."""
        if self.config.format == "raw":
            return picture[None]
        return pictures.encode(picture, self.config.jpeg_quality)

    def any_flat(self, numbers: Sequence[int]) -> bool:
        """Return whether one of these is a picture without texture."""
        return any(self._flat[number] for number in numbers)

    @property
    def face_sizes(self) -> np.ndarray:
        """Face size of each so far, in pixels."""
        return self._columns(np.arange(len(self._flat)))["face_size"]

    def record(
        self, numbers: Sequence[int], times: np.ndarray, held: np.ndarray, changes: float
    ) -> Record:
        """Return these faces as the store takes them, one a moment; none are arrays of length 0.

        Args:
            numbers: of the sightings; one may stand several times in a row.
            times: of the moments, in s from the utterance's beginning.
            held: whether a face was not found there.
            changes: see `Follower`.
        """
        once, found = np.unique(np.array(numbers, np.int64), return_inverse=True)
        crops, columns = self._crops.take(once), self._columns(once)
        if self._spoils:
            crops = self._spoilt(crops, columns)
        items = {name: values[found] for name, values in columns.items()}
        items |= {"time_s": times.astype(np.float32), "held": held.astype(np.uint8)}
        index = {"changes": changes}
        if self.config.format == "raw":
            return Record(index, crops.take(found), items)
        sizes = crops.piece_rows
        starts = np.cumsum(sizes) - sizes
        packed = Packed(starts[found], sizes[found].astype(np.int32), self.shape)
        return Record(index, crops, items, packed=packed)

    def _spoilt(self, crops: Spool, columns: dict[str, np.ndarray]) -> Spool:
        """Return crops that --disturb has spoilt; what is measured of them takes their place."""
        spoilt = Spool(np.uint8, () if self.config.format == "jpeg" else self.shape)
        for number, picture in enumerate(crops):
            changed = disturbed(picture[0], number, self.id, self.config)
            spoilt.add(self._stored(changed))
            for name, values in seen_in(changed).items():
                columns[name][number] = values[0]
        return spoilt

    def _columns(self, numbers: np.ndarray) -> dict[str, np.ndarray]:
        widths = [WIDTHS.get(name, 1) for name in MEASURED]
        table = np.array(self._measured, np.float32).reshape(-1, sum(widths))[numbers]
        parts = np.split(table, np.cumsum(widths)[:-1], axis=1)
        return {
            name: part.reshape(len(numbers), *SHAPES.get(name, ()))
            for name, part in zip(MEASURED, parts, strict=True)
        }


def seen_in(picture: np.ndarray) -> dict[str, list[float]]:
    """Return what is measured of a crop itself."""
    return {"sharpness": [quality.sharpness(picture)], "brightness": [quality.brightness(picture)]}


@dataclass
class Story:
    """What was seen of an utterance from its first moment to its last.

    Args:
        times: of each moment, in s from the utterance's beginning; NaN for pictures.
        seen: faces at each moment.
        follower: who links the faces of a film over time; None where nobody does.
        changes: how often the face that the rule takes became another person's.
    """

    times: array = field(default_factory=lambda: array("d"))
    seen: list[Seen] = field(default_factory=list)
    follower: Follower | None = None
    changes: int = 0
    _last: int | None = None

    def add(self, time_s: float, seen: Seen) -> None:
        """Note the next moment."""
        self.times.append(time_s)
        self.seen.append(seen)

    def taken(self, person: int) -> None:
        """Note whose face the rule takes; another's than the last time is a change."""
        self.changes += self._last not in (None, person)
        self._last = person

    def of(self, person: int | None) -> np.ndarray:
        """Return the number of this person's sighting at each moment, -1 without one."""
        return np.array([dict(seen).get(person, -1) for seen in self.seen], np.int64)  # type: ignore[arg-type]


def held(numbers: np.ndarray) -> np.ndarray:
    """Return the numbers with every -1 replaced by the last before it.

    At the beginning the first that there is takes their place. All stay -1 where there is none.
    """
    places = np.where(numbers >= 0, np.arange(len(numbers)), -1)
    last = np.maximum.accumulate(places)
    first = int(np.argmax(numbers >= 0))
    return numbers[np.where(last < 0, first, last)]


def longest_gap(numbers: np.ndarray) -> int:
    """Return how many moments in a row are without a face (-1)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], numbers < 0, [0]]).astype(int)))
    return int((edges[1::2] - edges[::2]).max(initial=0))
