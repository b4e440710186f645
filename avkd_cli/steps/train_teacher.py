"""Train a baseline of one sense, or a fusion of both."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Unpack

from avkd_cli.config import TrainConfig
from avkd_cli.errors import UsageError
from avkd_cli.recipes import RECIPES, Request
from avkd_cli.steps.training_run import Running, train
from avkd_cli.training.combinations import refuse_combinations
from avkd_cli.training.processes import world
from avkd_cli.training.training_set import Choice


def train_teacher(
    modality: str,
    stores: list[str],
    output: Path,
    settings: TrainConfig,
    *,
    list_file: Path | None = None,
    noise: str | None = None,
    rir: str | None = None,
    init_from: Sequence[Path] = (),
    reset_head: bool = False,
    encoders: Mapping[str, Path] | None = None,
    validation: str | None = None,
    **how: Unpack[Running],
) -> dict[str, Any]:
    """Train a teacher; return the line that names its run.

    Args:
        stores: of two senses in any order.
        encoders: of a pair, by sense: finished runs whose networks are trained on with it.
    """
    if reset_head and not init_from:
        raise UsageError("--reset-head is for --init-from RUN")
    refuse_combinations(settings, validated=validation is not None, world=world())
    choice = Choice(list_file, settings.label, settings.split_column)
    request = Request(
        "train-teacher",
        modality,
        stores,
        choice,
        noise,
        rir,
        init_from,
        reset_head,
        encoders=encoders or {},
    )
    return train(RECIPES[modality](request, settings), output, settings, validation, **how)
