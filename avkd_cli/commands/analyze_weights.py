"""`avkd analyze weights`."""

import click

from avkd_cli import options
from avkd_cli.commands.analyze_output import show
from avkd_cli.commands.analyze_shown import named, plot_file
from avkd_cli.options import number, text


@click.command("weights")
@click.argument("stores", nargs=-1, required=True, type=options.store)
@named
@options.list_file
@text(
    "--utterance utterances",
    "ID",
    "Show its time line; again for more.  [default: the first ones]",
    multiple=True,
)
@number("--show shown", "How many time lines, where none are named.", 4, least=0, most=40)
@number("--seed", "Of the persons drawn for intervals.", 0, least=0)
@plot_file
@options.as_json
def weights(stores: tuple[str, ...], as_json: bool, **asked) -> None:
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

    show(weights(stores, **asked), weights_parts, as_json)
