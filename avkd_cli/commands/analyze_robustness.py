"""`avkd analyze robustness`."""

import click

from avkd_cli import options
from avkd_cli.commands.analyze_output import people_list, resampling, score_format, show, trial_list
from avkd_cli.commands.analyze_shown import plot_file
from avkd_cli.options import text


@click.command("robustness")
@click.argument("folder", type=click.Path(path_type=str))
@text("--baseline", "SYSTEM", "What the others are compared with.  [default: the first by name]")
@trial_list
@score_format
@people_list
@resampling(1000, least=100)
@plot_file
@options.as_json
def robustness(folder: str, as_json: bool, **asked) -> None:
    """Show EER against disturbance, from the score files of FOLDER.

    FOLDER holds SYSTEM.CONDITION-LEVEL.scores, such as audio.babble-5.scores, and
    SYSTEM.clean.scores. Under each condition every system has a 95 % interval and a paired
    difference from the baseline, by drawing persons; last, in words, where one is better.

    \b
    Example:
        avkd prep-audio test.jsonl -o b5.zarr --disturb babble --snr 5 --noise musan.zarr
        avkd extract-embeddings kd b5.zarr -o kd-b5.zarr
        avkd score trials.txt kd-clean.zarr kd-b5.zarr -o noisy/kd.babble-5.scores
        avkd analyze robustness noisy --baseline audio --plot noisy.svg
    """
    from avkd_cli.analysis.robustness import robustness_parts
    from avkd_cli.steps.analyze.robustness import robustness

    show(robustness(folder, **asked), robustness_parts, as_json)
