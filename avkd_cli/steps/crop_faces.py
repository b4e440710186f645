"""Faces of videos and pictures, found, aligned and cropped into a store."""

import functools
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np

from avkd_cli.config import CropFacesConfig, Execution
from avkd_cli.errors import Rejected
from avkd_cli.steps.disturb_faces import check_strength, disturbed
from avkd_cli.storage.build import Record, build_from_utterances
from avkd_cli.storage.specs import FACES
from avkd_cli.storage.utterances import Utterance, read_utterances
from avkd_cli.vision import quality
from avkd_cli.vision.align import CROP_MODES, CropMode, crop
from avkd_cli.vision.decode import Frame, read_frames
from avkd_cli.vision.detectors import Detector, Weights, find_weights, load_detector
from avkd_cli.vision.pictures import read_pictures
from avkd_cli.vision.select import Detections, choose, is_ambiguous, usable
from avkd_cli.vision.tracks import Track, read_track

Resolve = Callable[[str], Path]


def crop_faces(
    utterances: str,
    output: Path,
    config: CropFacesConfig,
    execution: Execution,
    weights: Path | None = None,
) -> dict | None:
    """Make a store of face crops from a list of utterances.

    An utterance of which no picture shows a face is kept with length 0.

    Args:
        utterances: a list, or "-"; each names a video or images.
        output: the store to make.
        config: what is cropped and how.
        execution: workers, limits, what is redone.
        weights: file or folder with the detector's weights; none for the detector "none".

    Returns:
        The store's manifest; None if nothing was made (a dry run, a part of a job array).
    """
    check_strength(config)
    found = find_weights(weights, config.detector)
    load(found, config)  # damaged or foreign weights are told before any work
    listed = read_utterances(utterances, execution.root)
    return build_from_utterances(
        output,
        FACES,
        listed,
        functools.partial(process_utterance, weights=found),
        config,
        step="crop-faces",
        execution=execution,
        partition_size=max(16, len(listed.utterances) // 4000),
        max_reject_fraction=0.05,
        inputs={} if found is None else {"detector_weights": f"sha256:{found.sha256}"},
    )


def load(weights: Weights | None, config: CropFacesConfig) -> Detector:
    """Return this process's detector; OpenCV keeps to one thread, as workers use the cores."""
    cv2.setNumThreads(1)
    return load_detector(
        config.detector, weights, config.detector_size, config.min_score, config.device
    )


def process_utterance(
    utterance: Utterance, resolve: Resolve, config: CropFacesConfig, weights: Weights | None
) -> Record:
    """Return the faces of one utterance.

    Raises:
        Rejected: missing_field without video or images, bad_box if every face found is too small
            to crop or not finite, too_few_faces; and what reading raises.
    """
    warnings: list[str] = []
    detector = load(weights, config)
    track = track_of(utterance, resolve, config)
    mode = CROP_MODES[config.mode]
    faces, unusable = [], 0
    for frame in frames_of(utterance, resolve, config, warnings):
        face = face_in(frame, detector, track, config, warnings)
        if face is None:
            continue
        box, score, landmarks = face
        if box is None:
            unusable += 1
            continue
        faces.append(described(frame, box, score, landmarks, mode, config.box_margin))
    if unusable and not faces:
        raise Rejected("bad_box", f"{unusable} found, each not finite or below 32 x 32")
    if len(faces) < config.min_faces:
        raise Rejected("too_few_faces", f"{len(faces)} < {config.min_faces}")
    if any(quality.is_flat(face["crops"]) for face in faces):
        warnings.append("flat_image")
    return record(disturbed(faces, utterance.id, config), mode, warnings)


def track_of(utterance: Utterance, resolve: Resolve, config: CropFacesConfig) -> Track | None:
    """Return where the person is, if faces are to be chosen by that."""
    if config.face != "track":
        return None
    if utterance.boxes is None:
        raise Rejected("missing_field", "field 'boxes' missing, wanted by --face track")
    return read_track(resolve(utterance.boxes))


def frames_of(
    utterance: Utterance, resolve: Resolve, config: CropFacesConfig, warnings: list[str]
) -> Iterator[Frame]:
    """Yield the images, whose time is their number, or without any the frames of the video."""
    if utterance.images is not None:
        most = min(config.count or config.max_faces, config.max_faces)
        yield from read_pictures(utterance.images, resolve, most, warnings)
    elif utterance.video is not None:
        yield from read_frames(
            resolve(utterance.video),
            fps=None if config.count else config.fps,
            count=config.count or None,
            start=utterance.start,
            end=utterance.end,
            at_most=config.max_faces,
            warnings=warnings,
        )
    else:
        raise Rejected("missing_field", "neither 'images' nor 'video'")


def face_in(
    frame: Frame,
    detector: Detector,
    track: Track | None,
    config: CropFacesConfig,
    warnings: list[str],
) -> tuple[np.ndarray | None, float, np.ndarray] | None:
    """Return the box, score and landmarks of the person in a frame.

    None if there is no such face; a box of None if there are faces, none of them usable.
    """
    height, width = frame.pixels.shape[:2]
    there = None if track is None else track.at(frame.time_s, height, width)
    found = detector(frame.pixels)
    if config.detector == "none" and track is not None:
        if there is None:
            return None
        found = Detections(there[None], found.scores, found.landmarks)
    faces = usable(found, height, width)
    if len(faces) == 0:
        return (None, np.nan, found.landmarks[0]) if len(found) else None
    chosen = choose(faces, height, width, config.face, there)
    if chosen is None:
        return None
    if config.face != "track" and is_ambiguous(faces, chosen):
        warnings.append("multi_face")
    return faces.boxes[chosen], float(faces.scores[chosen]), faces.landmarks[chosen]


def described(
    frame: Frame,
    box: np.ndarray,
    score: float,
    landmarks: np.ndarray,
    mode: CropMode,
    margin: float,
) -> dict:
    """Return the crop of a face and its columns in the store."""
    picture = crop(frame.pixels, box, landmarks, mode, margin)
    return {
        "crops": picture,
        "time_s": frame.time_s,
        "detection_score": score,
        "landmarks": landmarks,
        "box": box,
        "sharpness": quality.sharpness(picture),
        "brightness": quality.brightness(picture),
        "face_size": quality.face_size(box),
        "yaw": quality.yaw(landmarks),
        "roll": quality.roll(landmarks),
    }


def record(faces: list[dict], mode: CropMode, warnings: list[str]) -> Record:
    """Return the faces of an utterance as the store takes them; none are arrays of length 0."""
    crops = np.empty((len(faces), mode.height, mode.width, mode.channels), dtype=np.uint8)
    for number, face in enumerate(faces):
        crops[number] = face["crops"]
    items = {
        array.name: np.array([face[array.name] for face in faces], dtype=array.dtype).reshape(
            len(faces), *ITEM_SHAPES.get(array.name, ())
        )
        for array in FACES.items
    }
    return Record(columns={}, long=crops, items=items, warnings=tuple(dict.fromkeys(warnings)))


ITEM_SHAPES = {"landmarks": (5, 2), "box": (4,)}
