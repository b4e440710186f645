"""What images and videos share before decoding: opening, limits, signatures, orientation."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np

from avkd_cli.errors import Rejected
from avkd_cli.vision.suffixes import IMAGE_SUFFIXES, VIDEO_SUFFIXES


@dataclass(frozen=True)
class VisualLimits:
    """What is refused before it is decoded, so that no file can take the machine.

    Args:
        max_image_pixels: of an image as it is used; a larger one is read at a half, a quarter …
        max_jpeg_pixels: of a JPEG, from its header: its decoder reads at a reduced size.
        max_whole_pixels: of any other image, which is reduced only after it is decoded.
        max_image_bytes: of an image file.
        min_side: smallest side of an image or a frame, in pixels.
        max_side: largest side of a video frame, in pixels.
        max_seconds, max_frames: length of a video.
        min_frames: frames that a video must have.
        wall_seconds: time that the decoding of one video may take.
    """

    max_image_pixels: int = 16_000_000
    max_jpeg_pixels: int = 250_000_000
    max_whole_pixels: int = 64_000_000
    max_image_bytes: int = 128 << 20
    min_side: int = 32
    max_side: int = 4096
    max_seconds: float = 1800.0
    max_frames: int = 60_000
    min_frames: int = 2
    wall_seconds: float = 120.0


def check_small(width: int, height: int, limits: VisualLimits) -> None:
    """Raise Rejected image_too_small when there is no face to see."""
    if min(width, height) < limits.min_side:
        side = limits.min_side
        raise Rejected("image_too_small", f"{width} x {height} < {side} x {side}")


# Faults of the machine or of its set-up: they stop the run, or a flaky disk would thin the data.
ENVIRONMENT = frozenset(
    {
        errno.EIO,
        errno.EMFILE,
        errno.ENFILE,
        errno.ENOMEM,
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EROFS,
        errno.ESTALE,
        errno.ETIMEDOUT,
    }
)


@contextmanager
def decoding(kind: str) -> Iterator[None]:
    """Turn whatever a decoder raises into a reject; let faults of the environment pass.

    Decoders raise some dozen types on damaged files (PyAV five on 1,000 files, Pillow even
    SyntaxError), so the boundary is the one place where everything is caught.
    """
    try:
        yield
    except av.FFmpegError as error:
        # Its numbers are about the file's content, even those that look like the system's: what
        # reading raises comes through as it is. A damaged header may ask for any memory.
        code = "decoder_oom" if isinstance(error, MemoryError) else "undecodable"
        raise Rejected(code, f"decoder refused the {kind}") from error
    except (Rejected, MemoryError):
        raise
    except OSError as error:
        if error.errno in ENVIRONMENT:
            raise
        raise Rejected("undecodable", f"decoder refused the {kind}") from error
    except Exception as error:
        raise Rejected("undecodable", f"decoder refused the {kind}") from error


@contextmanager
def open_media(path: Path) -> Iterator[BinaryIO]:
    """Open a regular file for reading, once; the decoder gets this descriptor, never the name.

    Raises:
        Rejected: file_not_found, file_unreadable or not_regular_file.
        OSError: for a fault of the environment (EIO, EMFILE, ...).
    """
    try:
        # Non-blocking, since opening a pipe would wait for a writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        raise Rejected("file_not_found", "not found") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        if isinstance(error, OSError) and error.errno in ENVIRONMENT:
            raise
        reason = os.strerror(error.errno) if isinstance(error, OSError) else "bad name"
        raise Rejected("file_unreadable", reason.lower()) from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise Rejected("not_regular_file", "is a directory or a device")
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        yield file


# (offset, signature, what it is); the first that fits decides. Names never do.
SIGNATURES = (
    (0, b"\xff\xd8\xff", "jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "png"),
    (0, b"\x1aE\xdf\xa3", "matroska"),
    (8, b"AVI ", "avi"),
    (0, b"\x00\x00\x01\xba", "mpeg"),
    *((4, b"ftyp" + brand, "heic") for brand in (b"heic", b"heix", b"heim", b"mif1", b"msf1")),
    *((4, b"ftyp" + brand, "avif") for brand in (b"avif", b"avis")),
    *((4, box, "mov") for box in (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"styp")),
    (0, b"GIF8", "gif"),
    (8, b"WEBP", "webp"),
    (0, b"II*\x00", "tiff"),
    (0, b"MM\x00*", "tiff"),
    (0, b"BM", "bmp"),
    (0, b"8BPS", "psd"),
    (0, b"\x00\x00\x01\x00", "ico"),
    (0, b"SIMPLE  =", "fits"),
    (0, b"%!PS", "eps"),
    (0, b"%PDF", "pdf"),
    *((0, b"P%d" % n, "pnm") for n in range(1, 8)),
    (0, b"#EXTM3U", "hls playlist"),
    (0, b"ffconcat", "concat playlist"),
    (0, b"[playlist]", "playlist"),
    (0, b"v=0\r\n", "sdp"),
    (0, b"v=0\n", "sdp"),
    (0, b"OggS", "ogg"),
    (0, b"FLV", "flv"),
    (0, b"0&\xb2u\x8ef\xcf\x11", "asf"),
    (0, b"\x00\x00\x01\xb3", "raw mpeg"),
)
XML = ((b"<mpd", "dash playlist"), (b"<svg", "svg"), (b"<smil", "smil"))
VIDEO_FORMATS = frozenset(VIDEO_SUFFIXES)
IMAGE_FORMATS = frozenset(IMAGE_SUFFIXES)
OTHER_IMAGES = frozenset({"gif", "avif", "psd", "ico", "fits", "eps", "pdf"})
EXTENSIONS = {
    suffix: name
    for name, suffixes in (IMAGE_SUFFIXES | VIDEO_SUFFIXES).items()
    for suffix in suffixes
}


def content_format(head: bytes) -> str:
    """Return what the first bytes of a file say it is, "" when they say nothing."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    for offset, signature, name in SIGNATURES:
        if head.startswith(signature, offset) or (offset == 0 and text.startswith(signature)):
            return name
    if text.startswith(b"<"):
        low = text.lower()
        return next((name for mark, name in XML if mark in low), "")
    return "mpegts" if packet_length(head) else ""


