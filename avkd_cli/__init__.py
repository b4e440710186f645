"""Audio-visual person verification, distilled into one sense.

A trained system in five lines; nothing heavy is imported before `load`:

    import avkd_cli as avkd

    model = avkd.load("runs/student")
    vector = model.embed("a.wav")
    print(model.same("a.wav", "b.wav").text)
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from os import PathLike

    from avkd_cli.steps.decide.system import Verifier

__all__ = ["load"]


def load(
    system: "str | PathLike[str]",
    *,
    calibration: "str | PathLike[str] | Sequence[str | PathLike[str]]" = (),
    detector_weights: "str | PathLike[str] | None" = None,
    like: str | None = None,
) -> "Verifier":
    """Return a trained system that recordings can be given to.

    Args:
        system: folder of a run of one sense, or what `avkd share` made.
        calibration: files of `avkd calibrate`; none: `calibration.json` in the run's folder, or
            what was shared. Without any it embeds, and does not decide.
        detector_weights: of the face detector that the run's faces were cropped with.
        like: store that recordings are prepared alike, for runs of avkd 0.1.

    Raises:
        avkd_cli.errors.AvkdError: MissingInputError, InputError or UsageError, each with one line
            that says where, what was found, what was wanted and what to do.
    """
    from os import PathLike
    from pathlib import Path

    from avkd_cli.steps.decide.opening import Provided, open_system  # torch

    given = [calibration] if isinstance(calibration, str | PathLike) else calibration
    weights = None if detector_weights is None else Path(detector_weights)
    beside = Provided([Path(one) for one in given], weights, like)
    return open_system(Path(system), beside)
