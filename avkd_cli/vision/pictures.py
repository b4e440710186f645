"""The pictures of one utterance: a list, one file or a folder; a bad one never takes the others."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from avkd_cli.errors import Rejected
from avkd_cli.media.formats import IMAGE, suffixes_of
from avkd_cli.storage.clutter import is_clutter
from avkd_cli.vision.decode import read_image
from avkd_cli.vision.frames import Frame
from avkd_cli.vision.timeline import spread

_SUFFIXES = suffixes_of(IMAGE)
Resolve = Callable[[str], Path]


def read_pictures(
    images: tuple[str, ...] | str, resolve: Resolve, most: int, warnings: list[str]
) -> Iterator[Frame]:
    """Yield the pictures of an utterance; a picture's time is its number.

    Args:
        images: pictures, one picture, or a folder of pictures, which are taken in order of names.
        resolve: the path that a path of the list means.
        most: so many are read, evenly spaced, if there are more.
        warnings: codes are appended: picture_left_out with each picture that cannot be read, and
            why; not_pictures with the suffixes of a folder's other files; those of `read_image`.

    Raises:
        Rejected: no_frames if there is none; if none can be read, the reason of the first.
    """
    paths = picture_paths(images, resolve, warnings)
    first: Rejected | None = None
    some = False
    for number in spread(len(paths), most).tolist():
        try:
            pixels = read_image(resolve(paths[number]), warnings)
        except Rejected as error:
            name = Path(paths[number]).name
            first = first or Rejected(error.code, f"{name}: {error.detail}")
            warnings.append(f"picture_left_out: {name}: {error.code}: {error.detail}")
        else:
            some = True
            yield Frame(float(number), pixels)
    if first is not None and not some:
        raise first


def picture_paths(
    images: tuple[str, ...] | str, resolve: Resolve, warnings: list[str]
) -> list[str]:
    """Return the pictures that a list, one file or a folder names, as the list would name them.

    Raises:
        Rejected: no_frames.
    """
    if not isinstance(images, str):
        paths = list(images)
    elif resolve(images).is_dir():
        names = sorted(p.name for p in resolve(images).iterdir() if not is_clutter(p.name))
        # Each is resolved by itself: a link in the folder may lead out of the root.
        paths = [f"{images}/{name}" for name in names if is_picture(name)]
        if others := Counter(Path(n).suffix or "no suffix" for n in names if not is_picture(n)):
            kinds = ", ".join(f"{count} {suffix}" for suffix, count in sorted(others.items()))
            warnings.append(f"not_pictures: {kinds}")
    else:
        paths = [images]
    if not paths:
        raise Rejected("no_frames", f"no picture there; known are {' '.join(_SUFFIXES)}")
    return paths


def is_picture(name: str) -> bool:
    """Return whether a file is named like a picture."""
    return name.lower().endswith(_SUFFIXES)
