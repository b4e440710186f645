"""`avkd corpus cluster`: people nobody named, by what embeddings say."""

from pathlib import Path

import click

from avkd_cli import options


@click.command()
@click.argument("stores", nargs=-1, required=True, type=options.store, metavar="STORE [STORE]")
@click.option(
    "--list",
    "utterances",
    type=options.utterance_list,
    required=True,
    metavar="FILE.jsonl",
    help="Labelled people, and lines without a person.",
)
@click.option(
    "--threshold",
    type=click.FloatRange(-1, 1),
    help="Affinity from which on clusters are one person.  [default: chosen on the labelled]",
)
@click.option(
    "--film",
    default="session",
    show_default=True,
    metavar="COLUMN",
    help="What has one person alone, such as a film; '' for nothing.",
)
@click.option(
    "--least",
    type=click.IntRange(1),
    default=2,
    show_default=True,
    help="Utterances of the smallest cluster; fewer are noise.",
)
@click.option(
    "--separation",
    type=click.FloatRange(0, 1),
    default=0.5,
    show_default=True,
    help="Least pairwise F of the labelled people, their names hidden; below, nothing is done.",
)
@click.option(
    "--truth", default="", metavar="COLUMN", help="Who they truly are, for figures alone."
)
@click.option(
    "--exact-up-to",
    type=click.IntRange(2),
    default=20_000,
    show_default=True,
    help="Utterances that are compared each with each; more by near neighbours (avkd[cluster]).",
)
@click.option(
    "--report", type=click.Path(path_type=Path), metavar="FILE.json", help="The figures, as JSON."
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE.jsonl",
    help="List to write, which may be the same; its paths are relative to its folder.  "
    "[default: stdout, with absolute paths]",
)
@click.option("-q", "--quiet", is_flag=True, help="Do not print the summary on stderr.")
def cluster(
    stores: tuple[str, ...],
    utterances: str,
    report: Path | None,
    output: Path | None,
    quiet: bool,
    **rules,
) -> None:
    """Find the people whom nobody named.

    STORE holds embeddings of a teacher that sees and hears, or two are given, one of each sense,
    whose cosines are z-normed and averaged; what has a face or a voice alone joins by that, where
    the labelled people separate by it. Utterances are put together by average linkage; those
    of one film are one person's, and labelled people stay apart. The lines of the list are kept:
    who has no person gets cluster-00017, or the labelled person that it falls in with, and
    person_of: teacher; noise gets no person. The list can be trained on by --list, here or
    elsewhere.

    \b
    Example:
        avkd corpus cluster fused.zarr --list people.jsonl -o clustered.jsonl
        avkd corpus cluster voice.zarr face.zarr --list people.jsonl --truth x-who
    """
    from avkd_cli.recipes.cluster_rules import Rules
    from avkd_cli.steps.corpus_cluster import cluster_list

    if len(stores) > 2:
        raise click.UsageError("give one STORE, or one of each sense")
    cluster_list(stores, utterances, output, Rules(**rules), report=report, quiet=quiet)
