"""The gate on losses of a student whose labels a teacher gave."""

import numpy as np
import torch

from avkd_cli.config import DistillTerms
from avkd_cli.errors import UsageError
from avkd_cli.losses.gate import LossGate
from avkd_cli.training.training_set import TrainingSet


def check_gate(settings: DistillTerms) -> None:
    """Raise UsageError where labels are to be put right and none is left out."""
    if settings.correction and not settings.loss_gate:
        raise UsageError(
            "--correction is for what --loss-gate leaves out; set that, such as to 0.5"
        )


def gate_of(settings: DistillTerms, chosen: TrainingSet) -> LossGate | None:
    """Return the gate that settings ask for, None for none.

    Raises:
        UsageError: nobody was named by a teacher.
    """
    if not settings.loss_gate:
        return None
    if not chosen.of_teacher:
        raise UsageError(
            "--loss-gate is for people whom a teacher named: give --unlabelled, or a --list that "
            "corpus cluster made"
        )
    doubtful = np.array([one in chosen.of_teacher for one in chosen.ids])
    return LossGate(
        torch.from_numpy(chosen.labels),
        torch.from_numpy(doubtful),
        settings.loss_gate,
        settings.correction,
        settings.gate_from,
    )
