"""The EER of a network in training, on a list of trials, handed to `fit` as a function."""

import numpy as np
import torch
from torch import nn

from avkd_cli.config import ExtractConfig
from avkd_cli.errors import InputError
from avkd_cli.inputs import Input
from avkd_cli.storage.store import Store
from avkd_cli.verification import metrics, scoring
from avkd_cli.verification.trials import Trials, read_trials


class Validation:
    """Measures {"eer": fraction} of a network on a list of trials.

    Raises:
        InputError: a trial's utterance is in no store, or has no face; a kind of trial is
            missing.
    """

    def __init__(self, source: str, read: Input, precision: str = "no") -> None:
        trials = read_trials(source)
        self.digest, self.read = trials.digest, read  # the list chooses the best epoch
        self.settings = ExtractConfig(mixed_precision=precision)
        self.ids = [self.find(one, read.stores, source) for one in trials.ids]
        self.enrol, self.test = np.asarray(trials.enrol), np.asarray(trials.test)
        self.label = labels_of(trials, source)

    @staticmethod
    def find(one: str, stores: list[Store], source: str) -> str:
        """Return the id under which the stores have an utterance."""
        for name in (one, scoring.without_extension(one)):
            if all(store.holds(name) for store in stores):
                return name
        raise InputError(
            f"{source}: nothing of '{one}' in {stores[0].path}; prepare the validation "
            "utterances in the same store (their split is not 'train')"
        )

    def __call__(self, network: nn.Module) -> dict[str, float]:
        """Return the EER as a fraction; NaN when an embedding is not finite."""
        with torch.inference_mode():
            found = self.read.embed(network, self.ids, self.settings)
        if not np.isfinite(found).all():
            return {"eer": float("nan")}
        scores = scoring.cosine_scores(found, self.enrol, self.test)
        target, nontarget = scores[self.label == 1], scores[self.label == 0]
        return {"eer": float(metrics.equal_error_rate(target, nontarget))}


def labels_of(trials: Trials, source: str) -> np.ndarray:
    """Return 1 and 0 of each trial, both of which must be there."""
    label = trials.label
    if label is None or not (label == 1).any() or not (label == 0).any():
        raise InputError(f"{source}: EER needs target and nontarget trials, labelled")
    return label
