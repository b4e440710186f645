"""Names, devices and disks that fail: rows W30 to W36 of table W."""

import os
import socket

import pytest
import soundfile

from avkd_cli.audio.decode import decode_audio


@pytest.mark.parametrize("kind", ["directory", "fifo", "socket", "device"])  # W30
def test_what_is_no_regular_file_is_refused_at_once(tmp_path, kind, code_of):
    path = tmp_path / "a.wav"
    if kind == "directory":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(str(path))
    else:
        path.symlink_to("/dev/zero")
    assert code_of(path) == "not_regular_file"


def test_a_name_that_is_not_utf8_is_opened(make_wav, tmp_path):  # W31
    path = make_wav().rename(tmp_path / os.fsdecode(b"\xff\xfe \xe9.wav"))
    assert len(decode_audio(path).samples) == 16_000


def test_a_missing_file_and_a_loop_of_links_are_told_apart(tmp_path, code_of):  # M32
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert code_of(tmp_path / "none.wav") == "file_not_found"
    assert code_of(tmp_path / "loop") == "file_unreadable"
    assert code_of(tmp_path / ("x" * 300)) == "file_not_found"


@pytest.mark.parametrize("name", ["a.wav", "24.wav", "a.flac", "a.m4a", "a.ogg"])  # W35
def test_a_failing_disk_is_never_a_reject(tmp_path, voice, make_media, failing_disk, name):
    path = tmp_path / name
    if name in ("a.m4a", "a.ogg"):
        codec, rate = ("aac", 16_000) if name == "a.m4a" else ("libopus", 48_000)
        make_media(name, codec, rate=rate)
    else:
        subtype = "PCM_24" if name == "24.wav" else "PCM_16"
        soundfile.write(path, voice(2.0, 16_000), 16_000, subtype=subtype)
    assert failing_disk(lambda: decode_audio(path)) >= 2


def test_a_sparse_file_of_a_hundred_gigabytes_is_refused_by_its_head(tmp_path, code_of):  # W36
    path = tmp_path / "a.wav"
    with path.open("wb") as file:
        file.truncate(100 << 30)
    assert code_of(path) == "undecodable"


def test_a_sparse_wav_of_three_gigabytes_is_refused_by_its_header(
    tmp_path, make_wav, code_of
):  # W36
    path = make_wav(b"", data_size=3 << 30)
    with path.open("r+b") as file:
        file.truncate((3 << 30) + 44)
    assert code_of(path) in {"too_long", "truncated"}
