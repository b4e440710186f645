"""A student of one sense: its baseline, and terms that hold it against a stored teacher."""

import dataclasses
import sys
from collections.abc import Callable

import numpy as np
import torch

from avkd_cli.config import AudioConfig, DistillTerms
from avkd_cli.errors import InputError, UsageError
from avkd_cli.inputs.embeddings import Embeddings
from avkd_cli.losses.terms import OfTaught, Taught, Term
from avkd_cli.recipes import sense
from avkd_cli.recipes.job import Job
from avkd_cli.recipes.request import Request
from avkd_cli.recipes.terms import make_terms, needs, weights_of
from avkd_cli.storage.heads import StoredHead
from avkd_cli.storage.store import EmbeddingStore, open_store
from avkd_cli.training.bridges import Bridge, Projection
from avkd_cli.training.training_set import TrainingSet

SENSES: dict[str, Callable[..., Job]] = {"audio": sense.audio, "visual": sense.visual}


def student(request: Request, settings: DistillTerms, teacher: str, intersect: bool) -> Job:
    """Return the training of a student.

    Args:
        settings: of the sense, with terms.
        teacher: path of its embeddings, with its classifier where a term looks at it.
        intersect: train on what the teacher has, instead of refusing when it lacks some.

    Raises:
        UsageError: options that exclude each other.
        InputError: the teacher lacks utterances or persons, has no classifier where one is
            needed, or embeds in another size without --projection.
    """
    speeds = isinstance(settings, AudioConfig) and settings.speed_classes
    if speeds and settings.mmd_gather:
        raise UsageError(
            "--mmd-gather needs as many taught voices in each process, which --speed-classes "
            "does not give; leave one of them out"
        )
    job = SENSES[request.modality](request, settings)
    stored: EmbeddingStore = open_store(teacher, "avkd.embeddings")
    job = known_to_teacher(job, stored, request, settings, intersect)
    if not weights_of(settings):
        print(
            "avkd distill: warning: no term is on, this trains the plain baseline; "
            "set --alpha (KL), --beta (COS) or --gamma (MMD)",
            file=sys.stderr,
        )
    taught = what_is_taught(stored, job.chosen, settings)
    n_classes = len(job.chosen.classes)

    def wrap(term: Term) -> Term:
        return OfTaught(term, "speed", n_classes) if speeds else term

    rows = job.chosen.rows(stored)
    return dataclasses.replace(
        job,
        sources=[*job.sources, Embeddings("teacher", stored.embedding, rows)],
        bridges=lambda: bridges(settings, taught),
        terms=lambda: make_terms(settings, taught, wrap),
        inputs=job.inputs | {"teacher": stored.fingerprint},
    )


def bridges(settings: DistillTerms, taught: Taught) -> list[Bridge]:
    """Return the projection to the teacher's size, where it is asked for."""
    if not settings.projection:
        return []
    return [Projection(taught.student_size, taught.size)]


def known_to_teacher(
    job: Job, stored: EmbeddingStore, request: Request, settings: DistillTerms, intersect: bool
) -> Job:
    """Return the job over utterances all of which the teacher knows."""
    missing = [one for one in job.chosen.ids if one not in stored.row_of]
    if not missing:
        return job
    what = (
        f"{stored.path} has no embedding of {len(missing)} of {len(job.chosen.ids)} training "
        f"utterances, such as '{missing[0]}'"
    )
    if not intersect:
        raise InputError(f"{what}; make it from the same list, or pass --intersect")
    print(f"avkd distill: warning: {what}; they are left out", file=sys.stderr)
    return SENSES[request.modality](dataclasses.replace(request, beside=(stored,)), settings)


def what_is_taught(stored: EmbeddingStore, chosen: TrainingSet, settings: DistillTerms) -> Taught:
    """Return what terms may know of the teacher, checked to be enough for those that are on."""
    taught = Taught(stored.dimension, settings.embedding_size)
    classifier, sizes = needs(settings, taught)
    if sizes and taught.size != taught.student_size and not settings.projection:
        raise InputError(
            f"{stored.path}: its embeddings have {taught.size} dimensions, the student's "
            f"{taught.student_size}; set --embedding-size {taught.size}, or --projection to learn "
            "a linear map"
        )
    if not classifier:
        return taught
    head = head_of(stored, chosen)
    classifier = torch.from_numpy(np.asarray(head.weight, np.float32))
    return dataclasses.replace(taught, classifier=classifier, scale=head.scale)


def head_of(stored: EmbeddingStore, chosen: TrainingSet) -> StoredHead:
    """Return the teacher's head with its rows W~ in the student's order of classes.

    Raises:
        InputError: it has none, or not of all classes.
    """
    if stored.head is None:
        raise InputError(
            f"{stored.path}: holds no classifier, which KL (--alpha) needs; extract it from a "
            "run of avkd, or use --beta and --gamma"
        )
    missing = stored.head.missing(chosen.classes)
    if missing:
        raise InputError(
            f"{stored.path}: its teacher does not know {len(missing)} of {len(chosen.classes)} "
            f"persons, such as '{missing[0]}'; train it on the same people, or leave KL out"
        )
    return stored.head.taking(chosen.classes)
