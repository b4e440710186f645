"""`avkd analyze breakdown`."""

import click

from avkd_cli import options
from avkd_cli.commands.analyze_output import resampling, show, strict, trial_list
from avkd_cli.commands.analyze_shown import named, plot_file
from avkd_cli.shown import Picture


@click.command("breakdown")
@click.argument("scores", type=options.text_file)
@click.option(
    "--people",
    required=True,
    type=click.Path(path_type=str),
    metavar="LIST.jsonl",
    help="List of utterances that says who is who, and has the column.",
)
@click.option(
    "--by",
    "column",
    required=True,
    metavar="COLUMN",
    help="Key of its lines: sex, nationality, age, session, duration …",
)
@named
@trial_list
@click.option("--threshold", type=float, help="Decide here.  [default: at the EER of all trials]")
@click.option("--fmr", type=click.FloatRange(0, 1), help="Decide at this false-match rate of all.")
@click.option(
    "--min-persons",
    type=click.IntRange(1),
    default=10,
    show_default=True,
    help="Smaller groups are named without figures.",
)
@click.option("--pairs", is_flag=True, help="Keep groups whose two sides differ apart.")
@resampling()
@plot_file
@strict
@options.as_json
def breakdown(
    scores: str,
    people: str,
    column: str,
    trials: str | None,
    threshold: float | None,
    fmr: float | None,
    min_persons: int,
    pairs: bool,
    resamples: int,
    seed: int,
    plot: Picture | None,
    as_json: bool,
) -> None:
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

    if threshold is not None and fmr is not None:
        raise click.UsageError("--threshold and --fmr cannot both be given")
    result = by_column(
        scores,
        column,
        people,
        trials=trials,
        threshold=threshold,
        fmr=fmr,
        min_persons=min_persons,
        pairs=pairs,
        resamples=resamples,
        seed=seed,
        plot=plot,
    )
    show(result, breakdown_parts, as_json)
