"""What terms may know of a teacher, and whether it is enough for those that are on."""

import dataclasses

import numpy as np
import torch
from torch import Tensor

from avkd_cli.config import DistillTerms
from avkd_cli.errors import InputError
from avkd_cli.losses.terms import Taught
from avkd_cli.recipes.live import LiveTeacher
from avkd_cli.recipes.teachers import Teacher
from avkd_cli.recipes.terms import needs, weights_of
from avkd_cli.storage.heads import StoredHead
from avkd_cli.storage.store import RaggedStore
from avkd_cli.training.training_set import TrainingSet

CLASSES = "KL (--alpha), --soft-labels, --class-ce or --class-cos"  # what needs them


def what_is_taught(stored: Teacher, chosen: TrainingSet, settings: DistillTerms) -> Taught:
    """Return what terms may know of the teacher, checked to be enough for those that are on."""
    size = stored.row_shape[0] if isinstance(stored, RaggedStore) else stored.dimension
    own_scale = settings.scale if settings.head == "aam-softmax" else 1.0
    taught = Taught(size, settings.embedding_size, student_scale=own_scale)
    classifier, sizes = needs(settings, taught)
    mapped = settings.projection or settings.teacher_projection
    if sizes and taught.size != taught.student_size and not mapped:
        raise InputError(
            f"{stored.path}: its embeddings have {taught.size} dimensions, the student's "
            f"{taught.student_size}; set --embedding-size {taught.size}, or --projection to learn "
            "a linear map"
        )
    if not classifier:  # a store of segments has none
        return taught
    knows_all = stored.head is not None and not stored.head.missing(chosen.classes)
    if stands_in(settings) and not knows_all:
        return taught
    head = head_of(stored, chosen)
    bias = None if head.bias is None else torch.from_numpy(np.asarray(head.bias, np.float32))
    return dataclasses.replace(taught, classifier=rows_of(head), scale=head.scale, bias=bias)


def stands_in(settings: DistillTerms) -> bool:
    """Return whether the classifier of a teacher's projection can stand for the teacher's own."""
    return settings.teacher_projection and "kl" not in weights_of(settings)


def rows_of(head: StoredHead) -> Tensor:
    """Return the rows W~ of a head, (classes, size) float32."""
    return torch.from_numpy(np.asarray(head.weight, np.float32))


def head_of(stored: Teacher | LiveTeacher, chosen: TrainingSet, what: str = CLASSES) -> StoredHead:
    """Return the teacher's head with its rows W~ in the student's order of classes.

    Args:
        what: needs it.

    Raises:
        InputError: it has none, or not of all classes.
    """
    if stored.head is None:
        raise InputError(
            f"{stored.path}: holds no classifier, which {what} needs; extract it from a "
            "run of avkd, or use --beta and --gamma"
        )
    missing = stored.head.missing(chosen.classes)
    if missing:
        raise InputError(
            f"{stored.path}: its teacher does not know {len(missing)} of {len(chosen.classes)} "
            f"persons, such as '{missing[0]}'; train it on the same people, or leave {what} out"
        )
    return stored.head.taking(chosen.classes)
