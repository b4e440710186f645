"""`avkd analyze metrics`."""

import click

from avkd_cli import options
from avkd_cli.commands.analyze_output import show, trial_list


@click.command("metrics")
@click.argument("scores", nargs=-1, required=True, type=options.text_file)
@trial_list
@options.as_json
def metrics(scores: tuple[str, ...], trials: str | None, as_json: bool) -> None:
    """Print EER, minDCF, counts and a signature of each of SCORES.

    Tied scores are one threshold, the EER is interpolated between thresholds, minDCF is
    normalised, at priors 0.01 and 0.05. The signature says so, with the list's name, digest
    and counts, to paste under a table.

    \b
    Example:
        avkd analyze metrics base.scores kd.scores
        avkd analyze metrics kaldi.scores --trials voxceleb1.txt --json | jq .files[].eer_percent
    """
    from avkd_cli.analysis.text import metrics_text
    from avkd_cli.steps.analyze.metrics import metrics

    show(metrics(scores, trials), metrics_text, as_json)
