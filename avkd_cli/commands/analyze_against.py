"""The analyses of systems against each other: compare, venn."""

import click

from avkd_cli import options
from avkd_cli.commands.analyze_output import (
    COST,
    people_list,
    score_files,
    show,
    strict,
    trial_list,
)
from avkd_cli.commands.analyze_shown import named, plot_file, plot_with_ends
from avkd_cli.options import choice, number, option, path, real, source, text, together

USUAL = "eer,min_dcf_0.01,min_dcf_0.05"


def names(value: str) -> tuple[str, ...]:
    """Return names that are given by commas, each once."""
    return tuple(dict.fromkeys(one.strip() for one in value.split(",") if one.strip()))


@click.command("compare")
@click.argument("scores", nargs=-1, required=True, type=options.text_file)
@named
@score_files
@people_list
@choice(
    "--by",
    ["person", "trial"],
    "What is drawn with replacement; trials give too narrow intervals.",
    default="person",
)
@number("--resamples", "How many lists are drawn.", 1000, least=100, most=100_000)
@number("--seed", "Of the draws.", 0, least=0)
@text(
    "--metrics",
    "NAME[,NAME...]",
    "What is compared, by commas: eer, eer_MODE (of 'analyze metrics'), min_dcf_P "
    "and act_dcf_P at a probability P of a target, fnmr_at_fmr_RATE, auc, min_cllr, "
    "cllr. What may be claimed is said of the first.",
    default=USUAL,
    type=names,
)
@option("--c-miss", "Cost of a miss in min_dcf and act_dcf.", type=COST, default=1.0)
@option("--c-fa", "Cost of a false alarm.", type=COST, default=1.0)
@text(
    "--fail-if-worse",
    "METRIC",
    "Exit with 3 if a later one is worse in it beyond its interval; compared even "
    "if --metrics does not name it.",
)
@plot_with_ends
@strict
@options.as_json
def compare(
    scores: tuple[str, ...],
    metrics: tuple[str, ...],
    c_miss: float,
    c_fa: float,
    fail_if_worse: str | None,
    as_json: bool,
    **asked,
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

    names = dict.fromkeys((*metrics, fail_if_worse) if fail_if_worse else metrics)
    try:
        wanted = [figure(name, c_miss, c_fa) for name in names]
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    if not wanted:
        raise click.UsageError("--metrics names nothing")
    result = compare(scores, wanted=wanted, **asked)
    show(result, compare_parts, as_json)
    if fail_if_worse:
        gate(result, fail_if_worse)


@click.command("venn")
@source("--a", "PATH", "Scores of the baseline.", required=True)
@source("--b", "PATH", "Scores of what replaces it.", required=True)
@source("--c", "PATH", "Scores of a third, such as the other sense.")
@source("--d", "PATH", "Scores of a fourth.")
@real("--threshold-a", "Accept at this score.  [default: a's at its EER]")
@together(*(real(f"--threshold-{one}", f"The same for {one}.") for one in "bcd"))
@real("--fmr", "Decide at this false-match rate instead.", least=0, most=1)
@named
@trial_list
@path("--trials-out", "FILE.tsv", "Write every trial with its region and scores.")
@path("--persons-out", "FILE.tsv", "Write who gains and who loses, most gaining first.")
@people_list
@plot_file
@strict
@options.as_json
def venn(as_json: bool, **asked) -> None:
    """Count the trials that b corrects and breaks against a.

    A trial is accepted when its score is at least the threshold: each system's own at its
    EER, unless one is given. Trials are matched by their ids, never by position. Every region
    is counted: both right, both wrong, newly right (wrong for a, right for b), newly wrong;
    with --c, how many of the newly right c has right.

    \b
    Example:
        avkd analyze venn --a visual.scores --b visual-kd.scores --c audio.scores
        avkd analyze venn --a base.scores --b kd.scores --threshold-a 0.31 --threshold-b 0.35 \\
          --trials-out regions.tsv && grep -w newly_right regions.tsv
    """
    from avkd_cli.analysis.text import venn_parts
    from avkd_cli.steps.analyze.venn import venn

    given = {letter: (asked.pop(letter), asked.pop(f"threshold_{letter}")) for letter in "abcd"}
    systems = {letter: scores for letter, (scores, _) in given.items() if scores}
    thresholds = {letter: at for letter, (_, at) in given.items() if at is not None}
    show(venn(systems, thresholds=thresholds, **asked), venn_parts, as_json)
