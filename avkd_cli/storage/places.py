"""Folders as wholes: held by one process at a time, given their names in one step, removed.

A lock ends with the process that has it; a name is there with all that is below it, or not at all.
"""

import ctypes
import errno
import fcntl
import glob
import os
import secrets
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from avkd_cli.errors import TemporaryError
from avkd_cli.storage.durable import MODE_FILE, operation, sync_directory

_RENAME_NOREPLACE, _RENAME_EXCHANGE, _AT_FDCWD = 1, 2, -100


@contextmanager
def lock(target: Path, *, shared: bool = False) -> Iterator[None]:
    """Hold `<target>.lock`, a flock: it ends with the process that has it, so it cannot go stale.

    Args:
        target: what is written.
        shared: several may hold it, but none that wants it for itself.

    Raises:
        TemporaryError: another process holds it; the message names it.
    """
    path = target.with_name(target.name + ".lock")
    with operation("lock", path):
        descriptor = _take_lock(path, target, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
    try:
        yield
    finally:
        with suppress(OSError):  # the last one tidies up: see the comparison in _take_lock
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
        os.close(descriptor)


def _take_lock(path: Path, target: Path, kind: int) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    while True:
        descriptor = os.open(path, flags, MODE_FILE)
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 200, 0).decode(errors="replace").strip()
            os.close(descriptor)
            raise TemporaryError(
                f"{target}: locked by {holder or 'another run'}; wait for it or stop it"
            ) from None
        # Its last holder may have removed the file between our open and our flock.
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(descriptor), path.stat()):
                os.ftruncate(descriptor, 0)
                os.pwrite(descriptor, f"pid {os.getpid()} on {socket.gethostname()}".encode(), 0)
                return descriptor
        os.close(descriptor)


def _renameat2(source: Path, target: Path, flags: int) -> None:
    function = ctypes.CDLL(None, use_errno=True).renameat2
    names = os.fsencode(source), os.fsencode(target)
    if function(_AT_FDCWD, names[0], _AT_FDCWD, names[1], flags):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), str(target))


def publish(work: Path, final: Path, overwrite: bool) -> None:
    """Give finished work its final name in one step, and sync that.

    With `overwrite` the two directories change places and the old one is removed. Where the
    file system cannot do that, `final` is absent for a moment, but never mixed.

    Raises:
        OutputError: `final` exists and `overwrite` is false.
    """
    exchange = overwrite and final.exists()
    with operation("exchange" if exchange else "rename", final):
        try:
            _renameat2(work, final, _RENAME_EXCHANGE if exchange else _RENAME_NOREPLACE)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP):
                raise
            if exchange:
                remove_tree(final)
            work.rename(final)  # fails on a directory that is not empty
            exchange = False
    sync_directory(final.parent)
    if exchange:
        remove_tree(work)


def remove_tree(path: Path) -> None:
    """Remove a directory: first its name, in one step, then what it held."""
    doomed = path.with_name(f"{path.name}.deleting-{secrets.token_hex(8)}")
    with operation("rename", path):
        path.rename(doomed)
    sync_directory(path.parent)
    with operation("remove", path):
        shutil.rmtree(doomed)


def remove_remains(path: Path) -> None:
    """Finish what killed calls of `remove_tree(path)` have begun."""
    for doomed in path.parent.glob(f"{glob.escape(path.name)}.deleting-*"):
        with operation("remove", path):
            shutil.rmtree(doomed)
