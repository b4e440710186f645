"""Lengths of bare frames by the tables of the standard, and what lies between them."""

import pytest

from avkd_cli.audio.frames import frame_length, has_frame_count, junk_fraction
from avkd_cli.errors import Rejected
from avkd_cli.media.opened import open_file

# MPEG 1 layer III, 128 kbit/s, 44.1 kHz: 144 * 128000 / 44100 = 417.96 bytes, without padding.
HEAD = b"\xff\xfb\x90\x00"
FRAME = HEAD + bytes(413)


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        pytest.param(HEAD, 417, id="MPEG 1, layer III"),
        pytest.param(b"\xff\xfb\x92\x00", 418, id="padded"),
        # 72 * 64000 / 22050 = 208.98
        pytest.param(b"\xff\xf3\x80\x00", 208, id="MPEG 2, layer III"),
        # 72 * 8000 / 8000
        pytest.param(b"\xff\xe3\x18\x00", 72, id="MPEG 2.5, layer III"),
        # 144 * 192000 / 48000
        pytest.param(b"\xff\xfd\xa4\x00", 576, id="MPEG 1, layer II"),
        # 4 * (12 * 256000 / 32000)
        pytest.param(b"\xff\xff\x88\x00", 384, id="MPEG 1, layer I"),
        pytest.param(b"\xff\xfb\x00\x00", None, id="free bit rate"),
        pytest.param(b"\xff\xfb\xf0\x00", None, id="forbidden bit rate"),
        pytest.param(b"\xff\xeb\x90\x00", None, id="reserved version"),
        pytest.param(b"\xff\xf9\x90\x00", None, id="reserved layer"),
        pytest.param(b"\x00\xfb\x90\x00", None, id="no sync word"),
    ],
)
def test_lengths_of_mpeg_frames(head, expected):
    assert frame_length(head + bytes(3), "mp3") == expected


def test_the_length_of_an_adts_frame_has_thirteen_bits():
    # 0b1_0000_0000_010 = 2050 bytes: two bits, then eight, then three.
    head = bytes([0xFF, 0xF1, 0x60, 0x40 | 0b01, 0b0000_0000, 0b010_11111, 0xFC])
    assert frame_length(head, "aac") == 2050
    assert frame_length(head[:1] + b"\xf3" + head[2:], "aac") is None


def junk_of(path, container="mp3") -> float:
    with open_file(path) as opened:
        return junk_fraction(opened, container)


def test_frames_side_by_side_with_tags_around_have_no_junk(make_file):
    tag = b"ID3\4\0\0\0\0\0\4" + bytes(4)
    for behind in (b"", b"TAG" + bytes(125), b"APETAGEX" + bytes(50), bytes(3000)):
        assert junk_of(make_file(tag + bytes(9) + FRAME * 5 + behind, "a.mp3")) == 0


def test_what_lies_between_frames_is_measured(make_file):
    data = FRAME * 3 + b"\xff" * 100 + bytes(17) + FRAME * 3
    assert junk_of(make_file(data, "a.mp3")) == pytest.approx(117 / len(data))


def test_a_file_that_ends_within_a_frame_is_truncated(make_file):
    with pytest.raises(Rejected, match="the last frame has 417 B, present 400 B") as caught:
        junk_of(make_file(FRAME * 4 + FRAME[:400], "a.mp3"))
    assert caught.value.code == "truncated"


def test_no_frame_at_all_ends(make_file):
    assert junk_of(make_file(b"\xff" * 200_000, "a.mp3")) == 0
    assert junk_of(make_file(b"\xff\xf1" + bytes(100_000), "a.aac"), "aac") == 0


def test_a_counting_frame_is_found_behind_the_tag(make_file):
    data = b"ID3\4\0\0\0\0\0\4" + bytes(4) + HEAD + bytes(32) + b"Xing" + bytes(300)
    with open_file(make_file(data, "a.mp3")) as opened:
        assert has_frame_count(opened)
    with open_file(make_file(FRAME, "b.mp3")) as opened:
        assert not has_frame_count(opened)
