"""`avkd analyze det`."""

from pathlib import Path

import click

from avkd_cli import options
from avkd_cli.commands.analyze_output import plot_file, show, trial_list


@click.command("det")
@click.argument("scores", nargs=-1, required=True, type=options.text_file)
@trial_list
@click.option("--kind", type=click.Choice(["det", "roc", "histogram"]), default="det",
              show_default=True, help="Picture to draw.")  # fmt: skip
@plot_file
@options.as_json
def det(
    scores: tuple[str, ...], trials: str | None, kind: str, plot: Path | None, as_json: bool
) -> None:
    """Draw the detection error trade-off of SCORES.

    Misses against false alarms on probit axes, where Gaussian scores make straight lines, with
    the EER of each; or a ROC, or the histogram of one file. The JSON has the points of each
    curve, as fractions.

    \b
    Example:
        avkd analyze det audio.scores visual.scores fusion.scores --plot det.svg
        avkd analyze det audio.scores --kind histogram --plot scores.png
    """
    from avkd_cli.analysis.text import metrics_text
    from avkd_cli.steps.analyze.det import det

    show(det(scores, trials, kind, plot), metrics_text, as_json)
