"""What a doctor says of one thing: how it is, and what to do about it."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

GOOD, ODD, BAD = "good", "odd", "bad"
"""Nothing to do; works, but less than it could; something of avkd does not work."""
_PATH = re.compile(r"(?<![\w/])/(?:[^\s/'\":,;()]+/)*([^\s/'\":,;()]*)")


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Args:
        part: versions, gpu, threads, decoders, disk, files or memory. name: of the thing.
        state: one of the three above. found: what is so, in words.
        remedy: what to do, "" where there is nothing to do.
        named: names and paths, such as the host or a folder: told where they are asked for.
    """

    part: str
    name: str
    state: str
    found: str
    remedy: str = ""
    named: Mapping[str, str] = field(default_factory=dict)

    def to_json(self, names: bool) -> dict[str, Any]:
        """Return it for a report; without names and paths unless they are asked for."""
        plain = {
            "part": self.part,
            "name": self.name,
            "state": self.state,
            "found": self.found if names else without_paths(self.found),
            "do": self.remedy if names else without_paths(self.remedy),
        }
        return plain | {"named": dict(self.named)} if names else plain


def judged(
    part: str,
    name: str,
    fine: bool,
    found: str,
    remedy: str,
    *,
    otherwise: str = ODD,
    named: Mapping[str, str] | None = None,
) -> Finding:
    """Return a finding that is good, or else odd, or what is said; only then is there a remedy."""
    state = GOOD if fine else otherwise
    return Finding(part, name, state, found, "" if fine else remedy, named or {})


Look = Callable[[], Iterator[Finding]]


def without_paths(text: str) -> str:
    """Return a text with the last part alone of each absolute path."""
    return _PATH.sub(r"\1", text)


def size(count: float) -> str:
    """Return a number of bytes for a person."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} TiB"
