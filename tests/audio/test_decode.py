"""Every row of table W (reliability.md 2.4), and what decoding promises beyond it."""

import errno
import os
import socket
import struct
import subprocess
import sys

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from avkd_cli.audio import source as source_module
from avkd_cli.audio.decode import decode_audio, resample
from avkd_cli.audio.limits import WARNING_CODES, Limits
from avkd_cli.errors import Rejected


def code_of(path, **arguments) -> str:
    with pytest.raises(Rejected) as caught:
        decode_audio(path, **arguments)
    assert 0 < len(caught.value.detail) <= 200
    assert str(path.parent) not in caught.value.detail
    return caught.value.code


def test_sixteen_bit_sound_comes_out_exactly(make_wav, voice, as_pcm16):
    data = as_pcm16(voice(1.0, 16_000))
    decoded = decode_audio(make_wav(data))
    assert decoded.samples.dtype == np.float32
    np.testing.assert_array_equal(
        decoded.samples * 32768, np.frombuffer(data, "<i2").astype(np.float32)
    )
    assert (decoded.warnings, decoded.source_rate, decoded.source_channels) == ((), 16_000, 1)
    assert decoded.container == "wav"


def test_an_empty_file_is_named_so(make_file):  # W01
    assert code_of(make_file(b"", "a.wav")) == "empty_file"


def test_a_header_without_its_samples_is_truncated(make_wav):  # W02
    assert code_of(make_wav(b"", data_size=96_000)) == "truncated"


@pytest.mark.parametrize("samples", [0, 1, 6399])  # W03, W04: 0.4 s are 6400
def test_less_than_the_shortest_duration_is_too_short(make_wav, samples):
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


def test_a_declared_length_of_zero_with_samples_behind_is_truncated(make_wav):  # W08
    assert code_of(make_wav(data_size=0)) == "truncated"


def test_a_declared_length_of_zero_with_a_chunk_behind_is_too_short(make_wav):  # W03
    assert code_of(make_wav(b"LIST" + struct.pack("<I", 4) + b"INFO", data_size=0)) == "too_short"


@pytest.mark.parametrize("junk", [b"", bytes(1_000_000)], ids=["wrong size", "1 MB behind"])  # W09
def test_a_wrong_riff_size_is_a_warning(make_wav, junk):
    path = make_wav(riff_size=None if junk else 7)
    path.write_bytes(path.read_bytes() + junk)
    decoded = decode_audio(path)
    assert (len(decoded.samples), decoded.warnings) == (16_000, ("riff_size",))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])  # W10
def test_a_sample_that_is_no_number_is_refused_with_its_place(make_wav, voice, bad):
    samples = voice(1.0, 16_000)
    samples[[100, 5000]] = bad
    with pytest.raises(Rejected, match="2 samples NaN or Inf, first at 100") as caught:
        decode_audio(make_wav(samples.tobytes(), bits=32, codec=3))
    assert caught.value.code == "non_finite"


def test_an_absurd_amplitude_is_refused(make_wav, voice):  # W11
    samples = voice(1.0, 16_000)
    samples[7] = 3e29
    assert code_of(make_wav(samples.tobytes(), bits=32, codec=3)) == "bad_amplitude"


def test_a_float_somewhat_over_full_scale_is_a_warning(make_wav, voice):  # W11
    samples = voice(1.0, 16_000)
    samples[7] = -1.5
    decoded = decode_audio(make_wav(samples.tobytes(), bits=32, codec=3))
    assert decoded.warnings == ("over_range",)
    assert decoded.samples[7] == -1.5


@pytest.mark.parametrize("value", [0, 12_000], ids=["zeros", "a constant"])  # W12, W13
def test_no_sound_is_silent(make_wav, value):
    assert code_of(make_wav(struct.pack("<h", value) * 16_000)) == "silent"


def test_clipping_is_a_warning_with_its_share(make_wav, voice, as_pcm16):  # W14
    decoded = decode_audio(make_wav(as_pcm16(8 * voice(1.0, 16_000))))
    assert decoded.warnings == ("clipped",)
    assert 0.01 < decoded.clipped_fraction < 0.5


def test_eight_kilohertz_is_a_warning_and_can_be_refused(make_wav, voice, as_pcm16):  # W15
    path = make_wav(as_pcm16(voice(1.0, 8_000)), rate=8_000)
    decoded = decode_audio(path)
    assert (len(decoded.samples), decoded.warnings) == (16_000, ("upsampled",))
    assert code_of(path, limits=Limits(min_source_rate=16_000)) == "low_rate"


