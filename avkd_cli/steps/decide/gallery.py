"""Who among many: enrolled people as one direction each, and who of them a clip is of.

The probability of each follows from the calibrated ratios by Bayes: before, the clip is as likely
of any one enrolled, and of nobody enrolled with what the prior leaves.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from os import PathLike
from typing import Any

import numpy as np

from avkd_cli.errors import ANSWERS, InputError
from avkd_cli.steps.decide.decision import (
    CANNOT_TELL,
    Instead,
    Odds,
    calibrated_text,
    without_skill,
)
from avkd_cli.steps.decide.evidence import Evidence
from avkd_cli.storage.store import EMBEDDINGS, EmbeddingStore, open_store
from avkd_cli.verification.calibration import UNIT, Calibration
from avkd_cli.verification.scoring import person_means, unit_rows

FOUND, NOBODY = "found", "nobody"
SHOWN = 10


@dataclass(frozen=True)
class Gallery:
    """People enrolled by recordings that one run embedded.

    Args:
        persons: names, none twice.
        directions: the mean embedding of each at length one, (persons, d) float32.
        run: fingerprint of the run.
    """

    persons: Sequence[str]
    directions: np.ndarray
    run: str

    def nearest(self, direction: np.ndarray, count: int = SHOWN) -> tuple[np.ndarray, np.ndarray]:
        """Return the cosine of everybody, (persons,), and who the closest are, best first.

        Args:
            direction: of the clip, at length one, (d,) float32.
        """
        scores = self.directions @ direction
        count = min(count, len(scores))
        best = np.argpartition(scores, len(scores) - count)[len(scores) - count :]
        return scores, best[np.argsort(-scores[best], kind="stable")]


@dataclass(frozen=True)
class Nearest:
    """One of those that a clip is compared with."""

    person: str
    probability: float
    llr: float
    score: float


@dataclass(frozen=True, kw_only=True)
class Identification:
    """Who a clip is of.

    Attributes:
        answer: "found", "nobody" or "cannot tell". why: reasons of the last.
        person: who; "" unless found. candidates: the closest, best first.
        nobody: probability that it is of nobody enrolled; None without a score.
        enrolled: how many people. clip: what the answer rests on.
        odds: prior (that it is somebody enrolled) and costs.
        senses, by, trained_on, notes: as of `Decision`.
    """

    answer: str
    why: tuple[str, ...]
    person: str = ""
    candidates: tuple[Nearest, ...] = ()
    nobody: float | None = None
    enrolled: int
    clip: Evidence
    odds: Odds
    senses: tuple[str, ...]
    by: str
    trained_on: Mapping[str, Any]
    notes: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether somebody was found."""
        return self.answer == FOUND

    @property
    def exit_code(self) -> int:
        """What verify --exit-code ends with."""
        return ANSWERS[self.answer]

    @property
    def text(self) -> str:
        """One line for a person."""
        head = self.person if self.answer == FOUND else self.answer
        parts = [head + (": " + "; ".join(self.why) if self.why else "")]
        for best in self.candidates[:1]:
            who = ": " if self.answer == FOUND else f"; closest {best.person}, "
            parts[0] += f"{who}probability {best.probability:.4f}"
            parts.append(f"log-likelihood ratio {best.llr:+.2f} nats; nobody {self.nobody:.4f}")
        parts.append(f"{self.clip.text} among {self.enrolled:,} people")
        return "; ".join([*parts, calibrated_text(self.trained_on), *self.notes])

    def to_json(self) -> dict[str, Any]:
        """Return it as verify --json prints it."""
        return {"format": "avkd.identification", "version": 1, "unit": UNIT, **asdict(self)}


def open_galleries(given: str | PathLike[str] | Sequence[str]) -> dict[str, Gallery]:
    """Return the people of some stores by the run that embedded them; one of a name is one person.

    Raises:
        MissingInputError, InputError: a store is not there, or of another kind; it has rows of
            nobody known, or embeddings without direction; it was imported.
    """
    paths = [given] if isinstance(given, str | PathLike) else given
    stores = [open_store(str(one), EMBEDDINGS.kind) for one in paths]
    by_run: dict[str, list[EmbeddingStore]] = {}
    for store in stores:
        if (run := store.manifest.get("inputs", {}).get("run")) is None:
            raise InputError(
                f"{store.path}: was not embedded by a run of avkd; make it by extract-embeddings"
            )
        if "" in store.persons:
            unnamed = store.ids[store.persons.index("")]
            raise InputError(
                f"{store.path}: nobody is known of {unnamed!r}; enrol from a list that says "
                "'person'"
            )
        by_run.setdefault(run, []).append(store)
    return {run: gallery_of(several, run) for run, several in by_run.items()}


