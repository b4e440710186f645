"""`avkd analyze metrics`: every figure of score files, how sure it is, and its signature."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from avkd_cli.errors import UsageError
from avkd_cli.steps.analyze.draws import by_persons, plain_interval, resolved
from avkd_cli.steps.analyze.inputs import display_names, read_labelled
from avkd_cli.steps.score_output import P_TARGETS, figures
from avkd_cli.verification.metrics import act_dcf, area_under_roc, cllr, fnmr_at_fmr, min_cllr
from avkd_cli.verification.scores import Scores
from avkd_cli.verification.signature import signature

FMRS = (1e-2, 1e-3, 1e-4)
COSINE_NOTE = (
    "all scores lie from -1 to 1, as cosines do: Cllr and actDCF take them for log-likelihood "
    "ratios, which they are only after `avkd score --calibrate`"
)


@dataclass(frozen=True)
class Rules:
    """How figures are computed where the field has several ways.

    Args:
        eer_mode: one of `metrics.EER_MODES`.
        p_targets: priors of the detection costs.
        c_miss: cost of a miss.
        c_fa: cost of a false alarm.
    """

    eer_mode: str = "interp"
    p_targets: tuple[float, ...] = P_TARGETS
    c_miss: float = 1.0
    c_fa: float = 1.0

    @property
    def costs(self) -> tuple[float, float]:
        """Costs of a miss and of a false alarm."""
        return self.c_miss, self.c_fa

    def effective(self, p_target: float) -> float:
        """Return the prior at which costs of 1 give the same normalised cost."""
        miss, false_alarm = self.c_miss * p_target, self.c_fa * (1 - p_target)
        return miss / (miss + false_alarm)


USUAL = Rules()


def metrics(
    paths: Sequence[str | Path],
    trials: str | Path | None = None,
    rules: Rules = USUAL,
    *,
    people: str | None = None,
    resamples: int = 0,
    seed: int = 0,
) -> dict:
    """Return every metric, counts and signature of each score file.

    Args:
        paths: score files, on one list or several.
        trials: list to take labels from.
        rules: priors, costs and the EER's mode.
        people: list of utterances that says who is who; None: the first part of each id.
        resamples: lists of persons drawn for the intervals; 0: none.
        seed: of the draws.

    Raises:
        UsageError: intervals of an EER that is not interpolated.
        MissingInputError, InputError: as in `inputs.read_labelled`; persons unknown or too few.
    """
    if resamples and rules.eer_mode != "interp":
        raise UsageError("intervals are of the interpolated EER: --resamples needs mode interp")
    found = []
    for name, one in zip(display_names(paths), read_labelled(paths, trials), strict=True):
        figures_of = {"name": name, "file": one.source, "list": one.name, **measured(one, rules)}
        figures_of |= further(one, rules)
        if resamples:
            figures_of["intervals"] = intervals(one, rules, people, resamples, seed)
        found.append(figures_of)
    return {
        "format": "avkd.analysis.metrics",
        "version": 1,
        "eer_mode": rules.eer_mode,
        "costs": {"miss": rules.c_miss, "false_alarm": rules.c_fa},
        "resamples": resamples,
        "seed": seed,
        "files": found,
    }


def measured(scores: Scores, rules: Rules = USUAL) -> dict:
    """Return one score file's digest and counts, its EER and minDCFs, and their signature."""
    n_target, n_nontarget = len(scores.target), len(scores.nontarget)
    return {
        "digest": scores.digest,
        "trials": len(scores),
        "targets": n_target,
        "nontargets": n_nontarget,
        **figures(scores, rules.p_targets, rules.costs, rules.eer_mode),
        "signature": signature(
            list_name=scores.name,
            digest=scores.digest,
            n_target=n_target,
            n_nontarget=n_nontarget,
            p_targets=rules.p_targets,
            mode=rules.eer_mode,
            costs=rules.costs,
        ),
    }


def further(scores: Scores, rules: Rules = USUAL) -> dict:
    """Return the figures beyond EER and minDCF; the last ones are of log-likelihood ratios."""
    target, nontarget = scores.target, scores.nontarget
    actual = {f"{p:g}": act_dcf(target, nontarget, p, *rules.costs) for p in rules.p_targets}
    return {
        "auc": area_under_roc(target, nontarget),
        "fnmr_percent_at_fmr": {
            f"{fmr:g}": 100 * fnmr_at_fmr(target, nontarget, fmr) for fmr in FMRS
        },
        "min_cllr": min_cllr(target, nontarget),
        "cllr": _finite(cllr(target, nontarget)),
        "act_dcf": actual,
        "notes": [COSINE_NOTE] if np.abs(scores.score).max() <= 1 else [],
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None  # JSON has no infinity


def intervals(
    scores: Scores, rules: Rules, people: str | None, resamples: int, seed: int
) -> dict[str, object]:
    """Return 95 % intervals over persons of EER, minDCF and misses at fixed false-match rates.

    None for a rate that the list is too short for, see `draws.resolved`.
    """
    fmrs = resolved(scores, FMRS)
    effective = {f"{p:g}": rules.effective(p) for p in rules.p_targets}
    drawn, persons = by_persons(
        [scores], people, p_targets=tuple(effective.values()), fmrs=fmrs,
        resamples=resamples, seed=seed,
    )  # fmt: skip
    return {
        "persons": persons,
        "eer_percent": plain_interval(drawn, "eer", scale=100),
        "min_dcf": {
            p: plain_interval(drawn, f"min_dcf_{equal:g}") for p, equal in effective.items()
        },
        "fnmr_percent_at_fmr": {
            f"{fmr:g}": plain_interval(drawn, f"fnmr_at_fmr_{fmr:g}", scale=100)
            if fmr in fmrs
            else None
            for fmr in FMRS
        },
    }
