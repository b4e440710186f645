"""The EER of a network in training, on a list of trials, handed to `fit` as a function."""

from dataclasses import dataclass

import numpy as np
import torch

from avkd_cli.analysis.cosines import mean_cosines
from avkd_cli.config import ExtractConfig
from avkd_cli.errors import InputError
from avkd_cli.inputs import Input
from avkd_cli.inputs.passing import Passage
from avkd_cli.training.objective import Objective
from avkd_cli.verification import metrics, scoring
from avkd_cli.verification.extensions import Spellings
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

    def eer(self, embedding: np.ndarray, other: np.ndarray | None = None) -> float:
        """Return the EER as a fraction of embeddings (ids, d); NaN where one is not finite.

        Args:
            other: of the same utterances' other sense, that the tests are taken from.
        """
        both = embedding if other is None else np.concatenate([embedding, other])
        if not np.isfinite(both).all():
            return float("nan")
        test = self.test if other is None else self.test + len(embedding)
        scores = scoring.cosine_scores(both, self.enrol, test)
        target, nontarget = scores[self.label == 1], scores[self.label == 0]
        return float(metrics.equal_error_rate(target, nontarget))


class Validation:
    """Measures {"eer": fraction} of a network on a list of trials.

    Raises:
        InputError: a trial's utterance is in no store, or has no face; a kind of trial is
            missing.
    """

    def __init__(self, source: str, read: Input, precision: str = "no") -> None:
        trials = read_trials(source, crossed=len(set(read.compared)) > 1)
        self.digest, self.read = trials.digest, read  # the list chooses the best epoch
        self.settings = ExtractConfig(mixed_precision=precision)
        ids, stores = [], read.stores
        spellings = Spellings(stores[0].row_of)
        for one in trials.ids:
            name = spellings.find(one)
            if name is None or not all(store.holds(name) for store in stores):
                raise InputError(
                    f"{source}: nothing of '{one}' in {stores[0].path}; prepare the validation "
                    "utterances in the same store (their split is not 'train')"
                )
            ids.append(name)
        sides = np.asarray(trials.enrol), np.asarray(trials.test)
        self.trials = Listed(ids, *sides, labels_of(trials, source))

    def persons_of(self, id: str) -> list[str]:
        """Return who an utterance is, as each store says, "" where it does not."""
        return [store.persons[store.row_of[id]] for store in self.read.stores]

    def embed(self, objective: Objective, ids: list[str], level: str = "embedding") -> np.ndarray:
        """Return a level of whole utterances, (ids, d) float32."""
        with torch.inference_mode():
            return self.read.embed(Passage(objective.network, self.settings, level), ids)

    def __call__(self, objective: Objective) -> dict[str, float]:
        """Return the EER as a fraction; NaN when an embedding is not finite.

        Of two senses that are compared, also the mean cosines of their fusion.
        """
        ids, levels = self.trials.ids, dict.fromkeys(self.read.compared)
        eer = {"eer": self.trials.eer(*(self.embed(objective, ids, one) for one in levels))}
        return eer if len(levels) == 1 else eer | self.cosines(objective)

    def cosines(self, objective: Objective) -> dict[str, float]:
        """Return mean cosines of the fused embeddings, within and between persons."""
        ids, store = self.trials.ids, self.read.stores[0]
        persons = [store.persons[store.row_of[one]] for one in ids]
        found = self.embed(objective, ids)
        if not np.isfinite(found).all():
            return {}
        means = mean_cosines(found, persons)
        named = {name: getattr(means, name) for name in ("within", "between", "absolute")}
        return {f"cosine_{name}": one for name, one in named.items() if np.isfinite(one)}


def labels_of(trials: Trials, source: str) -> np.ndarray:
    """Return 1 and 0 of each trial, both of which must be there."""
    label = trials.label
    if label is None or not (label == 1).any() or not (label == 0).any():
        raise InputError(f"{source}: EER needs target and nontarget trials, labelled")
    return label
