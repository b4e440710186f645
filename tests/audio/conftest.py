"""Small recordings, made where they are needed: no test depends on a file in the tree."""

import importlib
import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from types import ModuleType

import av
import numpy as np
import pytest

from avkd_cli.audio.decode import decode_audio
from avkd_cli.errors import Rejected

RATE = 16_000


def voice_like(seconds: float, rate: int, level: float = 0.1) -> np.ndarray:
    """A buzz of 120 Hz that swells three times a second, over soft noise: mono float32."""
    time = np.arange(round(seconds * rate)) / rate
    buzz = sum(np.sin(2 * np.pi * 120 * k * time) / k for k in range(1, 20))
    swell = np.maximum(0.0, np.sin(2 * np.pi * 3 * time))
    noise = np.random.default_rng(0).normal(0, 1e-3, len(time))
    return (level * buzz * swell + noise).astype(np.float32)


def wav_of(
    data: bytes,
    *,
    rate: int = RATE,
    channels: int = 1,
    bits: int = 16,
    codec: int = 1,
    data_size: int | None = None,
    riff_size: int | None = None,
) -> bytes:
    """A WAV file by hand, so that each field of it may lie."""
    block = channels * bits // 8 % 2**16
    fmt = struct.pack("<HHIIHH", codec, channels, rate % 2**32, rate * block % 2**32, block, bits)
    size = len(data) if data_size is None else data_size
    body = b"WAVEfmt " + struct.pack("<I", 16) + fmt + b"data" + struct.pack("<I", size) + data
    return b"RIFF" + struct.pack("<I", len(body) if riff_size is None else riff_size) + body


def pcm16(samples: np.ndarray) -> bytes:
    return np.clip(np.rint(samples * 32768), -32768, 32767).astype("<i2").tobytes()


def encode(
    path: Path,
    samples: np.ndarray,
    rate: int,
    codec: str,
    *,
    format: str | None = None,
    tracks: int = 1,
    picture: int = 0,
) -> Path:
    """Write mono `samples` by FFmpeg; with `picture` grey frames (at 25 a second) beside them."""
    with av.open(str(path), "w", format=format) as file:
        sound = [file.add_stream(codec, rate=rate, layout="mono") for _ in range(tracks)]
        if picture:
            film = file.add_stream("mpeg4", rate=25)
            film.width = film.height = 64
            film.pix_fmt = "yuv420p"
            for _ in range(picture):
                grey = np.full((64, 64, 3), 90, np.uint8)
                file.mux(film.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")))
            file.mux(film.encode(None))
        for stream in sound:
            frame = av.AudioFrame.from_ndarray(samples[None], format="flt", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
            resampler = av.AudioResampler(
                stream.codec_context.codec.audio_formats[0].name, "mono", rate
            )
            for packed in [*resampler.resample(frame), *resampler.resample(None)]:
                file.mux(stream.encode(packed))
            file.mux(stream.encode(None))
    return path


@pytest.fixture(scope="session")
def torchaudio() -> ModuleType:
    """torchaudio, or skip: its library does not load beside every torch that is allowed."""
    try:
        return importlib.import_module("torchaudio")
    except (ImportError, OSError) as error:
        pytest.skip(f"torchaudio does not load: {error}")


@pytest.fixture(scope="session")
def compliance(torchaudio) -> ModuleType:
    """torchaudio's transcription of Kaldi's features."""
    return torchaudio.compliance.kaldi


@pytest.fixture
def make_wav(tmp_path: Path) -> Callable[..., Path]:
    """Write a WAV of given bytes or, by default, of 1 s of voice; fields as in `wav_of`."""

    def make(data: bytes | None = None, name: str = "a.wav", **fields) -> Path:
        if data is None:
            data = pcm16(voice_like(1.0, RATE))
        path = tmp_path / name
        path.write_bytes(wav_of(data, **fields))
        return path

    return make


@pytest.fixture
def make_media(tmp_path: Path) -> Callable[..., Path]:
    """Encode a voice-like sound by FFmpeg into a file of the given name."""

    def make(name: str, codec: str, *, rate: int = RATE, seconds: float = 2.0, **more) -> Path:
        return encode(tmp_path / name, voice_like(seconds, rate), rate, codec, **more)

    return make


@pytest.fixture
def voice() -> Callable[..., np.ndarray]:
    return voice_like


@pytest.fixture
def as_pcm16() -> Callable[[np.ndarray], bytes]:
    return pcm16


@pytest.fixture
def code_of() -> Callable[..., str]:
    """Return why a recording is rejected, once its detail is seen to be short and without path."""

    def code(path: Path, **arguments) -> str:
        with pytest.raises(Rejected) as caught:
            decode_audio(path, **arguments)
        assert 0 < len(caught.value.detail) <= 200
        assert str(path.parent) not in caught.value.detail
        return caught.value.code

    return code