@pytest.mark.parametrize("rate", [11_025, 22_050, 44_100, 48_000, 96_000, 192_000])  # W16
def test_any_usual_rate_becomes_sixteen_kilohertz(make_wav, voice, as_pcm16, rate):
    decoded = decode_audio(make_wav(as_pcm16(voice(1.0, rate)), rate=rate))
    assert len(decoded.samples) == 16_000
    expected = voice(1.0, 16_000)
    # The tones below the lowest of the rates agree; the noise is another draw.
    assert np.corrcoef(decoded.samples, expected)[0, 1] > 0.995


@pytest.mark.parametrize("rate", [0, 1, 500_000, 2**31])  # W17
def test_a_rate_that_no_recorder_has_is_refused(make_wav, rate):
    assert code_of(make_wav(rate=rate)) == "bad_rate"


def stereo(left, right, as_pcm16) -> bytes:
    return as_pcm16(np.stack([left, right], axis=1))


def test_channels_are_averaged_or_chosen(make_wav, voice, as_pcm16):  # W18
    left, right = voice(1.0, 16_000), voice(1.0, 16_000)[::-1] * 0.5
    path = make_wav(stereo(left, right, as_pcm16), channels=2)
    mean, first = decode_audio(path), decode_audio(path, channel="0")
    second = decode_audio(path, channel="1")
    np.testing.assert_allclose(first.samples, left, atol=2**-15)
    np.testing.assert_allclose(second.samples, right, atol=2**-15)
    np.testing.assert_allclose(mean.samples, (left + right) / 2, atol=2**-15)
    assert (mean.warnings, first.warnings) == (("downmixed",), ())
    assert code_of(path, channel="error") == "bad_channels"


def test_the_second_channel_of_one_is_refused(make_wav):
    assert code_of(make_wav(), channel="1") == "bad_channels"


def test_channels_in_anti_phase_are_silent_together_and_fine_alone(make_wav, voice, as_pcm16):
    left = voice(1.0, 16_000)
    path = make_wav(stereo(left, -left, as_pcm16), channels=2)
    assert code_of(path) == "silent"  # W19
    assert len(decode_audio(path, channel="0").samples) == 16_000


@pytest.mark.parametrize("channels", [0, 9, 65_535])  # W20
def test_a_count_of_channels_that_no_recording_has_is_refused(make_wav, channels):
    assert code_of(make_wav(channels=channels)) == "bad_channels"


@pytest.mark.parametrize(  # W21
    "subtype",
    ["PCM_U8", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW", "IMA_ADPCM", "MS_ADPCM",
     "GSM610"],
)  # fmt: skip
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


def test_the_content_decides_and_a_wrong_name_is_a_warning(tmp_path, voice):  # W23
    soundfile.write(tmp_path / "a.flac", voice(1.0, 16_000), 16_000)
    (tmp_path / "a.flac").rename(tmp_path / "b.wav")
    decoded = decode_audio(tmp_path / "b.wav")
    assert (decoded.container, decoded.warnings) == ("flac", ("extension_mismatch",))


@pytest.mark.parametrize(  # W24
    "content",
    [b"<!DOCTYPE html><html>", b"hello, this is text\n" * 9, b"PK\3\4" + bytes(99),
     b"\xff\xd8\xff\xe0\0\x10JFIF" + bytes(99), bytes(5000), bytes(range(1, 256)) * 9, b"R"],
    ids=["html", "text", "zip", "jpeg", "zeros", "bytes", "one letter"],
)  # fmt: skip
def test_what_is_no_recording_is_undecodable(make_file, content):
    assert code_of(make_file(content, "a.wav")) == "undecodable"


@pytest.mark.parametrize("share", [0.5, 0.9, 0.99])  # W25
def test_a_flac_cut_off_is_refused(tmp_path, voice, share):
    path = tmp_path / "a.flac"
    soundfile.write(path, voice(2.0, 16_000), 16_000)
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    assert code_of(path) in {"undecodable", "truncated"}


def test_a_flipped_bit_in_flac_is_found(tmp_path, voice):  # W25
    path = tmp_path / "a.flac"
    soundfile.write(path, voice(2.0, 16_000), 16_000)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 16
    path.write_bytes(data)
    assert code_of(path) in {"undecodable", "truncated"}


