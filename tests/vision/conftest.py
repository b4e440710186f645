"""Small videos and pictures made on the spot."""

import io
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from avkd_cli.media.limits import Limits
from avkd_cli.vision import decode, frames, packets


def chart(number: int, height: int = 96, width: int = 128) -> np.ndarray:
    """An RGB picture that tells left from right, top from bottom, and its number by its blue.

    Red rises to the right, green downwards; a white square moves along the top.
    """
    picture = np.zeros((height, width, 3), dtype=np.uint8)
    picture[:, :, 0] = np.linspace(0, 255, width)[None, :]
    picture[:, :, 1] = np.linspace(0, 255, height)[:, None]
    picture[:, :, 2] = 8 * number % 256
    left = 5 * number % (width - 16)
    picture[4:20, left : left + 16] = 255
    return picture


def write_video(
    path: Path,
    frames: int = 50,
    *,
    codec: str = "libx264",
    rate: int = 25,
    size: tuple[int, int] = (96, 128),
    format: str | None = None,
    options: dict[str, str] | None = None,
    container_options: dict[str, str] | None = None,
    pixel_format: str = "yuv420p",
    b_frames: int | None = None,
    stamps: list[int] | None = None,
    rotation: int = 0,
    aspect: Fraction | None = None,
) -> Path:
    """Encode `frames` charts; `stamps` are presentation times in 1/rate s."""
    with av.open(str(path), "w", format=format, options=container_options or {}) as container:
        stream = container.add_stream(codec, rate=rate, options=options or {})
        stream.height, stream.width = size
        stream.pix_fmt = pixel_format
        if b_frames is not None:
            stream.codec_context.max_b_frames = b_frames
        if aspect is not None:
            stream.codec_context.sample_aspect_ratio = aspect
        if rotation:
            stream.set_display_rotation(rotation)
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(chart(number, *size), format="rgb24")
            frame.pts = number if stamps is None else stamps[number]
            frame.time_base = Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def image_bytes(picture: np.ndarray | Image.Image, format: str = "JPEG", **options) -> bytes:
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    buffer = io.BytesIO()
    image.save(buffer, format=format, **options)
    return buffer.getvalue()


@pytest.fixture(name="chart")
def chart_fixture():
    return chart


@pytest.fixture(name="write_video")
def write_video_fixture():
    return write_video


@pytest.fixture(name="image_bytes")
def image_bytes_fixture():
    return image_bytes


@pytest.fixture
def limited(monkeypatch):
    """A function that sets what is refused of pictures and films."""

    def limit(**limits: float) -> None:
        for module in (decode, frames, packets):
            monkeypatch.setattr(module, "PICTURES", Limits(**limits))

    return limit
