import io

import av
import numpy as np
import pytest

from avkd_cli.standin import media

RATE = 16000
TONE = 0.5 * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)


def pictures(size=64, count=10) -> list[np.ndarray]:
    ramp = np.linspace(0, 255, size).astype(np.uint8)
    return [np.stack([np.roll(np.tile(ramp, (size, 1)), n, 1)] * 3, axis=2) for n in range(count)]


def decode(data: bytes, **which) -> list:
    with av.open(io.BytesIO(data)) as container:
        return [frame.to_ndarray() for frame in container.decode(**which)]


def test_wav_holds_the_samples_to_half_a_step():
    (piece,) = [np.concatenate(decode(media.wav(TONE, RATE), audio=0), axis=1)[0]]
    np.testing.assert_allclose(piece / 32767, TONE, atol=0.5 / 32767 + 1e-9)


def test_wav_clips_instead_of_wrapping():
    piece = np.concatenate(decode(media.wav(np.array([2.0, -2.0]), RATE), audio=0), axis=1)
    assert piece[0].tolist() == [32767, -32767]


def test_m4a_is_aac_of_the_tone():
    data = media.m4a(TONE, RATE)
    with av.open(io.BytesIO(data)) as container:
        assert container.streams.audio[0].codec_context.name == "aac"
    heard = np.concatenate(decode(data, audio=0), axis=1)[0]
    spectrum = np.abs(np.fft.rfft(heard[2000:10000]))
    assert np.argmax(spectrum) * RATE / 8000 == pytest.approx(440, abs=2)
    assert np.sqrt(np.mean(heard[2000:10000] ** 2)) == pytest.approx(0.5 / np.sqrt(2), rel=0.05)


def test_mp4_holds_all_pictures_nearly_as_they_were():
    with av.open(io.BytesIO(media.mp4(pictures(), 25, TONE, RATE))) as film:
        seen = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
    assert len(seen) == 10
    errors = [np.abs(a.astype(int) - b).mean() for a, b in zip(seen, pictures(), strict=True)]
    assert max(errors) < 6


def test_the_same_film_is_the_same_bytes():
    noise = np.random.default_rng(0).integers(0, 256, (12, 128, 128, 3), dtype=np.uint8)
    assert len({media.mp4(noise, 25, TONE, RATE) for _ in range(4)}) == 1
