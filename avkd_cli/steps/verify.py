"""`avkd verify`: are these recordings of one person, by a trained system?"""

from collections.abc import Sequence
from pathlib import Path
from typing import Unpack

from avkd_cli.errors import UsageError
from avkd_cli.steps.decide.decision import Decision, Instead
from avkd_cli.steps.decide.gallery import Identification, open_galleries
from avkd_cli.steps.decide.opening import Provided, open_system
from avkd_cli.steps.decide.recordings import recording_of


def verify(
    system: Path,
    recordings: Sequence[str],
    *,
    enrol: Sequence[str] = (),
    gallery: Sequence[str] = (),
    calibration: Sequence[Path] = (),
    detector_weights: Path | None = None,
    like: str | None = None,
    onnx: Path | None = None,
    **asked: Unpack[Instead],
) -> Decision | Identification:
    """Return whether the recordings are of one person, or who of a gallery they are of.

    Args:
        recordings: the two; with `enrol` those of the other side, with `gallery` all of one person.
        asked: prior, cost_miss and cost_false_alarm, in place of the calibration's.

    Raises:
        UsageError: not two sides, or both a side and a gallery.
        MissingInputError, InputError: as `open_system` and `Verifier.same`.
    """
    beside = Provided(calibration, detector_weights, like, onnx)
    if gallery:
        if enrol:
            raise UsageError("--enrol is one side of two; with --gallery the people enrolled are")
        people, clip = open_galleries(gallery), [recording_of(one) for one in recordings]
        return open_system(system, beside).who(clip, people, **asked)
    if not enrol and len(recordings) != 2:
        raise UsageError(
            f"{len(recordings)} of two recordings given; wanted A and B, or many: --enrol "
            "A1 --enrol A2 B1 B2"
        )
    given = (enrol, recordings) if enrol else (recordings[:1], recordings[1:])
    sides = [[recording_of(one) for one in side] for side in given]
    return open_system(system, beside).same(*sides, **asked)
