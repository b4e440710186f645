import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from avkd_cli.errors import OutputError, TemporaryError, WriteError
from avkd_cli.storage import durable


@pytest.fixture
def operations(monkeypatch):
    """Names of the operations in the order in which they are done."""
    seen = []
    monkeypatch.setattr(durable, "hook", lambda operation, path: seen.append(operation))
    return seen


def fail(monkeypatch, operation, code):
    def hook(name, path):
        if name == operation:
            raise OSError(code, os.strerror(code))

    monkeypatch.setattr(durable, "hook", hook)


def test_a_file_is_synced_before_its_name_and_its_directory_after(tmp_path, operations):
    durable.write_bytes(tmp_path / "a", b"data")
    assert operations == ["create", "write", "sync", "rename", "sync_directory"]
    assert (tmp_path / "a").read_bytes() == b"data"


def test_several_files_share_one_sync_of_their_directory(tmp_path, operations):
    durable.write_all({tmp_path / "a": b"1", tmp_path / "b": b"2"})
    assert operations.count("sync") == 2
    assert operations[-1] == "sync_directory"
    assert operations.count("sync_directory") == 1


def test_no_file_has_its_name_before_all_are_synced(tmp_path, operations):
    durable.write_all({tmp_path / "a": b"1", tmp_path / "b": b"2"})
    each_twice = [name for name in ("create", "write", "sync", "rename") for _ in range(2)]
    assert operations == [*each_twice, "sync_directory"]


def test_a_disk_that_fails_one_sync_of_several_shows_none_of_the_files(tmp_path, monkeypatch):
    real, calls = os.fsync, []

    def fsync(descriptor):
        calls.append(descriptor)
        if len(calls) == 2:
            raise OSError(errno.EIO, "Input/output error")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(WriteError, match="check the disk"):
        durable.write_all({tmp_path / name: b"1" for name in "abc"})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("operation", ["create", "write", "sync", "rename", "sync_directory"])
@pytest.mark.parametrize(
    ("code", "error"),
    [
        (errno.ENOSPC, WriteError),
        (errno.EIO, WriteError),
        (errno.EDQUOT, WriteError),
        (errno.EROFS, WriteError),
        (errno.EMFILE, TemporaryError),
        (errno.ENOMEM, TemporaryError),
        (errno.EACCES, OutputError),
    ],
)
def test_a_failed_operation_leaves_the_old_file_or_the_new_and_nothing_else(
    tmp_path, monkeypatch, operation, code, error
):
    path = tmp_path / "a"
    path.write_bytes(b"old")
    fail(monkeypatch, operation, code)
    with pytest.raises(error, match=": "):
        durable.write_bytes(path, b"new")
    assert path.read_bytes() == (b"new" if operation == "sync_directory" else b"old")
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_text_appears_only_at_the_end_and_never_after_an_error(tmp_path):
    path = tmp_path / "scores"
    with durable.text_output(path) as file:
        file.write("ä\n")
        assert not path.exists()
    assert path.read_bytes() == "ä\n".encode()
    with pytest.raises(KeyboardInterrupt), durable.text_output(path) as file:
        file.write("half")
        raise KeyboardInterrupt
    assert path.read_text() == "ä\n"
    assert list(tmp_path.iterdir()) == [path]


def test_an_error_about_a_file_that_the_caller_reads_is_left_alone(tmp_path):
    with pytest.raises(FileNotFoundError), durable.text_output(tmp_path / "a"):
        (tmp_path / "missing").read_text()


def test_a_device_or_directory_is_never_replaced(tmp_path):
    for path in (Path(os.devnull), tmp_path):
        with pytest.raises(OutputError, match="is not a file"), durable.text_output(path):
            pass
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)


def test_a_link_keeps_pointing_to_the_file_that_is_replaced(tmp_path):
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    with durable.text_output(tmp_path / "link") as file:
        file.write("new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


def test_what_a_killed_writer_left_is_removed_by_the_next(tmp_path):
    killed = (
        "import os, pathlib, sys\n"
        "from avkd_cli.storage import durable\n"
        "with durable.text_output(pathlib.Path(sys.argv[1])) as file:\n"
        "    file.write('x'); file.flush(); os.kill(os.getpid(), 9)\n"
    )
    path = tmp_path / "a[1]"
    assert subprocess.run([sys.executable, "-c", killed, path], check=False).returncode == -9
    assert len(list(tmp_path.iterdir())) == 1
    with durable.text_output(path) as file, durable.text_output(path) as other:
        file.write("first")  # a live writer's file is not swept away by a second one
        other.write("second")
    assert [p.name for p in tmp_path.iterdir()] == ["a[1]"]


def test_files_are_for_their_owner_only(tmp_path):
    durable.make_directory(tmp_path / "d" / "e")
    durable.write_text(tmp_path / "d" / "e" / "f", "x")
    modes = [stat.S_IMODE((tmp_path / p).stat().st_mode) for p in ("d", "d/e", "d/e/f")]
    assert modes == [0o700, 0o700, 0o600]


def test_a_name_of_255_bytes_can_be_written(tmp_path):
    durable.write_text(tmp_path / ("ä" * 127), "x")
    assert [p.name for p in tmp_path.iterdir()] == ["ä" * 127]


def test_json_has_no_nan(tmp_path):
    durable.write_json(tmp_path / "a", {"ä": [1, 0.5]})
    assert (tmp_path / "a").read_text() == '{\n "ä": [\n  1,\n  0.5\n ]\n}\n'
    with pytest.raises(ValueError, match="JSON"):
        durable.write_json(tmp_path / "b", float("nan"))
    assert not (tmp_path / "b").exists()


def test_a_log_grows_by_lines_for_its_owner_only(tmp_path, operations):
    durable.append_line(tmp_path / "log", "ä")
    durable.append_line(tmp_path / "log", "b")
    assert (tmp_path / "log").read_text() == "ä\nb\n"
    assert stat.S_IMODE((tmp_path / "log").stat().st_mode) == 0o600
    assert operations == ["append", "append"]


def test_make_directory_needs_a_free_name(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="file"):
        durable.make_directory(tmp_path / "file")
    with pytest.raises(OutputError):
        durable.make_directory(tmp_path / "file" / "below")


def test_sha256_is_that_of_the_standard(tmp_path):
    # FIPS 180-2, appendix B.1.
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    durable.write_bytes(tmp_path / "abc", b"abc")
    assert durable.sha256_bytes(b"abc") == durable.sha256_file(tmp_path / "abc") == expected


def test_a_folder_that_is_not_there_is_named_as_such(tmp_path):
    said = "x: cannot be written: no such folder; make it first"
    path = tmp_path / "nowhere" / "x"
    with pytest.raises(OutputError, match=said), durable.text_output(path):
        pass
