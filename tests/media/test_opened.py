"""One open file that remembers what the system said."""

import contextlib
import errno
import io
import os
from pathlib import Path

import av
import pytest

from avkd_cli.errors import Rejected
from avkd_cli.media import opened as opened_module
from avkd_cli.media.opened import DecoderFaults, open_file, reject_of


def test_it_reads_as_any_file_does(make_file):
    data = bytes(range(256)) * 40
    with open_file(make_file(data, "a.wav")) as opened, io.BytesIO(data) as expected:
        for file in (opened, expected):
            file.seek(100)
        assert opened.read(50) == expected.read(50)
        assert opened.seek(-10, os.SEEK_END) == expected.seek(-10, os.SEEK_END)
        assert opened.read(50) == expected.read(50)
        assert (opened.tell(), opened.size, opened.suffix) == (10_240, 10_240, ".wav")
        assert opened.peek(3, 4) == data[3:7]
        assert opened.tell() == 10_240


def test_the_descriptor_is_closed_once_and_on_every_way_out(make_file):
    made = make_file(b"x", "a")
    with open_file(made) as opened:
        opened.close()
    with pytest.raises(Rejected), open_file(made.parent):
        pass
    with pytest.raises(KeyError), open_file(make_file(b"x", "c")):
        raise KeyError
    for link in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):  # other threads of this process close theirs
            assert made.parent not in link.readlink().parents


def test_a_missing_file_is_not_found(make_file):
    made = make_file(b"x", "a")
    for path in (made.parent / "nobody.jpg", made / "below", made.parent / "a\0b"):
        with pytest.raises(Rejected) as caught, open_file(path):
            pass
        assert caught.value.code == "file_not_found"


def test_what_else_a_file_can_be_at_fault_for_has_the_same_codes():
    codes = {"ENOENT": "file_not_found", "EACCES": "file_unreadable", "EISDIR": "not_regular_file"}
    for name, code in codes.items():
        assert reject_of(OSError(getattr(errno, name), name)).code == code
    assert reject_of(OSError(errno.EIO, "EIO")) is None
    assert reject_of(OSError("no number")) is None


@pytest.mark.parametrize("number", [errno.EMFILE, errno.EIO, errno.ENOMEM, errno.ESTALE])
def test_faults_of_the_machine_are_no_rejects(make_file, monkeypatch, number):
    def fail(*_):
        raise OSError(number, os.strerror(number))

    path = make_file(b"x", "a")
    monkeypatch.setattr(opened_module.os, "open", fail)
    with pytest.raises(OSError) as caught, open_file(path):
        pass
    assert caught.value.errno == number


@pytest.mark.parametrize(
    "error",
    [
        ValueError("x"),
        SyntaxError("Pillow"),
        OSError("no number"),
        UnicodeDecodeError("utf8", b"", 0, 1, ""),
        EOFError(),
        av.error.OSError(errno.EIO, "said of the content"),
    ],
)
def test_whatever_a_decoder_raises_is_undecodable(make_file, error):
    with (
        open_file(make_file(b"x", "a")) as opened,
        pytest.raises(Rejected, match="the mp4 decoder refused near byte 0") as caught,
        DecoderFaults(opened, "mp4"),
    ):
        raise error
    assert caught.value.code == "undecodable"


def test_memory_and_rejects_pass_through_and_the_disk_wins(make_file):
    with open_file(make_file(b"x", "a")) as opened:
        for error in (MemoryError(), Rejected("too_long", "x")):
            with pytest.raises(type(error)), DecoderFaults(opened, "mp4"):
                raise error
        opened.error = OSError(errno.EIO, "Input/output error")
        for error in (ValueError(), Rejected("truncated", "half of it")):
            with pytest.raises(OSError), DecoderFaults(opened, "mp4"):
                raise error
        with pytest.raises(OSError), DecoderFaults(opened, "mp4"):
            pass  # the decoder took the failed read for the end of the file


def test_an_error_of_the_system_is_the_machines_and_not_the_files(make_file):
    with (
        open_file(make_file(b"x", "a")) as opened,
        pytest.raises(OSError, match="Too many open files"),
        DecoderFaults(opened, "mp4"),
    ):
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))


def test_a_failed_read_is_remembered_however_it_was_read(make_file, monkeypatch):
    def fail(*_):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    for name in ("pread", "preadv"):
        with open_file(make_file(b"x", "a")) as opened, monkeypatch.context() as patched:
            patched.setattr(opened_module.os, name, fail)
            with pytest.raises(OSError, match="Input/output"), DecoderFaults(opened, "png"):
                with contextlib.suppress(OSError):
                    opened.peek(0, 1)
                opened.read(1)


def test_what_a_header_asks_of_ffmpeg_is_the_files_fault(make_file):
    # A file of a few bytes made FFmpeg answer ENOMEM, found by fuzzing; nothing was short.
    error = av.error.MemoryError(errno.ENOMEM, "Cannot allocate memory")
    with (
        open_file(make_file(b"x", "a")) as opened,
        pytest.raises(Rejected) as caught,
        DecoderFaults(opened, "mp4"),
    ):
        raise error
    assert caught.value.code == "decoder_oom"
