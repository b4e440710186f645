"""Figures by name, such as `eer`, `min_dcf_0.01` or `fnmr_at_fmr_0.001`: what each one means.

What a figure is worth is defined in `metrics`; here stand its name, unit, limits and direction, so
that a list, its resamples, a table and a gate all speak of the same thing.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from avkd_cli.verification import metrics
from avkd_cli.verification.metrics import ErrorRates, checked, error_rates

PLAIN = ("eer", "auc", "min_cllr", "cllr")  # kinds without a number
NUMBERED = ("min_dcf", "act_dcf", "fnmr_at_fmr")  # at a prior, at a rate
HELP = "eer, eer_rocch, min_dcf_P, act_dcf_P, fnmr_at_fmr_RATE, auc, min_cllr, cllr"
_UNBOUNDED = ("act_dcf", "cllr")
_WORDS = {"auc": "AUC", "min_cllr": "minCllr", "cllr": "Cllr"}


class Figure(NamedTuple):
    """One figure of scored trials.

    Args:
        name: as it is asked for.
        kind: one of `PLAIN` and `NUMBERED`.
        at: probability of a target, or false-match rate; NaN for kinds without.
        mode: of an EER, one of `metrics.EER_MODES`.
        c_miss: cost of a miss, of kinds min_dcf and act_dcf.
        c_fa: cost of a false alarm, of the same.
    """

    name: str
    kind: str
    at: float = math.nan
    mode: str = "interp"
    c_miss: float = 1.0
    c_fa: float = 1.0

    @property
    def percent(self) -> bool:
        """Whether people print it in percent."""
        return self.kind in ("eer", "fnmr_at_fmr")

    @property
    def key(self) -> str:
        """Its name in a result, which says the unit."""
        return f"{self.name}_percent" if self.percent else self.name

    @property
    def label(self) -> str:
        """Its name for a person: `minDCF 0.01`."""
        if self.kind == "eer":
            return "EER" if self.mode == "interp" else f"EER ({self.mode})"
        if self.kind == "fnmr_at_fmr":
            return f"FNMR at FMR {self.at:g}"
        return _WORDS.get(self.kind) or f"{self.kind[:3]}DCF {self.at:g}"

    @property
    def ratios(self) -> bool:
        """Whether it takes scores for log-likelihood ratios."""
        return self.kind in ("cllr", "act_dcf")

    @property
    def better(self) -> int:
        """1 where more is better, -1 where less is."""
        return 1 if self.kind == "auc" else -1

    @property
    def highest(self) -> float:
        """The largest value that it can have; the least is 0."""
        return math.inf if self.kind in _UNBOUNDED else 1.0


def figure(name: str, c_miss: float = 1.0, c_fa: float = 1.0) -> Figure:
    """Return the figure of a name.

    Args:
        name: `eer`, `eer_MODE`, `auc`, `min_cllr`, `cllr`, `min_dcf_P`, `act_dcf_P` with a
            probability P of a target, or `fnmr_at_fmr_RATE`.
        c_miss: cost of a miss in the two DCFs.
        c_fa: cost of a false alarm in them.

    Raises:
        ValueError: there is no such figure, prior, rate or cost.
    """
    if name in PLAIN:
        return Figure(name, name)
    kind, _, rest = name.rpartition("_")
    if kind == "eer" and rest in metrics.EER_MODES:
        return Figure(name, "eer", mode=rest)
    if kind not in NUMBERED:
        raise ValueError(f"unknown figure {name!r}; there are {HELP}")
    at = _number(name, rest)
    if kind == "fnmr_at_fmr":
        return Figure(name, kind, at)
    metrics.cost_weights(at, c_miss, c_fa)
    return Figure(name, kind, at, c_miss=c_miss, c_fa=c_fa)


def _number(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= 1:
        raise ValueError(f"{name!r} wants a number from 0 to 1 at its end, not {text!r}")
    return value


def values(target: ArrayLike, nontarget: ArrayLike, wanted: Sequence[Figure]) -> dict[str, float]:
    """Return figures by name, as fractions and costs, from one sorting where that is enough.

    Args:
        target: scores of same-person trials, shape (n_target,), higher is closer.
        nontarget: scores of different-person trials, shape (n_nontarget,).
        wanted: figures.

    Raises:
        ValueError: either side is empty, any score is NaN, or not what an EER's mode needs.
    """
    target, nontarget = checked(target, "target"), checked(nontarget, "nontarget")
    rates = error_rates(target, nontarget)
    return {one.name: _value(one, target, nontarget, rates) for one in wanted}


def _value(one: Figure, target: np.ndarray, nontarget: np.ndarray, rates: ErrorRates) -> float:
    if one.kind == "eer" and one.mode != "interp":
        return metrics.equal_error_rate(target, nontarget, one.mode)
    if one.kind in _OF_RATES:
        return _OF_RATES[one.kind](rates, one)
    if one.kind == "act_dcf":
        return metrics.act_dcf(target, nontarget, one.at, one.c_miss, one.c_fa)
    return {"cllr": metrics.cllr, "min_cllr": metrics.min_cllr}[one.kind](target, nontarget)


_OF_RATES = {
    "eer": lambda rates, one: metrics.interpolated_eer(rates),
    "min_dcf": lambda rates, one: metrics.min_dcf(rates, one.at, one.c_miss, one.c_fa),
    "fnmr_at_fmr": lambda rates, one: metrics.fnmr_at_fmr(rates, one.at),
    "auc": lambda rates, one: metrics.area_under_roc(rates),
}
EER = figure("eer")
