"""Where a system decides, and how often it is wrong there. Pure."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from avkd_cli.verification.metrics import eer_threshold, error_rates, threshold_at_fmr


@dataclass(frozen=True)
class OperatingPoint:
    """A threshold, the rule that chose it, and the errors made with it."""

    threshold: float
    rule: str
    misses: int
    false_alarms: int
    targets: int
    nontargets: int

    @property
    def errors(self) -> int:
        """Trials decided wrongly."""
        return self.misses + self.false_alarms

    @property
    def error_rate(self) -> float:
        """Share of trials decided wrongly, as a fraction."""
        return self.errors / (self.targets + self.nontargets)


def operating_point(
    score: ArrayLike, target: ArrayLike, threshold: float | None = None, fmr: float | None = None
) -> OperatingPoint:
    """Return the errors at a given threshold, at a false-match rate, or else at the EER.

    Args:
        score: shape (n_trials,); a trial is accepted when its score is >= the threshold.
        target: whether both sides are one person, shape (n_trials,).
        fmr: use the lowest score at which at most this share of nontarget trials is accepted,
            as a fraction; +inf where even the highest accepts more.

    Raises:
        ValueError: if both are given, a class is empty or a score is NaN.
    """
    score, target = np.asarray(score, np.float64), np.asarray(target, bool)
    if threshold is not None and fmr is not None:
        raise ValueError("a threshold and a false-match rate cannot both be given")
    targets, nontargets = score[target], score[~target]
    rates = error_rates(targets, nontargets)
    if threshold is not None:
        rule = "given"
    elif fmr is not None:
        threshold, rule = threshold_at_fmr(rates, fmr), f"FMR {fmr:g}"
    else:
        threshold, rule = eer_threshold(rates), "EER"
    misses, false_alarms = int((targets < threshold).sum()), int((nontargets >= threshold).sum())
    counts = (misses, false_alarms, len(targets), len(nontargets))
    return OperatingPoint(float(threshold), rule, *counts)
