"""The gate on losses of a student whose labels a teacher gave."""

import numpy as np
import torch

from avkd_cli.config import DistillTerms
from avkd_cli.errors import UsageError
from avkd_cli.losses.gate import LossGate, shut
from avkd_cli.recipes.terms import weights_of
from avkd_cli.training.training_set import TrainingSet

TERMS = "terms"


def check_gate(settings: DistillTerms) -> None:
    """Raise UsageError where labels are put right, or gated, that are not learnt."""
    if settings.unlabelled_by == TERMS:
        for name in ("loss_gate", "cluster_rounds", "quality"):
            if getattr(settings, name):
                flag = name.replace("_", "-")
                raise UsageError(f"--{flag} is of persons; leave it out of --unlabelled-by terms")
        if getattr(settings, "per_person", 1) > 1:
            raise UsageError("--per-person draws by persons, which --unlabelled-by terms lacks")
        if not weights_of(settings):
            raise UsageError(
                "--unlabelled-by terms teaches nothing without one, such as --posteriors 1"
            )
    if settings.correction and not settings.loss_gate:
        raise UsageError(
            "--correction is for what --loss-gate leaves out; set that, such as to 0.5"
        )


def gate_of(settings: DistillTerms, chosen: TrainingSet) -> LossGate | None:
    """Return the gate that settings ask for, None for none.

    Raises:
        UsageError: nobody was named by a teacher.
    """
    soft = settings.unlabelled_by == TERMS and bool(chosen.of_teacher)
    if not settings.loss_gate and not soft:
        return None
    if not chosen.of_teacher:
        raise UsageError(
            "--loss-gate is for people whom a teacher named: give --unlabelled, or a --list that "
            "corpus cluster made"
        )
    doubtful = torch.from_numpy(np.array([one in chosen.of_teacher for one in chosen.ids]))
    labels = torch.from_numpy(chosen.labels)
    if soft:
        return shut(labels, doubtful)
    return LossGate(
        labels,
        doubtful,
        settings.loss_gate,
        settings.correction,
        settings.gate_from,
    )
