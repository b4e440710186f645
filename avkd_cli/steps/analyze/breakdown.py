"""`avkd analyze breakdown`: error rates by any column of the list of utterances."""

import math
import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import NamedTuple

import numpy as np

from avkd_cli.analysis.breakdown import Group, breakdown, quartiles, trial_groups
from avkd_cli.analysis.operating_point import operating_point
from avkd_cli.errors import InputError
from avkd_cli.shown import Picture
from avkd_cli.steps.analyze.draws import FEWEST, plain_interval
from avkd_cli.steps.analyze.inputs import display_names, is_target, read_labelled
from avkd_cli.steps.analyze.metrics import measured
from avkd_cli.steps.analyze.people import read_people, trial_persons
from avkd_cli.steps.analyze.pictures import draw
from avkd_cli.storage.utterances import FIELDS, Utterance
from avkd_cli.verification.decisions import resample_decisions
from avkd_cli.verification.extensions import Spellings
from avkd_cli.verification.scores import Scores
from avkd_cli.verification.statistics import Resampled, resample_persons

EXAMPLES = 8  # columns named in a message


def by_column(
    path: str,
    column: str,
    people: str,
    *,
    trials: str | None = None,
    threshold: float | None = None,
    fmr: float | None = None,
    min_persons: int = 10,
    pairs: bool = False,
    resamples: int = 0,
    seed: int = 0,
    plot: Picture | None = None,
) -> dict:
    """Return error rates of each group of trials, at one threshold for all.

    Args:
        path: score file.
        column: key of the list's lines, such as sex, nationality, session or duration; numbers
            are cut into quarters of the utterances.
        people: list of utterances.
        trials: list to take labels from.
        threshold: where all are decided; None: at `fmr`, or the EER of all trials.
        fmr: false-match rate of all trials at which they are decided.
        min_persons: groups with fewer persons are named without figures.
        pairs: keep groups whose sides differ apart.
        resamples: lists of a group's persons drawn for its intervals; 0: none.
        seed: of the draws.
        plot: picture to draw.

    Raises:
        MissingInputError, InputError: files that cannot be read; an unknown person or column.
    """
    (scores,) = read_labelled([path], trials)
    utterances = read_people(people)
    enrol, test = trial_persons(scores, {id: one.person for id, one in utterances.items()})
    values = column_values(scores, column, utterances, people)
    group = trial_groups(
        [values[code] for code in scores.enrol.tolist()],
        [values[code] for code in scores.test.tolist()],
        pairs,
    )
    target = is_target(scores)
    point = operating_point(scores.score, target, threshold, fmr)
    everyone = np.full(len(scores), "all")
    (whole,) = breakdown(scores.score, target, everyone, enrol, test, point.threshold)
    trials_of = Decided(scores.score, target, enrol, test, point.threshold)
    groups = []
    for one in breakdown(scores.score, target, group, enrol, test, point.threshold):
        groups.append(described(one, min_persons))
        if resamples and not groups[-1]["suppressed"]:
            groups[-1]["intervals"] = intervals(trials_of.only(group == one.name), resamples, seed)
    result = {
        "format": "avkd.analysis.breakdown",
        "version": 1,
        "name": display_names([path])[0],
        "column": column,
        "threshold": point.threshold,
        "decided_at": point.rule,
        "min_persons": min_persons,
        "resamples": resamples,
        "seed": seed,
        "all": described(whole, 0)
        | ({"intervals": intervals(trials_of, resamples, seed)} if resamples else {}),
        "groups": groups,
        **{key: measured(scores)[key] for key in ("digest", "signature")},
    }
    if plot is not None:
        from avkd_cli.analysis.figures import groups_figure

        draw(plot, groups_figure(result))
    return result


class Decided(NamedTuple):
    """Trials with who is in them, and the threshold they are decided at; shape (n,) each."""

    score: np.ndarray
    target: np.ndarray
    enrol: np.ndarray
    test: np.ndarray
    threshold: float

    def only(self, chosen: np.ndarray) -> "Decided":
        """Return some of the trials."""
        return Decided(*(one[chosen] for one in self[:4]), self.threshold)


def intervals(trials: Decided, resamples: int, seed: int) -> dict[str, list[float] | None]:
    """Return 95 % intervals over persons of a group's rates, in percent.

    None where the group has no such trial, or too few persons to draw from.
    """
    wrong = (trials.score >= trials.threshold) != trials.target
    drawn = resample_decisions(
        wrong, trials.target, trials.enrol, trials.test, n_resamples=resamples, seed=seed
    )
    found = {f"{name}_percent": _limits(drawn, name) for name in ("miss", "false_alarm")}
    found["eer_percent"] = None
    if 0 < trials.target.sum() < len(trials.target):
        persons = np.unique([trials.enrol, trials.test], return_inverse=True)[1].reshape(2, -1)
        drawn = resample_persons(
            [trials.score], trials.target, *persons, n_resamples=resamples, seed=seed
        )
        found["eer_percent"] = _limits(drawn, "eer")
    return found


def _limits(drawn: Resampled, name: str) -> list[float] | None:
    if name not in drawn.samples or len(drawn.samples[name]) < FEWEST:
        return None
    return plain_interval(drawn, name, scale=100)


def described(group: Group, min_persons: int) -> dict:
    """Return a group with rates in percent; without any if it has too few persons."""
    plain = asdict(group)
    rates = {f"{key}_percent": plain.pop(key) for key in ("miss", "false_alarm", "eer")}
    suppressed = group.persons < min_persons
    shown = {
        key: None if suppressed or value is None else 100 * value for key, value in rates.items()
    }
    return plain | shown | {"suppressed": suppressed}


def column_values(
    scores: Scores, column: str, utterances: Mapping[str, Utterance], source: str
) -> list[str]:
    """Return the column's value of each of `scores.ids` as text, "" where there is none.

    Raises:
        InputError: no line of the list has this column.
    """
    spellings = Spellings(utterances)
    lines = [utterances[spellings.find(one) or one] for one in scores.ids]
    found = [line.to_json().get(column) for line in lines]
    if all(value is None for value in found):
        known = dict.fromkeys(key for line in lines[:100] for key in line.to_json())
        shown = ", ".join(list(known)[:EXAMPLES])
        raise InputError(f"{source}: no line has {column!r}; there are {shown}")
    given = [value for value in found if value not in (None, "")]
    # Tools that make lists write numbers as text as well; but a session "2" is a name.
    if all(_is_number(value, spelled=column not in FIELDS) for value in given):
        return quartiles([math.nan if value in (None, "") else float(value) for value in found])
    return ["" if value is None else str(value) for value in found]


def _is_number(value: object, spelled: bool) -> bool:
    if isinstance(value, str):
        return spelled and _SPELLED.fullmatch(value) is not None and math.isfinite(float(value))
    return isinstance(value, int | float) and not isinstance(value, bool)


_SPELLED = re.compile(r"-?(0|[1-9]\d{0,14})(\.\d+)?([eE][+-]?\d{1,3})?")
