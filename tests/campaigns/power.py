"""A disk whose power can be cut: what no sync has made last is lost, torn, or kept by luck.

The kernel may write data and names at any time and in any order, unless it was told to sync. So
of a file that was changed since its last sync the old, the new or half of the new content may
be found; of a directory the old or the new names. `VARIANTS` are the corners of that.
"""

import os
import pickle
import random
import shutil
import stat
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

# What happens to names and to data that no sync has made last.
VARIANTS = (
    ("lost", "lost"),
    ("kept", "lost"),
    ("kept", "torn"),
    ("some", "torn"),
    ("lost", "torn"),
)


@dataclass
class Disk:
    """What the disk is sure to have: contents and names at their last sync, by inode."""

    files: dict[int, bytes] = field(default_factory=dict)
    entries: dict[int, dict[str, int]] = field(default_factory=dict)

    @classmethod
    def of(cls, root: Path) -> "Disk":
        """Return a disk on which all that is there has been synced."""
        disk = cls({}, {root.stat().st_ino: listing(root)})
        for path in root.rglob("*"):
            disk._remember(path, path.stat())
        return disk

    def sync(self, descriptor: int) -> None:
        """Stand for fsync."""
        self._remember(Path(f"/proc/self/fd/{descriptor}").readlink(), os.fstat(descriptor))

    def _remember(self, path: Path, status: os.stat_result) -> None:
        if stat.S_ISDIR(status.st_mode):
            self.entries[status.st_ino] = listing(path)
        else:
            self.files[status.st_ino] = path.read_bytes()

    def save(self, path: Path) -> None:
        """Write it for the parent of the process that is about to be killed."""
        path.write_bytes(pickle.dumps(self))

    @staticmethod
    def load(path: Path) -> "Disk":
        """Read what `save` wrote."""
        return pickle.loads(path.read_bytes())


def listing(folder: Path) -> dict[str, int]:
    """Return name → inode of a folder's entries."""
    with os.scandir(folder) as entries:
        return {entry.name: entry.inode() for entry in entries}


def cut_power(root: Path, disk: Disk, variant: tuple[str, str], seed: int = 0) -> None:
    """Make of a tree what might be found after a power cut.

    Args:
        root: of the tree.
        disk: what is sure.
        variant: one of `VARIANTS`.
        seed: chooses the directories that keep their new names, for "some".
    """
    names, data = variant
    chance = random.Random(seed)
    tear_files(root, disk, data)
    for folder in [root, *(path for path in sorted(root.rglob("*")) if path.is_dir())]:
        old_names = names == "lost" or (names == "some" and chance.random() < 0.5)
        if folder.is_dir() and old_names:
            restore_names(folder, disk)


def tear_files(root: Path, disk: Disk, data: str) -> None:
    """Give files that were changed since their last sync the content that they had, or half."""
    for path in root.rglob("*"):
        if not path.is_file():
            continue
        synced, now = disk.files.get(path.stat().st_ino, b""), path.read_bytes()
        if synced != now:
            half = len(now) // 2
            path.write_bytes(synced if data == "lost" else now[:half] + synced[half:])


def restore_names(folder: Path, disk: Disk) -> None:
    """Give a directory the entries of its last sync; what was removed since is there again."""
    before, aside = disk.entries.get(folder.stat().st_ino, {}), {}
    for number, (name, inode) in zip(count(), listing(folder).items(), strict=False):
        if before.get(name) != inode:
            aside[inode] = (folder / name).rename(folder / f"aside {number}")
    for name, inode in before.items():
        if inode in aside:
            aside.pop(inode).rename(folder / name)
        elif not (folder / name).exists():
            resurrect(folder / name, inode, disk)
    for path in aside.values():
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def resurrect(path: Path, inode: int, disk: Disk) -> None:
    """Make a file or directory that was removed, as it was last synced."""
    if inode in disk.files:
        path.write_bytes(disk.files[inode])
    elif inode in disk.entries:
        path.mkdir()
        for name, child in disk.entries[inode].items():
            resurrect(path / name, child, disk)
