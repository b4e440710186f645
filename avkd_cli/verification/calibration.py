"""Scores to log-likelihood ratios: logistic calibration and fusion, with quality measures.

A model is trained on one list, named in it, and applies to scores of the same kinds only: there
is no threshold that would fit any scores. Version 2 says which run the scores are of, for which
costs it decides, what scores it has seen and where it has skill; version 1 said none of this.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from avkd_cli.errors import InputError, reading
from avkd_cli.verification.metrics import checked
from avkd_cli.verification.skill import SkillBand

FORMAT = "avkd.calibration"
VERSION = 2
UNIT = "natural-log likelihood ratio"
"""Of what a calibration gives: positive speaks for one person, 0 for neither."""
_RIDGE = 1e-7  # keeps weights finite where the classes do not overlap


@dataclass(frozen=True)
class Calibration:
    """A log-likelihood ratio as a weighted sum of scores and quality measures.

    Args:
        score_types: what each score is, such as "cosine"; the same are wanted on use.
        weights: one for each score.
        offset: added.
        prior: probability of a target that the training, and a decision, is for.
        trained_on: name, digest and counts of the list, and figures reached there.
        qualities: names of the quality measures.
        quality_weights: one for each.
        costs: of a miss and of a false alarm.
        system: fingerprint of the run whose scores these are, "" where it is not known.
        seen: the lowest and the highest score of each system in training; () where not known.
        skill: by duration and SNR of the worse side, where the list said these.
    """

    score_types: tuple[str, ...]
    weights: tuple[float, ...]
    offset: float
    prior: float
    trained_on: Mapping[str, object]
    qualities: tuple[str, ...] = ()
    quality_weights: tuple[float, ...] = ()
    costs: tuple[float, float] = (1.0, 1.0)
    system: str = ""
    seen: tuple[tuple[float, float], ...] = ()
    skill: tuple[SkillBand, ...] = ()

    @property
    def threshold(self) -> float:
        """Log-likelihood ratio in nats from which on "same person" costs least, by Bayes."""
        return bayes_threshold(self.prior, *self.costs)

    def apply(self, scores: np.ndarray, quality: np.ndarray | None = None) -> np.ndarray:
        """Return log-likelihood ratios in nats, shape (n_trials,).

        Args:
            scores: shape (n_trials, n_systems).
            quality: shape (n_trials, n_qualities), where the model has qualities.

        Raises:
            ValueError: other numbers of columns than in training.
        """
        features = _features(scores, quality)
        weights = np.array([*self.weights, *self.quality_weights])
        if features.shape[1] != len(weights):
            raise ValueError(f"{features.shape[1]} scores and qualities, trained on {len(weights)}")
        return features @ weights + self.offset

    def require(self, score_types: Sequence[str], where: str) -> None:
        """Raise InputError unless the scores are of the kinds that the model was trained on."""
        if tuple(score_types) != self.score_types:
            raise InputError(
                f"{where}: was trained on scores of type {', '.join(self.score_types)} (list "
                f"{self.trained_on.get('name')}), these are {', '.join(score_types)}; "
                "train a calibration for them"
            )

    def to_json(self) -> dict:
        """Return the model as a JSON object."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "unit": UNIT,
            "threshold": self.threshold,
            **asdict(self),
        }


def bayes_threshold(prior: float, cost_miss: float, cost_false_alarm: float) -> float:
    """Return the log-likelihood ratio in nats above which accepting costs less than rejecting."""
    return math.log(cost_false_alarm * (1 - prior)) - math.log(cost_miss * prior)


def probability(ratio: float, prior: float) -> float:
    """Return how probable one person is at a log-likelihood ratio in nats."""
    return 1 / (1 + math.exp(-min(max(ratio + math.log(prior / (1 - prior)), -700), 700)))


def read(path: Path) -> Calibration:
    """Read a model.

    Raises:
        MissingInputError: the file cannot be read.
        InputError: it is no calibration model.
    """
    with reading(path, "give a calibration model"):
        text = path.read_bytes()
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    return from_json(value, str(path))


