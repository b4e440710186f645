"""The only writer of files: a name appears when its content is whole and on the disk, or never.

Every file is written beside its name, synced, renamed, and its directory synced; `places` holds,
gives and takes away names of whole folders. Every operation on the disk, theirs too, passes
through `hook`, so that tests fail it, kill before it, or record it.
"""

import errno
import fcntl
import glob
import hashlib
import json
import os
import secrets
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple, TextIO

from avkd_cli.errors import AvkdError, OutputError, TemporaryError, WriteError


def hook(operation: str, path: Path) -> None:
    """Do nothing; tests put their own in this place to fail, kill or record an operation.

    Args:
        operation: create, write, sync, rename, sync_directory, append, mkdir, exchange, remove,
            touch or lock.
        path: what it is about to act on. An OSError raised here stands for the disk's own.
    """


MODE_FILE, _MODE_DIRECTORY = 0o600, 0o700  # voices, faces and embeddings are biometric data
_TEMPORARY = {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN, errno.ESTALE}
_NOT_OURS = {
    errno.EACCES,
    errno.EPERM,
    errno.ENOENT,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.ENAMETOOLONG,
    errno.EEXIST,
    errno.ENOTEMPTY,
    errno.ELOOP,
    errno.EINVAL,
}
_SYNCS = 8  # files synced at once


def explain(error: OSError, path: Path) -> AvkdError:
    """Return the error of avkd that says what the system refused, and whether to try again."""
    reason = os.strerror(error.errno).lower() if error.errno else str(error)
    if error.errno in _TEMPORARY:
        return TemporaryError(f"{path}: {reason}; free some resources and run the command again")
    if error.errno == errno.ENOENT and not path.parent.is_dir():
        return OutputError(f"{path}: cannot be written: no such folder; make it first")
    if error.errno in _NOT_OURS:
        return OutputError(f"{path}: cannot be written: {reason}; choose another output")
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return WriteError(f"{path}: {reason}; make room and run the command again, it goes on")
    return WriteError(f"{path}: {reason}; check the disk and run the command again, it goes on")


@contextmanager
def operation(name: str, path: Path) -> Iterator[None]:
    """Pass through `hook`; what the system refuses inside is an error of avkd."""
    try:
        hook(name, path)
        yield
    except OSError as error:
        raise explain(error, path) from error


def sync_directory(path: Path) -> None:
    """Make the names in a directory last: a rename is on the disk only after this."""
    with operation("sync_directory", path):
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


class _Beside(NamedTuple):
    """A file that is being written under a name of its own, beside the one it will have."""

    path: Path
    temporary: Path
    file: BinaryIO


@contextmanager
def _beside(path: Path) -> Iterator[_Beside]:
    """Give a file to write, which `_finish` renames to `path`; without that it is removed."""
    # The name is cut: with the suffix it may not be longer than 255 bytes.
    name = os.fsdecode(os.fsencode(path.name)[:200])
    temporary = path.with_name(f".{name}.tmp-{secrets.token_hex(8)}")
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with operation("create", path):
        file = os.fdopen(os.open(temporary, flags, MODE_FILE), "wb")
    try:
        with file:
            fcntl.flock(file, fcntl.LOCK_EX)  # says "in use" to `sweep`, and dies with us
            yield _Beside(path, temporary, file)
    except BaseException as error:
        with suppress(OSError):
            temporary.unlink()
        if isinstance(error, OSError) and error.filename is None:  # not of a file the caller reads
            raise explain(error, path) from error
        raise


def _finish(written: Sequence[_Beside]) -> None:
    """Give files their names, once the data of all of them are on the disk."""
    for path, _, file in written:
        with operation("write", path):
            file.flush()
    _sync(written)
    for path, temporary, _ in written:
        with operation("rename", path):
            temporary.rename(path)


def _sync(written: Sequence[_Beside]) -> None:
    """Sync files, all at once: then the disk's journal is written once or twice, not for each.

    A failed fsync is never repeated on the same pages.
    """
    for path, *_ in written:
        with operation("sync", path):
            pass
    with ThreadPoolExecutor(max(1, min(_SYNCS, len(written)))) as threads:
        syncs = [threads.submit(os.fsync, file.fileno()) for *_, file in written]
    for (path, *_), sync in zip(written, syncs, strict=True):
        if failed := sync.exception():
            raise explain(failed, path) from failed


def _sweep(stale: Iterable[Path]) -> None:
    """Remove files that killed writers left; those of live ones are locked."""
    for path in stale:
        with suppress(OSError), path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()


def _sweep_beside(path: Path) -> None:
    _sweep(path.parent.glob(f".{glob.escape(path.name)}.tmp-*"))


