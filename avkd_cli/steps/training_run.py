"""What every training command does around `fit`: plan, lock, train, publish."""

import dataclasses
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypedDict

import numpy as np

from avkd_cli import keyed
from avkd_cli.config import TrainConfig
from avkd_cli.errors import AvkdError, UsageError, blame
from avkd_cli.inputs import networks
from avkd_cli.recipes.job import Job
from avkd_cli.said import tell, warn
from avkd_cli.steps import card_facts
from avkd_cli.steps.overfitting import Overfitting
from avkd_cli.steps.training_said import ending, told, trial, weights_of
from avkd_cli.steps.validation import Validation
from avkd_cli.storage import durable, names
from avkd_cli.training.batches import Batches, Labels
from avkd_cli.training.loop import TrainingSetup, fit
from avkd_cli.training.plan import RunPlan
from avkd_cli.training.processes import rank
from avkd_cli.training.runs import MODEL_FORMAT, Run, making_of, open_run, read_json
from avkd_cli.training.sampler import PersonSampler, ShuffleSampler
from avkd_cli.training.watch import check_tracker


class Running(TypedDict, total=False):
    """How a training is run, all off unless it is said."""

    overwrite: bool
    quiet: bool
    dry_run: bool


def train(
    job: Job,
    output: Path,
    settings: TrainConfig,
    validation: str | None = None,
    *,
    overwrite: bool = False,
    quiet: bool = False,
    dry_run: bool = False,
) -> dict[str, Any]:
    """Train a job into a run folder; return the line that names it.

    A finished run of the same plan is left alone; an unfinished one goes on. With `dry_run` a few
    steps are taken and nothing is kept; what a training would be is returned.
    """
    for text in _oddities(job, settings):
        warn(job.step, text)
    training = make_training(job, settings, validation)
    if dry_run:
        found = trial(job, training, settings, output)
        tell(job.step, told(found))
        return found
    plan = plan_of(job, settings, training.validate)
    if rank():  # the first process owns the folder; the others only take their share
        run = Run(output, plan)
        if not run.finished:
            fit(training, settings, run, quiet=True)
        return run.line()
    durable.make_directory(output.absolute().parent)
    making = making_of(output)
    with making.locked():
        run = open_run(output, plan, overwrite=overwrite)
        if run.finished:
            making.is_complete(job.step, touched=making.last, quiet=quiet)
            tell_of_names(job.step, run, settings)
            run.status("complete", code=0)  # it may have been killed before it said so
            return run.line()
        keep(job.files, output)
        try:
            return train_once(job, training, settings, run, quiet)
        except AvkdError as error:
            run.status("failed", code=error.exit_code, reason=str(error))
            raise


def tell_of_names(step: str, run: Run, settings: TrainConfig) -> None:
    """Say where names were asked for, and a finished run has digests: it is not written again."""
    said = read_json(run.path / "model.json", MODEL_FORMAT).get("names")
    if settings.keep_names and said == names.DIGESTS:
        warn(
            step,
            f"{run.path}: holds digests of names, --keep-names came too late; train into another "
            "folder for names",
        )


def keep(files: Mapping[str, str], run: Path) -> None:
    """Write what a run keeps beside its settings, unless it is there."""
    for name, text in files.items():
        if not (run / name).is_file() or (run / name).read_text("utf-8") != text:
            durable.write_text(run / name, text)


def _oddities(job: Job, settings: TrainConfig) -> Iterator[str]:
    """Yield what is odd about what is trained on, though it can be done."""
    yield from job.chosen.left_out
    count = len(job.chosen.ids)
    if settings.batch_size > count:
        times = settings.batch_size / count
        yield (
            f"--batch-size {settings.batch_size} is above the {count} utterances: each is drawn "
            f"{times:.1f} times a step"
        )


def train_once(
    job: Job, training: TrainingSetup, settings: TrainConfig, run: Run, quiet: bool
) -> dict[str, Any]:
    """Fit and publish."""
    run.status("running")
    began = time.monotonic()
    objective = fit(training, settings, run, quiet=quiet)
    for head in objective.heads.values():
        head.forget_copies()
    kept = ("network.", "heads.")
    tensors = {k: v for k, v in objective.state_dict().items() if k.startswith(kept)}
    card_facts.keep(run, job, weights_of(objective.network))
    line = run.publish(
        tensors,
        {
            "modality": job.modality,
            "role": "student" if job.step == "distill" else "teacher",
            "network": networks.to_json(job.description),
            "heads": {name: head.to_json() for name, head in objective.heads.items()},
            "label": job.chosen.label,
            "persons": job.persons(),
            "n_utterances": len(job.chosen.ids),
        },
    )
    run.status("complete", code=0)
    if not quiet:
        tell(job.step, ending(job, run, time.monotonic() - began))
    return line


def plan_of(job: Job, settings: TrainConfig, validation: Validation | None) -> RunPlan:
    """Return what identifies the run: settings, stores, validation, the chosen utterances."""
    inputs = job.inputs | (job.start.inputs() if job.start else {})
    if validation:
        inputs["validation"] = validation.digest
    if job.list_file is not None:
        chosen = "\n".join([*job.chosen.ids, *job.chosen.classes])
        inputs["list"] = "sha256:" + durable.sha256_bytes(chosen.encode())
    if job.chosen.of_teacher:  # the same ids and classes may be divided otherwise
        classes = [job.chosen.classes[i] for i in job.chosen.labels]
        inputs["guesses"] = durable.digest_of(classes)
    config = {"modality": job.modality, **dataclasses.asdict(settings)}
    return RunPlan(
        job.step,
        config,
        inputs,
        prepared={name: store.preparation() for name, store in job.prepared.items()},
        label=job.chosen.label,
        persons=job.persons(),
        keep_names=settings.keep_names,
    )


def make_training(job: Job, settings: TrainConfig, validation: str | None) -> TrainingSetup:
    """Return what `fit` trains: the objective drawn from the seed, and its batches."""
    if settings.tracker:
        check_tracker(settings.tracker)
    measure = validation_of(job, settings, validation)
    labels, ids = Labels(job.chosen.labels), job.chosen.ids
    keyed.reseed_torch(settings.seed, "weights")
    # A network may not have the width, or a keyword.
    with blame(f"--model {job.description.name}", kind=UsageError):
        objective = job.objective()
    sampler: ShuffleSampler | PersonSampler  # plain shuffling, or P persons times K utterances
    if settings.per_person == 1:
        sampler = ShuffleSampler(len(ids), settings.batch_size, settings.seed)
    else:
        each = (settings.batch_size, settings.per_person, settings.seed)
        sampler = PersonSampler(np.asarray(job.chosen.labels), *each)
    batches = Batches(sampler, [labels, *job.sources])
    return TrainingSetup(objective, batches, n_rows=len(ids), ids=ids, validate=measure)


def validation_of(job: Job, settings: TrainConfig, source: str | None) -> Validation | None:
    """Return what measures the network each epoch, on training people too if asked."""
    if source is None:
        return None
    found = Validation(source, job.input, settings.mixed_precision)
    persons = {one for id in found.trials.ids for one in found.persons_of(id)} - {""}
    if both := names.known(job.persons(), persons):
        text = (
            f"{len(both):,} of {len(persons):,} persons of the validation trials are trained on: "
            "the best epoch is chosen by whom the network knows"
        )
        warn(job.step, f"{source}: {text}")
    return Overfitting(found, job, settings) if settings.train_trials else found
