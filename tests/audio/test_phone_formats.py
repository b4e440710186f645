"""What telephones and camcorders write besides mp4: AMR, CAF, AIFF, MPEG transport streams."""

import numpy as np
import pytest

from avkd_cli.audio.decode import decode_audio
from avkd_cli.errors import Rejected

AMR = {"a.amr": ("libopencore_amrnb", 8_000), "a.3gp": ("libopencore_amrnb", 8_000)}
MEDIA = {
    "alac.caf": ("alac", 44_100),
    "pcm.caf": ("pcm_s16be", 48_000),
    "ima.caf": ("adpcm_ima_qt", 16_000),
    "pcm.aiff": ("pcm_s16be", 44_100),
    "nb.amr": ("libopencore_amrnb", 8_000),
    "aac.mts": ("aac", 48_000),
    "ac3.m2ts": ("ac3", 48_000),
}
FORMATS = {"aac.mts": "mpegts"}


def code_of(path) -> str:
    with pytest.raises(Rejected) as caught:
        decode_audio(path)
    return caught.value.code


@pytest.fixture
def media(make_media):
    def make(name: str, seconds: float = 2.0, **more):
        codec, rate = (AMR | MEDIA)[name]
        return make_media(name, codec, rate=rate, seconds=seconds, format=FORMATS.get(name), **more)

    return make


@pytest.mark.parametrize("name", AMR)
def test_telephone_speech_keeps_its_place_and_loudness(media, voice, name):
    # The lowest rate of AMR, 4.75 kbit/s, keeps no wave form; where it is loud stays the same.
    decoded = decode_audio(media(name))
    assert "upsampled" in decoded.warnings  # from 8 kHz

    def loudness(samples: np.ndarray) -> np.ndarray:
        return np.sqrt((samples[:31_360].reshape(-1, 320) ** 2).mean(axis=1))

    assert np.corrcoef(loudness(decoded.samples), loudness(voice(2.0, 16_000)))[0, 1] > 0.9
    assert abs(len(decoded.samples) - 32_000) <= 320


def test_a_lossless_caf_loses_nothing_at_its_end(make_media, voice):
    # FFmpeg would take the last packet's padding off twice, 48 ms of these two seconds.
    decoded = decode_audio(make_media("a.caf", "alac")).samples
    np.testing.assert_allclose(decoded, voice(2.0, 16_000), atol=2**-15)


@pytest.mark.parametrize("name", MEDIA)
def test_a_file_that_is_cut_off_is_truncated(media, name):
    path = media(name)
    data = path.read_bytes()
    for share in (0.3, 0.71, 0.999):
        at = int(share * len(data))
        path.write_bytes(data[: at + (at % 188 == 0)])  # a TS cut between packets is a TS
        assert code_of(path) == "truncated"


@pytest.mark.parametrize("name", ["nb.amr", "aac.mts"])
def test_a_stretch_of_rubbish_is_not_decoded(media, name):
    path = media(name)
    data = bytearray(path.read_bytes())
    middle = len(data) // 3
    data[middle : 2 * middle] = bytes([0xFF]) * middle
    path.write_bytes(data)
    assert code_of(path) == "undecodable"


def test_a_transport_stream_that_lost_its_middle_is_undecodable(media):
    path = media("ac3.m2ts", 4.0)
    data = path.read_bytes()
    packets = len(data) // 192
    path.write_bytes(data[: packets // 3 * 192] + data[packets // 2 * 192 :])
    assert code_of(path) in ("undecodable", "truncated")


def test_a_camcorders_film_gives_its_sound_in_its_place(make_media, voice):
    path = make_media("film.mts", "aac", rate=48_000, picture=50, format="mpegts")
    samples = decode_audio(path, start=0.5, end=1.5).samples
    assert len(samples) == 16_000
    whole = decode_audio(path).samples
    assert np.corrcoef(samples, whole[8_000:24_000])[0, 1] > 0.99


def test_a_count_of_samples_that_lies_is_truncation(media):
    path = media("pcm.aiff")
    data = bytearray(path.read_bytes())
    at = data.index(b"COMM") + 10
    data[at : at + 4] = (88_201 + 1000).to_bytes(4)
    path.write_bytes(data)
    assert code_of(path) == "truncated"
