"""A real disk that is full: stop with 74, keep what is done, go on when there is room.

A small tmpfs is mounted (which needs root, else the campaign says so and ends with
0) and filled until only some bytes are left, another number each time. The command must end with
74 and leave no store; after room is made the same line gives the bytes of a run left alone.

    python tests/campaigns/full.py --times 20 [--record]
"""

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import figures
import kill


class NoMountError(Exception):
    """This user may not mount a file system."""


@contextlib.contextmanager
def small_disk(folder: Path, size: int) -> Iterator[Path]:
    """Mount a file system of `size` bytes and give its folder."""
    folder.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    done = (
        subprocess.run(mount, check=False, capture_output=True) if shutil.which("mount") else None
    )
    if done is None or done.returncode:
        raise NoMountError
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def fill(disk: Path, left: int) -> Path:
    """Leave so many bytes and return the file that holds the rest."""
    ballast = disk / "ballast"
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    os.truncate(ballast, max(0, ballast.stat().st_size - left))
    return ballast


def one(case: kill.Case, disk: Path, left: int) -> tuple[str, str]:
    """Run the command on a full disk and again on one with room; return what happened, a fault."""
    ballast, out = fill(disk, left), disk / "x"
    done = subprocess.run(case.command(out), check=False, capture_output=True, text=True)
    marks = len(list(out.with_name("x.wip").glob("parts/*.done")))
    if done.returncode == 0:
        return "there was room enough", "" if kill.digest(out) == case.digest else "other bytes"
    if done.returncode != 74 or "Traceback" in done.stderr:
        return "", f"exit {done.returncode}: {done.stderr[-300:]}"
    if out.exists():
        return "", "a store is there"
    ballast.unlink()
    again = subprocess.run(case.command(out), check=False, capture_output=True, text=True)
    if again.returncode or kill.digest(out) != case.digest:
        return (
            "",
            f"does not go on to the same bytes: exit {again.returncode} {again.stderr[-300:]}",
        )
    return "stopped by 74 with some partitions done" if marks else "stopped by 74 at once", ""


def main() -> int:
    """Run the campaign and print its counts as one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=20, help="for each command")
    parser.add_argument("--only", nargs="+", help="names of commands")
    figures.add_option(parser)
    given = parser.parse_args()
    seen, faults = Counter(), []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for case in kill.cases(folder, given.only):
            needed = kill.size(folder / f"{case.name}.reference")
            for number in range(given.times):
                left = needed * (number + 1) // given.times
                try:
                    # Room for the whole output once the ballast is gone: small files fill pages.
                    with small_disk(folder / "disk", 2_000_000 + 4 * needed) as disk:
                        what, fault = one(case, disk, left)
                except NoMountError:
                    print("mounting a small tmpfs is not permitted: nothing was tried")
                    return 0
                seen[f"{case.name}: {what}" if what else "FAULT"] += 1
                if fault:
                    faults.append(f"{case.name}, {left} bytes left: {fault}")
                    print(faults[-1], flush=True)
    print(json.dumps({"times": seen.total(), "faults": len(faults), **seen}))
    if given.record:
        figures.record("full", cases=seen.total(), wrong=len(faults), counts=dict(seen))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
