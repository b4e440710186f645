"""`avkd analyze metrics`."""

import click

from avkd_cli import options
from avkd_cli.commands.analyze_output import (
    COST,
    people_list,
    priors,
    resampling,
    score_format,
    show,
    strict,
    trial_list,
)
from avkd_cli.commands.analyze_shown import named
from avkd_cli.config import EER_MODES
from avkd_cli.options import choice, option


@click.command("metrics")
@click.argument("scores", nargs=-1, required=True, type=options.text_file)
@named
@trial_list
@score_format
@choice(
    "--eer-mode",
    EER_MODES,
    "What the EER is where no threshold makes both rates equal; the others are "
    "those of toolkits, and rocch is on the ROC's convex hull.",
    default="interp",
)
@priors
@option("--c-miss", "Cost of a miss.", type=COST, default=1.0)
@option("--c-fa", "Cost of a false alarm.", type=COST, default=1.0)
@resampling()
@people_list
@strict
@options.as_json
def metrics(
    scores: tuple[str, ...],
    eer_mode: str,
    p_targets: tuple[float, ...],
    c_miss: float,
    c_fa: float,
    as_json: bool,
    **asked,
) -> None:
    """Print every metric, counts and a signature of each of SCORES.

    EER, minDCF and actDCF, AUC, misses (FNMR) at fixed false-match rates, Cllr and minCllr.
    Tied scores are one threshold, the EER is interpolated between thresholds, costs are
    normalised. Cllr and actDCF are of log-likelihood ratios, as 'score --calibration' makes them.
    With --resamples, an interval of each by drawing persons. The signature says how, with name,
    digest and counts of the list, to paste under a table.

    \b
    Example:
        avkd analyze metrics base.scores kd.scores --resamples 1000
        avkd analyze metrics kaldi.scores --trials voxceleb1.txt --json | jq .files[].eer_percent
    """
    from avkd_cli.analysis.text import metrics_parts
    from avkd_cli.steps.analyze.metrics import MetricRules, metrics

    rules = MetricRules(eer_mode, p_targets, c_miss, c_fa)
    show(metrics(scores, rules=rules, **asked), metrics_parts, as_json)
