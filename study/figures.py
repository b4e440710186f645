"""The figure of the study: the mean of the blocks' EERs, on the list and on draws of its persons.

Pooled scores also measure how far corpora lie apart, which no trial of this list asks about.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avkd_cli.errors import InputError
from avkd_cli.steps.analyze.people import read_people, trial_persons
from avkd_cli.storage.utterances import value_of
from avkd_cli.verification.figure import EER
from avkd_cli.verification.metrics import equal_error_rate
from avkd_cli.verification.scores import Scores
from avkd_cli.verification.statistics import Resampled, resample_persons

FIGURE = EER.name


def blocks_of(scores: Scores, people: Path, column: str) -> NDArray[np.str_]:
    """Return the block of each trial, shape (n_trials,); "" where its sides are of two.

    Args:
        scores: with ids.
        people: the list that says who is of which block.
        column: that says it; "": all are of one, called "all".

    Raises:
        InputError: an id is not in the list, or has no block.
    """
    if not column:
        return np.full(len(scores), "all")
    known = read_people(people)
    named = {id: value_of(known[id], column) for id in scores.ids if id in known}
    without = [id for id in scores.ids if not named.get(id)]
    if without:
        raise InputError(
            f"{people}: has no {column} of {without[0]!r}; name another column by --block, or '' "
            "where everybody is of one"
        )
    of_id = np.array([named[id] for id in scores.ids])
    enrol, test = of_id[scores.enrol], of_id[scores.test]
    return np.where(enrol == test, enrol, "")


def mean_eer(scores: Scores, blocks: NDArray[np.str_]) -> float:
    """Return the mean of the blocks' EERs, a fraction.

    Raises:
        InputError: a block has no target or no nontarget.
    """
    found = []
    for name in sorted(set(blocks.tolist()) - {""}):
        label, score = scores.label[blocks == name], scores.score[blocks == name]
        if len(set(label.tolist())) < 2:
            raise InputError(f"{scores.source}: block {name} has trials of one class only")
        found.append(equal_error_rate(score[label == 1], score[label == 0]))
    return float(np.mean(found))


class Blocks:
    """Figures that are means over blocks of persons, drawn inside each; as `Resampled`.

    Persons of two blocks are never compared, so blocks are drawn apart and the variance of their
    mean is the mean of theirs over their number. `spread` widens for the number of persons of the
    smallest block, which is a little too much.
    """

    def __init__(self, parts: Sequence[Resampled]) -> None:
        self.parts = parts
        self.n_units = min(one.n_units for one in parts)
        n_draws = min(len(one.samples[FIGURE]) for one in parts)
        self.value = {FIGURE: np.mean([one.value[FIGURE] for one in parts], axis=0)}
        self.samples = {FIGURE: np.mean([one.samples[FIGURE][:n_draws] for one in parts], axis=0)}

    def spread(self, name: str, contrast: Sequence[float], level: float) -> NDArray[np.float64]:
        """Return samples of a weighted sum of systems' figures, with the right variance."""
        found = [one.spread(name, contrast, level) for one in self.parts]
        n_draws = min(map(len, found))
        return np.mean([one[:n_draws] for one in found], axis=0)


def resampled(
    systems: Sequence[Scores], people: Path, blocks: NDArray[np.str_], draws: int
) -> tuple[Blocks, Resampled, int]:
    """Return figures as means over blocks, pooled, and the number of persons.

    Args:
        systems: scores of the same trials in one order.
        people: the list that says who is who.
        blocks: of each trial.
        draws: lists of persons drawn with replacement.

    Raises:
        InputError: an id without a person, or a label that contradicts the persons.
    """
    first = systems[0]
    known = {id: one.person for id, one in read_people(people).items()}
    enrol, test = trial_persons(first, known)
    pooled = resample_persons(
        [one.score for one in systems], first.label, enrol, test, wanted=(EER,), n_resamples=draws
    )
    parts = []
    for number, name in enumerate(sorted(set(blocks.tolist()) - {""}), 1):
        here = blocks == name
        numbers = np.unique(np.concatenate([enrol[here], test[here]]), return_inverse=True)[1]
        sides = numbers[: here.sum()], numbers[here.sum() :]
        parts.append(
            resample_persons(
                [one.score[here] for one in systems],
                first.label[here],
                *sides,
                wanted=(EER,),
                n_resamples=draws,
                seed=number,
            )
        )
    return Blocks(parts), pooled, pooled.n_units
