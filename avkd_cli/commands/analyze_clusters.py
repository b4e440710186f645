"""`avkd analyze clusters`."""

import click

from avkd_cli import options
from avkd_cli.commands.analyze_output import show
from avkd_cli.commands.analyze_shown import plot_file
from avkd_cli.options import number, path


@click.command("clusters")
@click.argument("utterances", type=options.utterance_list, metavar="LIST.jsonl")
@click.argument("stores", nargs=-1, required=True, type=options.store, metavar="STORE [STORE]")
@number(
    "--most", "Clusters, pairs and misfits that are listed of each kind.", 10, least=1, most=1000
)
@path("--page", "FILE.html", "Page to write: tables that sort, and size against confidence.")
@plot_file
@options.as_json
def clusters(utterances: str, stores: tuple[str, ...], as_json: bool, **asked) -> None:
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

    show(look_at_clusters(utterances, stores, **asked), clusters_parts, as_json)
