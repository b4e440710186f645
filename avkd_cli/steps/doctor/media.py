"""Can sound, films and pictures be read? Each kind is made here, and read by avkd's own decoder."""

import io
import tempfile
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from avkd_cli.errors import Rejected
from avkd_cli.steps.doctor.finding import BAD, GOOD, ODD, Finding, worded

RATE = 16_000
CODECS = {
    "aac": "m4a and mp4",
    "mp3": "mp3",
    "opus": "opus and webm",
    "vorbis": "ogg",
    "amrnb": "amr of phones",
    "h264": "films",
    "hevc": "films of phones",
    "vp9": "webm",
    "mpeg4": "avi",
    "mpeg1video": "mpg, as GRID has",
}
"""What PyAV's own FFmpeg should decode."""


def look() -> Iterator[Finding]:
    """Yield what is decoded, and what is not."""
    with tempfile.TemporaryDirectory(prefix="avkd-doctor-") as folder:
        for name, make in SOUNDS.items():
            yield tried(
                name, lambda make=make, name=name: heard(Path(folder) / f"a.{name}", make())
            )
        yield tried("mp4", lambda: seen(Path(folder) / "a.mp4"))
    for name in ("jpeg", "png", "webp", "bmp"):
        yield tried(name, lambda name=name: picture(name))
    yield codecs()


def tone() -> np.ndarray:
    """Return a second of a tone, (16000,) float32."""
    return (0.3 * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)).astype(np.float32)


def as_wav() -> bytes:
    """Return the tone as 16-bit PCM."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((tone() * 32767).astype("<i2").tobytes())
    return out.getvalue()


def as_flac() -> bytes:
    """Return the tone as FLAC."""
    import soundfile

    out = io.BytesIO()
    soundfile.write(out, tone(), RATE, format="FLAC")
    return out.getvalue()


def as_m4a() -> bytes:
    """Return the tone as AAC."""
    from avkd_cli.standin.media import m4a

    return m4a(tone(), RATE)


SOUNDS: dict[str, Callable[[], bytes]] = {"wav": as_wav, "flac": as_flac, "m4a": as_m4a}


def heard(path: Path, data: bytes) -> str:
    """Decode a second of sound; return what came of it, or raise ValueError."""
    from avkd_cli.audio.decode import decode_audio

    path.write_bytes(data)
    found = decode_audio(path).samples
    seconds = len(found) / RATE
    if abs(seconds - 1) > 0.2 or not 0.15 < float(np.sqrt(np.mean(found**2))) < 0.3:
        raise ValueError(f"a tone of 1 s came back as {seconds:.2f} s of something else")
    return f"{seconds:.2f} s decoded"


def seen(path: Path) -> str:
    """Decode a film of ten pictures; return what came of it, or raise ValueError."""
    import av

    from avkd_cli.standin.media import mp4

    grey = [np.full((64, 64, 3), 20 * one, np.uint8) for one in range(10)]
    path.write_bytes(mp4(grey, 25, tone()[: RATE // 2], RATE))
    with av.open(str(path)) as film:
        count = sum(1 for _ in film.decode(video=0))
    if count != len(grey):
        raise ValueError(f"{count} of {len(grey)} pictures decoded")
    return f"{count} pictures decoded"


def picture(kind: str) -> str:
    """Write and read a picture; return what came of it, or raise ValueError."""
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (32, 24), (200, 30, 30)).save(out, kind)
    found = np.asarray(Image.open(io.BytesIO(out.getvalue())).convert("RGB"), int)
    if found.shape != (24, 32, 3) or abs(found[..., 0].mean() - 200) > 8:
        raise ValueError("came back as another picture")
    return "32 x 24 decoded"


def tried(name: str, attempt: Callable[[], str]) -> Finding:
    """Return what came of an attempt; a decoder may fail in any way."""
    try:
        return Finding(name, GOOD, attempt())
    except Rejected as error:
        text = f"{error.code}: {error.detail}"
    except Exception as error:
        text = f"{type(error).__name__}: {error}"
    return Finding(
        name,
        BAD,
        worded(text),
        "pip install --force-reinstall av soundfile pillow, or make setup",
    )


def codecs() -> Finding:
    """Return which codecs PyAV's FFmpeg lacks."""
    try:
        import av
        from av.codec import codecs_available
    except ImportError as error:
        return Finding("codecs", BAD, f"PyAV does not load: {error}", "make setup")
    lacks = []
    for name in CODECS:
        try:
            if name not in codecs_available:
                raise ValueError
            av.codec.Codec(name, "r")
        except Exception:
            lacks.append(name)
    if not lacks:
        return Finding("codecs", GOOD, f"all {len(CODECS)} that recordings come in")
    of = "; ".join(f"{name} ({CODECS[name]})" for name in lacks)
    return Finding("codecs", ODD, f"lacks {of}", "pip install av from PyPI, whose FFmpeg has them")
