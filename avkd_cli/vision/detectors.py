"""Face detectors: RGB frame in, boxes, scores and five landmarks out.

Weights are files that the user names; nothing is ever downloaded.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from avkd_cli.errors import InputError, MissingInputError, UsageError, reading
from avkd_cli.storage.clutter import is_clutter
from avkd_cli.storage.durable import sha256_bytes
from avkd_cli.vision.select import NOTHING, Detections

Detector = Callable[[np.ndarray], Detections]

# Beyond this no face fits in, and a resized frame may have no rows left.
LARGEST_ASPECT = 100


@dataclass(frozen=True)
class Weights:
    """A weights file and what is in it."""

    path: Path
    sha256: str


# File names that publishers give, in order of preference where a folder holds several.
NAMES = {
    "scrfd": ("scrfd*kps*.onnx", "scrfd*.onnx", "det_*.onnx"),
    "yunet": ("yunet*dynamic*.onnx", "*yunet*.onnx"),
}
SOURCES = {
    "scrfd": "the packs of insightface (det_10g.onnx of buffalo_l, det_500m.onnx of buffalo_s)",
    "yunet": "face_detection_yunet_*.onnx of opencv_zoo, or yunet_*.onnx of libfacedetection.train",
}


def find_weights(given: Path | None, detector: str) -> Weights | None:
    """Return the weights that a detector is to use; None for the detector "none".

    Args:
        given: a file, or a folder with a fitting one: of several that fit, the largest.
        detector: name in `DETECTORS`.

    Raises:
        UsageError: if the detector needs weights and none are given.
        MissingInputError: if there is no such file or nothing that fits in the folder.
    """
    if detector == "none":
        return None
    if given is None:
        raise UsageError(
            f"--detector {detector} needs --detector-weights FILE.onnx: take it from "
            f"{SOURCES[detector]}; or, if all pictures are face crops already, pass "
            "--detector none, which takes the centre of each"
        )
    path = _fitting(given, detector) if given.is_dir() else given
    with reading(f"--detector-weights {given}", f"give {SOURCES[detector]}"):
        return Weights(path, sha256_bytes(path.read_bytes()))


def _fitting(folder: Path, detector: str) -> Path:
    for pattern in NAMES[detector]:
        named = (path for path in folder.rglob(pattern) if not is_clutter(path.name))
        found = [path for path in named if path.is_file()]
        if found:
            return max(found, key=lambda path: (path.stat().st_size, path.name))
    raise MissingInputError(
        f"--detector-weights {folder}: no file is named like {' or '.join(NAMES[detector])}; "
        f"give {SOURCES[detector]}"
    )


def whole(frame: np.ndarray) -> Detections:
    """Return all of a picture that is a face crop already, with score 1 and no landmarks (NaN)."""
    height, width = frame.shape[:2]
    box = np.array([[0, 0, width, height]], dtype=float)
    return Detections(box, np.ones(1), np.full((1, 5, 2), np.nan))


class YuNet:
    """YuNet through OpenCV.

    Args:
        weights: ONNX bytes.
        name: what to call them in an error.
        size: frames are shrunk until no side is longer; never enlarged.
        min_score: weaker detections are left out.

    Raises:
        InputError: if the weights are not YuNet's.

    Reference:
        W. Wu, H. Peng, S. Yu, "YuNet: a tiny millisecond-level face detector", Machine
        Intelligence Research 20, 2023.
    """

    def __init__(self, weights: bytes, name: str, size: int, min_score: float) -> None:
        self.size = size
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)
        try:
            self.net = cv2.FaceDetectorYN.create(
                "onnx",
                np.frombuffer(weights, dtype=np.uint8),
                np.empty(0, dtype=np.uint8),
                (320, 320),
                score_threshold=min_score,
                nms_threshold=0.3,
                top_k=5000,
            )
            self(np.zeros((320, 320, 3), dtype=np.uint8))
        except cv2.error:
            raise InputError(
                f"{name}: not the weights of a YuNet detector; give {SOURCES['yunet']}"
            ) from None

    def __call__(self, frame: np.ndarray) -> Detections:
        """Return the faces of an RGB uint8 (height, width, 3) frame."""
        height, width = frame.shape[:2]
        if max(height, width) > LARGEST_ASPECT * min(height, width):
            return NOTHING
        scale = min(1.0, self.size / max(height, width))
        size = (max(round(width * scale), 1), max(round(height * scale), 1))
        picture = cv2.cvtColor(frame, cv2.COLOR_RGB2BGR)
        if scale < 1:
            picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        self.net.setInputSize(size)
        found = self.net.detect(picture)[1]
        if found is None:
            return NOTHING
        stretch = np.array([width / size[0], height / size[1]])
        corners = np.stack([found[:, :2], found[:, :2] + found[:, 2:4]], axis=1) * stretch
        landmarks = found[:, 4:14].reshape(-1, 5, 2) * stretch
        return Detections(corners.reshape(-1, 4), found[:, 14].astype(float), landmarks)


class Scrfd:
    """SCRFD through insightface and onnxruntime.

    Args:
        weights: ONNX bytes of a model with landmarks.
        name: what to call them in an error.
        size: side of the square that a frame is fitted into, for models of any size.
        min_score: weaker detections are left out.
        device: "cpu" or "cuda".

    Raises:
        InputError: if the weights are not SCRFD's.
        UsageError: if onnxruntime has no such device.

    Reference:
        J. Guo et al., "Sample and computation redistribution for efficient face detection",
        ICLR 2022.
    """

    def __init__(
        self, weights: bytes, name: str, size: int, min_score: float, device: str = "cpu"
    ) -> None:
        from insightface.model_zoo.scrfd import SCRFD  # a second to import

        session = _session(weights, name, device)
        if len(session.get_outputs()) not in (9, 15):  # three a stride: scores, boxes, landmarks
            raise InputError(
                f"{name}: not the weights of a SCRFD detector with landmarks; "
                f"give {SOURCES['scrfd']}"
            )
        # Without a file name insightface has nothing to look up or to rewrite.
        self.net = SCRFD(session=session, static_shape_sessions=False)
        self.net.prepare(0, input_size=(size, size), det_thresh=min_score)

    def __call__(self, frame: np.ndarray) -> Detections:
        """Return the faces of an RGB uint8 (height, width, 3) frame."""
        height, width = frame.shape[:2]
        if max(height, width) > LARGEST_ASPECT * min(height, width):
            return NOTHING
        found, landmarks = self.net.detect(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
        return Detections(
            found[:, :4].astype(float), found[:, 4].astype(float), landmarks.astype(float)
        )


def _session(weights: bytes, name: str, device: str):
    import onnxruntime

    provider = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}[device]
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # workers use the cores
    options.log_severity_level = 4
    there = onnxruntime.get_available_providers()
    session = None
    if provider in there:
        try:
            session = onnxruntime.InferenceSession(weights, options, providers=[provider])
        except Exception as error:  # onnxruntime's own types, of damaged or foreign files
            raise InputError(f"{name}: onnxruntime cannot load it as a detector") from error
    # Where CUDA's libraries are missing onnxruntime falls back to the CPU without an error.
    if session is None or session.get_providers()[0] != provider:
        raise UsageError(
            f"--device {device}: onnxruntime did not start {provider} (it has "
            f"{', '.join(there)}); install onnxruntime-gpu, or pass --device cpu"
        )
    return session


# name: (weights, what to call them, size, min_score, device) -> detector
DETECTORS: dict[str, Callable[[bytes, str, int, float, str], Detector]] = {
    "scrfd": Scrfd,
    "yunet": lambda weights, name, size, min_score, device: YuNet(weights, name, size, min_score),
    "none": lambda *_: whole,
}


@functools.lru_cache(maxsize=4)
def load_detector(
    name: str, weights: Weights | None, size: int = 640, min_score: float = 0.5, device: str = "cpu"
) -> Detector:
    """Return a detector, one a process.

    Raises:
        InputError: if the weights are another detector's, or changed since the run began.
        UsageError: if the device cannot be had.
    """
    if weights is None:
        return DETECTORS[name](b"", "", size, min_score, device)
    data = weights.path.read_bytes()
    if sha256_bytes(data) != weights.sha256:
        raise InputError(f"{weights.path}: changed since this run began; start it again")
    return DETECTORS[name](data, str(weights.path), size, min_score, device)
