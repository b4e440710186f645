"""`avkd corpus cluster`: people nobody named, by what embeddings say."""

from pathlib import Path

import click

from avkd_cli import options
from avkd_cli.options import flag, number, path, real, source, text


@click.command()
@click.argument("stores", nargs=-1, required=True, type=options.store, metavar="STORE [STORE]")
@source(
    "--list utterances", "FILE.jsonl", "Labelled people, and lines without a person.", required=True
)
@real(
    "--threshold",
    "Affinity from which on clusters are one person.  [default: chosen on the labelled]",
    least=-1,
    most=1,
)
@text(
    "--film",
    "COLUMN",
    "What has one person alone, such as a film; '' for nothing.",
    default="session",
)
@number("--least", "Utterances of the smallest cluster; fewer are noise.", 2, least=1)
@real(
    "--separation",
    "Least pairwise F of the labelled people, their names hidden; below, nothing is done.",
    0.5,
    least=0,
    most=1,
)
@text("--truth", "COLUMN", "Who they truly are, for figures alone.", default="")
@number(
    "--exact-up-to",
    "Utterances that are compared each with each; more by near neighbours (avkd[cluster]).",
    20_000,
    least=2,
)
@path("--report", "FILE.json", "The figures, as JSON.")
@options.rewritten_list
@flag("-q --quiet", "Do not print the summary on stderr.")
def cluster(
    stores: tuple[str, ...],
    utterances: str,
    output: Path | None,
    report: Path | None,
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
