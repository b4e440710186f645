"""`avkd analyze weights`."""

from pathlib import Path

import click

from avkd_cli import options
from avkd_cli.commands.analyze_output import show
from avkd_cli.commands.analyze_shown import named, plot_file
from avkd_cli.shown import Picture


@click.command("weights")
@click.argument("stores", nargs=-1, required=True, type=options.store)
@named
@options.list_file
@click.option(
    "--utterance",
    "utterances",
    multiple=True,
    metavar="ID",
    help="Show its time line; again for more.  [default: the first ones]",
)
@click.option(
    "--show",
    "shown",
    type=click.IntRange(0, 40),
    default=4,
    show_default=True,
    help="How many time lines, where none are named.",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Of the persons drawn for intervals.",
)
@plot_file
@options.as_json
def weights(
    stores: tuple[str, ...],
    list_file: Path | None,
    utterances: tuple[str, ...],
    shown: int,
    seed: int,
    plot: Picture | None,
    as_json: bool,
) -> None:
    """Draw which moments of a film, and of its sound, counted.

    STORES hold weights of moments (extract-embeddings --level weights), such as one a sense of one
    joint network. Says of each how decided it is (the deviation of an utterance's weights over
    their mean), and of each two how far they agree: the correlation of their weights over the
    time that both last, as the generators see them.

    \b
    Example:
        avkd analyze weights heard.zarr seen.zarr --plot weights.svg
    """
    from avkd_cli.analysis.text_stores import weights_parts
    from avkd_cli.steps.analyze.weights import weights

    result = weights(
        stores, list_file=list_file, utterances=utterances, shown=shown, seed=seed, plot=plot
    )
    show(result, weights_parts, as_json)