def sweep_below(folder: Path) -> None:
    """Remove what killed runs left half-written anywhere below a folder."""
    _sweep(list(folder.rglob(".*.tmp-*")))


@contextmanager
def binary_output(path: Path) -> Iterator[BinaryIO]:
    """Give a file to write; it appears under `path` at the end, or never if an error leaves.

    Raises:
        OutputError: `path` is a directory, a device or not permitted.
        WriteError: the disk is full or fails.
    """
    if path.exists() and not path.is_file():
        raise OutputError(f"{path}: is not a file; choose another output")
    path = Path(os.path.realpath(path))  # a link stays a link
    _sweep_beside(path)
    with _beside(path) as beside:
        yield beside.file
        _finish([beside])
    sync_directory(path.parent)


@contextmanager
def output_or_stdout(path: Path | None) -> Iterator[BinaryIO]:
    """Give a file to write as `binary_output` does, or for None stdout, flushed at the end."""
    if path is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with binary_output(path) as file:
        yield file


@contextmanager
def text_output(path: Path) -> Iterator[TextIO]:
    """Give a UTF-8 text file to write, with newlines as written; else like `binary_output`."""
    with binary_output(path) as file:
        text = os.fdopen(os.dup(file.fileno()), "w", encoding="utf-8", newline="")
        with text:
            yield text


Data = bytes | Iterable[bytes]
"""What a file is to hold; of pieces, which are gone through once, one at a time is in memory."""


def write_all(files: Mapping[Path, Data]) -> dict[Path, list]:
    """Write several files, each whole or absent, with one sync for each directory.

    Directories that are missing are made; when this returns, all of it is on the disk.

    Returns:
        Size and SHA-256 of each.
    """
    changed = dict.fromkeys(path.parent for path in files)
    for directory in list(changed):
        changed |= dict.fromkeys(_make_missing(directory))
    with ExitStack() as stack:
        written = [stack.enter_context(_beside(path)) for path in files]
        pairs = zip(written, files.values(), strict=True)
        measured = {beside.path: _measured(beside.file, data) for beside, data in pairs}
        _finish(written)
    for directory in changed:
        sync_directory(directory)
    return measured


def _measured(file: BinaryIO, data: Data) -> list:
    """Write data; return size and digest of it."""
    digest = hashlib.sha256()
    for piece in (data,) if isinstance(data, bytes) else data:
        file.write(piece)
        digest.update(piece)
    return [file.tell(), digest.hexdigest()]


def write_bytes(path: Path, data: bytes) -> None:
    """Write or replace one file, whole or not at all; remove what killed writers of it left."""
    _sweep_beside(path)
    write_all({path: data})


def write_text(path: Path, text: str) -> None:
    """Write or replace one UTF-8 text file, whole or not at all."""
    write_bytes(path, text.encode())


def write_json(path: Path, value: object) -> None:
    """Write or replace one JSON file, as `json_text` has it."""
    write_text(path, json_text(value))


def json_text(value: object) -> str:
    """Return JSON ending in a newline; NaN and infinity are refused.

    Raises:
        ValueError: `value` holds a number that JSON does not have.
    """
    return json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def append_line(path: Path, line: str) -> None:
    """Add a line to a log, in one write and unsynced: a log may lose its end to a power cut."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
    with operation("append", path):
        descriptor = os.open(path, flags, MODE_FILE)
        try:
            os.write(descriptor, f"{line}\n".encode())
        finally:
            os.close(descriptor)


def make_directory(path: Path) -> None:
    """Make a directory and what is missing above it, to last; an existing one is left alone."""
    for parent in _make_missing(path):
        sync_directory(parent)


def _make_missing(path: Path) -> list[Path]:
    """Make a directory and what is missing above it; return those that have a new entry."""
    if path.is_dir():
        return []
    changed = _make_missing(path.parent) if path.parent != path else []
    with operation("mkdir", path), suppress(FileExistsError):
        path.mkdir(mode=_MODE_DIRECTORY)
    if not path.is_dir():
        raise OutputError(f"{path}: exists and is not a directory; choose another output")
    return [*changed, path.parent]


def touch(path: Path) -> None:
    """Renew the time stamp of a file, for `make`."""
    with operation("touch", path):
        os.utime(path)


def sha256_bytes(data: bytes) -> str:
    """Return the SHA-256 of bytes, in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def sha256_file(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal digits."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest_of(texts: Iterable[str]) -> str:
    """Return "sha256:…" of several texts in their order; none may hold a newline."""
    return "sha256:" + sha256_bytes("\n".join(texts).encode())
