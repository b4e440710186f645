"""`avkd analyze venn`."""

from pathlib import Path

import click

from avkd_cli import options
from avkd_cli.commands.analyze_output import people_list, show, strict, trial_list
from avkd_cli.commands.analyze_shown import named, plot_file
from avkd_cli.shown import Picture

LETTERS = ("a", "b", "c", "d")


@click.command("venn")
@click.option("--a", required=True, type=options.text_file, help="Scores of the baseline.")
@click.option("--b", required=True, type=options.text_file, help="Scores of what replaces it.")
@click.option("--c", type=options.text_file, help="Scores of a third, such as the other sense.")
@click.option("--d", type=options.text_file, help="Scores of a fourth.")
@click.option("--threshold-a", type=float, help="Accept at this score.  [default: a's at its EER]")
@click.option("--threshold-b", type=float, help="The same for b.")
@click.option("--threshold-c", type=float, help="The same for c.")
@click.option("--threshold-d", type=float, help="The same for d.")
@click.option("--fmr", type=click.FloatRange(0, 1), help="Decide at this false-match rate instead.")
@named
@trial_list
@click.option(
    "--trials-out",
    type=click.Path(path_type=Path),
    metavar="FILE.tsv",
    help="Write every trial with its region and scores.",
)
@click.option(
    "--persons-out",
    type=click.Path(path_type=Path),
    metavar="FILE.tsv",
    help="Write who gains and who loses, most gaining first.",
)
@people_list
@plot_file
@strict
@options.as_json
def venn(
    trials: str | None,
    fmr: float | None,
    trials_out: Path | None,
    persons_out: Path | None,
    people: str | None,
    plot: Picture | None,
    as_json: bool,
    **by_letter: str | float | None,
) -> None:
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

    systems = {letter: by_letter[letter] for letter in LETTERS if by_letter[letter]}
    thresholds = {
        letter: by_letter[f"threshold_{letter}"]
        for letter in LETTERS
        if by_letter[f"threshold_{letter}"] is not None
    }
    result = venn(
        systems,
        thresholds=thresholds,
        fmr=fmr,
        trials=trials,
        people=people,
        trials_out=trials_out,
        persons_out=persons_out,
        plot=plot,
    )
    show(result, venn_parts, as_json)
