"""A system in Python: what `avkd_cli.load` returns."""

from collections.abc import Sequence
from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avkd_cli.steps.decide.decision import Decision
from avkd_cli.steps.decide.gallery import Identification, open_galleries
from avkd_cli.steps.decide.opening import Provided, open_system
from avkd_cli.steps.decide.recordings import Recording, recording_of
from avkd_cli.steps.decide.system import Verifier

Given = str | PathLike[str] | NDArray
"""A file of sound, a picture, a film or a folder of pictures; sound as an array, float of full
scale 1 or int16, (samples,) or (samples, channels); a picture, uint8 (height, width, 3) RGB."""


class Model:
    """A trained system that recordings are given to.

    Answers are those of `avkd verify`, to the bit; it is no more safe than that from several
    threads at once.
    """

    def __init__(self, system: Verifier) -> None:
        self.system = system

    def __repr__(self) -> str:
        return f"<avkd model {self.system.name!r}, of {' and '.join(self.system.senses)}>"

    def embed(self, *recordings: Given, rate: int = 16_000) -> NDArray[np.float32]:
        """Return the embedding of one person's recordings, (d,), as extract-embeddings makes it.

        Args:
            recordings: one, or several of one side, whose mean it is then.
            rate: of sound given as arrays, in Hz.

        Raises:
            MissingInputError, InputError: a file is not there, is damaged, is of a sense that the
                model lacks, or says too little.
        """
        return self.system.embed(_side(list(recordings), rate))

    def same(
        self,
        a: Given | Sequence[Given],
        b: Given | Sequence[Given],
        *,
        rate: int = 16_000,
        prior: float | None = None,
        cost_miss: float | None = None,
        cost_false_alarm: float | None = None,
    ) -> Decision:
        """Return whether two recordings, or two lists of recordings, are of one person.

        Args:
            a, b: either side. rate: of sound given as arrays, in Hz.
            prior, cost_miss, cost_false_alarm: in place of the calibration's.

        Raises:
            MissingInputError, InputError: as `embed`; there is no calibration.
        """
        asked = {"prior": prior, "cost_miss": cost_miss, "cost_false_alarm": cost_false_alarm}
        return self.system.same(_side(a, rate), _side(b, rate), asked)

    def who(
        self,
        clip: Given | Sequence[Given],
        gallery: str | Sequence[str],
        *,
        rate: int = 16_000,
        prior: float | None = None,
        cost_miss: float | None = None,
        cost_false_alarm: float | None = None,
    ) -> Identification:
        """Return who of those enrolled in stores of embeddings a clip is of.

        Args:
            gallery: store, or stores, that extract-embeddings made with this model's run.
            prior: that the clip is of somebody enrolled.

        Raises:
            MissingInputError, InputError: as `same`; the gallery is of another run.
        """
        paths = [gallery] if isinstance(gallery, str | PathLike) else gallery
        people = open_galleries([str(one) for one in paths])
        asked = {"prior": prior, "cost_miss": cost_miss, "cost_false_alarm": cost_false_alarm}
        return self.system.who(_side(clip, rate), people, asked)


def _side(given: Given | Sequence[Given], rate: int) -> list[Recording]:
    several = [given] if isinstance(given, str | PathLike | np.ndarray) else given
    return [recording_of(one, rate) for one in several]


def load(
    system: str | PathLike[str],
    calibration: str | PathLike[str] | Sequence[str | PathLike[str]] = (),
    detector_weights: str | PathLike[str] | None = None,
    like: str | None = None,
) -> Model:
    """Open a system; see `avkd_cli.load`."""
    given = [calibration] if isinstance(calibration, str | PathLike) else calibration
    weights = None if detector_weights is None else Path(detector_weights)
    beside = Provided([Path(one) for one in given], weights, like)
    return Model(open_system(Path(system), beside))
