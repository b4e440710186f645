"""What every training command does around `fit`: plan, lock, train, publish."""

import dataclasses
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from avkd_cli.config import ExtractConfig, TrainConfig
from avkd_cli.errors import AvkdError, InputError, UsageError
from avkd_cli.steps.embedder import embedder
from avkd_cli.steps.training_set import TrainingSet
from avkd_cli.steps.validation import Validation
from avkd_cli.storage import durable
from avkd_cli.training import keyed, networks
from avkd_cli.training.batches import Batches, Labels, Source
from avkd_cli.training.loop import Task, fit
from avkd_cli.training.processes import rank
from avkd_cli.training.runs import Run, make_plan, open_run
from avkd_cli.training.sampler import PersonSampler, ShuffleSampler
from avkd_cli.training.watch import check_tracker


@dataclass
class Job:
    """One training, as `train-teacher` and `distill` hand it over.

    Attributes:
        objective: makes the objective; called after torch is seeded.
        stores: what the network embeds: one sense's, or visual and audio embeddings.
        inputs: name and fingerprint of each store.
    """

    step: str
    modality: str
    chosen: TrainingSet
    sources: list[Source]
    description: networks.Description
    stores: list[Any]
    objective: Callable[[], nn.Module]
    inputs: dict[str, str]
    list_file: Path | None = None


def train(
    job: Job,
    output: Path,
    settings: TrainConfig,
    *,
    validation: str | None = None,
    overwrite: bool = False,
    quiet: bool = False,
) -> dict[str, Any]:
    """Train a job into a run folder; return the line that names it.

    A finished run of the same plan is left alone; an unfinished one goes on.
    """
    task = make_task(job, settings, validation)
    plan = plan_of(job, settings, task.validate)
    if rank():  # the first process owns the folder; the others only take their share
        run = Run(output, plan)
        if not run.finished:
            fit(task, settings, run, quiet=True)
        return run.line()
    durable.make_directory(output.absolute().parent)
    with durable.lock(output):
        run = open_run(output, plan, overwrite=overwrite)
        if run.finished:
            if not quiet:
                print(f"avkd {job.step}: {output}: already complete", file=sys.stderr)
            durable.touch(output / "model.json")
            run.status("complete", code=0)  # it may have been killed before it said so
            return run.line()
        try:
            return run_once(job, task, settings, run, quiet)
        except AvkdError as error:
            run.status("failed", code=error.exit_code, reason=str(error))
            raise


def run_once(job: Job, task: Task, settings: TrainConfig, run: Run, quiet: bool) -> dict:
    """Fit and publish."""
    run.status("running")
    tensors = fit(task, settings, run, quiet=quiet).state_dict()
    # Classes beyond the people are voices at other speeds, which end with the training.
    tensors["head.weight"] = tensors["head.weight"][: len(job.chosen.classes)]
    line = run.publish(
        tensors,
        {
            "modality": job.modality,
            "role": "student" if job.step == "distill" else "teacher",
            "network": networks.to_json(job.description),
            "classes": job.chosen.classes,
            "n_utterances": len(job.chosen.ids),
        },
    )
    run.status("complete", code=0)
    return line


def plan_of(job: Job, settings: TrainConfig, validation: Validation | None) -> dict[str, Any]:
    """Return what identifies the run: settings, stores, validation, the chosen utterances."""
    inputs = dict(job.inputs)
    if validation:
        inputs["validation"] = validation.digest
    if job.list_file is not None:
        chosen = "\n".join([*job.chosen.ids, *job.chosen.classes])
        inputs["list"] = "sha256:" + durable.sha256_bytes(chosen.encode())
    config = {"modality": job.modality, **dataclasses.asdict(settings)}
    return make_plan(job.step, config, inputs)


def make_task(job: Job, settings: TrainConfig, validation: str | None) -> Task:
    """Return what `fit` trains: the objective drawn from the seed, and its batches."""
    if settings.tracker:
        check_tracker(settings.tracker)
    embedding = ExtractConfig(mixed_precision=settings.mixed_precision)
    embed = embedder(job.modality, job.stores, embedding)
    measure = Validation(validation, job.stores, embed) if validation else None
    keyed.reseed_torch(settings.seed, "weights")
    try:
        objective = job.objective()
    except ValueError as error:  # a width or a keyword that this network does not have
        raise UsageError(f"--model {job.description.name}: {error}") from None
    return Task(
        objective=objective,
        batches=Batches(
            make_sampler(job.chosen, settings), [Labels(job.chosen.labels), *job.sources]
        ),
        n_rows=len(job.chosen.ids),
        ids=job.chosen.ids,
        validate=measure,
    )


def make_sampler(chosen: TrainingSet, settings: TrainConfig) -> ShuffleSampler | PersonSampler:
    """Return plain shuffling, or P persons times K utterances."""
    if settings.per_person == 1:
        return ShuffleSampler(len(chosen.ids), settings.batch_size, settings.seed)
    if settings.batch_size % settings.per_person:
        raise InputError(
            f"--batch-size {settings.batch_size} is not a multiple of "
            f"--per-person {settings.per_person}"
        )
    labels = np.asarray(chosen.labels)
    return PersonSampler(labels, settings.batch_size, settings.per_person, settings.seed)
