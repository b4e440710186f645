"""`avkd calibrate`."""

import click

from avkd_cli import options
from avkd_cli.options import flag, path, source


@click.command("calibrate", cls=options.StepCommand)
@click.argument("dev", type=options.text_file, metavar="DEV.scores")
@click.argument("test", type=options.text_file, required=False, metavar="TEST.scores")
@path(
    "-o --output",
    "FILE.json",
    "Calibration to write.  [default: stdout, where TEST is not given, but no terminal]",
)
@path("--calibrated", "FILE", "Where the ratios of TEST go.  [default: stdout, but no terminal]")
@path(
    "--of",
    "RUN",
    "The run whose scores these are, or a store of its embeddings.  [default: what "
    "NAME.metrics.json beside NAME.scores says]",
)
@source(
    "--audio",
    "STORE",
    "The sound that was scored, as prep-audio made it: at which durations and SNR there "
    "is skill is kept, too.",
)
@source("--trials", "LIST", "Labels of DEV, where its lines have none.")
@flag("--overwrite", "Replace other files of these names.")
@flag("--strict", "Refuse trials of persons that the network was trained on.")
@flag("-q --quiet", "No figures, only warnings and errors.")
@options.settings("calibrate")
def calibrate(dev: str, test: str | None, **asked) -> None:
    """Make scores log-likelihood ratios, by those of a development list.

    DEV.scores are scored trials of people that are neither trained on nor tested. What comes of
    it, a JSON file, says the prior and the costs that it decides for, the unit (natural-log
    likelihood ratio), the run whose scores these are, and the scores it has seen; score and
    verify take it by --calibration. Named calibration.json in the run's folder, it is found there.

    With TEST.scores, ratios of these are printed at once; a terminal gets their figures alone.

    \b
    Example:
        avkd score dev.txt emb.zarr -o dev.scores --metrics dev.metrics.json
        avkd calibrate dev.scores --audio audio.zarr -o runs/student/calibration.json
        avkd calibrate dev.scores test.scores > test.llr
    """
    from avkd_cli.steps.calibrate import calibrate as step

    step(dev, test, **asked)
