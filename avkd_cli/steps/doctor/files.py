"""The disk and its file system: room, and what durable writing and locks rest on."""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from avkd_cli.errors import AvkdError
from avkd_cli.steps.doctor.finding import BAD, GOOD, ODD, Finding, judged, size, worded
from avkd_cli.storage import durable, places

LEAST_ROOM = 5 << 30
PIECE = 8 << 20
SLOW = 20.0  # MiB/s: below, checkpoints take longer than the steps between them
NETWORK = {"nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "lustre", "gpfs", "beegfs", "ceph"}
_ASK = """
import fcntl, sys
with open(sys.argv[1], "r+b") as file:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        print("free")
    except OSError:
        print("held")
"""


def disk(folder: Path) -> Iterator[Finding]:
    """Yield the room and the speed of a folder's disk."""
    whole = shutil.disk_usage(folder)
    yield judged(
        "room",
        whole.free >= LEAST_ROOM,
        f"{size(whole.free)} of {size(whole.total)} free",
        "make room: 1,000 hours of fbank take about 30 GB, a run three times its weights for "
        "each checkpoint",
        folder=str(folder.absolute()),
    )
    about = os.statvfs(folder)
    if about.f_files:
        share = about.f_favail / about.f_files
        told = f"{100 * share:.0f} % of the inodes free"
        yield judged("files", share > 0.02, told, "remove small files: no new one fits soon")
    temporary = tempfile.gettempdir()
    room = shutil.disk_usage(temporary).free
    yield judged(
        "temporary",
        room > 1 << 30,
        f"{size(room)} free for temporary files",
        "export TMPDIR=… to a disk with room",
        folder=temporary,
    )


def file_system(folder: Path) -> Iterator[Finding]:
    """Yield whether what avkd's writing rests on holds in a folder, by doing it there."""
    kind, point = mounted(folder)
    yield judged(
        "kind",
        kind not in NETWORK,
        kind or "unknown",
        "over a network locks may hold on one machine alone: let one machine write a store, or "
        "see that the server keeps flock",
        mount=point,
    )
    with tempfile.TemporaryDirectory(prefix=".avkd-doctor-", dir=folder) as name:
        here = Path(name)
        for what, attempt, remedy in TESTS:
            yield tried(what, attempt, here, remedy)


def mounted(folder: Path) -> tuple[str, str]:
    """Return the kind of a folder's file system and where it is mounted."""
    real, best = str(folder.resolve()), ("", "")
    try:
        lines = Path("/proc/mounts").read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return best
    for line in lines:
        _, point, kind, *_ = line.split(" ")
        inside = real == point or real.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best[1]):
            best = kind, point
    return best


def renames(here: Path) -> str:
    """Rename over a file, and a folder; return what came of it."""
    durable.write_text(here / "a", "old")
    durable.write_text(here / "a", "new")
    if (here / "a").read_text("utf-8") != "new":
        raise ValueError("a file that was replaced still has its old content")
    durable.make_directory(here / "work")
    durable.write_text(here / "work" / "b", "b")
    places.publish(here / "work", here / "final", overwrite=False)
    if not (here / "final" / "b").is_file() or (here / "work").exists():
        raise ValueError("a folder that was renamed is not whole")
    return "files and folders are replaced at once"


def locks(here: Path) -> str:
    """Hold a lock and ask another process for it; return what came of it."""
    path = here / "lock"
    path.write_bytes(b"x")
    with path.open("r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if asked(path) != "held":
            raise ValueError("another process gets a lock that is held")
    if asked(path) != "free":
        raise ValueError("a lock that was given back is still held")
    return "held against other processes, given back at the end"


def asked(path: Path) -> str:
    """Return what another process says of a lock: held or free."""
    command = [sys.executable, "-S", "-c", _ASK, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.strip()


def syncs(here: Path) -> str:
    """Write and sync some megabytes; return how fast that is."""
    data = os.urandom(PIECE)
    begin = time.perf_counter()
    durable.write_bytes(here / "data", data)
    durable.sync_directory(here)
    speed = PIECE / (1 << 20) / (time.perf_counter() - begin)
    if speed < SLOW:
        raise SlowError(f"{speed:.0f} MiB/s, synced")
    return f"{speed:.0f} MiB/s, synced"


def long_names(here: Path) -> str:
    """Make a file of 200 bytes' name, and two that differ in case; return what came of it."""
    (here / ("n" * 200)).write_bytes(b"")
    (here / "Case").write_bytes(b"1")
    (here / "case").write_bytes(b"22")
    if (here / "Case").stat().st_size != 1:
        raise SlowError("upper and lower case are one: two ids that differ in case share a file")
    return "200 bytes, case kept apart"


class SlowError(ValueError):
    """It works, though not well."""


TESTS: tuple[tuple[str, Callable[[Path], str], str], ...] = (
    ("rename", renames, "write to another file system: nothing here survives an interruption"),
    ("locks", locks, "write to another file system, or never run two commands on one output"),
    ("sync", syncs, "a local disk is faster; --checkpoint-every larger makes fewer checkpoints"),
    ("names", long_names, "write to another file system"),
)


def tried(what: str, attempt: Callable[[Path], str], here: Path, remedy: str) -> Finding:
    """Return what came of an attempt."""
    try:
        return Finding(what, GOOD, attempt(here))
    except SlowError as error:
        return Finding(what, ODD, str(error), remedy)
    except (OSError, ValueError, AvkdError, subprocess.SubprocessError) as error:
        return Finding(what, BAD, worded(error), remedy)
