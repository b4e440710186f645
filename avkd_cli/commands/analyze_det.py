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
from avkd_cli.options import choice, option


@click.command("det")
@click.argument("scores", nargs=-1, required=True, type=options.text_file)
@named
@trial_list
@score_format
@choice("--kind", ["det", "roc", "histogram", "reliability"], "Picture to draw.", default="det")
@priors
@option(
    "--prior",
    "Probability of a target in a reliability diagram.",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.5,
)
@resampling()
@people_list
@plot_with_ends
@strict
@options.as_json
def det(scores: tuple[str, ...], as_json: bool, **asked) -> None:
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

    show(det(scores, **asked), metrics_parts, as_json)
