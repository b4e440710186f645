"""Settings of what makes stores: prep-audio, crop-faces, extract-embeddings."""

from dataclasses import dataclass
from pathlib import Path

from avkd_cli.config.choices import (
    CROP_MODES,
    DETECTORS,
    DTYPES,
    FACE_DISTURBANCES,
    FEATURES,
    SOUND_DISTURBANCES,
)
from avkd_cli.config.setting import setting


@dataclass(frozen=True)
class Execution:
    """How a store is made, which never changes what is in it."""

    workers: int | None = None
    partition_size: int | None = None
    max_reject_fraction: float | None = None
    max_rejects: int | None = None
    strict: bool = False
    dry_run: bool = False
    overwrite: bool = False
    root: Path | None = None
    dask: str | None = None
    partitions: tuple[int, int] | None = None
    finalise: bool = False
    quiet: bool = False


@dataclass(frozen=True)
class PrepAudioConfig:
    """Settings of prep-audio."""

    features: str = setting("fbank", "what is stored of a recording", choices=FEATURES)
    n_mels: int = setting(40, "mel bands of the fbank", minimum=8, maximum=256)
    dtype: str = setting(
        "float16", "precision of a stored fbank (of a log energy: 0.008)", choices=DTYPES
    )
    min_duration: float = setting(0.4, "shorter recordings are rejected", unit="s", minimum=0.03)
    max_duration: float = setting(600.0, "longer recordings are rejected", unit="s", minimum=1)
    min_source_rate: int = setting(8000, "lower sample rates are rejected", unit="Hz", minimum=1)
    channel: str = setting("mean", "which channel of several", choices=("mean", "0", "1", "error"))
    disturb: str = setting(
        "none", "make a spoilt copy, to test with: what spoils it", choices=SOUND_DISTURBANCES
    )
    snr: float = setting(
        5.0,
        "with --disturb, power of the voice over the noise's; for room, of direct over "
        "reverberant sound",
        unit="dB",
        minimum=-10,
        maximum=60,
    )
    seed: int = setting(
        0, "of what --disturb draws, by the utterance's id", minimum=0, maximum=2**63 - 1
    )


@dataclass(frozen=True)
class CropFacesConfig:
    """Settings of crop-faces."""

    detector: str = setting("yunet", "what finds faces; none: already crops", choices=DETECTORS)
    mode: str = setting("aligned-112x96", "what a crop is", choices=CROP_MODES)
    fps: float = setting(1.0, "frames taken from a video", unit="per second", minimum=0.01)
    count: int = setting(0, "frames taken from a video, evenly spaced; 0: by --fps", minimum=0)
    gaps: str = setting(
        "auto",
        "moments of a film without a face: left out, or the nearest face held there and marked, so "
        "that face k is k / fps seconds from the beginning; auto: held from --fps 10 on",
        choices=("auto", "skip", "hold"),
    )
    format: str = setting("raw", "how crops are stored", choices=("raw", "jpeg"))
    jpeg_quality: int = setting(90, "of --format jpeg", minimum=1, maximum=100)
    max_faces: int = setting(
        0, "most faces kept of an utterance; 0: 100, or all where gaps are held", minimum=0
    )
    min_faces: int = setting(0, "utterances with fewer faces are rejected", minimum=0)
    min_score: float = setting(0.5, "detections below are no face", minimum=0, maximum=1)
    detector_size: int = setting(
        640, "longest side that the detector sees", unit="pixels", minimum=64, maximum=4096
    )
    face: str = setting(
        "follow",
        "which of several faces; follow: of a film that of the one person with most area over time "
        "(of pictures the largest); track: that of the box file",
        choices=("follow", "largest", "central", "track"),
    )
    box_margin: float = setting(
        0.3, "how much wider than the box a box or gray crop is", minimum=0, maximum=3
    )
    device: str = setting("cpu", "where the scrfd detector runs", choices=("cpu", "cuda"))
    disturb: str = setting(
        "none", "make a spoilt copy, to test with: what spoils it", choices=FACE_DISTURBANCES
    )
    strength: float = setting(
        0.0,
        "of --disturb: blur's deviation in pixels, the share of light left when dark, small's "
        "width in pixels, the JPEG quality, the share of the area occluded",
        minimum=0,
        maximum=4096,
    )
    seed: int = setting(
        0, "of what --disturb draws, by the utterance's id", minimum=0, maximum=2**63 - 1
    )


@dataclass(frozen=True)
class ExtractConfig:
    """Settings of extract-embeddings."""

    level: str = setting(
        "embedding",
        "what is stored: one embedding an utterance, its posteriors, its segments or frames in a "
        "row, or of weight-enhanced pooling the weight of each moment (of a joint network: of the "
        "film; with --side audio, of the sound)",
        choices=("embedding", "posteriors", "segments", "frames", "weights"),
    )
    face_pool: str = setting(
        "mean",
        "of an utterance's faces: their mean, or the one whose class is most probable",
        choices=("mean", "peak"),
    )
    batch_frames: int = setting(20_000, "frames of sound in a batch", minimum=100)
    batch_faces: int = setting(64, "faces in a batch", minimum=1)
    mixed_precision: str = setting("no", "arithmetic of the nets", choices=("no", "bf16", "fp16"))
