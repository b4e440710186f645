"""The EER of a network in training, on a list of trials, handed to `fit` as a function."""

from dataclasses import dataclass

import numpy as np
import torch

from avkd_cli.config import ExtractConfig
from avkd_cli.errors import InputError
from avkd_cli.inputs import Input
from avkd_cli.storage.store import Store
from avkd_cli.training.objective import Objective
from avkd_cli.verification import metrics, scoring
from avkd_cli.verification.trials import Trials, read_trials


@dataclass(frozen=True)
class Listed:
    """Trials among utterances that the stores have, shape (n,) each.

    Attributes:
        ids: of the utterances. enrol, test: index into `ids`. label: 1 target, 0 nontarget.
    """

    ids: list[str]
    enrol: np.ndarray
    test: np.ndarray
    label: np.ndarray

    def eer(self, embedding: np.ndarray) -> float:
        """Return the EER as a fraction of embeddings (ids, d); NaN where one is not finite."""
        if not np.isfinite(embedding).all():
            return float("nan")
        scores = scoring.cosine_scores(embedding, self.enrol, self.test)
        target, nontarget = scores[self.label == 1], scores[self.label == 0]
        return float(metrics.equal_error_rate(target, nontarget))


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
        self.trials = Listed(
            [self.find(one, read.stores, source) for one in trials.ids],
            np.asarray(trials.enrol),
            np.asarray(trials.test),
            labels_of(trials, source),
        )

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

    def embed(self, objective: Objective, ids: list[str]) -> np.ndarray:
        """Return the embeddings of whole utterances, (ids, d) float32."""
        with torch.inference_mode():
            return self.read.embed(objective.network, ids, self.settings)

    def __call__(self, objective: Objective) -> dict[str, float]:
        """Return the EER as a fraction; NaN when an embedding is not finite."""
        return {"eer": self.trials.eer(self.embed(objective, self.trials.ids))}


def labels_of(trials: Trials, source: str) -> np.ndarray:
    """Return 1 and 0 of each trial, both of which must be there."""
    label = trials.label
    if label is None or not (label == 1).any() or not (label == 0).any():
        raise InputError(f"{source}: EER needs target and nontarget trials, labelled")
    return label
