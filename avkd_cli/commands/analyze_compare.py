"""`avkd analyze compare`."""

import click

from avkd_cli import options
from avkd_cli.commands.analyze_output import (
    COST,
    people_list,
    score_format,
    show,
    strict,
    trial_list,
)
from avkd_cli.commands.analyze_shown import named, plot_with_ends
from avkd_cli.shown import Picture

USUAL = "eer,min_dcf_0.01,min_dcf_0.05"


def names(value: str) -> tuple[str, ...]:
    """Return names that are given by commas, each once."""
    return tuple(dict.fromkeys(one.strip() for one in value.split(",") if one.strip()))


@click.command("compare")
@click.argument("scores", nargs=-1, required=True, type=options.text_file)
@named
@trial_list
@score_format
@people_list
@click.option(
    "--by",
    type=click.Choice(["person", "trial"]),
    default="person",
    show_default=True,
    help="What is drawn with replacement; trials give too narrow intervals.",
)
@click.option(
    "--resamples",
    type=click.IntRange(100, 100_000),
    default=1000,
    show_default=True,
    help="How many lists are drawn.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the draws.")
@click.option(
    "--metrics",
    default=USUAL,
    show_default=True,
    metavar="NAME[,NAME...]",
    callback=lambda _ctx, _param, value: names(value),
    help="What is compared, by commas: eer, eer_MODE (of 'analyze metrics'), min_dcf_P "
    "and act_dcf_P at a probability P of a target, fnmr_at_fmr_RATE, auc, min_cllr, "
    "cllr. What may be claimed is said of the first.",
)
@click.option(
    "--c-miss",
    type=COST,
    default=1.0,
    show_default=True,
    help="Cost of a miss in min_dcf and act_dcf.",
)
@click.option("--c-fa", type=COST, default=1.0, show_default=True, help="Cost of a false alarm.")
@click.option(
    "--fail-if-worse",
    metavar="METRIC",
    help="Exit with 3 if a later one is worse in it beyond its interval; compared even "
    "if --metrics does not name it.",
)
@plot_with_ends
@strict
@options.as_json
def compare(
    scores: tuple[str, ...],
    trials: str | None,
    in_format: str | None,
    people: str | None,
    by: str,
    resamples: int,
    seed: int,
    metrics: tuple[str, ...],
    c_miss: float,
    c_fa: float,
    fail_if_worse: str | None,
    plot: Picture | None,
    as_json: bool,
) -> None:
    """Say whether later SCORES are better than the first, and how sure that is.

    Every metric comes with a 95 % interval, every difference with a paired one and its p, by
    drawing persons with replacement: what would come out with other persons of the same kind.
    Last, in words, what may be claimed. The picture has the DET curves with their bands, and the
    differences. Score files may be of any toolkit and of two different ones.

    \b
    Example:
        avkd analyze compare base.scores kd.scores --plot compare.svg
        avkd analyze compare base.scores kd.scores --metrics eer,min_dcf_0.001,auc,min_cllr
        avkd analyze compare old.scores new.scores --people people.jsonl --fail-if-worse eer
    """
    from avkd_cli.analysis.text import compare_parts
    from avkd_cli.steps.analyze.compare import compare, gate
    from avkd_cli.verification.figure import figure

    if fail_if_worse:
        metrics = (*metrics, fail_if_worse) if fail_if_worse not in metrics else metrics
    try:
        wanted = [figure(name, c_miss, c_fa) for name in metrics]
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    if not wanted:
        raise click.UsageError("--metrics names nothing")
    result = compare(
        scores,
        trials=trials,
        in_format=in_format,
        people=people,
        by=by,
        resamples=resamples,
        seed=seed,
        plot=plot,
        wanted=wanted,
    )
    show(result, compare_parts, as_json)
    if fail_if_worse:
        gate(result, fail_if_worse)
