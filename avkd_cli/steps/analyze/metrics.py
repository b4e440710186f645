"""`avkd analyze metrics`: every figure of score files, how sure it is, and its signature."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from avkd_cli.config import P_TARGETS
from avkd_cli.shown import AS_THEY_ARE, Reading
from avkd_cli.steps.analyze.draws import by_persons, limits, resolved
from avkd_cli.steps.analyze.inputs import finite, read_named
from avkd_cli.steps.score_output import figures
from avkd_cli.verification.figure import Figure, figure
from avkd_cli.verification.metrics import (
    ErrorRates,
    act_dcf,
    cllr,
    cost_weights,
    error_rates,
    fnmr_at_fmr,
    lowest_cost_at,
    min_cllr,
    threshold_at_fmr,
)
from avkd_cli.verification.scores import Scores
from avkd_cli.verification.signature import signature

FMRS = (1e-2, 1e-3, 1e-4)
COSINE_NOTE = (
    "all scores lie from -1 to 1, as cosines do: Cllr and actDCF take them for log-likelihood "
    "ratios, which they are only after `avkd score --calibration`"
)


@dataclass(frozen=True)
class MetricRules:
    """How figures are computed where the field has several ways.

    Args:
        eer_mode: one of `metrics.EER_MODES`.
        p_targets: priors of the detection costs.
        costs: of a miss and of a false alarm.
    """

    eer_mode: str = "interp"
    p_targets: tuple[float, ...] = P_TARGETS
    costs: tuple[float, float] = (1.0, 1.0)

    def figure(self, name: str) -> Figure:
        """Return the figure of a name by these rules; `eer` is that of the mode."""
        if name == "eer" and self.eer_mode != "interp":
            name = f"eer_{self.eer_mode}"
        return figure(name, *self.costs)


USUAL = MetricRules()


def metrics(
    paths: Sequence[str | Path],
    reading: Reading = AS_THEY_ARE,
    rules: MetricRules = USUAL,
    *,
    people: str | None = None,
    resamples: int = 0,
    seed: int = 0,
) -> dict:
    """Return every metric, counts and signature of each score file.

    Raises:
        MissingInputError, InputError: as in `inputs.read_labelled`; persons unknown or too few.
    """
    found = []
    for name, one in read_named(paths, reading):
        figures_of = {"name": name, "file": one.source, "list": one.name, **measured(one, rules)}
        figures_of |= further(one, rules)
        if resamples:
            figures_of["intervals"] = intervals(one, rules, people, resamples, seed)
        found.append(figures_of)
    return {
        "format": "avkd.analysis.metrics",
        "version": 1,
        "eer_mode": rules.eer_mode,
        "costs": dict(zip(("miss", "false_alarm"), rules.costs, strict=True)),
        "resamples": resamples,
        "seed": seed,
        "files": found,
    }


def measured(scores: Scores, rules: MetricRules = USUAL) -> dict:
    """Return one score file's digest and counts, its EER, minDCFs and AUC, and their signature."""
    mode, costs = rules.eer_mode, rules.costs
    return {
        "digest": scores.digest,
        "trials": len(scores),
        "targets": len(scores.target),
        "nontargets": len(scores.nontarget),
        **figures(scores, rules.p_targets, costs, mode),
        "signature": signature(scores, rules.p_targets, mode=mode, costs=costs),
    }


def further(scores: Scores, rules: MetricRules = USUAL) -> dict:
    """Return the figures beyond EER and minDCF; the last ones are of log-likelihood ratios."""
    target, nontarget = scores.target, scores.nontarget
    rates = error_rates(target, nontarget)
    actual = {f"{p:g}": act_dcf(target, nontarget, p, *rules.costs) for p in rules.p_targets}
    return {
        "fnmr_percent_at_fmr": {f"{fmr:g}": 100 * fnmr_at_fmr(rates, fmr) for fmr in FMRS},
        "min_cllr": min_cllr(target, nontarget),
        "cllr": finite(cllr(target, nontarget)),
        "act_dcf": actual,
        "thresholds": thresholds(rates, rules),
        "notes": [COSINE_NOTE] if np.abs(scores.score).max() <= 1 else [],
    }


def thresholds(rates: ErrorRates, rules: MetricRules = USUAL) -> dict:
    """Return from which score on each figure accepts, in the places of the figures.

    None where nothing is accepted, or, of a cost, everything. That of actDCF is Bayes' for its
    prior and costs, in nats.
    """
    bayes = {}
    for p in rules.p_targets:
        miss, false_alarm = cost_weights(p, *rules.costs)
        bayes[f"{p:g}"] = math.log(false_alarm / miss)
    return {
        "min_dcf": {
            f"{p:g}": finite(float(rates.threshold[lowest_cost_at(rates, p, *rules.costs)]))
            for p in rules.p_targets
        },
        "act_dcf": bayes,
        "fnmr_at_fmr": {f"{fmr:g}": finite(threshold_at_fmr(rates, fmr)) for fmr in FMRS},
    }


def intervals(
    scores: Scores, rules: MetricRules, people: str | None, resamples: int, seed: int
) -> dict[str, object]:
    """Return 95 % intervals over persons of every figure, in the places of the figures.

    None for a rate that the list is too short for, see `draws.resolved`.
    """
    fmrs = resolved(scores, FMRS)
    eer, *plain = (rules.figure(name) for name in ("eer", "auc", "min_cllr", "cllr"))
    at_prior = {
        kind: {f"{p:g}": rules.figure(f"{kind}_{p!r}") for p in rules.p_targets}
        for kind in ("min_dcf", "act_dcf")
    }
    at_rate = {f"{fmr:g}": rules.figure(f"fnmr_at_fmr_{fmr!r}") for fmr in fmrs}
    numbered = [one for group in (*at_prior.values(), at_rate) for one in group.values()]
    drawn, persons = by_persons(
        [scores], people, wanted=[eer, *plain, *numbered], resamples=resamples, seed=seed
    )
    return {
        "persons": persons,
        "eer_percent": limits(drawn, eer),
        **{one.name: limits(drawn, one) for one in plain},
        **{
            kind: {p: limits(drawn, one) for p, one in group.items()}
            for kind, group in at_prior.items()
        },
        "fnmr_percent_at_fmr": {
            f"{fmr:g}": limits(drawn, at_rate[f"{fmr:g}"]) if fmr in fmrs else None for fmr in FMRS
        },
    }
