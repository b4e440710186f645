"""`avkd analyze breakdown`."""

import click

from avkd_cli import options
from avkd_cli.commands.analyze_output import resampling, show, strict, trial_list
from avkd_cli.commands.analyze_shown import named, plot_file
from avkd_cli.options import flag, number, real, source, text


@click.command("breakdown")
@click.argument("scores", type=options.text_file)
@source(
    "--people",
    "LIST.jsonl",
    "List of utterances that says who is who, and has the column.",
    required=True,
)
@text(
    "--by column",
    "COLUMN",
    "Key of its lines: sex, nationality, age, session, duration …",
    required=True,
)
@named
@trial_list
@real("--threshold", "Decide here.  [default: at the EER of all trials]")
@real("--fmr", "Decide at this false-match rate of all.", least=0, most=1)
@number("--min-persons", "Smaller groups are named without figures.", 10, least=1)
@flag("--pairs", "Keep groups whose two sides differ apart.")
@resampling()
@plot_file
@strict
@options.as_json
def breakdown(scores: str, as_json: bool, **asked) -> None:
    """Break the errors of SCORES down by a column of the list of utterances.

    All groups are decided at one threshold, as a product would: the table shows who is missed
    and who is taken for somebody else more often than others. A trial belongs to the value that
    both sides have. Numbers are cut into quarters. Groups of few persons are named without
    figures, since they say more about those persons than about the group. With --resamples each
    rate has an interval by drawing the group's persons.

    \b
    Example:
        avkd analyze breakdown kd.scores --people people.jsonl --by sex
        avkd analyze breakdown kd.scores --people people.jsonl --by nationality --resamples 1000 \\
          --plot nationality.svg
    """
    from avkd_cli.analysis.text import breakdown_parts
    from avkd_cli.steps.analyze.breakdown import by_column

    if asked["threshold"] is not None and asked["fmr"] is not None:
        raise click.UsageError("--threshold and --fmr cannot both be given")
    show(by_column(scores, **asked), breakdown_parts, as_json)
