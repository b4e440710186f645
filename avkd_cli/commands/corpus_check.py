"""`avkd corpus check`."""

import click

from avkd_cli import options
from avkd_cli.options import flag, source


@click.command("check")
@click.argument("source", metavar="LIST|DIR", type=options.utterance_list)
@source(
    "--store stores",
    "STORE",
    "A store made of it: its rejects, faces not found, and what is equal once decoded.",
    multiple=True,
)
@options.root("the list")
@flag("--strict", "End with 65 where something should be mended.")
@options.as_json
def check(source: str, stores: tuple[str, ...], **asked) -> None:
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

    check_corpus(source, stores, **asked)
