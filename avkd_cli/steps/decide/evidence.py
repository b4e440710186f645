"""What a side of a question rests on: speech, noise, faces; and when that is too little."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from avkd_cli.storage.record import Record

if TYPE_CHECKING:
    from avkd_cli.steps.sightings import Story  # cv2, which sound does without

SIDEWAYS = 50.0  # degrees; beyond, half of the face is not seen
SECOND = 0.5  # of the side of the person's face: smaller ones are in the background
TWO = "multi_face"
CLIPPED = 0.1  # of the samples; beyond, the spectrum is the clipping's


@dataclass(frozen=True)
class Evidence:
    """What one side has, of all its recordings.

    Args:
        recordings: how many were usable.
        speech_s: seconds of speech; None without sound.
        snr_db: of the sound, weighted by its speech; None without sound.
        faces: how many; None without pictures.
        doubts: why it says too little; none where it may be asked.
    """

    recordings: int
    speech_s: float | None = None
    snr_db: float | None = None
    faces: int | None = None
    doubts: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """In words, such as "12.3 s of speech"."""
        parts = [f"{self.recordings} recordings"] if self.recordings > 1 else []
        if self.speech_s is not None:
            parts.append(f"{self.speech_s:.1f} s of speech")
        if self.faces is not None:
            parts.append("1 face" if self.faces == 1 else f"{self.faces} faces")
        return ", ".join(parts) or "nothing"


def of_sound(records: Sequence[Record], least_s: float) -> Evidence:
    """Return what sound says; of less speech than so many seconds, that it is too little."""
    names = ("duration_s", "speech_fraction", "snr_db", "clipped_fraction")
    columns = (np.array([float(one.columns[name]) for one in records]) for name in names)
    seconds, fraction, snr, clipping = columns
    speech = seconds * fraction
    total = float(speech.sum())
    clipped = np.average(clipping, weights=seconds)
    doubts = []
    if total < least_s:
        doubts.append(f"too little speech, {total:.2f} s (at least {least_s:g} s are wanted)")
    if clipped > CLIPPED:
        doubts.append(f"clipped: {100 * clipped:.0f} % of the samples are at full scale")
    mean = float(np.average(snr, weights=speech if total > 0 else seconds))
    return Evidence(len(records), total, mean, None, tuple(doubts))


def of_faces(records: Sequence[Record]) -> Evidence:
    """Return what faces say."""
    shown = [one for one in records if one.length]
    held = [np.asarray(one.items["held"], bool) for one in shown]
    faces = int(sum((~one).sum() for one in held))
    if not faces:
        return Evidence(len(records), faces=0, doubts=("no face",))
    doubts = []
    turned = np.abs(np.concatenate([one.items["yaw"] for one in shown]))
    if not np.isnan(turned).any() and turned.min() > SIDEWAYS:
        doubts.append(f"a face from the side (turned by {turned.min():.0f} degrees or more)")
    if any(TWO in one.warnings for one in shown):
        doubts.append("two people")
    return Evidence(len(records), faces=faces, doubts=tuple(doubts))


def second_person(story: "Story", face_sizes: np.ndarray) -> bool:
    """Return whether somebody else is seen beside the person of a film half of the time."""
    main = None if story.follower is None else story.follower.main()
    mine = story.of(main)
    beside = 0
    for moment, number in zip(story.seen, mine.tolist(), strict=True):
        others = [sighting for person, sighting in moment if person != main]
        large = number >= 0 and face_sizes[others] >= SECOND * face_sizes[number]
        beside += bool(np.any(large))
    return main is not None and 2 * beside >= np.count_nonzero(mine >= 0) > 0


def both(sound: Evidence, faces: Evidence) -> Evidence:
    """Return what both senses say of one side."""
    most, doubts = max(sound.recordings, faces.recordings), (*sound.doubts, *faces.doubts)
    return replace(sound, recordings=most, faces=faces.faces, doubts=doubts)
