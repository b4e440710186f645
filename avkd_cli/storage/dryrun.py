"""What a command would do, said without doing it."""

import contextlib
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from avkd_cli.errors import Rejected
from avkd_cli.storage.plan import Plan
from avkd_cli.storage.progress import duration, say

if TYPE_CHECKING:
    from avkd_cli.storage.build import Recordings

_TRIED = 4  # records of which sizes and times are estimated


def of_recordings(out: Path, plan: Plan, content: "Recordings") -> dict[str, Any]:
    """Say what would be done, with sizes estimated from a few records; touch nothing."""
    utterances = content.utterances
    source = [
        sum(int(part.rpartition(":")[2] or 0) for part in size.split(",")) for size in content.sizes
    ]
    present = [index for index, size in enumerate(source) if size]
    chosen = sorted({present[i * len(present) // _TRIED] for i in range(_TRIED) if present})
    made = read = 0
    seconds = 0.0
    for index in chosen:
        with contextlib.suppress(Rejected):
            record = content.process(
                utterances.utterances[index], utterances.resolve, content.options
            )
            made += record.long.nbytes
            read += source[index]
            seconds += float(record.columns.get("duration_s", 0.0))
    ratio = sum(source) / read if read else 0.0
    found = {
        "dry_run": True,
        "format": content.spec.kind,
        "path": str(out),
        "utterances": len(utterances.utterances),
        "rejected_in_list": len(utterances.rejects),
        "missing_media": len(source) - len(present),
        "partitions": plan.partitions,
        "source_bytes": sum(source),
        "expected_bytes": round(made * ratio),
        "hours": round(seconds * ratio / 3600, 2),
        "free_bytes": shutil.disk_usage(out.parent).free,
        "fingerprint": plan.fingerprint,
    }
    say(
        plan.step,
        f"{out}: would hold {found['utterances']} utterances in {plan.partitions} partitions, "
        f"about {_bytes(found['expected_bytes'])} before packing"
        + (f" and {duration(seconds * ratio)} of sound" if seconds else "")
        + f", from {_bytes(found['source_bytes'])}; {_bytes(found['free_bytes'])} are free; "
        f"{found['missing_media']} without a file, {found['rejected_in_list']} bad lines",
    )
    return found


def _bytes(count: int) -> str:
    for unit in ("bytes", "kB", "MB", "GB", "TB"):
        if count < 1000 or unit == "TB":
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1000  # type: ignore[assignment]
    raise AssertionError


def of_computed(out: Path, plan: Plan, count: int, size: int) -> dict[str, Any]:
    """Say how large the store would be; touch nothing."""
    free = shutil.disk_usage(out.parent).free
    what = plan.kind.removeprefix("avkd.")
    say(
        plan.step,
        f"{out}: would hold {what} of {count} utterances, about {_bytes(size)} before packing; "
        f"{_bytes(free)} are free",
    )
    return {
        "dry_run": True,
        "format": plan.kind,
        "path": str(out),
        "utterances": count,
        "partitions": plan.partitions,
        "expected_bytes": size,
        "free_bytes": free,
        "fingerprint": plan.fingerprint,
    }
