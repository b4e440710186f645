"""Sound and pictures of the stand-in corpus as the bytes of wav, m4a and mp4 files.

The same samples are the same bytes on the same machine: encoders run in one thread, and x264 works
without its macroblock tree, which made pictures of 112 pixels differ from run to run.
"""

import io
import wave
from collections.abc import Iterable
from fractions import Fraction

import av
import numpy as np

_SOUND = 1024  # samples an AAC frame
_X264 = {"preset": "veryfast", "crf": "24", "threads": "1", "x264-params": "mbtree=0"}


def wav(samples: np.ndarray, rate: int) -> bytes:
    """Return mono 16-bit PCM of `samples` (n,) in [-1, 1]."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.round(np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return out.getvalue()


def m4a(samples: np.ndarray, rate: int) -> bytes:
    """Return `samples` (n,) as 64 kbit/s AAC, as VoxCeleb2's sound is."""
    out = io.BytesIO()
    with av.open(out, "w", format="ipod") as container:
        _write_sound(container, _sound_stream(container, rate), samples)
    return out.getvalue()


def mp4(frames: Iterable[np.ndarray], fps: int, samples: np.ndarray, rate: int) -> bytes:
    """Return RGB `frames` (size, size, 3) uint8 as H.264 with `samples` as its AAC sound."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        frames = iter(frames)
        first = next(frames)
        video = container.add_stream("libx264", rate=fps)
        video.height, video.width, video.pix_fmt = *first.shape[:2], "yuv420p"
        video.options = _X264
        sound = _sound_stream(container, rate)
        for frame in (first, *frames):
            container.mux(video.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(video.encode())
        _write_sound(container, sound, samples)
    return out.getvalue()


def _sound_stream(container, rate: int):
    stream = container.add_stream("aac", rate=rate, layout="mono")
    stream.bit_rate = 64_000
    stream.options = {"threads": "1", "aac_coder": "fast"}
    return stream


def _write_sound(container, stream, samples: np.ndarray) -> None:
    for start in range(0, len(samples), _SOUND):
        piece = samples[start : start + _SOUND].astype(np.float32)
        frame = av.AudioFrame.from_ndarray(piece[None, :], format="fltp", layout="mono")
        frame.sample_rate, frame.pts = stream.rate, start
        frame.time_base = Fraction(1, stream.rate)
        container.mux(stream.encode(frame))
    container.mux(stream.encode())
