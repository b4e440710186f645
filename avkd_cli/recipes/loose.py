"""Which terms are loose, and by how much: what --tolerance says."""

import math

from avkd_cli.config import DistillTerms
from avkd_cli.errors import UsageError
from avkd_cli.losses.moment import Schedule
from avkd_cli.losses.tolerance import LARGEST, narrowing
from avkd_cli.recipes.terms import weights_of
from avkd_cli.said import warn

DEFAULT = {"cos": 0.4}
"""Tolerance of a term that is named without a number.

S0 reports that a freely trained student ends at a cosine distance of 0.58 (audio) and 0.42
(visual), so a useful tolerance lies below these.
"""


def tolerances(settings: DistillTerms) -> dict[str, Schedule]:
    """Return the schedule of the tolerance of each term that has one, by name.

    A tolerance that no distance can exceed is told on stderr.

    Raises:
        UsageError: no such term, or it is off; no number, or not one of at least 0; the same
            term twice.
    """
    found: dict[str, Schedule] = {}
    for part in filter(None, (one.strip() for one in settings.tolerance.split(","))):
        name, narrow, wide = _read(part, list(weights_of(settings)))
        if name in found:
            raise UsageError(f"--tolerance has two for {name}; give one")
        _warn(name, narrow)
        found[name] = narrowing(narrow, wide, settings.tolerance_share)
    return found


def _read(part: str, on: list[str]) -> tuple[str, float, float | None]:
    """Return term, tolerance and where it begins."""
    name, equals, numbers = part.partition("=")
    if not equals:
        is_number = part[:1] in set("0123456789.+-")
        name, numbers = (_only(part, on), part) if is_number else (name, "")
    if name not in on:
        there = f"those that are on are {', '.join(on)}" if on else "no term is on"
        raise UsageError(f"--tolerance {part}: {name!r} is no term that is on; {there}")
    if not numbers and not equals and name in DEFAULT:
        return name, DEFAULT[name], None
    wide, colon, narrow = numbers.rpartition(":")
    try:
        values = float(narrow), float(wide) if colon else None
    except ValueError:
        raise UsageError(
            f"--tolerance {part}: wanted {name}=MU or {name}=WIDE:MU, such as {name}=0.4"
        ) from None
    _check(part, *values)
    return name, *values


def _only(part: str, on: list[str]) -> str:
    if len(on) != 1:
        named = f"{len(on)} terms are on ({', '.join(on)})" if on else "no term is on"
        raise UsageError(f"--tolerance {part} names no term, and {named}; write TERM={part}")
    return on[0]


def _check(part: str, narrow: float, wide: float | None) -> None:
    if not (math.isfinite(narrow) and narrow >= 0):
        raise UsageError(f"--tolerance {part}: wanted a number of at least 0")
    if wide is not None and not (math.isfinite(wide) and wide >= narrow):
        raise UsageError(f"--tolerance {part}: WIDE:MU narrows, so WIDE must be the larger one")


def _warn(name: str, narrow: float) -> None:
    if narrow >= LARGEST.get(name, math.inf):
        warn(
            "distill",
            f"--tolerance {name}={narrow:g}: no {name} is above {LARGEST[name]:g}, so it teaches "
            "nothing",
        )
