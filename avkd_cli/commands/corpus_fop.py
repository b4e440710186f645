"""`avkd corpus fop-trials` and `avkd corpus fop-csv`."""

from pathlib import Path

import click

from avkd_cli import options
from avkd_cli.options import flag, path

_output = path("-o --output", "FILE", "File to write.  [default: stdout]")


@click.command("fop-trials")
@click.argument("voices", type=options.store)
@click.argument("faces", type=options.store)
@_output
@flag("-q --quiet", "Do not print the summary on stderr.")
def fop_trials(**asked) -> None:
    """Write the trials that two imported files of FOP are, with their labels.

    Row i of VOICES and of FACES is trial i; even rows are of one person, odd ones of two, which
    FOP's files leave unsaid. Persons, where the files have them, are held against that.

    \b
    Example:
        avkd extract-embeddings --from voice_veriflist_test_random_unseenunheard.csv -o v.zarr
        avkd extract-embeddings --from face_veriflist_test_random_unseenunheard.csv -o f.zarr
        avkd corpus fop-trials v.zarr f.zarr > unseen-unheard.txt
    """
    from avkd_cli.steps.import_csv import row_trials

    row_trials(**asked)


@click.command("fop-csv")
@click.argument("store", type=options.store)
@_output
def fop_csv(store: str, output: Path | None) -> None:
    """Write the embeddings of STORE as FOP's code reads them: values, person, no header.

    \b
    Example:
        avkd corpus fop-csv audio-emb.zarr -o voiceTrain.csv
    """
    from avkd_cli.steps.import_csv import export_csv

    export_csv(store, output)
