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
    size = settings.embedding_size
    if HEADS[settings.head] is AamSoftmax:
        return AamSoftmax(
            chosen.classes,
            size,
            margin=growing(settings.margin, settings.margin_from, settings.margin_to),
            scale=settings.scale,
            fallback=settings.fallback,
            norm=norm,
            copies=copies,
        )
    return HEADS[settings.head](chosen.classes, size, norm=norm, copies=copies)
