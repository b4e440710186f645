"""`avkd doctor`."""

import json
from pathlib import Path

import click

from avkd_cli import options
from avkd_cli.options import flag, path


@click.command("doctor")
@path(
    "--folder",
    "FOLDER",
    "Where stores and runs go: its disk and file system are tried, in a folder that is "
    "removed again.",
    default=".",
)
@flag("--names", "Tell the host's name and paths, too.")
@flag("--strict", "End with 3 if anything is bad.")
@options.as_json
def doctor(folder: Path, names: bool, strict: bool, as_json: bool) -> None:
    """Look whether this machine is fit for avkd, and say what to do where it is not.

    Versions, and whether compiled libraries load beside each other; GPUs and their precision;
    threads; decoders, each on a file made here; room, speed, renames and locks where stores go;
    shared memory. `ok` needs nothing, `?` works but could be better, BAD breaks something. Names of
    the host and paths are told with --names alone, so that a report can be sent as it is.

    \b
    Example:
        avkd doctor --folder /scratch
        avkd doctor --json > doctor.json
    """
    from avkd_cli.steps.doctor import report

    found = []
    for one in report.examine(folder):
        found.append(one)
        if not as_json:
            click.echo(report.line(one, names))
    if as_json:
        click.echo(json.dumps(report.as_json(found, names)))
    if strict:
        report.refuse_bad(found)
