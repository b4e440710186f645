"""`avkd analyze venn`."""

import click

from avkd_cli import options
from avkd_cli.commands.analyze_output import people_list, show, strict, trial_list
from avkd_cli.commands.analyze_shown import named, plot_file
from avkd_cli.options import path, real, source


@click.command("venn")
@source("--a", "PATH", "Scores of the baseline.", required=True)
@source("--b", "PATH", "Scores of what replaces it.", required=True)
@source("--c", "PATH", "Scores of a third, such as the other sense.")
@source("--d", "PATH", "Scores of a fourth.")
@real("--threshold-a", "Accept at this score.  [default: a's at its EER]")
@real("--threshold-b", "The same for b.")
@real("--threshold-c", "The same for c.")
@real("--threshold-d", "The same for d.")
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
