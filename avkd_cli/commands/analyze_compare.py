"""`avkd analyze compare`."""

from pathlib import Path

import click

from avkd_cli import options
from avkd_cli.commands.analyze_output import people_list, plot_file, show, trial_list

METRICS = ("eer", "min_dcf_0.01", "min_dcf_0.05")


@click.command("compare")
@click.argument("scores", nargs=-1, required=True, type=options.text_file)
@trial_list
@people_list
@click.option("--by", type=click.Choice(["person", "trial"]), default="person", show_default=True,
              help="What is drawn with replacement; trials give too narrow intervals.")  # fmt: skip
@click.option("--resamples", type=click.IntRange(100, 100_000), default=1000, show_default=True,
              help="How many lists are drawn.")  # fmt: skip
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the draws.")
@click.option("--fail-if-worse", type=click.Choice(METRICS), metavar="METRIC",
              help="Exit with 3 if a later one is worse beyond its interval: eer, min_dcf_0.01 "
              "or min_dcf_0.05.")  # fmt: skip
@plot_file
@options.as_json
def compare(
    scores: tuple[str, ...],
    trials: str | None,
    people: str | None,
    by: str,
    resamples: int,
    seed: int,
    fail_if_worse: str | None,
    plot: Path | None,
    as_json: bool,
) -> None:
    """Say whether later SCORES are better than the first, and how sure that is.

    Every metric comes with a 95 % interval, every difference with a paired one and its p, by
    drawing persons with replacement: what would come out with other persons of the same kind.
    Last, in words, what may be claimed.

    \b
    Example:
        avkd analyze compare base.scores kd.scores
        avkd analyze compare old.scores new.scores --people people.jsonl --fail-if-worse eer
    """
    from avkd_cli.analysis.text import compare_text
    from avkd_cli.steps.analyze.compare import compare, gate

    result = compare(scores, trials=trials, people=people, by=by, resamples=resamples, seed=seed,
                     plot=plot)  # fmt: skip
    show(result, compare_text, as_json)
    if fail_if_worse:
        gate(result, fail_if_worse)
