"""Every setting of every step: name, default, unit and range, in one place and light to import.

A step's settings are a frozen dataclass whose fields are made by `setting`. Values come from
the defaults, then a TOML file, then flags (`load`). Nothing here imports more than the standard
library, since `--help` prints all of it. One file a topic; importers name this package alone.
"""

from avkd_cli.config.choices import (
    AUDIO_MODELS,
    CROP_MODES,
    DETECTORS,
    EER_MODES,
    FUSION_MODELS,
    P_TARGETS,
    PAIR_MODELS,
    PRESETS,
    SCHEDULES,
    SCORE_FORMATS,
    STRATA,
    TRIAL_FORMATS,
    VISUAL_MODELS,
)
from avkd_cli.config.loading import (
    load,
    preset_path,
    to_toml,
)
from avkd_cli.config.scoring import (
    CalibrateConfig,
    ScoreConfig,
)
from avkd_cli.config.steps import STEPS
from avkd_cli.config.stores import (
    CropFacesConfig,
    Execution,
    ExtractConfig,
    PrepAudioConfig,
)
from avkd_cli.config.students import (
    DistillAudioConfig,
    DistillTerms,
    DistillVisualConfig,
)
from avkd_cli.config.training import (
    AudioConfig,
    FusionConfig,
    JointConfig,
    PairConfig,
    SequenceConfig,
    TrainConfig,
    VisualConfig,
)
