"""One open file that remembers what the system said."""

import contextlib
import errno
import io
import os
from pathlib import Path

import av
import pytest

from avkd_cli.audio import source as source_module
from avkd_cli.audio.source import DecoderFaults, open_source
from avkd_cli.errors import Rejected


def test_it_reads_as_any_file_does(make_file):
    data = bytes(range(256)) * 40
    with open_source(make_file(data, "a.wav")) as source, io.BytesIO(data) as expected:
        for file in (source, expected):
            file.seek(100)
        assert source.read(50) == expected.read(50)
        assert source.seek(-10, os.SEEK_END) == expected.seek(-10, os.SEEK_END)
        assert source.read(50) == expected.read(50)
        assert (source.tell(), source.size, source.suffix) == (10_240, 10_240, ".wav")
        assert source.peek(3, 4) == data[3:7]
        assert source.tell() == 10_240


def test_the_descriptor_is_closed_once_and_on_every_way_out(make_file):
    made = make_file(b"x", "a")
    with open_source(made) as source:
        source.close()
    with pytest.raises(Rejected), open_source(make_file(b"", "b")):
        pass
    with pytest.raises(KeyError), open_source(make_file(b"x", "c")):
        raise KeyError
    for link in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):  # other threads of this process close theirs
            assert made.parent not in link.readlink().parents


@pytest.mark.parametrize("number", [errno.EMFILE, errno.EIO, errno.ENOMEM, errno.ESTALE])
def test_faults_of_the_machine_are_no_rejects(make_file, monkeypatch, number):
    def fail(*_):
        raise OSError(number, os.strerror(number))

    path = make_file(b"x", "a")
    monkeypatch.setattr(source_module.os, "open", fail)
    with pytest.raises(OSError) as caught, open_source(path):
        pass
    assert caught.value.errno == number


def test_a_name_with_a_nul_is_not_found(tmp_path):
    with pytest.raises(Rejected) as caught, open_source(tmp_path / "a\0b"):
        pass
    assert caught.value.code == "file_not_found"


@pytest.mark.parametrize(
    "error", [ValueError("x"), IndexError(), UnicodeDecodeError("utf8", b"", 0, 1, ""), EOFError()]
)
def test_whatever_a_decoder_raises_is_undecodable(make_file, error):
    with (
        open_source(make_file(b"x", "a")) as source,
        pytest.raises(Rejected, match="the mp4 decoder refused near byte 0") as caught,
        DecoderFaults(source, "mp4"),
    ):
        raise error
    assert caught.value.code == "undecodable"


def test_memory_and_rejects_pass_through_and_the_disk_wins(make_file):
    with open_source(make_file(b"x", "a")) as source:
        for error in (MemoryError(), Rejected("too_long", "x")):
            with pytest.raises(type(error)), DecoderFaults(source, "mp4"):
                raise error
        source.error = OSError(errno.EIO, "Input/output error")
        with pytest.raises(OSError), DecoderFaults(source, "mp4"):
            raise ValueError
        with pytest.raises(OSError), DecoderFaults(source, "mp4"):
            pass  # the decoder took the failed read for the end of the file


def test_what_a_header_asks_of_ffmpeg_is_the_files_fault(make_file):
    # A file of a few bytes made FFmpeg answer ENOMEM, found by fuzzing; nothing was short.
    error = av.error.MemoryError(errno.ENOMEM, "Cannot allocate memory")
    with (
        open_source(make_file(b"x", "a")) as source,
        pytest.raises(Rejected) as caught,
        DecoderFaults(source, "mp4"),
    ):
        raise error
    assert caught.value.code == "decoder_oom"
