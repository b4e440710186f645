"""`avkd analyze breakdown`: error rates by any column of the list of utterances."""

from collections.abc import Mapping
from dataclasses import asdict

from avkd_cli.analysis.breakdown import Group, breakdown, quartiles, trial_groups
from avkd_cli.analysis.operating_point import operating_point
from avkd_cli.errors import InputError
from avkd_cli.steps.analyze.inputs import display_names, is_target, read_labelled
from avkd_cli.steps.analyze.metrics import measured
from avkd_cli.steps.analyze.people import read_people, trial_persons
from avkd_cli.storage.utterances import Utterance
from avkd_cli.verification.scores import Scores
from avkd_cli.verification.scoring import without_extension

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
    found = breakdown(scores.score, target, group, enrol, test, point.threshold)
    return {
        "format": "avkd.analysis.breakdown",
        "version": 1,
        "name": display_names([path])[0],
        "column": column,
        "threshold": point.threshold,
        "decided_at": point.rule,
        "min_persons": min_persons,
        "all": described(whole(scores, enrol, test, point.threshold), 0),
        "groups": [described(one, min_persons) for one in found],
        **{key: measured(scores)[key] for key in ("digest", "signature")},
    }


def whole(scores: Scores, enrol, test, threshold: float) -> Group:
    """Return the figures of all trials as one group."""
    everyone = ["all"] * len(scores)
    (found,) = breakdown(scores.score, is_target(scores), everyone, enrol, test, threshold)
    return found


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
    lines = [utterances.get(one) or utterances[without_extension(one)] for one in scores.ids]
    found = [line.to_json().get(column) for line in lines]
    if all(value is None for value in found):
        known = dict.fromkeys(key for line in lines[:100] for key in line.to_json())
        shown = ", ".join(list(known)[:EXAMPLES])
        raise InputError(f"{source}: no line has {column!r}; there are {shown}")
    numbers = all(
        value is None or (isinstance(value, int | float) and not isinstance(value, bool))
        for value in found
    )
    if numbers:
        return quartiles([float("nan") if value is None else value for value in found])
    return ["" if value is None else str(value) for value in found]