def gallery_of(stores: Sequence[EmbeddingStore], run: str) -> Gallery:
    """Return the people of stores that one run embedded."""
    persons = [person for store in stores for person in store.persons]
    rows = np.concatenate([store.embedding for store in stores])
    means = person_means(rows, persons)
    if not (np.isfinite(means).all() and means.any(axis=1).all()):
        raise InputError(f"{stores[0].path}: an embedding is zero or not finite; extract it again")
    return Gallery(list(dict.fromkeys(persons)), unit_rows(means), run)


def identify(
    gallery: Gallery,
    direction: np.ndarray | None,
    model: Calibration,
    clip: Evidence,
    asked: Instead,
    *,
    senses: tuple[str, ...],
    by: str,
    why: tuple[str, ...] = (),
    notes: tuple[str, ...] = (),
) -> Identification:
    """Return who a clip is of.

    Args:
        direction: of its embedding, at length one; None: it has none, for the reasons of `why`.
        model: calibration of the run's cosines.
    """
    odds, answer = Odds.of(model, asked), CANNOT_TELL
    candidates, nobody = (), None
    if direction is not None:
        scores, best = gallery.nearest(direction)
        candidates, nobody = posteriors(scores, best, gallery.persons, model, odds.prior)
        why = doubts_of(candidates[0].score, model, clip)
        if not why:
            answer, why = answer_of(candidates, nobody, odds)
    return Identification(
        answer=answer,
        why=why,
        person=candidates[0].person if answer == FOUND else "",
        candidates=candidates,
        nobody=nobody,
        enrolled=len(gallery.persons),
        clip=clip,
        odds=odds,
        senses=senses,
        by=by,
        trained_on=model.trained_on,
        notes=notes,
    )


def posteriors(
    scores: np.ndarray, best: np.ndarray, persons: Sequence[str], model: Calibration, prior: float
) -> tuple[tuple[Nearest, ...], float]:
    """Return the best with their probabilities, and that of nobody enrolled.

    P(i) is prior / N · exp(llr_i), P(nobody) is 1 - prior, both over their sum.

    Args:
        scores: cosines of all N enrolled. best: places of the closest, best first.
    """
    weight = model.weights[0]
    ratios = model.apply(scores[best][:, None])
    top = float(ratios[0])
    rest = np.subtract(scores, scores[best[0]])
    rest *= weight  # in place: a million numbers are passed over as seldom as can be
    everybody = top + math.log(float(np.exp(rest, out=rest).sum(dtype=np.float64)))
    somebody = everybody + math.log(prior) - math.log(len(scores))
    total = float(np.logaddexp(somebody, math.log1p(-prior)))
    each = ratios + (math.log(prior) - math.log(len(scores)) - total)
    found = tuple(
        Nearest(persons[place], math.exp(log), float(ratio), float(scores[place]))
        for place, log, ratio in zip(best.tolist(), each.tolist(), ratios.tolist(), strict=True)
    )
    return found, math.exp(math.log1p(-prior) - total)


def answer_of(
    candidates: Sequence[Nearest], nobody: float, odds: Odds
) -> tuple[str, tuple[str, ...]]:
    """Return the answer that costs least, and why where none does."""
    first = candidates[0]
    if first.probability * odds.cost_miss >= (1 - first.probability) * odds.cost_false_alarm:
        return FOUND, ()
    if nobody >= first.probability or len(candidates) == 1:
        return NOBODY, ()
    second = candidates[1]
    return CANNOT_TELL, (
        f"{first.person} ({first.probability:.2f}), {second.person} ({second.probability:.2f}) or "
        f"nobody ({nobody:.2f})",
    )


def doubts_of(score: float, model: Calibration, clip: Evidence) -> tuple[str, ...]:
    """Return why the closest must not be believed; none where it may.

    A low score is no doubt here: it says that the clip is of nobody.
    """
    found = [*clip.doubts, *without_skill(model, [clip])]
    if model.seen and score > model.seen[0][1]:
        found.append(
            f"score {score:.4f} is above what the calibration saw (up to {model.seen[0][1]:.4f})"
        )
    return tuple(found)
