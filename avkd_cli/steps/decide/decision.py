"""An answer and what it rests on. Pure: a score and evidence in, a decision out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, TypedDict

from avkd_cli.errors import ANSWERS
from avkd_cli.steps.decide.evidence import Evidence
from avkd_cli.verification.calibration import UNIT, Calibration, bayes_threshold, probability
from avkd_cli.verification.skill import EDGES, doubt

SAME, DIFFERENT, CANNOT_TELL = "same", "different", "cannot tell"


class Instead(TypedDict, total=False):
    """Prior and costs in place of a calibration's."""

    prior: float | None
    cost_miss: float | None
    cost_false_alarm: float | None


def plain_cosines(run: str) -> str:
    """Return the type of scores, in `avkd score`'s words, that the cosines of a run are."""
    return f"cosine none of {run.removeprefix('sha256:')[:12]}"


@dataclass(frozen=True)
class Odds:
    """What a decision is for.

    Args:
        prior: probability that a question is about one person.
        cost_miss, cost_false_alarm: of saying "different" of one person, and "same" of two.
    """

    prior: float
    cost_miss: float
    cost_false_alarm: float

    @classmethod
    def of(cls, model: Calibration, asked: Instead) -> "Odds":
        """Return those of a calibration, with what was asked for instead."""
        own = cls(model.prior, *model.costs)
        return replace(own, **{name: one for name, one in asked.items() if one is not None})

    @property
    def threshold(self) -> float:
        """Log-likelihood ratio in nats from which on "same" costs least."""
        return bayes_threshold(self.prior, self.cost_miss, self.cost_false_alarm)


@dataclass(frozen=True, kw_only=True)
class Decision:
    """Whether two sides are one person.

    Attributes:
        answer: "same", "different" or "cannot tell". why: reasons of the last; none otherwise.
        probability: of one person, at the prior; None without a score.
        llr: log-likelihood ratio in nats; None without a score.
        threshold: from which on it is "same". score: cosine of the two embeddings.
        odds: prior and costs. senses: that were used. by: the run that embedded, in words.
        sides: what each rests on. trained_on: what it was calibrated on.
        notes: what else should be known, such as a sense that was missing.
    """

    answer: str
    why: tuple[str, ...]
    probability: float | None
    llr: float | None
    threshold: float
    score: float | None
    odds: Odds
    senses: tuple[str, ...]
    by: str
    sides: tuple[Evidence, Evidence]
    trained_on: Mapping[str, Any]
    notes: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether the answer is "same": what cannot be told is not believed."""
        return self.answer == SAME

    @property
    def exit_code(self) -> int:
        """What verify --exit-code ends with."""
        return ANSWERS[self.answer]

    @property
    def text(self) -> str:
        """One line for a person."""
        parts = [self.answer + (": " + "; ".join(self.why) if self.why else "")]
        if self.llr is not None and not self.why:
            parts[0] += f": probability {self.probability:.4f}"
            parts.append(
                f"log-likelihood ratio {self.llr:+.2f} nats, same from {self.threshold:+.2f} on"
            )
        parts.append(f"{self.sides[0].text} against {self.sides[1].text}")
        parts.append(calibrated_text(self.trained_on))
        return "; ".join([*parts, *self.notes])

    def to_json(self) -> dict[str, Any]:
        """Return it as verify --json prints it."""
        return {"format": "avkd.decision", "version": 1, "unit": UNIT, **asdict(self)}


def calibrated_text(trained_on: Mapping[str, Any]) -> str:
    """Return in words what a calibration was trained on."""
    counts = [f"{trained_on[one]:,} {one}" for one in ("target", "nontarget") if one in trained_on]
    return f"calibrated on {trained_on.get('name')}" + (f" ({', '.join(counts)})" if counts else "")


def doubts_of(
    score: float, model: Calibration, sides: Sequence[Evidence], names: Sequence[str]
) -> tuple[str, ...]:
    """Return why a score, a cosine, must not be believed; none where it may."""
    found = [
        f"{name}: {text}" for name, side in zip(names, sides, strict=True) for text in side.doubts
    ]
    found += without_skill(model, sides)
    if model.seen and not model.seen[0][0] <= score <= model.seen[0][1]:
        low, high = model.seen[0]
        found.append(
            f"score {score:.4f} is outside what the calibration saw ({low:.4f} to {high:.4f})"
        )
    return tuple(dict.fromkeys(found))


def without_skill(model: Calibration, sides: Sequence[Evidence]) -> Iterator[str]:
    """Yield by which measures of the worse side a calibration has no skill."""
    for measure in EDGES:
        values = [getattr(side, measure) for side in sides]
        if None not in values and (text := doubt(model.skill, measure, min(values))):
            yield text


def decide(
    score: float | None,
    model: Calibration,
    sides: tuple[Evidence, Evidence],
    why: tuple[str, ...],
    asked: Instead,
    *,
    senses: tuple[str, ...],
    by: str,
    notes: tuple[str, ...] = (),
) -> Decision:
    """Return the decision on a score; of None, or where it is not believed, nothing can be told."""
    odds = Odds.of(model, asked)
    ratio = None if score is None else float(model.apply([[score]])[0])
    told = SAME if ratio is not None and ratio >= odds.threshold else DIFFERENT
    return Decision(
        answer=CANNOT_TELL if why else told,
        why=why,
        probability=None if ratio is None else probability(ratio, odds.prior),
        llr=ratio,
        threshold=odds.threshold,
        score=score,
        odds=odds,
        senses=senses,
        by=by,
        sides=sides,
        trained_on=model.trained_on,
        notes=notes,
    )
