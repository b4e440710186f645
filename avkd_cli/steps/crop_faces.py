"""Faces of videos and pictures, found, aligned and cropped into a store."""

import dataclasses
import functools
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np

from avkd_cli.config import CropFacesConfig, Execution
from avkd_cli.errors import Rejected, UsageError
from avkd_cli.steps.disturb_faces import check_strength
from avkd_cli.steps.sightings import Seen, Sightings, Story, held, longest_gap
from avkd_cli.storage.build import Recordings
from avkd_cli.storage.builder import build_store
from avkd_cli.storage.record import Record
from avkd_cli.storage.specs import FACES
from avkd_cli.storage.utterances import Utterance, read_utterances
from avkd_cli.storage.workers import breathe
from avkd_cli.vision.align import CROP_MODES
from avkd_cli.vision.decode import read_frames, read_slots
from avkd_cli.vision.detectors import Detector, Weights, find_weights, load_detector
from avkd_cli.vision.follow import Follower, looks_of
from avkd_cli.vision.frames import Frame
from avkd_cli.vision.pictures import read_pictures
from avkd_cli.vision.select import Detections, choose, is_ambiguous, is_scene, on_half, usable
from avkd_cli.vision.tracks import Track, read_track

Resolve = Callable[[str], Path]

MOST_FACES = 100  # of an utterance, where faces stand for themselves
SEQUENCE_FPS = 10  # from here on the faces of a film are a sequence, which has to keep time
LONG_GAP_S = 1.0  # without a face is worth a warning