def test_hours_of_silence_are_refused_by_the_header(tmp_path):  # W26
    path = tmp_path / "a.flac"
    soundfile.write(path, np.zeros(16_000 * 700, np.int16), 16_000)
    with pytest.raises(Rejected, match=r"700\.00 s > 600 s") as caught:
        decode_audio(path)
    assert caught.value.code == "too_long"


def test_a_small_file_that_expands_without_measure_is_refused(tmp_path):  # W26
    path = tmp_path / "a.flac"
    soundfile.write(path, np.zeros((192_000 * 20, 6), np.int16), 192_000)
    with pytest.raises(Rejected, match="expands") as caught:
        decode_audio(path)
    assert caught.value.code == "too_long"


def test_an_impossible_count_of_frames_in_flac_is_refused(tmp_path, voice):  # W27
    path = tmp_path / "a.flac"
    soundfile.write(path, voice(1.0, 16_000), 16_000)
    data = bytearray(path.read_bytes())
    data[21] |= 0x0F  # the highest of 36 bits
    path.write_bytes(data)
    assert code_of(path) == "too_long"


def test_a_flac_that_declares_more_than_it_holds_is_truncated(tmp_path, voice):
    path = tmp_path / "a.flac"
    soundfile.write(path, voice(1.0, 16_000), 16_000)
    data = bytearray(path.read_bytes())
    data[22:26] = struct.pack(">I", 20_000)
    path.write_bytes(data)
    assert code_of(path) in {"truncated", "undecodable"}


def test_a_flac_from_a_pipe_is_read_to_its_end(tmp_path, voice):
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
def test_sphere_is_read_and_its_length_checked(make_file, voice, lost, expected):
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


@pytest.mark.parametrize("kind", ["directory", "fifo", "socket", "device"])  # W30
def test_what_is_no_regular_file_is_refused_at_once(tmp_path, kind):
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


def test_a_missing_file_and_a_loop_of_links_are_told_apart(tmp_path):  # M32
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert code_of(tmp_path / "none.wav") == "file_not_found"
    assert code_of(tmp_path / "loop") == "file_unreadable"
    assert code_of(tmp_path / ("x" * 300)) == "file_not_found"


def test_a_film_without_sound_has_no_audio_stream(tmp_path, make_media):  # W34
    assert code_of(make_media("a.mp4", "aac", tracks=0, picture=25)) == "no_audio_stream"


class FailingDisk:
    """The system's reads, of which number `fails` (from 0) and all later ones fail."""

    def __init__(self, monkeypatch, fails: int) -> None:
        self.calls, self.fails = 0, fails
        for name in ("pread", "preadv"):
            monkeypatch.setattr(source_module.os, name, self.wrap(getattr(os, name)))

    def wrap(self, real):
        def read(*arguments):
            self.calls += 1
            if self.calls > self.fails:
                raise OSError(errno.EIO, "Input/output error")
            return real(*arguments)

        return read


@pytest.mark.parametrize("name", ["a.wav", "24.wav", "a.flac", "a.m4a", "a.ogg"])  # W35
def test_a_failing_disk_is_never_a_reject(tmp_path, voice, make_media, monkeypatch, name):
    path = tmp_path / name
    if name in ("a.m4a", "a.ogg"):
        codec, rate = ("aac", 16_000) if name == "a.m4a" else ("libopus", 48_000)
        make_media(name, codec, rate=rate)
    else:
        subtype = "PCM_24" if name == "24.wav" else "PCM_16"
        soundfile.write(path, voice(2.0, 16_000), 16_000, subtype=subtype)
    for fails in range(200):
        with monkeypatch.context() as patched:
            disk = FailingDisk(patched, fails)
            try:
                decode_audio(path)
            except OSError as error:
                assert error.errno == errno.EIO
            else:
                assert disk.calls == fails  # it read no more than worked
                break
    assert fails >= 2


def test_a_sparse_file_of_a_hundred_gigabytes_is_refused_by_its_head(tmp_path):  # W36
    path = tmp_path / "a.wav"
    with path.open("wb") as file:
        file.truncate(100 << 30)
    assert code_of(path) == "undecodable"


def test_a_sparse_wav_of_three_gigabytes_is_refused_by_its_header(tmp_path, make_wav):  # W36
    path = make_wav(b"", data_size=3 << 30)
    with path.open("r+b") as file:
        file.truncate((3 << 30) + 44)
    assert code_of(path) in {"too_long", "truncated"}


def test_a_segment_is_cut_at_its_samples(make_wav, voice):
    whole = decode_audio(make_wav()).samples
    part = decode_audio(make_wav(), start=0.25, end=0.75).samples
    np.testing.assert_array_equal(part, whole[4000:12_000])
    np.testing.assert_array_equal(decode_audio(make_wav(), start=0.5).samples, whole[8000:])


