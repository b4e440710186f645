"""Which settings a step has."""

from collections.abc import Mapping

from avkd_cli.config.scoring import CalibrateConfig, ScoreConfig
from avkd_cli.config.stores import CropFacesConfig, ExtractConfig, PrepAudioConfig
from avkd_cli.config.students import DistillAudioConfig, DistillVisualConfig
from avkd_cli.config.training import (
    AudioConfig,
    FusionConfig,
    JointConfig,
    PairConfig,
    SequenceConfig,
    VisualConfig,
)

STEPS: Mapping[str, Mapping[str | None, type]] = {
    "prep-audio": {None: PrepAudioConfig},
    "crop-faces": {None: CropFacesConfig},
    "train-teacher": {
        "audio": AudioConfig,
        "visual": VisualConfig,
        "fusion": FusionConfig,
        "pair": PairConfig,
        "sequence": SequenceConfig,
        "joint": JointConfig,
    },
    "extract-embeddings": {None: ExtractConfig},
    "distill": {"audio": DistillAudioConfig, "visual": DistillVisualConfig},
    "score": {None: ScoreConfig},
    "calibrate": {None: CalibrateConfig},
}
"""Step → modality, None where there is none → dataclass: flags, TOML tables and help follow."""
