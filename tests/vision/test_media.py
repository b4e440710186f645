import errno
import os

import numpy as np
import pytest

from avkd_cli.errors import Rejected
from avkd_cli.vision.media import (
    EXIF_ORIENTATIONS,
    Orientation,
    allowed_format,
    content_format,
    decoding,
    display_orientation,
    open_media,
)


def rejected(code):
    return pytest.raises(Rejected, check=lambda error: error.code == code)


def test_a_missing_file_is_not_found(tmp_path):
    with rejected("file_not_found"), open_media(tmp_path / "nobody.jpg"):
        pass
    (tmp_path / "file").write_bytes(b"x")
    with rejected("file_not_found"), open_media(tmp_path / "file" / "below"):
        pass


def test_a_folder_and_a_pipe_are_no_files_and_do_not_block(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        with rejected("not_regular_file"), open_media(path):
            pass


def test_a_link_to_itself_and_a_nul_are_unreadable(tmp_path):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for path in (tmp_path / "loop", tmp_path / "a\0b"):
        with rejected("file_unreadable"), open_media(path):
            pass


@pytest.mark.parametrize("number", [errno.EIO, errno.EMFILE, errno.ENOSPC])
def test_a_fault_of_the_machine_is_never_a_reject(number, monkeypatch, tmp_path):
    def fail(*_, **__):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "open", fail)
    with pytest.raises(OSError, match=os.strerror(number)), open_media(tmp_path / "a.jpg"):
        pass
    with pytest.raises(OSError, match=os.strerror(number)), decoding("image"):
        fail()


@pytest.mark.parametrize(
    "error", [SyntaxError("x"), OSError("no number"), ValueError(), KeyError()]
)
def test_whatever_a_decoder_raises_is_a_reject(error):
    with rejected("undecodable"), decoding("image"):
        raise error


def test_memory_and_rejects_pass_the_boundary():
    with pytest.raises(MemoryError), decoding("image"):
        raise MemoryError
    with rejected("truncated"), decoding("image"):
        raise Rejected("truncated", "half of it")


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"\xff\xd8\xff\xe0", "jpeg"),
        (b"\x89PNG\r\n\x1a\n", "png"),
        (b"\0\0\0 ftypisom", "mov"),
        (b"\x1aE\xdf\xa3", "matroska"),
        (b"RIFF\0\0\0\0AVI LIST", "avi"),
        (b"RIFF\0\0\0\0WEBPVP8", "webp"),
        (b"\0\0\x01\xba", "mpeg"),
        (b"\xef\xbb\xbf#EXTM3U\n", "hls playlist"),
        (b" \n#EXTM3U\n", "hls playlist"),
        (b"ffconcat version 1.0\n", "concat playlist"),
        (b"v=0\r\no=- 0 0", "sdp"),
        (b"<?xml version='1.0'?>\n<MPD>", "dash playlist"),
        (b"<?xml?><svg>", "svg"),
        (b"<html><body>", ""),
        (b"hello", ""),
        (b"", ""),
        ((b"G" + b"\0" * 187) * 3, "mpegts"),
    ],
)
def test_the_content_tells_the_format(head, name):
    assert content_format(head) == name


@pytest.mark.parametrize(
    ("head", "kind", "code"),
    [
        (b"", "video", "undecodable"),
        (b"plain text", "video", "undecodable"),
        (b"\x89PNG\r\n\x1a\n", "video", "undecodable"),
        (b"GIF89a", "video", "undecodable"),
        (b"#EXTM3U", "video", "format_not_allowed"),
        (b"OggS", "video", "format_not_allowed"),
        (b"GIF89a", "image", "format_not_allowed"),
        (b"%!PS-Adobe", "image", "format_not_allowed"),
        (b"#EXTM3U", "image", "format_not_allowed"),
        (b"\0\0\0 ftypisom", "image", "undecodable"),
        (b"<!DOCTYPE html>", "image", "undecodable"),
    ],
)
def test_only_the_listed_formats_are_let_through(head, kind, code, tmp_path):
    path = tmp_path / "file.bin"
    path.write_bytes(head)
    with open_media(path) as file, rejected(code):
        allowed_format(file, path, kind, [])


@pytest.mark.parametrize(("name", "said"), [("a.JPG", []), ("a.png", ["extension_mismatch"])])
def test_a_wrong_name_is_said_and_forgiven(name, said, tmp_path):
    path, warnings = tmp_path / name, []
    path.write_bytes(b"\xff\xd8\xff\xe0")
    with open_media(path) as file:
        assert allowed_format(file, path, "image", warnings) == "jpeg"
        assert file.tell() == 0
    assert warnings == said


L = np.array([[1, 0], [1, 0], [1, 1]])[:, :, None]  # an L: no two of its eight positions are equal


def test_the_eight_orientations_are_all_different_and_undo_each_other():
    seen = {o.apply(L).tobytes() + bytes(o.apply(L).shape) for o in EXIF_ORIENTATIONS.values()}
    assert len(seen) == 8
    assert np.array_equal(EXIF_ORIENTATIONS[6].apply(EXIF_ORIENTATIONS[8].apply(L)), L)


def test_orientation_6_turns_a_quarter_clockwise():
    assert np.array_equal(EXIF_ORIENTATIONS[6].apply(L), np.rot90(L, -1))
    assert np.array_equal(EXIF_ORIENTATIONS[3].apply(L), np.rot90(L, 2))


@pytest.mark.parametrize(
    ("abcd", "expected"),
    [
        ((1, 0, 0, 1), Orientation()),
        ((-1, 0, 0, 1), Orientation(mirror_x=True)),
        ((-1, 0, 0, -1), Orientation(mirror_x=True, mirror_y=True)),
        # (p, q) is shown at (-q, p): the top edge comes to the right, a quarter clockwise.
        ((0, 1, -1, 0), Orientation(transpose=True, mirror_x=True)),
        ((0, 0, 0, 0), Orientation()),
    ],
)
def test_a_display_matrix_is_read_by_its_signs(abcd, expected):
    a, b, c, d = (65536 * value for value in abcd)
    matrix = np.array([a, b, 0, c, d, 0, 0, 0, 1 << 30], dtype=np.int32).tobytes()
    assert display_orientation(matrix) == expected
