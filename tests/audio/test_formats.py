"""The content decides what a file is; only formats of the list are opened."""

import pytest

from avkd_cli.audio.formats import SUFFIXES, id3_length, is_named_otherwise, sniff
from avkd_cli.audio.opened import open_file
from avkd_cli.errors import Rejected


def sniffed(path) -> str:
    with open_file(path) as opened:
        return sniff(opened)


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"RIFF\0\0\0\0WAVE", "wav"),
        (b"RIFX\0\0\0\nWAVE", "wav"),
        (b"RF64\xff\xff\xff\xffWAVE", "wav"),
        (b"RIFF\0\0\0\0AVI ", "avi"),
        (b"fLaC\0\0\0\x22", "flac"),
        (b"ID3\4\0\0\0\0\0\2xxfLaC", "flac"),
        (b"ID3\4\0\0\0\0\0\2xx\xff\xfb\x90\0", "mp3"),
        (b"\xff\xfb\x90\x64", "mp3"),
        (b"\xff\xf3\x40\xc0", "mp3"),
        (b"\xff\xf1\x60\x40\x02\x1f\xfc", "aac"),
        (b"OggS\0\2", "ogg"),
        (b"\0\0\0\x18ftypM4A ", "mp4"),
        (b"\0\0\0\x08wide", "mp4"),
        (b"\x1aE\xdf\xa3\x9f", "matroska"),
        (b"\0\0\1\xba\x44", "mpeg"),
        (b"NIST_1A\n   1024\n", "sphere"),
    ],
)
def test_each_allowed_format_is_known_by_its_head(make_file, head, expected):
    assert sniffed(make_file(head, "x")) == expected
    assert expected in SUFFIXES


@pytest.mark.parametrize(
    "head",
    [
        b"#EXTM3U\n",
        b"\xef\xbb\xbf#EXTM3U\n",
        b"  \n#EXTM3U",
        b"ffconcat version 1\n",
        b"v=0\r\no=",
        b'<?xml version="1.0"?>\n<MPD xmlns',
        b"[playlist]\n",
        b".snd",
        b"FLV\1",
        b"\x30\x26\xb2\x75\x8e",
    ],
)
def test_playlists_and_unlisted_formats_are_refused_by_name(make_file, head):
    with pytest.raises(Rejected, match=r"looks like '[a-z0-9]+'; allowed: wav, flac") as caught:
        sniffed(make_file(head, "a.wav"))
    assert caught.value.code == "format_not_allowed"


def test_the_length_of_an_id3_tag_has_seven_bits_a_byte(make_file):
    with open_file(make_file(b"ID3\4\0\0\0\0\2\1", "a.mp3")) as opened:
        assert id3_length(opened) == 10 + 2 * 128 + 1


@pytest.mark.parametrize(
    ("name", "differs"),
    [
        ("a.wav", False),
        ("a.WAV", False),
        ("a", False),
        ("a.x", False),
        ("a.flac", True),
        ("a.mp4", True),
    ],
)
def test_only_the_ending_of_another_format_is_a_mismatch(make_file, name, differs):
    with open_file(make_file(b"x", name)) as opened:
        assert is_named_otherwise(opened, "wav") is differs
