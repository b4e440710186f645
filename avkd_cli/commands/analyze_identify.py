"""`avkd analyze identify`."""

from pathlib import Path

import click

from avkd_cli import options
from avkd_cli.commands.analyze_output import (
    enough,
    people_list,
    plot_file,
    score_format,
    show,
    trial_list,
)


def ranks(value: str) -> tuple[int, ...]:
    """Return the ranks that are given by commas, each once, rising."""
    try:
        found = sorted({int(one) for one in value.split(",")})
    except ValueError:
        raise click.BadParameter(f"{value!r} is no whole number, nor several by commas") from None
    if found[0] < 1:
        raise click.BadParameter(f"{found[0]} is no rank; the first is 1")
    return tuple(found)


@click.command("identify")
@click.argument("inputs", nargs=-1, required=True, type=click.Path(path_type=str, allow_dash=True))
@click.option("--enrol", type=click.Path(path_type=Path), metavar="LIST.jsonl",
              help="Of stores: utterances that are enrolled, one model a person.")  # fmt: skip
@click.option("--enrol-first", type=click.IntRange(1), metavar="N",
              help="Of stores: enrol each person's first N utterances.  [default: 1]")  # fmt: skip
@click.option("--gallery", type=options.store, metavar="STORE",
              help="Of stores: look among these, such as faces for voices.")  # fmt: skip
@options.list_file
@trial_list
@score_format
@people_list
@click.option("--ranks", default="1,5,10", show_default=True, metavar="K[,K...]",
              callback=lambda _ctx, _param, value: ranks(value),
              help="k of the rank-k rates.")  # fmt: skip
@click.option("--resamples", type=click.IntRange(0, 100_000), default=1000, show_default=True,
              callback=lambda _ctx, _param, n: enough(n),
              help="Draws of persons with replacement for 95 % intervals; 0: none.")  # fmt: skip
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the draws.")
@plot_file
@options.as_json
def identify(
    inputs: tuple[str, ...],
    enrol: Path | None,
    enrol_first: int | None,
    gallery: str | None,
    list_file: Path | None,
    trials: str | None,
    in_format: str | None,
    people: str | None,
    ranks: tuple[int, ...],
    resamples: int,
    seed: int,
    plot: Path | None,
    as_json: bool,
) -> None:
    """Say how often the right person is found among many.

    INPUTS are embedding stores, one a system: each utterance that is not enrolled is compared with
    the mean embedding of every enrolled person. Or score files on a list in which every test
    recording meets its candidates, exactly one of them the right person.

    Rates are the identification accuracy (rank 1), rank k, the accuracy averaged over persons
    (unweighted), and 1:N matching for N from 2 to 10, each with an interval over persons. Who has
    nobody in the gallery is left out and counted.

    \b
    Example:
        avkd analyze identify student-emb.zarr --enrol-first 3 --plot cmc.svg
        avkd analyze identify voice-emb.zarr --gallery face-emb.zarr --enrol enrol.jsonl
        avkd analyze identify base.scores kd.scores
    """
    from avkd_cli.analysis.text import identify_text
    from avkd_cli.steps.analyze.identify import identify

    result = identify(inputs, gallery=gallery, enrol=enrol, enrol_first=enrol_first,
                      list_file=list_file, trials=trials, in_format=in_format, people=people,
                      ranks=ranks, resamples=resamples, seed=seed, plot=plot)  # fmt: skip
    show(result, identify_text, as_json)