def from_json(value: object, where: str) -> Calibration:
    """Return the model in a JSON object.

    Raises:
        InputError: it is none, or of another version.
    """
    readable = isinstance(value, dict) and value.get("format") == FORMAT
    if not readable or value.get("version") not in (1, VERSION):
        raise InputError(f"{where}: is no calibration model; make one with avkd calibrate")
    try:
        found = Calibration(
            tuple(str(name) for name in value["score_types"]),
            tuple(float(weight) for weight in value["weights"]),
            float(value["offset"]),
            float(value["prior"]),
            dict(value["trained_on"]),
            tuple(str(name) for name in value["qualities"]),
            tuple(float(weight) for weight in value["quality_weights"]),
            *(_of_version_2(value) if value["version"] > 1 else ()),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{where}: is a damaged calibration model ({error!r})") from None
    if fault := _fault(found):
        raise InputError(f"{where}: is a damaged calibration model ({fault})")
    return found


def _of_version_2(value: dict) -> tuple:
    """Return costs, system, scores seen and skill."""
    miss, false_alarm = value["costs"]
    return (
        (float(miss), float(false_alarm)),
        str(value["system"]),
        tuple((float(low), float(high)) for low, high in value["seen"]),
        tuple(SkillBand(**one) for one in value["skill"]),
    )


def _fault(found: Calibration) -> str:
    """Return what is wrong with numbers that were read; "" if nothing is."""
    numbers = [*found.weights, *found.quality_weights, found.offset, *found.costs]
    numbers += [edge for one in found.seen for edge in one]
    pairs = (found.score_types, found.weights), (found.qualities, found.quality_weights)
    if not np.isfinite(numbers).all() or any(len(names) != len(w) for names, w in pairs):
        return "weights and names differ"
    if not 0 < found.prior < 1 or min(found.costs) <= 0:
        return "prior or costs are out of range"
    return "" if len(found.seen) in (0, len(found.weights)) else "one range a score is wanted"


def train(
    scores: np.ndarray,
    label: np.ndarray,
    score_types: Sequence[str],
    trained_on: Mapping[str, object],
    *,
    quality: np.ndarray | None = None,
    qualities: Sequence[str] = (),
    prior: float = 0.5,
    costs: tuple[float, float] = (1.0, 1.0),
    system: str = "",
) -> Calibration:
    """Return the calibration (one system) or fusion (several) with the least cross-entropy.

    Each class weighs by the prior, whatever its share of the list is.

    Args:
        scores: shape (n_trials, n_systems).
        label: 1 target, 0 nontarget, shape (n_trials,).
        score_types: what each system's score is.
        trained_on: what the model should say of the list.
        quality: quality measures of each trial, shape (n_trials, n_qualities).
        qualities: their names.
        prior: probability of a target.
        costs: of a miss and of a false alarm, for decisions; training knows the prior alone.
        system: fingerprint of the run whose scores these are.

    Raises:
        ValueError: a class is missing, a number is not finite, a column is constant.

    Reference:
        N. Brümmer, E. de Villiers, "The BOSARIS Toolkit", arXiv 1304.2865, 2013, section 5;
        quality measures as side information: M. I. Mandasari et al., "Quality measure functions
        for calibration of speaker recognition systems", IEEE TASLP 21(11), 2013.
    """
    features, label = _features(scores, quality), np.asarray(label)
    checked(features[label == 1, 0], "target")
    checked(features[label == 0, 0], "nontarget")
    if not np.isfinite(features).all():
        raise ValueError("every score and quality must be finite")
    center, spread = features.mean(axis=0), features.std(axis=0)
    if not np.all(spread > 0):
        raise ValueError("the scores or a quality are all equal")
    slope, offset = _fit((features - center) / spread, label == 1, prior)
    weights = slope / spread
    n = len(score_types)
    return Calibration(
        tuple(score_types),
        tuple(weights[:n].tolist()),
        float(offset - weights @ center),
        prior,
        dict(trained_on),
        tuple(qualities),
        tuple(weights[n:].tolist()),
        costs,
        system,
        tuple((float(one.min()), float(one.max())) for one in features[:, :n].T),
    )


def _features(scores: np.ndarray, quality: np.ndarray | None) -> np.ndarray:
    columns = [np.asarray(part, np.float64) for part in (scores, quality) if part is not None]
    return np.column_stack(columns)


def _fit(features: np.ndarray, target: np.ndarray, prior: float) -> tuple[np.ndarray, float]:
    """Minimise the prior-weighted cross-entropy of `features @ slope + offset` (L-BFGS)."""
    from scipy.optimize import minimize
    from scipy.special import expit, logit

    sign = np.where(target, 1.0, -1.0)
    weight = np.where(target, prior / target.sum(), (1 - prior) / (~target).sum())
    shift = logit(prior)

    def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        margin = sign * (features @ parameters[:-1] + parameters[-1] + shift)
        value = weight @ np.logaddexp(0, -margin) + _RIDGE * parameters @ parameters / 2
        slope = -weight * sign * expit(-margin)
        gradient = np.append(slope @ features, slope.sum()) + _RIDGE * parameters
        return float(value), gradient

    start = np.zeros(features.shape[1] + 1)
    options = {"maxiter": 1000, "ftol": 1e-14, "gtol": 1e-9}
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options=options)
    return found.x[:-1], float(found.x[-1])


def z_sum_fusion(scores: np.ndarray) -> np.ndarray:
    """Return the sum over systems of scores standardised on the list itself.

    Raises:
        ValueError: all scores of a system are equal.
    """
    deviation = np.std(scores, axis=0)
    if not np.all(deviation > 0):
        raise ValueError("all scores of a system are equal: z-sum cannot scale them")
    return np.sum((scores - np.mean(scores, axis=0)) / deviation, axis=1)
