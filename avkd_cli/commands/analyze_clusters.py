"""`avkd analyze clusters`."""

from pathlib import Path

import click

from avkd_cli import options
from avkd_cli.commands.analyze_output import show
from avkd_cli.commands.analyze_shown import plot_file
from avkd_cli.shown import Picture


@click.command("clusters")
@click.argument("utterances", type=options.utterance_list, metavar="LIST.jsonl")
@click.argument("stores", nargs=-1, required=True, type=options.store, metavar="STORE [STORE]")
@click.option(
    "--most",
    type=click.IntRange(1, 1000),
    default=10,
    show_default=True,
    help="Clusters, pairs and misfits that are listed of each kind.",
)
@click.option(
    "--page",
    type=click.Path(path_type=Path),
    metavar="FILE.html",
    help="Page to write: tables that sort, and size against confidence.",
)
@plot_file
@options.as_json
def clusters(
    utterances: str,
    stores: tuple[str, ...],
    most: int,
    page: Path | None,
    plot: Picture | None,
    as_json: bool,
) -> None:
    """Look at the clusters that a teacher made: the largest, the smallest, the most doubtful.

    LIST.jsonl is what corpus cluster wrote, or clusters.jsonl of a run of distill --unlabelled;
    STORE are the embeddings that it was made from. A cluster's confidence is the mean affinity
    of its pairs less that to the nearest other cluster.

    \b
    Example:
        avkd analyze clusters clustered.jsonl voice-emb.zarr face-emb.zarr --page clusters.html
        avkd analyze clusters runs/student/clusters.jsonl teacher-emb.zarr --plot sizes.svg
    """
    from avkd_cli.analysis.report.clusters import clusters_parts
    from avkd_cli.steps.analyze.clusters import look_at_clusters

    show(
        look_at_clusters(utterances, stores, most=most, page=page, plot=plot),
        clusters_parts,
        as_json,
    )
