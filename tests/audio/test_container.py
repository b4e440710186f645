"""Containers read by FFmpeg: what comes out is what went in, when it was, and all of it."""

import struct

import numpy as np
import pytest
import soundfile

from avkd_cli.audio.decode import decode_audio
from avkd_cli.errors import Rejected
from avkd_cli.media.limits import Limits

CODECS = {
    "a.m4a": ("aac", 16_000, "mp4"),
    "b.m4a": ("aac", 44_100, "mp4"),
    "alac.m4a": ("alac", 16_000, "mp4"),
    "a.mp3": ("mp3", 44_100, "mp3"),
    "a.opus": ("libopus", 48_000, "ogg"),
    "flac.ogg": ("flac", 16_000, "ogg"),
    "a.webm": ("libopus", 48_000, "matroska"),
    "a.mkv": ("pcm_s16le", 22_050, "matroska"),
    "a.avi": ("pcm_s16le", 16_000, "avi"),
    "a.mov": ("pcm_s24le", 48_000, "mp4"),
    "a.mpg": ("mp2", 44_100, "mpeg"),
    "a.aac": ("aac", 16_000, "aac"),
    "a.3gp": ("aac", 8_000, "mp4"),
    "a.m4v": ("aac", 48_000, "mp4"),
    "flac.oga": ("flac", 16_000, "ogg"),
    "alac.caf": ("alac", 44_100, "caf"),
    "pcm.caf": ("pcm_s16be", 48_000, "caf"),
    "ima.caf": ("adpcm_ima_qt", 16_000, "caf"),
    "a.aiff": ("pcm_s16be", 44_100, "aiff"),
    "a.aif": ("pcm_s24be", 48_000, "aiff"),
    "aac.mts": ("aac", 48_000, "mpegts"),
    "ac3.m2ts": ("ac3", 48_000, "mpegts"),
}
FORMATS = {"a.opus": "ogg", "a.aac": "adts", "aac.mts": "mpegts"}


def code_of(path, **arguments) -> str:
    with pytest.raises(Rejected) as caught:
        decode_audio(path, **arguments)
    return caught.value.code


def delay(samples: np.ndarray, expected: np.ndarray) -> int:
    """Samples by which the first array comes later than the second."""
    size = 1 << (len(samples) + len(expected)).bit_length()
    product = np.fft.rfft(samples, size) * np.conj(np.fft.rfft(expected, size))
    peak = int(np.argmax(np.fft.irfft(product, size)))
    return peak if peak < size // 2 else peak - size


@pytest.mark.parametrize("name", CODECS)
def test_every_codec_returns_the_sound_in_its_place(make_media, voice, name):
    codec, rate, container = CODECS[name]
    path = make_media(name, codec, rate=rate, format=FORMATS.get(name))
    decoded, expected = decode_audio(path), voice(2.0, 16_000)
    assert decoded.container == container
    assert set(decoded.warnings) <= {"upsampled"}
    # A bare stream of AAC or MPEG frames cannot say what its encoder put around the sound.
    loose = container in ("aac", "mpeg", "mpegts")
    assert abs(len(decoded.samples) - len(expected)) <= (3000 if loose else 32)
    shift = delay(decoded.samples, expected)
    assert 0 <= shift <= (1200 if loose else 1)
    moved = decoded.samples[shift : shift + len(expected)]
    assert np.corrcoef(moved, expected[: len(moved)])[0, 1] > 0.98


@pytest.mark.parametrize("name", ["a.mp4", "a.avi", "a.mkv", "a.mpg"])
def test_the_sound_of_a_film_is_read(make_media, voice, name):
    codec = "mp2" if name == "a.mpg" else "aac"
    path = make_media(name, codec, picture=50, rate=44_100)
    samples, expected = decode_audio(path).samples, voice(2.0, 16_000)
    # An AVI or MPG has no word for the samples that an encoder puts in front.
    shift = delay(samples, expected)
    assert 0 <= shift <= (1 if name in ("a.mp4", "a.mkv") else 1200)
    assert abs(len(samples) - 32_000) <= 3000
    assert np.corrcoef(samples[shift:][:30_000], expected[:30_000])[0, 1] > 0.98


def test_vorbis_is_read(tmp_path, voice):
    soundfile.write(tmp_path / "a.ogg", voice(2.0, 44_100), 44_100)
    samples = decode_audio(tmp_path / "a.ogg").samples
    assert len(samples) == 32_000
    assert np.corrcoef(samples, voice(2.0, 16_000))[0, 1] > 0.98


def test_the_first_of_several_tracks_is_read_with_a_warning(make_media):
    assert decode_audio(make_media("a.mp4", "aac", tracks=2)).warnings == ("multi_stream",)


