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


@click.command("metrics")
@click.argument("scores", nargs=-1, required=True, type=options.text_file)
@named
@trial_list
@score_format
@click.option(
    "--eer-mode",
    type=click.Choice(EER_MODES),
    default="interp",
    show_default=True,
    help="What the EER is where no threshold makes both rates equal; the others are "
    "those of toolkits, and rocch is on the ROC's convex hull.",
)
@priors
@click.option("--c-miss", type=COST, default=1.0, show_default=True, help="Cost of a miss.")
@click.option("--c-fa", type=COST, default=1.0, show_default=True, help="Cost of a false alarm.")
@resampling()
@people_list
@strict
@options.as_json
def metrics(
    scores: tuple[str, ...],
    trials: str | None,
    in_format: str | None,
    eer_mode: str,
    p_target: tuple[float, ...],
    c_miss: float,
    c_fa: float,
    resamples: int,
    seed: int,
    people: str | None,
    as_json: bool,
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

    rules = MetricRules(eer_mode, p_target, c_miss, c_fa)
    result = metrics(
        scores, trials, rules, in_format=in_format, people=people, resamples=resamples, seed=seed
    )
    show(result, metrics_parts, as_json)
