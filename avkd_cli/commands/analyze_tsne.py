"""`avkd analyze tsne`."""

import click

from avkd_cli import options
from avkd_cli.commands.analyze_output import show
from avkd_cli.commands.analyze_shown import named, plot_file
from avkd_cli.options import number, real, source


@click.command("tsne")
@click.argument("stores", nargs=-1, required=True, type=options.store)
@named
@options.list_file
@source(
    "--hard",
    "SCORES",
    "Take the recordings of most wrong trials in a score file, and all others of their persons.",
)
@number("--samples", "How many hard ones.", 20, least=1)
@number("--persons", "Most persons; those with most recordings are taken.", 20, least=1)
@number("--recordings", "Most recordings of each.", 30, least=2)
@real("--perplexity", "About how many neighbours t-SNE keeps together.", 30.0, least=1)
@number("--seed", "Of t-SNE.", 0, least=0)
@plot_file
@options.as_json
def tsne(stores: tuple[str, ...], as_json: bool, **asked) -> None:
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

    show(tsne(stores, **asked), tsne_parts, as_json)