def crop_faces(
    utterances: str,
    output: Path,
    config: CropFacesConfig,
    execution: Execution,
    weights: Path | None = None,
) -> dict | None:
    """Make a store of face crops from a list of utterances.

    An utterance of which no picture shows a face is kept with length 0.

    Returns:
        The store's manifest; None if nothing was made (a dry run, a part of a job array).
    """
    check_strength(config)
    if config.gaps == "hold" and config.count:
        raise UsageError("--gaps hold keeps time by --fps: leave out --count, or --gaps hold")
    most = min(config.count or config.max_faces, config.max_faces or config.count)
    if 0 < most < config.min_faces:
        raise UsageError(
            f"--min-faces {config.min_faces} is above the {most} that --count or --max-faces take: "
            "every utterance would be rejected"
        )
    found = find_weights(weights, "none" if CROP_MODES[config.mode].whole else config.detector)
    load(found, config)  # damaged or foreign weights are told before any work
    listed = read_utterances(utterances, execution.root)
    size = max(16, len(listed.utterances) // 4000)
    process = functools.partial(process_utterance, weights=found)
    content = Recordings(FACES, listed, process, config, size, max_reject_fraction=0.05)
    inputs = {} if found is None else {"detector_weights": f"sha256:{found.sha256}"}
    return build_store(output, content, content.origin("crop-faces", inputs), execution)


def load(weights: Weights | None, config: CropFacesConfig) -> Detector:
    """Return this process's detector; OpenCV keeps to one thread, as workers use the cores."""
    cv2.setNumThreads(1)
    detector = "none" if CROP_MODES[config.mode].whole else config.detector
    return load_detector(detector, weights, config.detector_size, config.min_score, config.device)


def process_utterance(
    utterance: Utterance, resolve: Resolve, config: CropFacesConfig, weights: Weights | None
) -> Record:
    """Return the faces of one utterance.

    Raises:
        Rejected: missing_field without video or images, bad_box if every face found is too small
            to crop or not finite, too_few_faces; and what reading raises.
    """
    looker = Looker(utterance, config, weights, track_of(utterance, resolve, config))
    looker.watch(moments_of(utterance, resolve, config, looker.warnings))
    return looker.record()


def holds(config: CropFacesConfig) -> bool:
    """Return whether moments of a film without a face are kept, so that its faces keep time."""
    if config.gaps == "auto":
        return config.fps >= SEQUENCE_FPS and not config.count
    return config.gaps == "hold"


def links(utterance: Utterance, config: CropFacesConfig) -> bool:
    """Return whether faces are linked over time: of a film in which a detector looks for them."""
    looked_for = config.detector != "none" and not CROP_MODES[config.mode].whole
    return looked_for and utterance.images is None and config.face != "track"


def track_of(utterance: Utterance, resolve: Resolve, config: CropFacesConfig) -> Track | None:
    """Return where the person is, if faces are to be chosen by that."""
    if config.face != "track":
        return None
    if utterance.boxes is None:
        raise Rejected("missing_field", "field 'boxes' missing, wanted by --face track")
    return read_track(resolve(utterance.boxes))


def moments_of(
    utterance: Utterance, resolve: Resolve, config: CropFacesConfig, warnings: list[str]
) -> Iterator[tuple[float, Frame | None]]:
    """Yield what there is to see, each with its time in s from the utterance's beginning.

    Pictures come first where there are any, and have no time. None is a moment of a film whose
    picture has not begun or cannot be decoded.
    """
    if utterance.images is not None:
        most = min(config.count or MOST_FACES, config.max_faces or MOST_FACES)
        for frame in read_pictures(utterance.images, resolve, most, warnings):
            yield np.nan, frame
        return
    if utterance.video is None:
        raise Rejected("missing_field", "neither 'images' nor 'video'")
    path, start, keeps_time = resolve(utterance.video), utterance.start or 0.0, holds(config)
    most = config.max_faces or (None if keeps_time else MOST_FACES)
    read = {"end": utterance.end, "at_most": most, "warnings": warnings}
    if keeps_time:
        for number, frame in enumerate(read_slots(path, fps=config.fps, start=start, **read)):
            yield number / config.fps, frame
        return
    fps, count = (None, config.count) if config.count else (config.fps, None)
    for frame in read_frames(path, fps=fps, count=count, start=utterance.start, **read):
        yield frame.time_s - start, frame


MIDDLE = "took the middle; give --detector yunet for films that are no face crops"


class Looker:
    """Finds the faces of an utterance's frames and lays them aside.

    Args:
        utterance: whose half of the frame, where it says one, is the person's.
        config: which of several faces, and what is kept of it.
        weights: of the detector.
        track: where the person is, for --face track.

    Attributes:
        story: what was seen. sightings: the faces. warnings: found so far; reading adds some.
        unusable: frames with faces of which none can be cropped.
    """

    def __init__(
        self,
        utterance: Utterance,
        config: CropFacesConfig,
        weights: Weights | None,
        track: Track | None = None,
    ) -> None:
        self.config, self.track, self.half = config, track, utterance.half
        self.detector = load(weights, config)
        self.sightings = Sightings(config, utterance.id)
        self.story = Story(follower=Follower() if links(utterance, config) else None)
        self.warnings: list[str] = []
        self.unusable = self._count = 0

    def watch(self, moments: Iterable[tuple[float, Frame | None]]) -> None:
        """Look at all there is to see, as `moments_of` yields it."""
        last: tuple[Frame | None, Seen] = (None, ())
        for time_s, frame in moments:
            if frame is None or frame is not last[0]:
                last = frame, () if frame is None else self.look(frame)
            self.story.add(time_s, last[1])
            breathe()

    def look(self, frame: Frame) -> Seen:
        """Return the faces of a frame that may be wanted; of person 0 unless faces are followed."""
        height, width = frame.pixels.shape[:2]
        there = None if self.track is None else self.track.at(frame.time_s, height, width)
        if self._takes_the_middle and is_scene(height, width):
            scene = f"whole_scene: {width} x {height}, of which --detector none {MIDDLE}"
            self.warnings.append(scene)
        faces = self._faces(frame, there)
        if faces is None or len(faces) == 0:
            return ()
        numbers, follower = [], self.story.follower
        if follower is not None:
            numbers = follower.link(faces, looks_of(frame.pixels, faces))
        rule = "largest" if self.config.face == "follow" else self.config.face
        chosen = choose(faces, height, width, rule, there)
        if chosen is None:
            return ()
        if numbers:
            self.story.taken(numbers[chosen])
        if follower is not None and self.config.face == "follow":
            return tuple((n, self._keep(frame, faces, face)) for face, n in enumerate(numbers))
        if self.config.face != "track" and is_ambiguous(faces, chosen):
            self.warnings.append("multi_face")
        return ((0, self._keep(frame, faces, chosen)),)

    @property
    def _takes_the_middle(self) -> bool:
        """Whether every frame is taken for a face, unless it is meant to be taken whole."""
        is_whole = CROP_MODES[self.config.mode].whole
        return self.config.detector == "none" and self.track is None and not is_whole

    def _faces(self, frame: Frame, there: np.ndarray | None) -> Detections | None:
        """Return the usable faces of a frame; None where there is nothing to choose from."""
        height, width = frame.pixels.shape[:2]
        found = self.detector(frame.pixels)
        if self.config.detector == "none" and self.track is not None:
            if there is None:
                return None
            found = Detections(there[None], found.scores, found.landmarks)
        if self.half:
            found = on_half(found, self.half, width)
        faces = usable(found, height, width)
        self.unusable += len(found) > 0 and len(faces) == 0
        return faces

    def _keep(self, frame: Frame, faces: Detections, face: int) -> int:
        self._count += 1
        score = float(faces.scores[face])
        return self.sightings.add(frame.pixels, faces.boxes[face], score, faces.landmarks[face])

    def record(self) -> Record:
        """Return what an utterance becomes once all of it was seen."""
        story, follower = self.story, self.story.follower
        follows = follower is not None and self.config.face == "follow"
        found = story.of(follower.main() if follows and follower else 0)
        faces = np.unique(found[found >= 0]).tolist()
        if self.unusable and not self._count:
            raise Rejected("bad_box", f"{self.unusable} found, each not finite or below 32 x 32")
        if len(faces) < self.config.min_faces:
            raise Rejected("too_few_faces", f"{len(faces)} < {self.config.min_faces}")
        if self.sightings.any_flat(faces):
            self.warnings.append("flat_image")
        if follows:
            self.warnings += self._others_as_large(found)
        elif story.changes:
            self.warnings.append("face_switch")
        times, is_gap = np.array(story.times), found < 0
        if holds(self.config) and faces:
            longest = longest_gap(found)
            if longest > LONG_GAP_S * self.config.fps and not np.isnan(times).any():
                self.warnings.append("long_gap")
            found = held(found)
        else:
            times, is_gap, found = times[~is_gap], is_gap[~is_gap], found[~is_gap]
        changes = np.nan if follower is None else story.changes
        record = self.sightings.record(found.tolist(), times, is_gap, changes)
        return dataclasses.replace(record, warnings=tuple(dict.fromkeys(self.warnings)))

    def _others_as_large(self, found: np.ndarray) -> list[str]:
        """Return the warning multi_face if somebody else is at some moment about as large."""
        areas = self.sightings.face_sizes**2
        for seen, mine in zip(self.story.seen, found.tolist(), strict=True):
            others = [number for _, number in seen if number != mine]
            if mine >= 0 and (areas[others] >= 0.9 * areas[mine]).any():
                return ["multi_face"]
        return []
