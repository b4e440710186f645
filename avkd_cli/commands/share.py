"""`avkd share`."""

from pathlib import Path

import click

from avkd_cli import options, pipes


class Student(click.ParamType):
    """`audio=RUN`: what answers where the other sense is missing."""

    name = "sense=run"

    def convert(self, value, param, ctx):  # noqa: D102
        sense, is_set, run = value.partition("=")
        if sense not in ("audio", "visual") or not is_set or not run:
            self.fail(f"{value!r} is not audio=RUN or visual=RUN", param, ctx)
        return sense, Path(run)


class Mode(click.ParamType):
    """`0640`: permissions in octal."""

    name = "mode"

    def convert(self, value, param, ctx):  # noqa: D102
        digits = str(value).removeprefix("0o")
        try:
            mode = int(digits, 8)
        except ValueError:
            mode = -1
        if mode not in range(0o1000) or not mode & 0o400:
            self.fail(f"{value!r} are no permissions such as 0640, readable by you", param, ctx)
        return mode


@click.command("share")
@click.argument("runs", nargs=-1, required=True, type=options.run_folder, metavar="RUN…")
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FOLDER|FILE.tar",
    help="What to make.",
)
@click.option(
    "--student",
    "students",
    multiple=True,
    type=Student(),
    metavar="SENSE=RUN",
    help="audio=RUN or visual=RUN: what answers where the other sense is missing.",
)
@click.option(
    "--calibration",
    "calibrations",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE.json",
    help="Of each run that answers: the fusion, and every student.  [default: calibration.json "
    "in their folders]",
)
@click.option(
    "--detector-weights",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Put the face detector's weights in as well; mind their licence.",
)
@click.option(
    "--mode",
    type=Mode(),
    default="0600",
    show_default=True,
    help="Permissions of what is made, such as 0640 for a group: an embedding network tells of "
    "people, so nobody else reads it unless you say so.",
)
@click.option("--overwrite", is_flag=True, help="Replace another system.")
def share(
    runs: tuple[Path, ...],
    output: Path,
    students: tuple[tuple[str, Path], ...],
    calibrations: tuple[Path, ...],
    detector_weights: Path | None,
    mode: int,
    overwrite: bool,
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
    record = step(
        runs,
        output,
        students=by_sense,
        calibrations=calibrations,
        detector_weights=detector_weights,
        mode=mode,
        overwrite=overwrite,
    )
    pipes.print_line({"format": "avkd.system", "path": str(output), "parts": record["parts"]})
