"""Paths that a table of another system writes otherwise than this one's disk."""

import re
import unicodedata
from pathlib import Path

from avkd_cli.storage.utterances import resolve_within

BACKSLASHES = "paths with backslashes were read with slashes"
SPELLING = "names were found on the disk in the other Unicode spelling of their accents"

FOREIGN = "a path of a Windows disk; write it from the folder that you give as --root"


def is_foreign(written: str) -> bool:
    r"""Return whether a path begins with a drive, C:\, or a share, \\server."""
    return re.match(r"[A-Za-z]:[\\/]|\\\\", written) is not None


def as_on_disk(written: str, base: Path, root: Path | None) -> tuple[str, list[str]]:
    """Return a path as it is found on the disk, and what was changed to find it.

    Windows writes backslashes; a disk of macOS, and a zip of it, spells é as e and an accent
    (NFD), a spreadsheet as one letter (NFC). A path that is there as written stays.

    Raises:
        Rejected: not_a_local_path, path_escape.
    """
    if resolve_within(base, written, root).exists():
        return written, []
    slashed = written.replace("\\", "/")
    for path in dict.fromkeys((slashed, *(_spelt(base, slashed)))):
        if resolve_within(base, path, root).exists():
            changed = [BACKSLASHES] * (slashed != written) + [SPELLING] * (path != slashed)
            return path, changed
    return written, []


def _spelt(base: Path, path: str) -> list[str]:
    """Return the path with each of its parts spelt as on the disk, if all of them are there."""
    if path.isascii():
        return []
    found = ""
    for part in path.split("/"):
        spellings = (part, *(unicodedata.normalize(form, part) for form in ("NFC", "NFD")))
        name = next((n for n in spellings if (base / f"{found}{n}").exists()), None)
        if name is None:
            return []
        found += f"{name}/"
    return [found.removesuffix("/")]
