"""`avkd card`: what a model is good for, from the facts of its run and from scores of it."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from avkd_cli.analysis.breakdown import breakdown, quartiles, trial_groups
from avkd_cli.analysis.card import to_markdown
from avkd_cli.analysis.operating_point import operating_point
from avkd_cli.errors import InputError
from avkd_cli.steps import card_facts
from avkd_cli.steps.analyze.breakdown import column_values, described
from avkd_cli.steps.analyze.inputs import is_target, read_labelled
from avkd_cli.steps.analyze.metrics import USUAL, intervals, measured
from avkd_cli.steps.analyze.people import read_people, trial_persons
from avkd_cli.steps.score_calibration import of_worse_side
from avkd_cli.steps.seen import of_scores, summary_beside
from avkd_cli.storage import durable
from avkd_cli.storage.store import AUDIO, RaggedStore, open_store
from avkd_cli.storage.utterances import Utterance
from avkd_cli.verification.scores import Scores

MEASURES = {"duration_s": "duration in s", "snr_db": "SNR in dB"}


def card(
    run: Path,
    scores: Sequence[str] = (),
    *,
    trials: str | None = None,
    people: str | None = None,
    audio: str | None = None,
    licence: str = "",
    resamples: int = 1000,
    seed: int = 0,
) -> str:
    """Write the card of a finished run anew, with what was given; return its text.

    Args:
        run: finished.
        scores: score files of it; each takes the place of an earlier one of the same list.
        trials: list to take their labels from.
        people: list of utterances: who is who, and what it says of people: shares of those who
            were trained on, and groups of those who were tested.
        audio: store of the sound that was scored: errors by duration and SNR.
        licence: of the weights.
        resamples: lists of persons drawn for intervals; 0: none.
        seed: of the draws.

    Raises:
        MissingInputError, InputError: no finished run; files that cannot be read, or scores that
            say that they are of another run.
    """
    facts = card_facts.read(run)
    listed = read_people(people) if people else {}
    if listed and (columns := card_facts.of_persons(run, listed)):
        facts["trained_on"] = {**facts["trained_on"], "columns": columns}
    if licence:
        facts["licence"] = licence
    store = None if audio is None else open_store(audio, AUDIO.kind)
    new = [
        tried(path, facts["fingerprint"], trials, listed, people, store, resamples, seed)
        for path in scores
    ]
    lists = {one["list"] for one in new}
    old = [one for one in facts.get("figures", []) if one["list"] not in lists]
    if old or new:
        facts["figures"] = sorted([*old, *new], key=lambda one: one["list"])
    with durable.lock(run):
        return card_facts.write(run, facts)


def card_of(run: Path) -> str:
    """Return the card of a finished run as it is, or as its files make it."""
    found = run / card_facts.CARD
    return found.read_text("utf-8") if found.is_file() else to_markdown(card_facts.read(run))


def tried(
    path: str,
    fingerprint: str,
    trials: str | None,
    listed: Mapping[str, Utterance],
    people: str | None,
    store: RaggedStore | None,
    resamples: int,
    seed: int,
) -> dict[str, Any]:
    """Return the figures of one score file."""
    (scores,) = read_labelled([path], trials)
    refuse_others(path, scores, fingerprint)
    met = of_scores(path, len(scores))
    figures = measured(scores)
    kept = ("trials", "targets", "nontargets", "eer_percent", "min_dcf", "auc", "signature")
    found: dict[str, Any] = {
        "list": listed_as(path, scores),
        **{name: figures[name] for name in kept},
    }
    known = bool(listed) or all("/" in one for one in scores.ids)
    if resamples and known:
        drawn = intervals(scores, USUAL, people, resamples, seed)
        limits = {name: drawn[name] for name in ("eer_percent", "min_dcf")}
        found |= {"persons": drawn["persons"], "intervals": limits}
    if not known:
        print(
            f"avkd card: warning: {path}: who is who is not known, so there are no intervals and "
            "groups; name their list with --people",
            file=sys.stderr,
        )
    if met is not None and met.persons:
        found["seen"] = met.text
    if known:
        found |= groups_of(scores, listed, people or "", store)
    return found


def refuse_others(path: str, scores: Scores, fingerprint: str) -> None:
    """Raise InputError where the summary beside a score file says that it is of another run."""
    said = summary_beside(path, len(scores)).get("inputs", {}).get("run")
    if said and said != fingerprint:
        raise InputError(
            f"{path}: is of run {said[7:19]}, this is {fingerprint[7:19]}; give scores of this run"
        )


def listed_as(path: str, scores: Scores) -> str:
    """Return what a list is called: as the summary beside the scores has it, else as the file."""
    said = summary_beside(path, len(scores)).get("trials")
    name = said.get("name") if isinstance(said, dict) else None
    return Path(str(name or path)).name


def groups_of(
    scores: Scores, listed: Mapping[str, Utterance], people: str, store: RaggedStore | None
) -> dict[str, Any]:
    """Return error rates by duration, SNR and columns of people, at the threshold of the EER."""
    target = is_target(scores)
    persons = {id: one.person for id, one in listed.items()} or None
    enrol, test = trial_persons(scores, persons)
    point = operating_point(scores.score, target)
    found: dict[str, list[dict]] = {}
    for name, group in [*by_measure(scores, store), *by_people(scores, listed, people)]:
        rows = breakdown(scores.score, target, group, enrol, test, point.threshold)
        found[name] = [described(one, 0) for one in in_order(rows)]
    return {"threshold": point.threshold, "groups": found} if found else {}


def in_order(rows: Sequence[Any]) -> list[Any]:
    """Return groups that are bands of numbers from the lowest on, others by name."""

    def place(name: str) -> tuple[float, str]:
        try:
            return float(name.split(" ", maxsplit=1)[0]), name
        except ValueError:
            return np.inf, name

    return sorted(rows, key=lambda one: place(one.name))


def by_measure(scores: Scores, store: RaggedStore | None) -> Iterator[tuple[str, np.ndarray]]:
    """Yield quarters of the duration and the SNR of each trial's worse side."""
    for column, name in MEASURES.items() if store is not None else ():
        values = np.round(of_worse_side(scores, store, store.column(column)), 2)
        yield name, np.array([one or "unknown" for one in quartiles(values)])


def by_people(
    scores: Scores, listed: Mapping[str, Utterance], people: str
) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the groups of each trial by every column of people that the list has."""
    for column in card_facts.COLUMNS if listed else ():
        try:
            values = column_values(scores, column, listed, people)
        except InputError:  # no line has it
            continue
        yield (
            column,
            trial_groups(
                [values[code] for code in scores.enrol.tolist()],
                [values[code] for code in scores.test.tolist()],
            ),
        )
