"""`avkd calibrate`."""

from pathlib import Path

import click

from avkd_cli import options
from avkd_cli.config import CalibrateConfig

FILES = (
    click.option(
        "-o",
        "--output",
        type=click.Path(path_type=Path),
        metavar="FILE.json",
        help="Calibration to write.  [default: stdout, where TEST is not given, but no terminal]",
    ),
    click.option(
        "--calibrated",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Where the ratios of TEST go.  [default: stdout, but no terminal]",
    ),
    click.option(
        "--of",
        type=click.Path(path_type=Path),
        metavar="RUN",
        help="The run whose scores these are, or a store of its embeddings.  [default: what "
        "NAME.metrics.json beside NAME.scores says]",
    ),
    click.option(
        "--audio",
        type=options.store,
        metavar="STORE",
        help="The sound that was scored, as prep-audio made it: at which durations and SNR there "
        "is skill is kept, too.",
    ),
    click.option(
        "--trials",
        type=options.text_file,
        metavar="LIST",
        help="Labels of DEV, where its lines have none.",
    ),
    click.option("--overwrite", is_flag=True, help="Replace other files of these names."),
    click.option(
        "--strict", is_flag=True, help="Refuse trials of persons that the network was trained on."
    ),
    click.option("-q", "--quiet", is_flag=True, help="No figures, only warnings and errors."),
)


@click.command("calibrate", cls=options.StepCommand)
@click.argument("dev", type=options.text_file, metavar="DEV.scores")
@click.argument("test", type=options.text_file, required=False, metavar="TEST.scores")
@lambda command: options.apply(FILES, command)
@options.settings("calibrate")
def calibrate(dev: str, test: str | None, settings: CalibrateConfig, **files) -> None:
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

    step(dev, test, settings, **files)
