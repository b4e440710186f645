"""The head that settings ask for."""

from avkd_cli.config import TrainConfig
from avkd_cli.losses.heads import HEADS, AamSoftmax, Head
from avkd_cli.losses.moment import growing
from avkd_cli.training.training_set import TrainingSet


def head_for(
    chosen: TrainingSet, settings: TrainConfig, *, norm: bool = False, copies: int = 1
) -> Head:
    """Return a new head over the classes of a training set, on the level `embedding`.

    Args:
        norm: see `Head`. copies: how many times each class stands.
    """
    if HEADS[settings.head] is AamSoftmax:
        return aam_for(chosen, settings, norm=norm, copies=copies)
    size = settings.embedding_size
    return HEADS[settings.head](chosen.classes, size, norm=norm, copies=copies)


def aam_for(
    chosen: TrainingSet,
    settings: TrainConfig,
    *,
    size: int = 0,
    level: str = "embedding",
    norm: bool = False,
    copies: int = 1,
) -> AamSoftmax:
    """Return a new AAM-softmax as settings have it; `size`: of the level, 0 of the embedding."""
    return AamSoftmax(
        chosen.classes,
        size or settings.embedding_size,
        margin=growing(settings.margin, settings.margin_from, settings.margin_to),
        scale=settings.scale,
        fallback=settings.fallback,
        level=level,
        norm=norm,
        copies=copies,
    )