@pytest.mark.parametrize(  # M33
    ("start", "end"), [(-0.1, 1.0), (0.5, 0.5), (0.8, 0.3), (0.0, 1.05), (1.5, None), (0.2, -1.0)]
)
def test_a_segment_outside_of_its_recording_is_refused(make_wav, start, end):
    assert code_of(make_wav(), start=start, end=end) == "bad_segment"


def test_a_segment_may_pass_the_end_by_a_rounding(make_wav):
    assert len(decode_audio(make_wav(), start=0.5, end=1.015).samples) == 8000


def test_a_segment_of_a_long_recording_is_read_without_the_rest(tmp_path, voice):
    path = tmp_path / "a.flac"
    soundfile.write(path, np.tile(voice(10.0, 16_000), 70), 16_000)
    assert code_of(path) == "too_long"
    part = decode_audio(path, start=630.0, end=631.0).samples
    np.testing.assert_allclose(part, voice(10.0, 16_000)[:16_000], atol=2**-15)


def test_resampling_leaves_sixteen_kilohertz_alone_and_empty_empty():
    samples = np.ones(5, np.float32)
    assert resample(samples, 16_000) is samples
    assert len(resample(samples[:0], 8000)) == 0


@pytest.mark.parametrize("suffix", ["wav", "flac", "m4a", "mp3", "opus", "webm"])
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_damage_is_decoded_or_rejected_and_nothing_else(tmp_path, voice, suffix, make_media, data):
    codec = {"m4a": "aac", "mp3": "mp3", "opus": "libopus", "webm": "libopus"}.get(suffix)
    path = tmp_path / f"whole.{suffix}"
    if not path.exists() and codec:
        make_media(path.name, codec, rate=48_000 if codec == "libopus" else 16_000, seconds=0.6)
    elif not path.exists():
        soundfile.write(path, voice(0.6, 16_000), 16_000)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(0, 8))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))
    damaged = tmp_path / f"damaged.{suffix}"
    damaged.write_bytes(content[: cut if data.draw(st.booleans()) else None])
    try:
        decoded = decode_audio(damaged)
    except Rejected:
        return
    assert np.isfinite(decoded.samples).all()
    assert len(decoded.samples) >= 6400
    assert set(decoded.warnings) <= WARNING_CODES


def test_the_real_nasty_files_are_decoded_or_rejected(shared_data):
    files = [
        path
        for folder in ("wav", "made_wav", "audio_other", "video", "made_video")
        for path in sorted((shared_data / "nasty" / folder).iterdir())
        if path.suffix != ".txt"
    ]
    accepted, rejected = {}, {}
    for path in files:
        try:
            accepted[path.name] = decode_audio(path)
        except Rejected as error:
            rejected[path.name] = error.code
    assert len(accepted) >= 45
    assert rejected["text_named_wav.wav"] == "undecodable"
    assert rejected["truncated_60pct_faststart.mp4"] == "truncated"
    assert rejected["float_nan_inf.wav"] == "non_finite"
    assert rejected["mp4parse_zero_empty_stsc.mp4"] == "truncated"
    assert rejected["stereo_inverted_phase.wav"] == "silent"
    for name in ("gsm610_8k.wav", "lhotse_stereo.sph", "lhotse_mono_c0.opus", "vp9_opus.webm"):
        assert len(accepted[name].samples) > 6400


def test_decoding_touches_no_other_file_and_no_network(tmp_path, voice):
    soundfile.write(tmp_path / "other.wav", voice(1.0, 16_000), 16_000)
    playlist = tmp_path / "a.wav"
    playlist.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nother.wav\n#EXT-X-ENDLIST\n")
    program = (
        "import sys\nfrom pathlib import Path\n"
        "from avkd_cli.audio.decode import decode_audio\n"
        "opened = []\n"
        "sys.addaudithook(lambda event, args: opened.append(args) if event in "
        "('open', 'socket.connect', 'subprocess.Popen', 'os.system') else None)\n"
        "try:\n    decode_audio(Path(sys.argv[1]))\n"
        "except Exception as error:\n    print(error.code)\n"
        "print([a[0] for a in opened if str(a[0]).endswith('other.wav')], len(opened))\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program, str(playlist)], capture_output=True, text=True, check=True
    )
    assert answer.stdout.split("\n")[:2] == ["format_not_allowed", "[] 1"]
