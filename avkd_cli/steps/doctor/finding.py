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
        name: of the thing. state: one of the three above. found: what is so, in words.
        remedy: what to do, "" where there is nothing to do.
        named: names and paths, such as the host or a folder: told where they are asked for.
        part: that it belongs to, one of `report.looks`.
    """

    name: str
    state: str
    found: str
    remedy: str = ""
    named: Mapping[str, str] = field(default_factory=dict)
    part: str = ""

    def to_json(self, names: bool) -> dict[str, Any]:
        """Return it for a report; without names and paths unless they are asked for."""
        plain = {"part": self.part, "name": self.name, "state": self.state}
        said = {"found": self.found, "do": self.remedy}
        if names:
            return plain | said | {"named": dict(self.named)}
        return plain | {key: without_paths(text) for key, text in said.items()}


def judged(
    name: str, fine: bool, found: str, remedy: str, otherwise: str = ODD, **named: str
) -> Finding:
    """Return a finding that is good, or else odd, or what is said; only then is there a remedy."""
    return Finding(name, GOOD if fine else otherwise, found, "" if fine else remedy, named)


def worded(error: BaseException | str, most: int = 200) -> str:
    """Return an error in one line."""
    return " ".join(str(error).split())[:most]


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
