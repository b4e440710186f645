"""Train a student of one sense from a teacher's stored embeddings and classifier."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from avkd_cli.config import DistillTerms
from avkd_cli.errors import InputError, UsageError
from avkd_cli.steps.train_teacher import (
    describe_sense,
    open_stores,
    sense_sources,
    settings_for,
)
from avkd_cli.steps.training_run import Job, train
from avkd_cli.steps.training_set import TrainingSet, choose
from avkd_cli.steps.training_sound import class_count, open_disturbers
from avkd_cli.steps.training_start import Start, network_of
from avkd_cli.storage.store import open_store
from avkd_cli.training import networks
from avkd_cli.training.batches import Embeddings
from avkd_cli.training.networks import Description
from avkd_cli.training.objectives import Distill, Terms


def distill(
    modality: str,
    store: str,
    teacher: str,
    output: Path,
    settings: Any,
    *,
    list_file: Path | None = None,
    intersect: bool = False,
    init_from: Path | None = None,
    noise: str | None = None,
    rir: str | None = None,
    validation: str | None = None,
    overwrite: bool = False,
    quiet: bool = False,
) -> dict[str, Any]:
    """Train a student; return the line that names its run.

    Args:
        modality: audio or visual, the sense that the student keeps.
        store: audio or face store of the training utterances.
        teacher: embedding store of the teacher, with its classifier where KL is on.
        intersect: train on what the teacher has, instead of refusing when it lacks some.
        noise: audio store of music, speech and noise. rir: of room responses.

    Raises:
        UsageError: options that exclude each other.
        InputError: the teacher lacks utterances or persons, has no classifier for KL, or
            embeds in another size without --projection.
    """
    if getattr(settings, "speed_classes", False) and settings.mmd_gather:
        raise UsageError(
            "--mmd-gather needs as many taught voices in each process, which --speed-classes "
            "does not give; leave one of them out"
        )
    data = open_stores(modality, [store])[0]
    disturbers = open_disturbers(modality, data, settings, noise, rir)
    taught = open_store(teacher, "avkd.embeddings")
    chosen = choose_taught(data, taught, list_file, intersect)
    terms = terms_of(settings)
    if not terms.weighted():
        print(
            "avkd distill: warning: no term is on, this trains the plain baseline; "
            "set --alpha (KL), --beta (COS) or --gamma (MMD)",
            file=sys.stderr,
        )
    check_sizes(taught, settings, terms)
    classifier = classifier_of(taught, chosen, terms)
    description = describe_sense(modality, data, settings)
    start = network_of(init_from, description) if init_from else None
    job = Job(
        step="distill",
        modality=modality,
        chosen=chosen,
        sources=[
            *sense_sources(modality, data, chosen, settings, disturbers),
            Embeddings("teacher", taught.embedding, chosen.rows(taught)),
        ],
        description=description,
        stores=[data],
        objective=lambda: make_objective(
            description, chosen, settings, terms, taught, classifier, start
        ),
        inputs={modality: data.fingerprint, "teacher": taught.fingerprint}
        | disturbers.inputs()
        | (start.inputs() if start else {}),
        list_file=list_file,
    )
    return train(job, output, settings, validation=validation, overwrite=overwrite, quiet=quiet)


def choose_taught(data: Any, taught: Any, list_file: Path | None, intersect: bool) -> TrainingSet:
    """Return the training utterances, all of them known to the teacher."""
    chosen = choose([data], list_file)
    missing = [one for one in chosen.ids if one not in taught.row_of]
    if not missing:
        return chosen
    what = (
        f"{taught.path} has no embedding of {len(missing)} of {len(chosen.ids)} training "
        f"utterances, such as '{missing[0]}'"
    )
    if not intersect:
        raise InputError(f"{what}; make it from the same list, or pass --intersect")
    print(f"avkd distill: warning: {what}; they are left out", file=sys.stderr)
    return choose([data, taught], list_file)


def terms_of(settings: Any) -> Terms:
    """Return the distillation terms of the settings."""
    values = settings_for(settings, DistillTerms)
    values.pop("projection")
    return Terms(**values)


def check_sizes(taught: Any, settings: Any, terms: Terms) -> None:
    """Raise InputError when COS or MMD would compare embeddings of two sizes."""
    size = taught.embedding.shape[1]
    compares = terms.beta or terms.gamma or (terms.alpha and terms.kl_student_head == "teacher")
    if compares and size != settings.embedding_size and not settings.projection:
        raise InputError(
            f"{taught.path}: its embeddings have {size} dimensions, the student's "
            f"{settings.embedding_size}; set --embedding-size {size}, or --projection to learn a "
            "linear map"
        )


def classifier_of(taught: Any, chosen: TrainingSet, terms: Terms) -> Tensor | None:
    """Return the teacher's rows W~ in the student's order of persons, None when unused."""
    if not terms.alpha:
        return None
    if taught.classifier is None:
        raise InputError(
            f"{taught.path}: holds no classifier, which KL (--alpha) needs; extract it from a "
            "run of avkd, or use --beta and --gamma"
        )
    place = {person: i for i, person in enumerate(taught.classes)}
    missing = [person for person in chosen.classes if person not in place]
    if missing:
        raise InputError(
            f"{taught.path}: its teacher does not know {len(missing)} of {len(chosen.classes)} "
            f"persons, such as '{missing[0]}'; train it on the same people, or leave KL out"
        )
    rows = np.array([place[person] for person in chosen.classes])
    return torch.from_numpy(np.asarray(taught.classifier, np.float32)[rows])


def make_objective(
    description: Description,
    chosen: TrainingSet,
    settings: Any,
    terms: Terms,
    taught: Any,
    classifier: Tensor | None,
    start: Start | None,
) -> nn.Module:
    """Return the student's objective; torch is seeded as for the baseline."""
    size = taught.embedding.shape[1]
    objective = Distill(
        networks.build(description),
        class_count(chosen, settings),
        settings.embedding_size,
        settings.scale,
        settings.fallback,
        terms=terms,
        teacher_classifier=classifier,
        projection_size=size if settings.projection else None,
        n_taught=len(chosen.classes),
    )
    return start.put(objective) if start else objective