def packet_length(head: bytes) -> int:
    """Return the bytes of a packet of a transport stream, 0 for what is none.

    Each begins with a sync byte; camcorders put four bytes of time before it.
    """
    for length, at in ((188, 0), (192, 4)):
        if head[at : at + 2 * length + 1 : length] == b"GGG":  # 0x47
            return length
    return 0


def allowed_format(file: BinaryIO, path: Path, kind: str, warnings: list[str]) -> str:
    """Return the format of an opened file of `kind` ("image" or "video"), from its content.

    Raises:
        Rejected: format_not_allowed for a known format that is not read here (a playlist would
            open other files), undecodable for anything that is no such medium at all.
    """
    formats = IMAGE_FORMATS if kind == "image" else VIDEO_FORMATS
    head = file.read(1024)
    file.seek(0)
    found = content_format(head)
    if found in formats:
        if EXTENSIONS.get(path.suffix.lower(), found) != found:
            warnings.append("extension_mismatch")
        return found
    wrong_kind = IMAGE_FORMATS | OTHER_IMAGES if kind == "video" else VIDEO_FORMATS
    if found and found not in wrong_kind:
        wanted = ", ".join(sorted(formats))
        raise Rejected("format_not_allowed", f"looks like '{found}'; allowed: {wanted}")
    what = found or ("0 bytes" if not head else "unknown content")
    article = "an" if kind == "image" else "a"
    raise Rejected("undecodable", f"not {article} {kind} ({what})")


@dataclass(frozen=True)
class Orientation:
    """One of the eight ways to hold a picture: transpose first, then mirror.

    Args:
        transpose: exchange rows and columns.
        mirror_x, mirror_y: then turn left and right, top and bottom round.
    """

    transpose: bool = False
    mirror_x: bool = False
    mirror_y: bool = False

    def apply(self, picture: np.ndarray) -> np.ndarray:
        """Return the picture (height, width, channels) as it is to be seen, contiguous."""
        if self.transpose:
            picture = picture.swapaxes(0, 1)
        if self.mirror_x:
            picture = picture[:, ::-1]
        if self.mirror_y:
            picture = picture[::-1]
        return np.ascontiguousarray(picture)


# EXIF tag 0x0112, values 1 to 8 (CIPA DC-008, 4.6.4).
EXIF_ORIENTATIONS = {
    1: Orientation(),
    2: Orientation(mirror_x=True),
    3: Orientation(mirror_x=True, mirror_y=True),
    4: Orientation(mirror_y=True),
    5: Orientation(transpose=True),
    6: Orientation(transpose=True, mirror_x=True),
    7: Orientation(transpose=True, mirror_x=True, mirror_y=True),
    8: Orientation(transpose=True, mirror_y=True),
}


def display_orientation(matrix: bytes) -> Orientation:
    """Return the nearest orientation of a display matrix.

    Args:
        matrix: nine 32-bit integers a b u c d v x y w; a point (p, q) is shown at
            (a p + c q + x, b p + d q + y) (ISO/IEC 14496-12, 8.2.2; FFmpeg display.h).
    """
    a, b, _, c, d = np.frombuffer(matrix, dtype=np.int32, count=5).tolist()
    if abs(a) + abs(d) >= abs(b) + abs(c):
        return Orientation(mirror_x=a < 0, mirror_y=d < 0)
    return Orientation(transpose=True, mirror_x=c < 0, mirror_y=b < 0)
