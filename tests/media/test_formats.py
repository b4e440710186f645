"""The content decides what a file is; only formats of the list are opened."""

import pytest

from avkd_cli.errors import Rejected
from avkd_cli.media.formats import (
    IMAGE,
    SOUND,
    SOUNDS,
    VIDEO,
    allowed_format,
    check_packets,
    id3_length,
    is_named_otherwise,
    kind_of,
    sniff,
)
from avkd_cli.media.opened import open_file

TS = b"G" + bytes(187)
CAMCORDER = bytes(4) + TS


def sniffed(path) -> str:
    with open_file(path) as opened:
        return sniff(opened)


def allowed(path, kind) -> str:
    with open_file(path) as opened:
        return allowed_format(opened, kind)


def rejected(code, match=None):
    return pytest.raises(Rejected, match=match, check=lambda error: error.code == code)


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
        (b"#!AMR-WB\n", "amr"),
        (b"caff\0\1\0\0", "caf"),
        (b"FORM\0\0\0\0AIFC", "aiff"),
        (TS * 3, "mpegts"),
        (CAMCORDER * 3, "mpegts"),
    ],
)
def test_each_format_of_sound_is_known_by_its_head(make_file, head, expected):
    assert allowed(make_file(head, "x"), SOUND) == expected
    assert expected in SOUNDS


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
        b"#!AMR_MC1.0\n",
        b"FLV\1",
        b"\x30\x26\xb2\x75\x8e",
    ],
)
def test_playlists_and_unlisted_formats_are_refused_by_name(make_file, head):
    with rejected("format_not_allowed", r"looks like '[a-z0-9 ]+'; allowed: wav, flac"):
        allowed(make_file(head, "a.wav"), SOUND)


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"\xff\xd8\xff\xe0", "jpeg"),
        (b"\x89PNG\r\n\x1a\n", "png"),
        (b"\0\0\0 ftypisom", "mp4"),
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
def test_the_content_tells_the_format(make_file, head, name):
    assert sniffed(make_file(head, "x")) == name


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
        (b"RIFF\0\0\0\0WAVE", "image", "undecodable"),
        (b"RIFF\0\0\0\0WAVE", "video", "undecodable"),
        (b"\xff\xd8\xff\xe0", "sound", "undecodable"),
        (b"\0\0\0 ftypheic", "sound", "undecodable"),
        (b"", "sound", "empty_file"),
        (b"<!DOCTYPE html>", "image", "undecodable"),
    ],
)
def test_only_the_listed_formats_are_let_through(make_file, head, kind, code):
    with rejected(code):
        allowed(make_file(head, "file.bin"), kind)


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\xff\xd8\xff\xe0", IMAGE),
        (b"\0\0\0 ftypisom", VIDEO),
        (b"\0\0\0 ftypheic", IMAGE),
        (b"OggS", SOUND),
        (b"RIFF\0\0\0\0WAVE", SOUND),
    ],
)
def test_a_recording_is_sound_an_image_or_a_film(make_file, head, kind):
    with open_file(make_file(head, "x")) as opened:
        assert kind_of(opened) == kind


@pytest.mark.parametrize(
    ("head", "code"),
    [(b"GIF89a", "format_not_allowed"), (b"hello", "undecodable"), (b"", "empty_file")],
)
def test_what_is_no_recording_has_no_kind(make_file, head, code):
    with open_file(make_file(head, "x")) as opened, rejected(code):
        kind_of(opened)


@pytest.mark.parametrize(("packet", "length"), [(TS, 188), (CAMCORDER, 192)])
def test_a_transport_stream_ends_with_a_whole_packet(make_file, packet, length):
    with open_file(make_file(packet * 4, "a.mts")) as opened:
        check_packets(opened)
    said = f"the last packet has {length} B, present 100 B"
    cut = make_file(packet * 4 + bytes(100), "b.mts")
    with open_file(cut) as opened, rejected("truncated", said):
        check_packets(opened)


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
