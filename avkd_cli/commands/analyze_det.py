"""`avkd analyze det`."""

import click

from avkd_cli import options
from avkd_cli.commands.analyze_output import (
    people_list,
    priors,
    resampling,
    score_format,
    show,
    strict,
    trial_list,
)
from avkd_cli.commands.analyze_shown import named, plot_with_ends
from avkd_cli.shown import Picture


@click.command("det")
@click.argument("scores", nargs=-1, required=True, type=options.text_file)
@named
@trial_list
@score_format
@click.option(
    "--kind",
    type=click.Choice(["det", "roc", "histogram", "reliability"]),
    default="det",
    show_default=True,
    help="Picture to draw.",
)
@priors
@click.option(
    "--prior",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.5,
    show_default=True,
    help="Probability of a target in a reliability diagram.",
)
@resampling()
@people_list
@plot_with_ends
@strict
@options.as_json
def det(
    scores: tuple[str, ...],
    trials: str | None,
    in_format: str | None,
    kind: str,
    p_target: tuple[float, ...],
    prior: float,
    resamples: int,
    seed: int,
    people: str | None,
    plot: Picture | None,
    as_json: bool,
) -> None:
    """Draw the detection error trade-off of SCORES.

    Misses against false alarms on probit axes, where Gaussian scores make straight lines, with
    the EER and minDCF points of each and, with --resamples, a band over persons; or a ROC. Of
    one file a histogram, or a reliability diagram, which shows whether log-likelihood ratios
    say what happens. The JSON has the points of each curve, as fractions.

    \b
    Example:
        avkd analyze det audio.scores visual.scores --resamples 500 --plot det.svg
        avkd analyze det audio.scores --kind histogram --plot scores.png
        avkd analyze det llr.scores --kind reliability --plot reliability.pdf
    """
    from avkd_cli.analysis.text import metrics_parts
    from avkd_cli.steps.analyze.det import det

    result = det(
        scores,
        trials,
        kind,
        plot,
        in_format=in_format,
        p_targets=p_target,
        prior=prior,
        people=people,
        resamples=resamples,
        seed=seed,
    )
    show(result, metrics_parts, as_json)
