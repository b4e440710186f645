"""An answer and what it rests on. Pure: a score and evidence in, a decision out."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from avkd_cli.errors import ANSWERS
from avkd_cli.steps.decide.evidence import Evidence
from avkd_cli.verification.calibration import UNIT, Calibration, bayes_threshold, probability
from avkd_cli.verification.skill import doubt

SAME, DIFFERENT, CANNOT_TELL = "same", "different", "cannot tell"
MEASURES = ("speech_s", "snr_db")


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
    def of(cls, model: Calibration, asked: Mapping[str, float | None]) -> "Odds":
        """Return those of a calibration, with what was asked for instead."""
        own = {
            "prior": model.prior,
            "cost_miss": model.costs[0],
            "cost_false_alarm": model.costs[1],
        }
        return cls(**own | {name: value for name, value in asked.items() if value is not None})

    @property
    def threshold(self) -> float:
        """Log-likelihood ratio in nats from which on "same" costs least."""
        return bayes_threshold(self.prior, self.cost_miss, self.cost_false_alarm)


@dataclass(frozen=True)
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
        plain = asdict(self)
        plain["sides"] = [asdict(one) for one in self.sides]
        return {"format": "avkd.decision", "version": 1, "unit": UNIT, **plain}


def calibrated_text(trained_on: Mapping[str, Any]) -> str:
    """Return in words what a calibration was trained on."""
    counts = [f"{trained_on[one]:,} {one}" for one in ("target", "nontarget") if one in trained_on]
    return f"calibrated on {trained_on.get('name')}" + (f" ({', '.join(counts)})" if counts else "")


def doubts_of(
    score: float, model: Calibration, sides: Sequence[Evidence], names: Sequence[str]
) -> tuple[str, ...]:
    """Return why a score must not be believed; none where it may.

    Args:
        score: cosine. model: its calibration. sides: what it rests on. names: of the sides.
    """
    found = [
        f"{name}: {text}" for name, side in zip(names, sides, strict=True) for text in side.doubts
    ]
    for measure in MEASURES:
        values = [getattr(side, measure) for side in sides]
        if None not in values and (text := doubt(model.skill, measure, min(values))):
            found.append(text)
    if model.seen and not model.seen[0][0] <= score <= model.seen[0][1]:
        low, high = model.seen[0]
        found.append(
            f"score {score:.4f} is outside what the calibration saw ({low:.4f} to {high:.4f})"
        )
    return tuple(dict.fromkeys(found))


def decide(
    score: float,
    model: Calibration,
    sides: tuple[Evidence, Evidence],
    names: tuple[str, str],
    asked: Mapping[str, float | None],
    **said: Any,
) -> Decision:
    """Return the decision on a score.

    Args:
        asked: prior and costs in place of the calibration's.
        said: senses, by and notes of the decision.
    """
    odds = Odds.of(model, asked)
    ratio = float(model.apply([[score]])[0])
    why = doubts_of(score, model, sides, names)
    answer = CANNOT_TELL if why else SAME if ratio >= odds.threshold else DIFFERENT
    return Decision(
        answer,
        why,
        probability(ratio, odds.prior),
        ratio,
        odds.threshold,
        score,
        odds,
        sides=sides,
        trained_on=model.trained_on,
        **said,
    )
