"""What may be given as a recording: a file of sound, of a picture or of a film, or an array."""

from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avkd_cli.errors import InputError, MissingInputError, Rejected
from avkd_cli.media import formats
from avkd_cli.media.opened import open_file

SOUND, PICTURE, FILM = "sound", "a picture", "a film"
SENSES_OF = {SOUND: ("audio",), PICTURE: ("visual",), FILM: ("audio", "visual")}
UNTELLING = frozenset(
    "too_short silent too_few_frames too_few_faces bad_box image_too_small no_frames".split()
)
"""Rejects of what is whole but says too little: an answer, "cannot tell", and no error."""
ABSENT = frozenset({"no_audio_stream", "no_video_stream"})
"""Rejects of a film that lacks a sense altogether."""


@dataclass(frozen=True)
class Recording:
    """One recording of one person.

    Args:
        name: for messages. kind: SOUND, PICTURE or FILM.
        path: of a file, or of a folder of pictures; None for an array.
        samples: sound, (n,) or (n, channels), float with full scale 1, or int16; of `rate` Hz.
        pixels: a picture, uint8 (height, width, 3) RGB.
    """

    name: str
    kind: str
    path: Path | None = None
    samples: np.ndarray | None = None
    pixels: np.ndarray | None = None
    rate: int = 16_000


Given = str | PathLike[str] | NDArray | Recording
"""A file of sound, a picture, a film or a folder of pictures; sound as an array, float of full
scale 1 or int16, (samples,) or (samples, channels); a picture, uint8 (height, width, 3) RGB."""


def recordings_of(given: Given | Sequence[Given], rate: int) -> list[Recording]:
    """Return the recordings of one side, one or several."""
    one = isinstance(given, str | PathLike | np.ndarray | Recording)
    return [recording_of(each, rate) for each in ([given] if one else given)]


def recording_of(given: Given, rate: int = 16_000) -> Recording:
    """Return what was given as a recording: what a file holds is told by its first bytes.

    Raises:
        MissingInputError: there is no such file, or it cannot be read.
        InputError: an array of no known shape; a file that is no sound, picture or film.
    """
    if isinstance(given, Recording):
        return given
    if isinstance(given, np.ndarray):
        return _of_array(given, rate)
    path = Path(str(given))
    if path.is_dir():
        return Recording(str(path), PICTURE, path)
    return Recording(str(path), kind_of(path), path)


def _of_array(values: np.ndarray, rate: int) -> Recording:
    name = "the array"
    if values.dtype == np.uint8 and values.ndim == 3 and values.shape[2] == 3:
        return Recording(name, PICTURE, pixels=np.ascontiguousarray(values))
    is_sound = values.ndim in (1, 2) and (values.dtype.kind == "f" or values.dtype == np.int16)
    if is_sound and values.size:
        return Recording(name, SOUND, samples=values, rate=rate)
    raise InputError(
        f"{name}: {values.dtype} {values.shape} is neither sound, float or int16 (samples,) or "
        "(samples, channels), nor a picture, uint8 (height, width, 3)"
    )


def kind_of(path: Path) -> str:
    """Return what a file is, by its content."""
    try:
        with open_file(path) as opened:
            found = formats.kind_of(opened)
    except Rejected as error:
        raise refused(str(path), error) from None
    return {formats.SOUND: SOUND, formats.IMAGE: PICTURE, formats.VIDEO: FILM}[found]


def refused(name: str, error: Rejected) -> InputError | MissingInputError:
    """Return why a recording cannot be used, as an error of the command."""
    kind = MissingInputError if error.code in ("file_not_found", "file_unreadable") else InputError
    return kind(f"{name}: {error.code}: {error.detail}; give another recording")
