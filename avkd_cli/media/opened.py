"""One open file, of sound, a picture or a film: the only way a decoder touches the disk."""

import contextlib
import errno
import io
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from avkd_cli.errors import Rejected

if TYPE_CHECKING:
    from av.container import InputContainer

_FAULTS = {
    errno.ENOENT: ("file_not_found", "not found"),
    errno.ENOTDIR: ("file_not_found", "a parent is not a directory"),
    errno.ENAMETOOLONG: ("file_not_found", "the name is too long"),
    errno.EACCES: ("file_unreadable", "permission denied"),
    errno.EPERM: ("file_unreadable", "permission denied"),
    errno.ELOOP: ("file_unreadable", "too many links"),
    errno.ENXIO: ("not_regular_file", "is a socket or a pipe"),
    errno.ENODEV: ("not_regular_file", "is a device"),
    errno.EISDIR: ("not_regular_file", "is a directory"),
}


def reject_of(error: OSError) -> Rejected | None:
    """Return the reject for an error of the system that is the file's own fault.

    None for any other: it is the machine's and ends the run, or a flaky disk would thin the data.
    """
    return Rejected(*_FAULTS[error.errno]) if error.errno in _FAULTS else None


class OpenFile(io.RawIOBase):
    """A regular file, open for reading, that remembers whether the system failed to read it.

    Decoders swallow errors of their input or turn them into their own, so `error` is asked
    after each of them: a flaky disk must never look like a broken recording.

    Attributes:
        size: length in bytes.
        suffix: of the name, lower case, for messages only; the content decides.
        error: the first OSError met while reading, or None.
    """

    def __init__(self, descriptor: int, suffix: str) -> None:
        super().__init__()
        self._descriptor = descriptor
        self.suffix = suffix
        self.size = os.fstat(descriptor).st_size
        self.error: OSError | None = None
        self._position = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the position in bytes."""
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move without touching the disk; before the beginning is the beginning."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self.size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer) -> int:
        """Fill `buffer` from the position on; 0 at the end or after an error."""
        view = memoryview(buffer).cast("B")
        try:
            count = os.preadv(self._descriptor, [view], self._position)
        except OSError as error:
            self.error = self.error or error
            return 0
        self._position += count
        return count

    def peek(self, offset: int, length: int) -> bytes:
        """Return up to `length` bytes at `offset`, leaving the position alone.

        Raises:
            OSError: if the system cannot read them.
        """
        try:
            return os.pread(self._descriptor, length, offset)
        except OSError as error:
            self.error = self.error or error
            raise

    def close(self) -> None:
        """Close the file; again is harmless."""
        if not self.closed:
            os.close(self._descriptor)
        super().close()


@contextlib.contextmanager
def open_file(path: Path) -> Iterator[OpenFile]:
    """Open the regular file `path`, once, without waiting for pipes or following it later.

    Raises:
        Rejected: file_not_found, file_unreadable, not_regular_file.
        OSError: for faults that are the machine's (EIO, EMFILE and the like).
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except ValueError:  # a NUL in the name
        raise Rejected("file_not_found", "the name holds a NUL") from None
    except OSError as error:
        raise reject_of(error) or error from None
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        kind = "a directory" if stat.S_ISDIR(mode) else "a device or a pipe"
        raise Rejected("not_regular_file", f"is {kind}")
    with contextlib.closing(OpenFile(descriptor, path.suffix.lower())) as opened:
        yield opened


class DecoderFaults:
    """A context that turns whatever a decoder raises into the reject `undecodable`.

    The libraries raise a dozen types for a broken file (measured: PyAV five on a thousand fuzzed
    ones, Pillow even SyntaxError), so nothing narrower than Exception is a promise. May be
    entered again and again: a class, since it is entered for every packet of a sound.

    Args:
        opened: the file.
        container: what it is.
        refused: the reject's detail; {container}, {byte} and {error} are filled in.

    Raises:
        Rejected: undecodable, decoder_oom.
        OSError: the error of the file, when it is the disk that failed, whatever came of it; or
            another of the machine.
        MemoryError: as it comes; the worker's limit decides whose fault it is.
    """

    __slots__ = ("container", "opened", "refused")

    def __init__(
        self,
        opened: OpenFile,
        container: str,
        refused: str = "the {container} decoder refused near byte {byte} ({error})",
    ) -> None:
        self.opened, self.container, self.refused = opened, container, refused

    def __enter__(self) -> "DecoderFaults":
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if error is not None and not isinstance(error, Exception):
            return
        # A decoder may also take a failed read for the end of the file, and say nothing.
        if self.opened.error is not None and not isinstance(error, MemoryError):
            raise self.opened.error from None
        if error is not None and not isinstance(error, Rejected):
            self._explain(error)

    def _explain(self, error: Exception) -> None:
        # FFmpeg's numbers are about the content, even those that look like the system's.
        is_content = type(error).__module__.partition(".")[0] == "av"
        if isinstance(error, MemoryError):
            if is_content:  # a header asked for more than FFmpeg grants
                detail = f"the {self.container} decoder wants too much memory"
                raise Rejected("decoder_oom", detail) from None
        elif is_content or not getattr(error, "errno", None):
            detail = self.refused.format(
                container=self.container, byte=self.opened.tell(), error=type(error).__name__
            )
            raise Rejected("undecodable", detail) from None


def open_container(
    faults: DecoderFaults, *, buffer_size: int = 1 << 15, options: dict[str, str] | None = None
) -> "InputContainer":
    """Return a file opened by FFmpeg, told what it is, so that no demuxer opens other files.

    Raises:
        Rejected, OSError: as `faults` says.
    """
    import av  # here: the rooms of sound and pictures read their first bytes without it

    av.logging.set_level(av.logging.PANIC)  # what FFmpeg has to say comes out as a reject code
    faults.opened.seek(0)
    with faults:
        return av.open(
            faults.opened,
            format=faults.container,
            mode="r",
            options=options or {},
            buffer_size=buffer_size,
            metadata_errors="replace",
        )
