"""`avkd analyze pcc`."""

import click

from avkd_cli import options
from avkd_cli.commands.analyze_output import show
from avkd_cli.commands.analyze_shown import named
from avkd_cli.options import path


@click.command("pcc")
@click.argument("stores", nargs=-1, required=True, type=options.store)
@named
@options.list_file
@path("-o --output", "FILE.json", "Write the JSON there as well.")
@options.as_json
def pcc(stores: tuple[str, ...], as_json: bool, **asked) -> None:
    """Say how alike embedding STORES are, utterance by utterance.

    Every pair of stores: Pearson correlation (per segment, pooled, per dimension), linear CKA,
    mean cosine distance. Every store: alignment, uniformity, variance within and between
    persons. Utterances are matched by id. A correlation depends on the coordinate basis, CKA
    does not.

    \b
    Example:
        avkd analyze pcc audio-emb.zarr visual-emb.zarr teacher-emb.zarr
    """
    from avkd_cli.analysis.text_stores import correlation_parts
    from avkd_cli.steps.analyze.correlation import correlations

    show(correlations(stores, **asked), correlation_parts, as_json)
