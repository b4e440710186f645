"""`avkd analyze tsne`."""

from pathlib import Path

import click

from avkd_cli import options
from avkd_cli.commands.analyze_output import show
from avkd_cli.commands.analyze_shown import named, plot_file
from avkd_cli.shown import Picture


@click.command("tsne")
@click.argument("stores", nargs=-1, required=True, type=options.store)
@named
@options.list_file
@click.option("--persons", type=click.IntRange(1), default=20, show_default=True,
              help="Most persons; those with most recordings are taken.")  # fmt: skip
@click.option("--recordings", type=click.IntRange(2), default=30, show_default=True,
              help="Most recordings of each.")  # fmt: skip
@click.option("--perplexity", type=click.FloatRange(1), default=30.0, show_default=True,
              help="About how many neighbours t-SNE keeps together.")  # fmt: skip
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of t-SNE.")
@plot_file
@options.as_json
def tsne(
    stores: tuple[str, ...],
    list_file: Path | None,
    persons: int,
    recordings: int,
    perplexity: float,
    seed: int,
    plot: Picture | None,
    as_json: bool,
) -> None:
    """Count recordings that lie far from their person's others, and draw them by t-SNE.

    The same recordings in each of STORES, such as one a modality and the fusion. A recording is
    an outlier when its distance from its person's mean is above the mean of all such distances
    by more than two standard deviations, in the space of the embeddings: the picture is for the
    eye only. Drawing needs scikit-learn (avkd[tsne]), counting does not.

    \b
    Example:
        avkd analyze tsne audio-emb.zarr visual-emb.zarr fusion-emb.zarr --plot tsne.svg
    """
    from avkd_cli.analysis.text import tsne_text
    from avkd_cli.steps.analyze.tsne import tsne

    result = tsne(stores, list_file=list_file, persons=persons, recordings=recordings,
                  perplexity=perplexity, seed=seed, plot=plot)  # fmt: skip
    show(result, tsne_text, as_json)
