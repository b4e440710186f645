"""`avkd share`."""

from pathlib import Path

import click

from avkd_cli import options, pipes
from avkd_cli.options import flag, path, text


def student(value: str) -> tuple[str, Path]:
    """Return sense and run of `audio=RUN`: what answers where the other sense is missing."""
    sense, is_set, run = value.partition("=")
    if sense not in ("audio", "visual") or not is_set or not run:
        raise click.BadParameter(f"{value!r} is not audio=RUN or visual=RUN")
    return sense, Path(run)


def permissions(value: str) -> int:
    """Return permissions that are given in octal, such as `0640`."""
    try:
        mode = int(value.removeprefix("0o"), 8)
    except ValueError:
        mode = -1
    if mode not in range(0o1000) or not mode & 0o400:
        raise click.BadParameter(f"{value!r} are no permissions such as 0640, readable by you")
    return mode


@click.command("share")
@click.argument("runs", nargs=-1, required=True, type=options.run_folder, metavar="RUN…")
@path("-o --output", "FOLDER|FILE.tar", "What to make.", required=True)
@text(
    "--student students",
    "SENSE=RUN",
    "audio=RUN or visual=RUN: what answers where the other sense is missing.",
    type=student,
    multiple=True,
)
@path(
    "--calibration calibrations",
    "FILE.json",
    "Of each run that answers: the fusion, and every student.  [default: calibration.json "
    "in their folders]",
    multiple=True,
)
@path(
    "--detector-weights", "FILE", "Put the face detector's weights in as well; mind their licence."
)
@text(
    "--mode",
    "MODE",
    "Permissions of what is made, such as 0640 for a group: an embedding network tells of "
    "people, so nobody else reads it unless you say so.",
    type=permissions,
    default="0600",
)
@flag("--overwrite", "Replace another system.")
def share(
    runs: tuple[Path, ...], output: Path, students: tuple[tuple[str, Path], ...], **asked
) -> None:
    """Put all that verify needs into one folder or tar.

    RUN is a run of one sense; or a fusion, and the runs of sound and of faces whose embeddings it
    fuses, in any order. Networks go in without their heads, so without the names of anybody
    trained on; how recordings are prepared, the calibrations, and the digest of every file go in
    as well. avkd check verifies them on the other side.

    Where both senses are there, the fusion answers; where one is missing, the student of the
    other, and verify says so. Fusions of imported embeddings are refused: there is no network to
    run.

    \b
    Example:
        avkd share runs/fusion runs/audio runs/visual --student audio=runs/hears \\
            --student visual=runs/sees -o system.tar --mode 0640
        avkd check system.tar && avkd verify system.tar a.mp4 b.mp4
    """
    from avkd_cli.steps.share import share as step

    by_sense = dict(students)
    if len(by_sense) < len(students):
        raise click.UsageError("--student is given twice for one sense; give each once")
    record = step(runs, output, students=by_sense, **asked)
    pipes.print_line({"format": "avkd.system", "path": str(output), "parts": record["parts"]})
