"""One rule for ids that are spelled with an extension in one file and without in another.

The same everywhere: an id is looked for as it stands; else without its extension, as a.wav for a;
else under the one other id that differs from it by an extension only, as a for a.wav; else, where
both have the extension of a medium, as a.wav for a.flac. What was found so is to be said.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

_MEDIA = frozenset(
    """
    .wav .flac .mp3 .m4a .aac .ogg .oga .opus .sph .nist .aiff .caf .amr .wma .mp4 .m4v .mov .mkv
    .webm .avi .mpg .mpeg .3gp .wmv .jpg .jpeg .png .bmp .webp .tif .tiff .pgm .ppm .heic .npy
    """.split()
)


def without_extension(id: str) -> str:
    """Return an id without what follows the last dot of its last part."""
    stem, _, extension = id.rpartition(".")
    return stem if extension and "/" not in extension and stem[-1:] not in ("", "/") else id


class Spellings:
    """Ids that are known, to be found under their other spellings.

    Args:
        known: the ids.
    """

    def __init__(self, known: Iterable[str]) -> None:
        self._known = known if isinstance(known, Mapping | set | frozenset) else set(known)
        self._others: dict[str, list[str]] | None = None

    def find(self, id: str) -> str | None:
        """Return the known id that is this one, but for an extension; None where not one is."""
        if id in self._known:
            return id
        stem = without_extension(id)
        if stem in self._known:
            return stem
        spelled = self._spelled(id)
        if not spelled and _is_medium(id):
            spelled = [other for other in self._spelled(stem) if _is_medium(other)]
        return spelled[0] if len(spelled) == 1 else None

    def _spelled(self, stem: str) -> list[str]:
        """Return the known ids that are `stem` and an extension."""
        if self._others is None:
            self._others = {}
            for id in self._known:
                if (short := without_extension(id)) != id:
                    self._others.setdefault(short, []).append(id)
        return self._others.get(stem, [])


def _is_medium(id: str) -> bool:
    return id[len(without_extension(id)) :].lower() in _MEDIA


def rows_of(ids: Sequence[str], row_of: Mapping[str, int]) -> tuple[np.ndarray, list[str]]:
    """Return the row of each id, -1 where there is none, and the ids found by the rule above."""
    rows = np.fromiter((row_of.get(id, -1) for id in ids), np.int64, len(ids))
    missing = np.flatnonzero(rows < 0).tolist()
    spellings, otherwise = Spellings(row_of), []
    for index in missing:
        if (found := spellings.find(ids[index])) is not None:
            rows[index] = row_of[found]
            otherwise.append(ids[index])
    return rows, otherwise


def told(otherwise: Sequence[str]) -> str:
    """Return what is to be said of ids found by the rule."""
    ids = "1 id is" if len(otherwise) == 1 else f"{len(otherwise):,} ids are"
    return f"{ids} found with another extension or without, such as {otherwise[0]!r} (extension)"
