"""`avkd card`: what a model is good for, from the facts of its run and from scores of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from avkd_cli.analysis.breakdown import breakdown, quartiles, trial_groups
from avkd_cli.analysis.card import to_markdown
from avkd_cli.analysis.operating_point import operating_point
from avkd_cli.errors import InputError
from avkd_cli.said import warn
from avkd_cli.shown import Reading
from avkd_cli.steps import card_facts
from avkd_cli.steps.analyze.breakdown import column_values, described
from avkd_cli.steps.analyze.inputs import is_target, read_labelled
from avkd_cli.steps.analyze.metrics import USUAL, intervals, measured
from avkd_cli.steps.analyze.people import read_people, trial_persons
from avkd_cli.steps.score_calibration import of_worse_side
from avkd_cli.steps.seen import of_summary, summary_beside
from avkd_cli.storage import places
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

    What the list says of people gives shares of those who were trained on, and groups of those
    who were tested.

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
    about = People(people, listed, store)
    new = []
    for path in scores:
        (one,) = read_labelled([path], Reading(trials or ""))
        summary = summary_beside(path, len(one))
        of, own = summary.get("inputs", {}).get("run"), facts["fingerprint"]
        if of and of != own:
            raise InputError(
                f"{path}: is of run {of[7:19]}, this is {own[7:19]}; give scores of this run"
            )
        new.append(tried(path, one, summary, about, resamples, seed))
    lists = {one["list"] for one in new}
    old = [one for one in facts.get("figures", []) if one["list"] not in lists]
    if old or new:
        facts["figures"] = sorted([*old, *new], key=lambda one: one["list"])
    with places.lock(run):
        return card_facts.write(run, facts)


def card_of(run: Path) -> str:
    """Return the card of a finished run as it is, or as its files make it."""
    found = run / card_facts.CARD
    return found.read_text("utf-8") if found.is_file() else to_markdown(card_facts.read(run))


@dataclass(frozen=True)
class People:
    """What is known of those who were tested.

    Args:
        source: list that says who is who, None for none. listed: its utterances, by id.
        audio: store of the sound that was scored, None for none.
    """

    source: str | None
    listed: Mapping[str, Utterance]
    audio: RaggedStore | None


def tried(
    path: str,
    scores: Scores,
    summary: Mapping[str, Any],
    about: People,
    resamples: int,
    seed: int,
) -> dict[str, Any]:
    """Return the figures of one score file; its list is called as the summary beside it says."""
    met, listed = of_summary(summary), summary.get("trials")
    name = listed.get("name") if isinstance(listed, dict) else None
    figures = measured(scores)
    kept = ("trials", "targets", "nontargets", "eer_percent", "min_dcf", "auc", "signature")
    found: dict[str, Any] = {
        "list": Path(str(name or path)).name,
        **{key: figures[key] for key in kept},
    }
    known = bool(about.listed) or all("/" in one for one in scores.ids)
    if resamples and known:
        drawn = intervals(scores, USUAL, about.source, resamples, seed)
        limits = {name: drawn[name] for name in ("eer_percent", "min_dcf")}
        found |= {"persons": drawn["persons"], "intervals": limits}
    if met is not None and met.persons:
        found["seen"] = met.text
    if known:
        return found | groups_of(scores, about)
    warn(
        "card",
        f"{path}: who is who is not known, so there are no intervals and groups; name their list "
        "with --people",
    )
    return found


def groups_of(scores: Scores, about: People) -> dict[str, Any]:
    """Return error rates by duration, SNR and columns of people, at the threshold of the EER."""
    target = is_target(scores)
    persons = {id: one.person for id, one in about.listed.items()} or None
    enrol, test = trial_persons(scores, persons)
    point = operating_point(scores.score, target)
    found: dict[str, list[dict]] = {}
    for name, group in [*by_measure(scores, about.audio), *by_people(scores, about)]:
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


def by_people(scores: Scores, about: People) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the groups of each trial by every column of people that the list has."""
    for column in card_facts.COLUMNS if about.listed else ():
        try:
            values = column_values(scores, column, about.listed, about.source or "")
        except InputError:  # no line has it
            continue
        sides = (scores.enrol.tolist(), scores.test.tolist())
        yield column, trial_groups(*([values[code] for code in side] for side in sides))
