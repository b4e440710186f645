"""`avkd corpus check`."""

from pathlib import Path

import click

from avkd_cli import options


@click.command("check")
@click.argument("source", metavar="LIST|DIR", type=options.utterance_list)
@click.option(
    "--store",
    "stores",
    multiple=True,
    type=options.store,
    metavar="STORE",
    help="A store made of it: its rejects, faces not found, and what is equal once decoded.",
)
@click.option(
    "--root",
    type=click.Path(path_type=Path),
    help="Paths are relative to this folder and stay inside.  [default: the list's folder]",
)
@click.option("--strict", is_flag=True, help="End with 65 where something should be mended.")
@options.as_json
def check(
    source: str, stores: tuple[str, ...], root: Path | None, strict: bool, as_json: bool
) -> None:
    """Look a corpus over before any work, on one page.

    LIST is a list of utterances, or - for stdin; DIR a folder of people. Says how many clips
    people have and who has one, which senses are missing, what the files are by their content,
    what cannot be read, and files of equal bytes under two names, of one person or of two.
    Nothing is decoded and nothing written.

    \b
    Example:
        avkd corpus check recordings/
        avkd corpus check people.jsonl --store audio.zarr --store faces.zarr
    """
    from avkd_cli.steps.corpus_check import check_corpus

    check_corpus(source, stores, root=root, as_json=as_json, strict=strict)
