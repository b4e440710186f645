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
@click.option(
    "--hard",
    type=click.Path(path_type=str),
    metavar="SCORES",
    help="Take the recordings of most wrong trials in a score file, and all others of "
    "their persons.",
)
@click.option(
    "--samples", type=click.IntRange(1), default=20, show_default=True, help="How many hard ones."
)
@click.option(
    "--persons",
    type=click.IntRange(1),
    default=20,
    show_default=True,
    help="Most persons; those with most recordings are taken.",
)
@click.option(
    "--recordings",
    type=click.IntRange(2),
    default=30,
    show_default=True,
    help="Most recordings of each.",
)
@click.option(
    "--perplexity",
    type=click.FloatRange(1),
    default=30.0,
    show_default=True,
    help="About how many neighbours t-SNE keeps together.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of t-SNE.")
@plot_file
@options.as_json
def tsne(
    stores: tuple[str, ...],
    list_file: Path | None,
    hard: str | None,
    samples: int,
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

    With --hard, the recordings that stand in most wrong trials of a system, each decided at its
    EER's threshold, are crossed, and their outliers are counted apart; where too few are wrong,
    those follow that are nearest to it.

    \b
    Example:
        avkd analyze tsne audio-emb.zarr visual-emb.zarr fusion-emb.zarr --plot tsne.svg
        avkd analyze tsne audio-emb.zarr fusion-emb.zarr --hard audio.scores --plot hard.svg
    """
    from avkd_cli.analysis.text_stores import tsne_parts
    from avkd_cli.steps.analyze.tsne import tsne

    result = tsne(
        stores,
        list_file=list_file,
        hard=hard,
        samples=samples,
        persons=persons,
        recordings=recordings,
        perplexity=perplexity,
        seed=seed,
        plot=plot,
    )
    show(result, tsne_parts, as_json)
