"""WAV headers that lie, and every coding of WAV: rows W01 to W09 and W21 to W22 of table W."""

import struct

import numpy as np
import pytest
import soundfile

from avkd_cli.audio.decode import decode_audio
from avkd_cli.errors import Rejected


def test_sixteen_bit_sound_comes_out_exactly(make_wav, voice, as_pcm16):
    data = as_pcm16(voice(1.0, 16_000))
    decoded = decode_audio(make_wav(data))
    assert decoded.samples.dtype == np.float32
    np.testing.assert_array_equal(
        decoded.samples * 32768, np.frombuffer(data, "<i2").astype(np.float32)
    )
    assert (decoded.warnings, decoded.container) == ((), "wav")


def test_an_empty_file_is_named_so(make_file, code_of):  # W01
    assert code_of(make_file(b"", "a.wav")) == "empty_file"


def test_a_header_without_its_samples_is_truncated(make_wav, code_of):  # W02
    assert code_of(make_wav(b"", data_size=96_000)) == "truncated"


@pytest.mark.parametrize("samples", [0, 1, 6399])  # W03, W04: 0.4 s are 6400
def test_less_than_the_shortest_duration_is_too_short(make_wav, samples, code_of):
    assert code_of(make_wav(b"\1\1" * samples)) == "too_short"


def test_the_shortest_duration_itself_is_long_enough(make_wav, voice, as_pcm16):
    assert len(decode_audio(make_wav(as_pcm16(voice(0.4, 16_000)))).samples) == 6400


@pytest.mark.parametrize("kept", [16_000, 16_001], ids=["half", "within a sample"])  # W05, W06
def test_a_file_cut_off_is_truncated_with_both_lengths(make_wav, voice, as_pcm16, kept):
    path = make_wav(as_pcm16(voice(1.0, 16_000))[:kept], data_size=32_000)
    with pytest.raises(Rejected, match=f"declared 32000 B, present {kept} B") as caught:
        decode_audio(path)
    assert caught.value.code == "truncated"


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0x7FFFF024], ids=["ffmpeg", "sox"])  # W07
def test_a_wav_from_a_pipe_is_read_to_its_end(make_wav, size):
    decoded = decode_audio(make_wav(data_size=size, riff_size=0xFFFFFFFF))
    assert (len(decoded.samples), decoded.warnings) == (16_000, ("streamed_header",))


def test_a_declared_length_of_zero_with_samples_behind_is_truncated(make_wav, code_of):  # W08
    assert code_of(make_wav(data_size=0)) == "truncated"


def test_a_declared_length_of_zero_with_a_chunk_behind_is_too_short(make_wav, code_of):  # W03
    assert code_of(make_wav(b"LIST" + struct.pack("<I", 4) + b"INFO", data_size=0)) == "too_short"


@pytest.mark.parametrize("junk", [b"", bytes(1_000_000)], ids=["wrong size", "1 MB behind"])  # W09
def test_a_wrong_riff_size_is_a_warning(make_wav, junk):
    path = make_wav(riff_size=None if junk else 7)
    path.write_bytes(path.read_bytes() + junk)
    decoded = decode_audio(path)
    assert (len(decoded.samples), decoded.warnings) == (16_000, ("riff_size",))


@pytest.mark.parametrize(  # W21
    "subtype", "PCM_U8 PCM_24 PCM_32 FLOAT DOUBLE ULAW ALAW IMA_ADPCM MS_ADPCM GSM610".split()
)
def test_every_usual_coding_of_wav_is_read(tmp_path, voice, subtype):
    samples = voice(1.0, 16_000)
    soundfile.write(tmp_path / "a.wav", samples, 16_000, subtype=subtype)
    decoded = decode_audio(tmp_path / "a.wav")
    # Codecs of blocks fill their last one.
    assert 16_000 <= len(decoded.samples) < 16_000 + 2048
    assert np.corrcoef(decoded.samples[:16_000], samples)[0, 1] > 0.97
    assert decoded.warnings == ()


@pytest.mark.parametrize("format", ["RF64", "WAVEX"])
def test_the_other_headers_of_wav_are_read(tmp_path, voice, format):
    samples = voice(1.0, 16_000)
    soundfile.write(tmp_path / "a.wav", samples, 16_000, subtype="PCM_16", format=format)
    np.testing.assert_allclose(decode_audio(tmp_path / "a.wav").samples, samples, atol=2**-15)


def test_big_endian_wav_is_read(tmp_path, voice):
    samples = voice(1.0, 16_000)
    path = tmp_path / "a.wav"
    soundfile.write(path, samples, 16_000, subtype="PCM_16", format="WAV", endian="BIG")
    assert path.read_bytes()[:4] == b"RIFX"
    np.testing.assert_allclose(decode_audio(path).samples, samples, atol=2**-15)


def test_a_header_of_thirteen_bits_is_odd_and_read(make_wav, voice, as_pcm16):  # W22
    path = make_wav(as_pcm16(voice(1.0, 16_000)))
    data = bytearray(path.read_bytes())
    data[34:36] = struct.pack("<H", 13)
    path.write_bytes(data)
    decoded = decode_audio(path)
    assert (len(decoded.samples), decoded.warnings) == (16_000, ("odd_header",))
