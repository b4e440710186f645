"""`avkd analyze strata`: EER and AUC where nontargets agree in sex, nationality, age, or all."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from avkd_cli.config import STRATA
from avkd_cli.errors import InputError
from avkd_cli.shown import AS_THEY_ARE, Reading
from avkd_cli.steps.analyze.draws import FEWEST, limits
from avkd_cli.steps.analyze.inputs import is_target, read_named
from avkd_cli.steps.analyze.metrics import measured
from avkd_cli.steps.analyze.people import read_people, trial_persons
from avkd_cli.storage.utterances import Utterance, value_of
from avkd_cli.verification.extensions import rows_of
from avkd_cli.verification.figure import figure
from avkd_cli.verification.scores import Scores
from avkd_cli.verification.statistics import resample_persons
from avkd_cli.verification.strata import AGE_YEARS, NEEDED, Traits, alike

EER, AUC = figure("eer"), figure("auc")
NOTES = [
    "targets are the same in every stratum; nontargets are those whose two people agree: G sex, "
    f"N nationality, A age within {AGE_YEARS} years, GNA all three, GA sex and age",
    "intervals are of 95 %, over persons drawn with replacement",
]


def strata(
    paths: Sequence[str],
    people: str,
    *,
    chosen: Sequence[str] = (),
    reading: Reading = AS_THEY_ARE,
    resamples: int = 0,
    seed: int = 0,
) -> dict:
    """Return EER and AUC of each score file in each stratum, with intervals over persons.

    Raises:
        MissingInputError, InputError: files cannot be read; a person is unknown; nobody in the
            list has a trait that a stratum compares.
    """
    utterances, chosen = read_people(people), chosen or STRATA[:5]
    found = []
    for name, one in read_named(paths, reading):
        traits = traits_of(one, utterances, people, chosen)
        persons = trial_persons(one, {id: u.person for id, u in utterances.items()})
        found.append(
            {
                "name": name,
                "file": one.source,
                "list": one.name,
                "strata": [
                    within(one, stratum, traits, persons, resamples, seed) for stratum in chosen
                ],
            }
        )
    return {
        "format": "avkd.analysis.strata",
        "version": 1,
        "resamples": resamples,
        "seed": seed,
        "files": found,
        "notes": NOTES if resamples else NOTES[:1],
    }


def traits_of(
    scores: Scores, utterances: Mapping[str, Utterance], source: str, chosen: Sequence[str]
) -> Traits:
    """Return what the list says of each of `scores.ids`.

    Raises:
        InputError: nobody has a trait that a stratum compares; an age is no number.
    """
    names = list(utterances)
    rows, _ = rows_of(scores.ids, {id: n for n, id in enumerate(names)})
    lines = [utterances[names[row]] if row >= 0 else None for row in rows.tolist()]
    found = Traits(
        np.array([line.sex if line else "" for line in lines], str),
        np.array([value_of(line, "nationality") if line else "" for line in lines], str),
        np.array([_age(line, source) for line in lines], np.float64),
    )
    for stratum in chosen:
        for name in NEEDED[stratum]:
            if found.unknown(name).all():
                raise InputError(
                    f"{source}: no line of the trials has {name!r}, which stratum {stratum} "
                    "compares; complete the list, or choose others with --stratum"
                )
    return found


def _age(line: Utterance | None, source: str) -> float:
    value = line.extra.get("age") if line else None
    if value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError(f"{source}: {line.id!r} has age {value!r}, wanted a number of years")
    return float(value)


def within(
    scores: Scores,
    stratum: str,
    traits: Traits,
    persons: tuple[NDArray, NDArray],
    resamples: int,
    seed: int,
) -> dict:
    """Return the figures of one stratum; None where it has no nontargets."""
    target = is_target(scores)
    agree = alike(stratum, traits.take(scores.enrol), traits.take(scores.test))
    kept = np.flatnonzero(target | agree)
    part = replace(
        scores,
        enrol_index=scores.enrol[kept],
        test_index=scores.test[kept],
        score=scores.score[kept],
        label=scores.label[kept],
        keys=scores.keys and [scores.keys[row] for row in kept.tolist()],
    )
    enrol, test = np.unique([one[kept] for one in persons], return_inverse=True)[1].reshape(2, -1)
    unknown = [name for name in NEEDED[stratum] if traits.unknown(name).any()]
    row = {
        "stratum": stratum,
        "persons": int(enrol.max()) + 1 if len(kept) else 0,
        "targets": int(target.sum()),
        "nontargets": len(kept) - int(target.sum()),
        "eer_percent": None,
        "auc_percent": None,
        "unknown": unknown,
    }
    if not row["nontargets"]:
        return row | {"said": "no nontargets: no two people of these trials agree"}
    figures = measured(part)
    row |= {"eer_percent": figures["eer_percent"], "auc_percent": 100 * figures["auc"]}
    if resamples:
        row["intervals"] = _intervals(part, enrol, test, resamples, seed)
    return row


def _intervals(
    part: Scores, enrol: NDArray, test: NDArray, resamples: int, seed: int
) -> dict | None:
    """Return 95 % intervals over persons in percent; None where they are too few."""
    drawn = resample_persons(
        [part.score], part.label, enrol, test, wanted=(EER, AUC), n_resamples=resamples, seed=seed
    )
    if len(drawn.samples[EER.name]) < FEWEST:
        return None
    return {
        "eer_percent": limits(drawn, EER),
        "auc_percent": [100 * one for one in limits(drawn, AUC)],
    }
