"""Error rates against disturbance: names of conditions, their order, and what may be said. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from avkd_cli.analysis.comparison import LEVEL, verdict
from avkd_cli.analysis.table import NOTHING, Part, table
from avkd_cli.analysis.text import interval, notes

CLEAN = "clean"
LABELS = {
    "babble": "babble, dB",
    "music": "music, dB",
    "noise": "noise, dB",
    "room": "room, direct over reverberant, dB",
    "telephone": "telephone",
    "blur": "blur, pixels",
    "dark": "share of light left",
    "small": "width, pixels",
    "jpeg": "JPEG quality",
    "occlude": "share covered",
}
UP_IS_WORSE = frozenset({"blur", "occlude"})
FORM = "SYSTEM.CONDITION-LEVEL.scores, such as audio.babble-5.scores or audio.clean.scores"
_NAME = re.compile(
    r"(?P<system>.+?)\.(?P<kind>[A-Za-z_]+)(?:-(?P<level>-?\d+(?:\.\d+)?))?\.scores(?:\.gz)?"
)


class Condition(NamedTuple):
    """What was done to the test recordings; no level for clean ones or a telephone."""

    kind: str
    level: float | None

    def __str__(self) -> str:
        return self.kind if self.level is None else f"{self.kind}-{self.level:g}"


def parse(name: str) -> tuple[str, Condition] | None:
    """Return system and condition that a file name says, or None where it has another form."""
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    level = None if found["level"] is None else float(found["level"])
    return found["system"], Condition(found["kind"], level)


def harder(condition: Condition) -> tuple:
    """Return what sorts conditions: clean first, the kinds known here next, easy before hard."""
    kinds = [CLEAN, *LABELS]
    place = kinds.index(condition.kind) if condition.kind in kinds else len(kinds)
    level = 0.0 if condition.level is None else condition.level
    return place, condition.kind, level if condition.kind in UP_IS_WORSE else -level


def words(system: str, base: str, rows: Sequence[Mapping], persons: int) -> str:
    """Return in words under which conditions a system is better than another.

    Args:
        rows: `condition` and `difference` of each, with value, low, high, p and p_holm.
    """
    groups: dict[str, list[str]] = {"better": [], "worse": [], "maybe": [], "open": []}
    for row in rows:
        found = row["difference"]
        said = verdict(found)
        if said != "open" and found["p_holm"] > 1 - LEVEL:
            said = "maybe"
        size = f"{found['value']:+.2f} points" if said != "open" else ""
        groups[said].append(row["condition"] + (f" ({size})" if size else ""))
    parts = [
        f"{said} than {base} under {', '.join(groups[said])}"
        for said in ("better", "worse")
        if groups[said]
    ]
    if groups["maybe"]:
        parts.append(
            f"apart from {base} alone, but not as one of several compared, under "
            f"{', '.join(groups['maybe'])}"
        )
    if not parts:
        return (
            f"{system} cannot be told from {base} under any of {len(rows)} conditions with "
            f"{persons} persons like these."
        )
    end = f"; not told from it under {', '.join(groups['open'])}" if groups["open"] else ""
    return f"{system} is {'; '.join(parts)}{end} ({persons} persons like these)."


def robustness_parts(result: Mapping) -> Iterator[Part]:
    """Yield a row a condition, a column a system; then differences, and what may be said."""
    _, *others = systems = result["systems"]
    yield (
        f"95 % intervals from {result['resamples']:,} draws of {result['persons']} persons; "
        f"differences are paired, * those that stay after Holm's correction for all "
        f"{result['comparisons']}"
    )
    conditions = result["conditions"]
    rows = [[one["condition"], *(_eer(one, name) for name in systems)] for one in conditions]
    yield table(["EER, %", *systems], rows)
    if others:
        rows = [[one["condition"], *(_change(one, name) for name in others)] for one in conditions]
        yield table([f"minus that of {result['baseline']}", *others], rows)
    yield "\n".join(result["words"])
    yield from (notes([text]) for text in result["notes"])


def _eer(one: Mapping, system: str) -> str:
    found = one["eer_percent"].get(system)
    return NOTHING if found is None else interval(found)


def _change(one: Mapping, system: str) -> str:
    found = one["differences"].get(system)
    if found is None:
        return NOTHING
    sure = verdict(found) != "open" and found["p_holm"] <= 1 - LEVEL
    return interval(found, "+.3f") + ("*" if sure else " ")
