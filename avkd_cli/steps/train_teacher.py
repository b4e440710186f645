"""Train a baseline of one sense, or a fusion of both."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from avkd_cli.config import TrainConfig
from avkd_cli.errors import UsageError
from avkd_cli.recipes import RECIPES, Request
from avkd_cli.steps.training_run import train
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
    init_from: Path | Sequence[Path] | None = None,
    reset_head: bool = False,
    encoders: Mapping[str, Path] | None = None,
    validation: str | None = None,
    overwrite: bool = False,
    quiet: bool = False,
    dry_run: bool = False,
) -> dict[str, Any]:
    """Train a teacher; return the line that names its run.

    Args:
        modality: audio, visual, fusion, pair, sequence or joint.
        stores: an audio store, a face store, or the embedding stores of a voice and a face
            encoder in any order.
        noise: audio store of music, speech and noise. rir: of room responses.
        init_from: run to start from, of the same network; and of the same persons, unless
            reset_head asks for a new classifier. Of a joint network two, one of each sense.
        encoders: of a pair, by sense: finished runs whose networks are trained on with it.
    """
    begun = (init_from,) if isinstance(init_from, Path) else tuple(init_from or ())
    if reset_head and not begun:
        raise UsageError("--reset-head is for --init-from RUN")
    refuse_combinations(settings, validated=validation is not None, world=world())
    choice = Choice(list_file, settings.label, settings.split_column)
    if encoders and modality != "pair":
        both = "; a joint network begins with --init-from, twice" if modality == "joint" else ""
        raise UsageError(f"--audio-encoder and --visual-encoder are for --modality pair{both}")
    first = None if modality == "joint" else next(iter(begun), None)
    request = Request(
        "train-teacher", modality, stores, choice, noise, rir, first, reset_head,
        encoders=encoders or {}, begun=begun,
    )  # fmt: skip
    job = RECIPES[modality](request, settings)
    return train(
        job, output, settings, validation=validation, overwrite=overwrite, quiet=quiet,
        dry_run=dry_run,
    )  # fmt: skip
