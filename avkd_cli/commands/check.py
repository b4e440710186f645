"""`avkd check`."""

import click

from avkd_cli.options import flag, number, path, text


@click.command("check")
@click.argument("stores", nargs=-1, required=True, metavar="STORE | RUN…")
@text("--against", "STORE", "Ids, persons and dimension must be as there.")
@text("--source", "LIST", "The list that a store was made from: decode a sample again and compare.")
@number("--sample", "Its rows.", 20, least=1)
@path("--root", "PATH", "As it was when the store was made.")
@path("--detector-weights", "PATH", "As when the store was made.")
@flag("--json as_json", "Print one JSON object.")
def check(stores: tuple[str, ...], as_json: bool, **asked) -> None:
    """Verify every digest, chunk, index and count of STOREs, weights of RUNs, and what share made.

    Prints one line a fault, and ends with 0, or with 65 if there is any. Nothing is written.

    \b
    Examples:
        avkd check audio.zarr faces.zarr runs/audio
        avkd check student.zarr --against teacher.zarr
        avkd check system.tar
        avkd check audio.zarr --source people.jsonl
    """
    from avkd_cli.steps import check as step

    step.print_checked(step.check(stores, **asked), as_json)
