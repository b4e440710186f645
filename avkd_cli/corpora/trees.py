"""Walking folders of media: sorted, links followed once, what cannot be used reported."""

import errno
import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from avkd_cli.corpora.listing import Report
from avkd_cli.errors import MissingInputError, reading
from avkd_cli.media.formats import HEIC_HINT, IMAGE, IMAGES, SOUND, VIDEO, suffixes_of
from avkd_cli.storage.clutter import is_clutter

# What is listed is what is read: the suffixes are those of the decoders. The first of a kind is
# preferred where one recording lies in several forms.
_BEST = (".wav", ".flac", ".m4a", ".aac", ".mp3", ".opus", ".ogg")
_HEIC = () if find_spec("pillow_heif") else IMAGES["heic"]
_SUFFIXES = {
    "audio": tuple(dict.fromkeys((*_BEST, *suffixes_of(SOUND)))),
    "video": suffixes_of(VIDEO),
    "images": tuple(suffix for suffix in suffixes_of(IMAGE) if suffix not in _HEIC),
    "boxes": (".txt",),
}
_KINDS = {
    suffix: (kind, rank)
    for kind, suffixes in _SUFFIXES.items()
    for rank, suffix in enumerate(suffixes)
}
MISSING, DENIED = "not found", "permission denied"


def kind_of(name: str) -> tuple[str, int] | None:
    """Return the kind of a file by its suffix, and its rank among suffixes of that kind."""
    dot = name.rfind(".")  # pathlib is too slow for millions of names
    return _KINDS.get(name[dot:].lower()) if dot > 0 else None


def no_step_reads(name: str) -> str:
    """Return why a file is passed over, by its suffix."""
    dot = name.rfind(".")
    suffix = name[dot:].lower() if dot > 0 else ""
    if suffix in IMAGES["heic"]:
        return f"{suffix} files; {HEIC_HINT}"
    return f"{suffix} files, which are not read" if suffix else "files without suffix"


def check_folder(folder: Path) -> None:
    """Raise MissingInputError unless `folder` is a folder that can be read."""
    if not folder.is_dir():
        what = "is not a folder" if folder.exists() else "does not exist"
        raise MissingInputError(f"{folder}: {what}; give the folder of the corpus")
    with reading(folder, "give a folder you may read"):
        next(os.scandir(folder), None)


def children(folder: Path, relative: str, report: Report) -> list[os.DirEntry]:
    """Return what is in a folder, sorted by name, without what systems leave behind."""
    try:
        with os.scandir(folder / relative) as entries:
            return sorted((e for e in entries if not is_clutter(e.name)), key=lambda e: e.name)
    except OSError as error:
        report.unreadable.add(relative or str(folder), _reason(error))
        return []


def join(relative: str, name: str) -> str:
    """Return `name` below `relative`, which may be "" for the folder itself."""
    return f"{relative}/{name}" if relative else name


def files(
    folder: Path, relative: str, report: Report, above: frozenset[tuple[int, int]] = frozenset()
) -> Iterator[tuple[str, os.DirEntry]]:
    """Yield the files below `relative`, as paths relative to `folder`, in sorted order.

    Args:
        above: device and inode of the folders that it lies in.
    """
    try:
        found = (folder / relative).stat()
    except OSError as error:
        report.unreadable.add(relative, _reason(error))
        return
    place = found.st_dev, found.st_ino
    if place in above:
        report.unreadable.add(relative, "link to a folder above itself")
        return
    for entry in children(folder, relative, report):
        path = join(relative, entry.name)
        if entry.is_dir():
            yield from files(folder, path, report, above | {place})
        else:
            yield path, entry


def keep_better(
    files: dict[str, tuple[int, str]], kind: str, rank: int, path: str, report: Report
) -> None:
    """Keep the file of an utterance's kind whose suffix ranks first, and report the other."""
    if kind not in files:
        files[kind] = rank, path
        return
    files[kind], other = sorted([files[kind], (rank, path)], key=lambda one: one[0])
    report.duplicated.add(other[1], f"{kind} of one utterance twice")


def is_usable(path: str, entry: os.DirEntry | Path, report: Report) -> bool:
    """Say whether a file can be read and holds something; report it if not."""
    reason = why_unusable(entry)
    if reason == MISSING and not isinstance(entry, Path):
        reason = "broken link"
    if reason == MISSING:
        report.missing.add(path, reason)
    elif reason:
        report.unreadable.add(path, reason)
    return reason is None


def why_unusable(entry: os.DirEntry | Path) -> str | None:
    """Return why a file cannot be used, or None."""
    try:
        size = entry.stat().st_size
        if not entry.is_file():
            return "not a regular file"
    except OSError as error:
        return _reason(error)
    if size == 0:
        return "0 bytes"
    return None if os.access(entry, os.R_OK) else DENIED


def _reason(error: OSError) -> str:
    known = {errno.ENOENT: MISSING, errno.ENOTDIR: MISSING, errno.EACCES: DENIED}
    return known.get(error.errno or 0, os.strerror(error.errno or 0).lower())
