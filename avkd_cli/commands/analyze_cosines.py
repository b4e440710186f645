"""`avkd analyze cosines`."""

import click

from avkd_cli import options
from avkd_cli.commands.analyze_output import show
from avkd_cli.commands.analyze_shown import named, plot_file
from avkd_cli.options import number


@click.command("cosines")
@click.argument("stores", nargs=-1, required=True, type=options.store)
@named
@options.list_file
@number("--seed", "Of the recordings drawn where there are too many for all pairs.", 0, least=0)
@plot_file
@options.as_json
def cosines(stores: tuple[str, ...], as_json: bool, **asked) -> None:
    """Say how close embeddings of one person are, and those of two.

    Mean cosine of all pairs of recordings of one person, of two people, and of two people in
    absolute value. STORES are systems, or one system after ever more training: the picture draws
    them in the order given.

    \b
    Example:
        avkd analyze cosines epoch-01.zarr epoch-10.zarr epoch-50.zarr --plot cosines.svg
    """
    from avkd_cli.analysis.text_stores import cosines_parts
    from avkd_cli.steps.analyze.cosines import cosines

    show(cosines(stores, **asked), cosines_parts, as_json)
