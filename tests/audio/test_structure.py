"""The outermost parts of a container against the length of its file."""

import struct

import pytest

from avkd_cli.audio.structure import check_structure
from avkd_cli.errors import Rejected
from avkd_cli.media.opened import open_file


def check(path, container) -> set[str]:
    with open_file(path) as opened:
        return check_structure(opened, container, 0.01)


def code_of(path, container) -> str:
    with pytest.raises(Rejected) as caught:
        check(path, container)
    return caught.value.code


def page(content: bytes, flags: int) -> bytes:
    return b"OggS\0" + bytes([flags]) + bytes(20) + bytes([1, len(content)]) + content


def box(name: bytes, content: bytes, size: int | None = None) -> bytes:
    return struct.pack(">I", 8 + len(content) if size is None else size) + name + content


EBML = b"\x1aE\xdf\xa3\x82xx"
SEGMENT = b"\x18S\x80g"
WHOLE = {
    "ogg": page(b"first", 2) + page(b"last", 4),
    "avi": b"RIFF" + struct.pack("<I", 8) + b"AVI LIST",
    "mp4": box(b"ftyp", b"M4A ") + box(b"moov", b"x" * 9) + box(b"mdat", b"y" * 99),
    "matroska": EBML + SEGMENT + b"\x84abcd",
}


@pytest.mark.parametrize("container", WHOLE)
def test_a_whole_file_passes_and_one_byte_less_does_not(make_file, container):
    assert check(make_file(WHOLE[container], "a"), container) == set()
    cut = code_of(make_file(WHOLE[container][:-1], "b"), container)
    assert cut == ("undecodable" if container == "ogg" else "truncated")


def test_an_ogg_whose_last_page_is_missing_is_truncated(make_file):
    assert code_of(make_file(page(b"first", 2), "a"), "ogg") == "truncated"


@pytest.mark.parametrize(
    ("data", "container"),
    [
        pytest.param(b"RIFF\xff\xff\xff\xffAVI LIST", "avi", id="avi from a pipe"),
        pytest.param(b"RIFF\0\0\0\0AVI LIST", "avi", id="avi of no length"),
        pytest.param(box(b"moov", b"x") + box(b"mdat", b"y", 0), "mp4", id="box to the end"),
        pytest.param(
            box(b"moov", b"x") + b"\0\0\0\1mdat" + struct.pack(">Q", 20) + b"yyyy",
            "mp4",
            id="64-bit box",
        ),
        pytest.param(box(b"moov", b"x") + b"\x7f\0\0\0junk", "mp4", id="junk behind"),
        pytest.param(box(b"moov", b"x") + b"end", "mp4", id="less than a box behind"),
        pytest.param(EBML + SEGMENT + b"\x01" + b"\xff" * 7 + b"abc", "matroska", id="live"),
        pytest.param(EBML + b"else", "matroska", id="no segment where it should be"),
    ],
)
def test_lengths_that_say_nothing_are_left_to_the_decoder(make_file, data, container):
    assert check(make_file(data, "a"), container) == set()


def test_a_box_of_64_bits_is_compared_too(make_file):
    data = b"\0\0\0\1mdat" + struct.pack(">Q", 21) + b"yyyy"
    assert code_of(make_file(data, "a"), "mp4") == "truncated"


def test_damage_between_frames_is_a_warning_and_much_of_it_a_reject(make_file):
    frame = b"\xff\xfb\x90\x00" + bytes(413)
    little = frame * 50 + b"x" * 100 + frame * 50
    much = frame * 5 + b"x" * 1000 + frame * 5
    assert check(make_file(little, "a"), "mp3") == {"decode_errors"}
    assert code_of(make_file(much, "b"), "mp3") == "undecodable"