@pytest.mark.parametrize("name", ["a.m4a", "a.mkv", "a.mp3", "a.opus"])
def test_a_segment_is_the_same_stretch_of_the_whole(make_media, name):
    codec, rate, _ = CODECS[name]
    path = make_media(name, codec, rate=rate, seconds=6.0, format=FORMATS.get(name))
    whole = decode_audio(path).samples
    part = decode_audio(path, start=3.5, end=4.5).samples
    assert len(part) == 16_000
    # Far from the ends, where the resampler lacks its neighbours, both are the same sound.
    inside, same = part[500:-500], whole[56_500:71_500]
    assert delay(part, whole[56_000:72_000]) == 0
    np.testing.assert_allclose(inside, same, atol=2e-3)
    if rate == 16_000:  # and where nothing is resampled, from the first sample on
        np.testing.assert_allclose(part, whole[56_000:72_000], atol=1e-3)


def test_a_segment_behind_the_end_of_a_film_is_refused(make_media):
    path = make_media("a.m4a", "aac")
    assert code_of(path, start=1.0, end=2.5) == "bad_segment"
    assert code_of(path, start=9.0) == "bad_segment"


@pytest.mark.parametrize("name", ["a.m4a", "a.mp3", "a.opus", "a.avi", "a.mkv"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_file_cut_off_never_passes_as_whole(make_media, name, share):
    codec, rate, _ = CODECS[name]
    path = make_media(name, codec, rate=rate, seconds=4.0, format=FORMATS.get(name))
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    assert code_of(path) in {"truncated", "undecodable"}


def test_an_ogg_without_its_last_page_is_truncated(make_media):
    path = make_media("a.opus", "libopus", rate=48_000, seconds=4.0, format="ogg")
    data = path.read_bytes()
    path.write_bytes(data[: data.rindex(b"OggS")])
    assert code_of(path) == "truncated"


def test_the_index_of_an_mp4_lost_at_its_end_is_undecodable(make_media):
    path = make_media("a.m4a", "aac")
    data = path.read_bytes()
    path.write_bytes(data[: data.rindex(b"moov")])
    assert code_of(path) == "undecodable"


def test_a_long_film_is_refused_and_its_segment_is_not(make_media):
    path = make_media("a.m4a", "aac", seconds=4.0)
    limits = Limits(max_duration=2.0)
    assert code_of(path, limits=limits) == "too_long"
    assert len(decode_audio(path, start=1.0, end=2.0, limits=limits).samples) == 16_000


def test_sound_of_unknown_length_stops_at_the_limit(make_media):
    path = make_media("a.aac", "aac", seconds=4.0, format="adts")
    assert code_of(path, limits=Limits(max_duration=2.0)) == "too_long"


def test_many_damaged_packets_are_undecodable(make_media):
    path = make_media("a.m4a", "aac", seconds=4.0)
    data = bytearray(path.read_bytes())
    start = data.index(b"mdat") + 4
    rng = np.random.default_rng(0)
    for place in rng.integers(start, data.rindex(b"moov") - 4, 200):
        data[place] ^= 255
    path.write_bytes(data)
    assert code_of(path) == "undecodable"
    assert code_of(path, start=0.5, end=3.0) == "undecodable"


@pytest.mark.parametrize(("factor", "expected"), [(1.5, "truncated"), (1.04, "warning")])
def test_a_whole_file_that_declares_more_than_it_holds_is_not_taken_for_whole(
    make_media, factor, expected
):
    path = make_media("a.mkv", "pcm_s16le", seconds=4.0)
    data = bytearray(path.read_bytes())
    place = data.index(b"\x44\x89\x88") + 3  # Duration, eight bytes
    (declared,) = struct.unpack_from(">d", data, place)
    struct.pack_into(">d", data, place, factor * declared)
    path.write_bytes(data)
    if expected == "truncated":
        assert code_of(path) == "truncated"
    else:
        assert decode_audio(path).warnings == ("duration_mismatch",)


def test_a_packet_that_passes_the_end_of_the_file_is_truncation(make_media):
    # One packet of sixty is too little to be missed in the length.
    path = make_media("a.m4a", "aac", seconds=4.0)
    data = bytearray(path.read_bytes())
    table = data.index(b"stsz") + 12
    (count,) = struct.unpack_from(">I", data, table)
    struct.pack_into(">I", data, table + 4 * count, len(data))  # size of the last packet
    path.write_bytes(data)
    assert code_of(path) == "truncated"


def test_sound_that_begins_late_is_not_moved(shared_data):
    # The track begins at 0.776 s of the film; a segment counts from the film's beginning.
    path = shared_data / "nasty" / "made_video" / "audio_delayed_0.8s.mp4"
    whole = decode_audio(path).samples
    part = decode_audio(path, start=1.776, end=2.776).samples
    assert abs(delay(part, whole[16_000:32_000])) <= 1
