"""`avkd analyze identify`."""

import click

from avkd_cli import options
from avkd_cli.commands.analyze_output import (
    people_list,
    resampling,
    score_files,
    show,
    strict,
)
from avkd_cli.commands.analyze_shown import named, picture, plot_file
from avkd_cli.options import choice, number, path, source, text


def ranks(value: str) -> tuple[int, ...]:
    """Return the ranks that are given by commas, each once, rising."""
    try:
        found = sorted({int(one) for one in value.split(",")})
    except ValueError:
        raise click.BadParameter(f"{value!r} is no whole number, nor several by commas") from None
    if found[0] < 1:
        raise click.BadParameter(f"{found[0]} is no rank; the first is 1")
    return tuple(found)


def sizes(value: str) -> tuple[int, ...]:
    """Return the N of 1:N matching that are given by commas, each once, rising."""
    found = ranks(value)
    if found[0] < 2:
        raise click.BadParameter(f"{found[0]} is no N; the least is 2")
    return found


@click.command("identify")
@click.argument("inputs", nargs=-1, required=True, type=options.store)
@path("--enrol", "LIST.jsonl", "Of stores: utterances that are enrolled, one model a person.")
@number(
    "--enrol-first",
    "Of stores: enrol each person's first N utterances.  [default: 1]",
    least=1,
    metavar="N",
)
@source(
    "--gallery galleries",
    "STORE",
    "Of stores: look among these, such as faces for voices; once for all INPUTS, or "
    "once for each in their order.",
    multiple=True,
)
@choice(
    "--candidates",
    ("person", "utterance"),
    "Of stores: one candidate a person, the mean of the "
    "enrolled; or every utterance of the gallery, as in 1:N matching.",
    default="person",
)
@source(
    "--matching-list matching_lists",
    "LIST",
    "Of stores: lines 'probe right other …', one N a list, in place "
    "of all galleries; may be given several times.",
    multiple=True,
)
@text(
    "--match",
    "N[,N...]",
    "N of 1:N matching.  [default: 2 to 10, where there are as many]",
    type=sizes,
)
@named
@options.list_file
@score_files
@people_list
@text("--ranks", "K[,K...]", "k of the rank-k rates.", default="1,5,10", type=ranks)
@resampling(1000)
@plot_file
@picture("--matching-plot", "Draw 1:N matching against N.")
@strict
@options.as_json
def identify(inputs: tuple[str, ...], as_json: bool, **asked) -> None:
    """Say how often the right person is found among many.

    INPUTS are embedding stores, one a system: each utterance that is not enrolled is compared with
    the mean embedding of every enrolled person. Or score files on a list in which every test
    recording meets its candidates, exactly one of them the right person.

    Rates are the identification accuracy (rank 1), rank k, the accuracy averaged over persons
    (unweighted), and 1:N matching for N from 2 to 10, each with an interval over persons. Who has
    nobody in the gallery is left out and counted. With --candidates utterance each recording of the
    right person in turn stands among all of others: 1:N over all galleries of one right and N - 1
    others, exactly; exchange the two stores for the other way round.

    \b
    Example:
        avkd analyze identify student-emb.zarr --enrol-first 3 --plot cmc.svg
        avkd analyze identify voice-emb.zarr --gallery face-emb.zarr --enrol enrol.jsonl
        avkd analyze identify voices.zarr --gallery faces.zarr --candidates utterance \\
          --match 2,4,6,8,10 --matching-plot matching.svg
        avkd analyze identify faces.zarr --gallery voices.zarr --candidates utterance
        avkd analyze identify base.scores kd.scores
    """
    from avkd_cli.analysis.text import identify_parts
    from avkd_cli.steps.analyze.identify import identify

    show(identify(inputs, **asked), identify_parts, as_json)
