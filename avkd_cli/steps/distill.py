"""Train a student of one sense from a teacher's stored embeddings and classifier."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Unpack

from avkd_cli.config import DistillAudioConfig, DistillVisualConfig
from avkd_cli.errors import UsageError
from avkd_cli.recipes import Job, Request, rounds, student
from avkd_cli.recipes.live import Asked
from avkd_cli.recipes.unlabelled import Unlabelled
from avkd_cli.steps.training_run import Running, train
from avkd_cli.training.combinations import refuse_combinations
from avkd_cli.training.processes import world
from avkd_cli.training.runs import ROUNDS
from avkd_cli.training.training_set import Choice

Settings = DistillAudioConfig | DistillVisualConfig
Line = dict[str, Any]


def distill(
    modality: str,
    store: str,
    teacher: str | Sequence[str],
    output: Path,
    settings: Settings,
    *,
    list_file: Path | None = None,
    intersect: bool = False,
    quality_store: str | None = None,
    unlabelled: Path | None = None,
    teacher_runs: Sequence[Path] = (),
    beside: str | None = None,
    init_from: Sequence[Path] = (),
    noise: str | None = None,
    rir: str | None = None,
    validation: str | None = None,
    **how: Unpack[Running],
) -> Line:
    """Train a student; return the line that names its run.

    Args:
        teacher: embedding store, with its classifier where KL is on; or one of each sense.
        init_from: the run whose network, not whose classifier, it begins with.

    Raises:
        UsageError, InputError: as `recipes.student`.
    """
    refuse_combinations(settings, validated=validation is not None, world=world())
    if settings.cluster_rounds and unlabelled is None:
        raise UsageError("--cluster-rounds finds clusters again; it goes with --unlabelled LIST")
    choice = Choice(list_file, settings.label, settings.split_column)
    request = Request("distill", modality, [store], choice, noise, rir, init_from, reset_head=True)

    live = Asked(teacher_runs, beside) if teacher_runs or beside else None

    def trained(settings: Settings, run: Path, by: tuple[str, ...]) -> tuple[Job, Line]:
        nobody = Unlabelled(unlabelled, run, by) if unlabelled else None
        job = student(request, settings, teacher, intersect, quality_store, nobody, live)
        return job, train(job, run, settings, validation, **how)

    by: tuple[str, ...] = ()
    for number in range(0 if how.get("dry_run") else settings.cluster_rounds):
        run = output / ROUNDS / str(number)
        job, line = trained(dataclasses.replace(settings, cluster_rounds=0), run, by)
        wanted = rounds.everyone(job.chosen.ids, unlabelled)
        by = (rounds.embedded_by(run, line["fingerprint"], store, wanted),)
    return trained(settings, output, by)[1]
