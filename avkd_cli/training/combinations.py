"""Settings of a training that cannot go together, or would mean nothing: told before all else."""

import torch

from avkd_cli.config import TrainConfig
from avkd_cli.errors import UsageError


def refuse_combinations(settings: TrainConfig, *, validated: bool, world: int) -> None:
    """Raise UsageError for settings that no training can have, before anything is opened or made.

    Args:
        settings: of the training.
        validated: whether there are validation trials.
        world: how many processes train together.
    """
    check_batch(settings, world)
    if not settings.epochs and not settings.max_steps:
        raise UsageError("--epochs 0 trains nothing; give --epochs above 0, or --max-steps")
    if settings.margin_from > settings.margin_to:
        raise UsageError(
            f"--margin-from {settings.margin_from} is above --margin-to {settings.margin_to}: "
            "the margin grows from the first to the second"
        )
    if settings.period and settings.schedule == "exponential":
        raise UsageError("--period is for --schedule triangular or halving")
    for name in ("patience", "train_trials"):
        if getattr(settings, name) and not validated:
            flag = name.replace("_", "-")
            raise UsageError(f"--{flag} is measured beside --validation; give its trials")
    if settings.mixed_precision == "fp16" and not torch.cuda.is_available():
        raise UsageError("--mixed-precision fp16 needs a GPU; pass bf16, or no")


def check_batch(settings: TrainConfig, world: int) -> None:
    """Raise UsageError unless the batch can be split: into persons, ranks and micro-batches."""
    size, per_person = settings.batch_size, settings.per_person
    parts = world * settings.accumulate
    if size % parts or size // parts < 2:
        processes = f"{world} processes times " if world > 1 else ""
        raise UsageError(
            f"--batch-size {size} cannot be split into {processes}--accumulate "
            f"{settings.accumulate} micro-batches of two or more; change one of them"
        )
    if size % per_person:
        raise UsageError(
            f"--batch-size {size} is not a multiple of --per-person {per_person}; change one"
        )
