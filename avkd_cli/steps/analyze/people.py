"""Who is heard and seen in each trial: from a list, from a store, or from the ids."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avkd_cli.errors import InputError
from avkd_cli.said import warn
from avkd_cli.steps.analyze.inputs import is_target
from avkd_cli.storage.utterances import Utterance, read_utterances
from avkd_cli.verification.extensions import Spellings
from avkd_cli.verification.scores import Scores
from avkd_cli.verification.statistics import person_numbers

EXAMPLES = 3


def read_people(source: str | Path) -> dict[str, Utterance]:
    """Return the utterances of a list by id; bad lines are counted on stderr.

    Raises:
        MissingInputError, InputError: as `read_utterances`.
    """
    found = read_utterances(source)
    if found.rejects:
        codes = Counter(one["code"] for one in found.rejects)
        counts = ", ".join(f"{code} {number}" for code, number in codes.most_common())
        warn("analyze", f"{found.name}: {len(found.rejects)} lines rejected ({counts})")
    return {one.id: one for one in found.utterances}


def known_people(source: str | None) -> dict[str, str] | None:
    """Return the person of each utterance of a list; None without one: ids say who is who."""
    return {id: one.person for id, one in read_people(source).items()} if source else None


def person_by_id(scores: Scores, people: Mapping[str, str] | None) -> list[str]:
    """Return the person of each of `scores.ids`.

    Args:
        people: person of each id; None: the first part of an id such as id10270/x/00001.

    Raises:
        InputError: the scores have no ids, or one is not in `people`, or has no parts.
    """
    scores.require_ids()
    if people is None:
        without = [one for one in scores.ids if "/" not in one]
        if without:
            raise InputError(
                f"{scores.source}: the person of {without[0]!r} cannot be told from the id; "
                "name the list of utterances with --people"
            )
        return [one.split("/", 1)[0] for one in scores.ids]
    spellings = Spellings(people)
    found = [people.get(spellings.find(one) or "", "") for one in scores.ids]
    missing = [one for one, person in zip(scores.ids, found, strict=True) if not person]
    if missing:
        raise InputError(
            f"{scores.source}: no person is known of {len(missing)} of {len(scores.ids)} ids, "
            f"such as {', '.join(map(repr, missing[:EXAMPLES]))}; name their list with --people"
        )
    return found


def trial_persons(
    scores: Scores, people: Mapping[str, str] | None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the number of the person on each side of each trial, shapes (n_trials,).

    Raises:
        InputError: as `person_by_id`; or a label contradicts the persons.
    """
    person, _ = person_numbers(person_by_id(scores, people), [])
    enrol, test = person[scores.enrol], person[scores.test]
    wrong = np.flatnonzero((enrol == test) != is_target(scores))
    if len(wrong):
        row = wrong[0]
        pair = f"{scores.ids[scores.enrol[row]]} {scores.ids[scores.test[row]]}"
        hint = "" if people is not None else "; name the list of utterances with --people"
        raise InputError(
            f"{scores.source}: {len(wrong)} labels contradict the persons, such as of {pair!r}"
            f"{hint}"
        )
    used = np.unique(np.concatenate([enrol, test]), return_inverse=True)[1]
    return used[: len(enrol)], used[len(enrol) :]
