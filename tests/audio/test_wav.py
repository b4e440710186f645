"""The header of a WAV file against the file."""

import struct

import pytest

from avkd_cli.audio.wav import read_wav_header
from avkd_cli.errors import Rejected
from avkd_cli.media.opened import open_file


def header_of(path):
    with open_file(path) as opened:
        return read_wav_header(opened)


def chunk(name: bytes, content: bytes, order: str = "<") -> bytes:
    return name + struct.pack(order + "I", len(content)) + content + bytes(len(content) % 2)


FMT = struct.pack("<HHIIHH", 1, 2, 8000, 32_000, 4, 16)


def riff(*chunks: bytes, magic: bytes = b"RIFF") -> bytes:
    body = b"WAVE" + b"".join(chunks)
    return magic + struct.pack("<I", len(body)) + body


def test_the_fields_are_read(make_wav):
    header = header_of(make_wav(bytes(400), rate=44_100, channels=2, bits=16))
    assert (header.codec, header.channels, header.rate, header.bits) == (1, 2, 44_100, 16)
    assert (header.block, header.data_start, header.data_bytes) == (4, 44, 400)
    assert not header.big_endian
    assert header.warnings == ()


def test_other_chunks_are_passed_over_with_their_padding(make_file):
    data = riff(
        chunk(b"JUNK", b"odd"),
        chunk(b"fmt ", FMT),
        chunk(b"LIST", b"x" * 7),
        chunk(b"data", bytes(8)),
    )
    header = header_of(make_file(data, "a.wav"))
    assert (header.rate, header.data_bytes) == (8000, 8)
    assert header.data_start == len(data) - 8


def test_an_extensible_header_names_its_inner_codec(make_file):
    fmt = struct.pack("<HHIIHHHHIH14x", 0xFFFE, 1, 16_000, 64_000, 4, 32, 22, 32, 4, 3)
    data = riff(chunk(b"fmt ", fmt), chunk(b"data", bytes(8)))
    assert header_of(make_file(data, "a.wav")).codec == 3


def test_rf64_takes_the_length_from_its_own_chunk(make_file):
    ds64 = struct.pack("<QQQI", 0, 8, 2, 0)
    data = riff(chunk(b"ds64", ds64), chunk(b"fmt ", FMT), magic=b"RF64")
    data += b"data" + struct.pack("<I", 0xFFFFFFFF) + bytes(8)
    header = header_of(make_file(data, "a.wav"))
    assert header.data_bytes == 8
    assert "streamed_header" not in header.warnings


@pytest.mark.parametrize(
    ("data", "code"),
    [
        pytest.param(riff(chunk(b"data", bytes(8))), "undecodable", id="data before fmt"),
        pytest.param(riff(chunk(b"fmt ", FMT[:10])), "truncated", id="no data"),
        pytest.param(riff(chunk(b"fmt ", FMT[:10]), chunk(b"data", b"")), "undecodable", id="fmt"),
        pytest.param(b"RIFF\4\0\0\0WAVE", "truncated", id="nothing but the magic"),
    ],
)
def test_a_header_without_its_parts_is_refused(make_file, data, code):
    with pytest.raises(Rejected) as caught:
        header_of(make_file(data, "a.wav"))
    assert caught.value.code == code


@pytest.mark.parametrize("size", [4, 5, 6, 8, 9], ids="ends at {} less".format)
def test_one_byte_of_padding_in_the_riff_size_is_nobodys_business(make_wav, size):
    path = make_wav(bytes(401), bits=8, riff_size=36 + 401 - 5 + size)
    expected = () if abs(size - 5) <= 1 else ("riff_size",)
    assert header_of(path).warnings == expected


def test_a_data_size_that_leaves_samples_behind_is_odd(make_wav):
    path = make_wav(b"\x80" * 800, data_size=400)
    assert header_of(path).warnings == ("odd_header",)


def test_a_rate_that_the_byte_rate_contradicts_is_odd(make_wav):
    path = make_wav(bytes(400))
    data = bytearray(path.read_bytes())
    data[24:28] = struct.pack("<I", 48_000)
    path.write_bytes(data)
    assert header_of(path).warnings == ("odd_header",)
