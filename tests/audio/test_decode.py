"""What decoding promises beyond table W: formats, segments, damage, and no other file."""

import subprocess
import sys

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from avkd_cli.audio.decode import decode_audio
from avkd_cli.audio.limits import WARNING_CODES
from avkd_cli.errors import Rejected


def test_the_content_decides_and_a_wrong_name_is_a_warning(tmp_path, voice):  # W23
    soundfile.write(tmp_path / "a.flac", voice(1.0, 16_000), 16_000)
    (tmp_path / "a.flac").rename(tmp_path / "b.wav")
    decoded = decode_audio(tmp_path / "b.wav")
    assert (decoded.container, decoded.warnings) == ("flac", ("extension_mismatch",))


@pytest.mark.parametrize(  # W24
    "content",
    [
        b"<!DOCTYPE html><html>",
        b"hello, this is text\n" * 9,
        b"PK\3\4" + bytes(99),
        b"\xff\xd8\xff\xe0\0\x10JFIF" + bytes(99),
        bytes(5000),
        bytes(range(1, 256)) * 9,
        b"R",
    ],
    ids=["html", "text", "zip", "jpeg", "zeros", "bytes", "one letter"],
)
def test_what_is_no_recording_is_undecodable(make_file, content, code_of):
    assert code_of(make_file(content, "a.wav")) == "undecodable"


def test_a_film_without_sound_has_no_audio_stream(tmp_path, make_media, code_of):  # W34
    assert code_of(make_media("a.mp4", "aac", tracks=0, picture=25)) == "no_audio_stream"


def test_a_segment_is_cut_at_its_samples(make_wav, voice):
    whole = decode_audio(make_wav()).samples
    part = decode_audio(make_wav(), start=0.25, end=0.75).samples
    np.testing.assert_array_equal(part, whole[4000:12_000])
    np.testing.assert_array_equal(decode_audio(make_wav(), start=0.5).samples, whole[8000:])


@pytest.mark.parametrize(  # M33
    ("start", "end"), [(-0.1, 1.0), (0.5, 0.5), (0.8, 0.3), (0.0, 1.05), (1.5, None), (0.2, -1.0)]
)
def test_a_segment_outside_of_its_recording_is_refused(make_wav, start, end, code_of):
    assert code_of(make_wav(), start=start, end=end) == "bad_segment"


def test_a_segment_may_pass_the_end_by_a_rounding(make_wav):
    assert len(decode_audio(make_wav(), start=0.5, end=1.015).samples) == 8000


def test_a_segment_of_a_long_recording_is_read_without_the_rest(tmp_path, voice, code_of):
    path = tmp_path / "a.flac"
    soundfile.write(path, np.tile(voice(10.0, 16_000), 70), 16_000)
    assert code_of(path) == "too_long"
    part = decode_audio(path, start=630.0, end=631.0).samples
    np.testing.assert_allclose(part, voice(10.0, 16_000)[:16_000], atol=2**-15)


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


def test_a_wav_is_decoded_without_ffmpeg_opencv_and_torch(make_wav):
    # avkd verify of two of them has 0.4 s; each of these libraries takes 20 ms and more.
    program = """if True:
        import sys
        from avkd_cli.audio.decode import decode_audio
        from avkd_cli.steps.decide.recordings import recording_of
        decode_audio(recording_of(sys.argv[1]).path)
        print({"av", "cv2", "torch", "PIL"} & set(sys.modules))"""
    command = [sys.executable, "-c", program, make_wav()]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
