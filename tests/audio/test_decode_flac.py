"""FLAC and SPHERE, cut, damaged, expanding: rows W25 to W27 of table W."""

import struct

import numpy as np
import pytest
import soundfile

from avkd_cli.audio.decode import decode_audio
from avkd_cli.errors import Rejected
from avkd_cli.media.limits import Limits


@pytest.mark.parametrize("share", [0.5, 0.9, 0.99])  # W25
def test_a_flac_cut_off_is_refused(tmp_path, voice, share, code_of):
    path = tmp_path / "a.flac"
    soundfile.write(path, voice(2.0, 16_000), 16_000)
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    assert code_of(path) in {"undecodable", "truncated"}


def test_a_flipped_bit_in_flac_is_found(tmp_path, voice, code_of):  # W25
    path = tmp_path / "a.flac"
    soundfile.write(path, voice(2.0, 16_000), 16_000)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 16
    path.write_bytes(data)
    assert code_of(path) in {"undecodable", "truncated"}


def test_hours_of_silence_are_refused_by_the_header(tmp_path):  # W26
    path = tmp_path / "a.flac"
    soundfile.write(path, np.zeros(16_000 * 700, np.int16), 16_000)
    with pytest.raises(Rejected, match=r"700\.00 s > 600\.00 s") as caught:
        decode_audio(path)
    assert caught.value.code == "too_long"


def test_a_small_file_that_expands_without_measure_is_refused(tmp_path):  # W26
    path = tmp_path / "a.flac"
    soundfile.write(path, np.zeros((192_000 * 20, 6), np.int16), 192_000)
    with pytest.raises(Rejected, match="expands") as caught:
        decode_audio(path)
    assert caught.value.code == "too_long"


def test_an_impossible_count_of_frames_in_flac_is_refused(tmp_path, voice, code_of):  # W27
    path = tmp_path / "a.flac"
    soundfile.write(path, voice(1.0, 16_000), 16_000)
    data = bytearray(path.read_bytes())
    data[21] |= 0x0F  # the highest of 36 bits
    path.write_bytes(data)
    assert code_of(path) == "too_long"


def test_a_flac_that_declares_more_than_it_holds_is_truncated(tmp_path, voice, code_of):
    path = tmp_path / "a.flac"
    soundfile.write(path, voice(1.0, 16_000), 16_000)
    data = bytearray(path.read_bytes())
    data[22:26] = struct.pack(">I", 20_000)
    path.write_bytes(data)
    assert code_of(path) in {"truncated", "undecodable"}


def test_a_flac_from_a_pipe_is_read_to_its_end(tmp_path, voice, code_of):
    path = tmp_path / "a.flac"
    soundfile.write(path, voice(1.0, 16_000), 16_000)
    data = bytearray(path.read_bytes())
    data[21] &= 0xF0
    data[22:26] = bytes(4)  # length unknown
    path.write_bytes(data)
    decoded = decode_audio(path)
    assert (len(decoded.samples), decoded.warnings) == (16_000, ("streamed_header",))
    assert len(decode_audio(path, start=0.2, end=0.8).samples) == 9600
    assert code_of(path, start=0.2, end=1.8) == "bad_segment"
    assert code_of(path, limits=Limits(max_duration=0.5)) == "too_long"
    data[len(data) // 2] ^= 16
    path.write_bytes(data)
    assert code_of(path) in {"undecodable", "truncated"}


@pytest.mark.parametrize(("lost", "expected"), [(0, None), (2, "truncated")])
def test_sphere_is_read_and_its_length_checked(make_file, voice, lost, expected, code_of):
    head = (
        "NIST_1A\n   1024\nchannel_count -i 1\nsample_rate -i 16000\nsample_n_bytes -i 2\n"
        "sample_byte_format -s2 01\nsample_coding -s3 pcm\nsample_count -i 16000\nend_head\n"
    )
    data = np.rint(voice(1.0, 16_000) * 32768).astype("<i2").tobytes()
    path = make_file(head.ljust(1024).encode() + data[: len(data) - lost], "a.sph")
    if expected:
        assert code_of(path) == expected
    else:
        np.testing.assert_allclose(decode_audio(path).samples, voice(1.0, 16_000), atol=2**-15)


def test_compressed_sphere_is_refused_with_the_way_on(make_file):
    head = "NIST_1A\n   1024\nsample_count -i 9\nsample_coding -s26 pcm,embedded-shorten-v2.00\n"
    with pytest.raises(Rejected, match="sph2pipe") as caught:
        decode_audio(make_file(head.ljust(1100).encode(), "a.sph"))
    assert caught.value.code == "codec_missing"
