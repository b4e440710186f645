"""Settings of score and calibrate."""

from dataclasses import dataclass

from avkd_cli.config.choices import (
    EER_MODES,
    FUSIONS_OF_SCORES,
    METRICS,
    SCORE_FORMATS,
    SCORE_NORMS,
    TRIAL_FORMATS,
)
from avkd_cli.config.setting import setting


@dataclass(frozen=True)
class ScoreConfig:
    """Settings of score."""

    metric: str = setting(
        "cosine",
        "what compares two embeddings; tanh-l2: the squared distance d of their tanh, as FOP's "
        "code; lines say 1 - d/2, with --out-format fame d itself",
        choices=METRICS,
    )
    eer_mode: str = setting(
        "interp",
        "of the EER; fop: over ten folds on a grid of squared distances, with its AUC",
        choices=EER_MODES,
    )
    norm: str = setting("none", "score normalisation by --cohort", choices=SCORE_NORMS)
    top_n: int = setting(300, "closest cohort persons kept by AS-norm", minimum=2)
    trials_format: str = setting(
        "auto", "of the trial list; auto: guessed, and said", choices=("auto", *TRIAL_FORMATS)
    )
    in_format: str = setting(
        "auto", "of score files, with --fuse; auto: guessed", choices=("auto", *SCORE_FORMATS)
    )
    columns: str = setting(
        "", "what columns of CSV lists and scores are called: enrol=COLUMN,test=COLUMN,label=COLUMN"
    )
    out_format: str = setting("avkd", "of the scores", choices=SCORE_FORMATS)
    skip_missing: bool = setting(False, "leave out trials without an embedding, and count them")
    fuse: str = setting("none", "how several score files become one", choices=FUSIONS_OF_SCORES)
    score_type: str = setting("scores", "with --fuse: what each file's scores are, by commas")
    quality: str = setting("duration_s", "columns of --quality-store for calibration, by commas")
    prior: float = setting(
        0.5, "probability of a target that calibration is for", minimum=1e-6, maximum=0.999999
    )


@dataclass(frozen=True)
class CalibrateConfig:
    """Settings of calibrate."""

    prior: float = setting(
        0.5, "probability that a question is about one person", minimum=1e-6, maximum=0.999999
    )
    cost_miss: float = setting(1.0, "cost of saying 'different' of one person", minimum=1e-6)
    cost_false_alarm: float = setting(1.0, "cost of saying 'same' of two persons", minimum=1e-6)
    in_format: str = setting(
        "auto", "of the score files; auto: guessed", choices=("auto", *SCORE_FORMATS)
    )
    score_type: str = setting("scores", "what the scores are, where no summary beside them says it")
