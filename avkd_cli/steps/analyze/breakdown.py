"""`avkd analyze breakdown`: error rates by any column of the list of utterances."""

import math
import re
from collections.abc import Mapping
from dataclasses import asdict

import numpy as np

from avkd_cli.analysis.breakdown import Group, breakdown, quartiles, trial_groups
from avkd_cli.analysis.operating_point import operating_point
from avkd_cli.errors import InputError
from avkd_cli.shown import AS_THEY_ARE, Picture, Reading
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

Trials = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""Score, whether it is a target, and the number of the person on each side, shape (n,) each."""


def by_column(
    path: str,
    column: str,
    people: str,
    *,
    reading: Reading = AS_THEY_ARE,
    threshold: float | None = None,
    fmr: float | None = None,
    min_persons: int = 10,
    pairs: bool = False,
    resamples: int = 0,
    seed: int = 0,
    plot: Picture | None = None,
) -> dict:
    """Return error rates of each group of trials, at one threshold for all.

    Raises:
        MissingInputError, InputError: files that cannot be read; an unknown person or column.
    """
    (scores,) = read_labelled([path], reading)
    utterances = read_people(people)
    persons = trial_persons(scores, {id: one.person for id, one in utterances.items()})
    values = column_values(scores, column, utterances, people)
    group = trial_groups(
        [values[code] for code in scores.enrol.tolist()],
        [values[code] for code in scores.test.tolist()],
        pairs,
    )
    target = is_target(scores)
    point = operating_point(scores.score, target, threshold, fmr)
    trials_of = (scores.score, target, *persons)
    (whole,) = grouped(trials_of, np.full(len(scores), "all"), point.threshold, 0, resamples, seed)
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
        "all": whole,
        "groups": grouped(trials_of, group, point.threshold, min_persons, resamples, seed),
        **{key: measured(scores)[key] for key in ("digest", "signature")},
    }
    draw(plot, lambda figures: figures.groups_figure(result))
    return result


def grouped(
    trials: Trials,
    group: np.ndarray,
    threshold: float,
    min_persons: int,
    resamples: int,
    seed: int,
) -> list[dict]:
    """Return the rates of each group of trials, with intervals where these are wanted."""
    score, target, enrol, test = trials
    found = []
    for one in breakdown(score, target, group, enrol, test, threshold):
        found.append(described(one, min_persons))
        if resamples and not found[-1]["suppressed"]:
            chosen = tuple(each[group == one.name] for each in trials)
            found[-1]["intervals"] = intervals(chosen, threshold, resamples, seed)
    return found


def intervals(
    trials: Trials, threshold: float, resamples: int, seed: int
) -> dict[str, list[float] | None]:
    """Return 95 % intervals over persons of a group's rates, in percent.

    None where the group has no such trial, or too few persons to draw from.
    """
    score, target, enrol, test = trials
    draws = {"n_resamples": resamples, "seed": seed}
    wrong = (score >= threshold) != target
    drawn = resample_decisions(wrong, target, enrol, test, **draws)
    found = {f"{name}_percent": _limits(drawn, name) for name in ("miss", "false_alarm")}
    found["eer_percent"] = None
    if 0 < target.sum() < len(target):
        persons = np.unique([enrol, test], return_inverse=True)[1].reshape(2, -1)
        found["eer_percent"] = _limits(resample_persons([score], target, *persons, **draws), "eer")
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
