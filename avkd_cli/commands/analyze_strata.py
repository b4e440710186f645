"""`avkd analyze strata`."""

import click

from avkd_cli import options
from avkd_cli.commands.analyze_output import resampling, score_format, show, strict, trial_list
from avkd_cli.commands.analyze_shown import named
from avkd_cli.config import STRATA
from avkd_cli.options import choice, source


@click.command("strata")
@click.argument("scores", nargs=-1, required=True, type=options.text_file)
@source(
    "--people", "LIST.jsonl", "List of utterances with sex, nationality and age.", required=True
)
@choice(
    "--stratum chosen",
    STRATA,
    "Sex (G), nationality (N), age within 5 years (A), all three (GNA), sex and age "
    "(GA), or random: all nontargets. May be given several times.  [default: the first "
    "five]",
    multiple=True,
)
@named
@trial_list
@score_format
@resampling()
@strict
@options.as_json
def strata(scores: tuple[str, ...], chosen: tuple[str, ...], as_json: bool, **asked) -> None:
    """Say what is left of SCORES when the two people of a nontarget are alike.

    EER and AUC of each file, its nontargets restricted to pairs of one sex, nationality, age, or
    all; targets stay. Who only tells women from men is at 50 % in G. A stratum without
    nontargets is said. With --resamples, an interval of each by drawing persons.

    \b
    Example:
        avkd analyze strata fop.unseen-random.scores --people people.jsonl --resamples 1000
        avkd analyze strata ce.scores fop.scores --people people.jsonl --stratum G --stratum GNA
    """
    from avkd_cli.analysis.text import strata_parts
    from avkd_cli.steps.analyze.strata import strata

    show(strata(scores, chosen=chosen or STRATA[:5], **asked), strata_parts, as_json)
