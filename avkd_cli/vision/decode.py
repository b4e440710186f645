"""Images and videos to RGB frames, strictly: a damaged file is a reject, never a short success."""

import functools
import io
import warnings as python_warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from avkd_cli.errors import Rejected
from avkd_cli.media.formats import HEIC_HINT, IMAGE, VIDEO, allowed_format, is_named_otherwise
from avkd_cli.media.limits import PICTURES
from avkd_cli.media.opened import DecoderFaults, OpenFile, open_file
from avkd_cli.vision.frames import Frame, decode_chosen
from avkd_cli.vision.orientation import EXIF_ORIENTATIONS, Orientation
from avkd_cli.vision.packets import Clock, check_small, list_packets, open_film
from avkd_cli.vision.timeline import choose_times, slots

Image.MAX_IMAGE_PIXELS = None  # ours decide, from the header as well; telephones make 200 Mpx


def read_image(path: Path, warnings: list[str] | None = None) -> np.ndarray:
    """Return a JPEG, PNG, WebP, BMP, TIFF, PNM or HEIC as RGB, upright.

    Grey, palette, CMYK and 16-bit pictures become 8-bit RGB; transparent ones are laid on black.
    The EXIF orientation is applied. The size is read from the header before any pixel; a picture
    of more than 16 Mpx, as telephones make, is read at a half, a quarter or an eighth of it.

    Args:
        path: the file; its content decides what it is, not its name.
        warnings: codes are appended: no_eoi, extension_mismatch, reduced_image.

    Returns:
        uint8 (height, width, 3).

    Raises:
        Rejected: undecodable, truncated, format_not_allowed, image_too_large, image_too_small,
            codec_missing for HEIC without pillow-heif, or what `open_file` raises.
    """
    warnings = [] if warnings is None else warnings
    with (
        open_file(path) as opened,
        _decoding(opened, IMAGE, warnings) as faults,
        python_warnings.catch_warnings(),
    ):
        python_warnings.simplefilter("ignore")  # Pillow's remarks on EXIF and on large images
        return _read_image(opened, faults.container, warnings)


def _decoding(opened: OpenFile, kind: str, warnings: list[str]) -> DecoderFaults:
    """Return the faults of a decoder that is given a file of a kind, once it is known as one."""
    found = allowed_format(opened, kind)
    if is_named_otherwise(opened, found):
        warnings.append("extension_mismatch")
    return DecoderFaults(opened, found, f"decoder refused the {kind}")


def _read_image(opened: OpenFile, found: str, warnings: list[str]) -> np.ndarray:
    if opened.size > PICTURES.max_image_bytes:
        raise Rejected("image_too_large", f"{opened.size} bytes > {PICTURES.max_image_bytes}")
    data = opened.peek(0, opened.size)
    if found == "jpeg" and data.rfind(END_OF_IMAGE) <= data.rfind(START_OF_SCAN):
        return _read_endless(data, warnings)
    return _decode_image(data, found, warnings)


def _decode_image(data: bytes, found: str, warnings: list[str]) -> np.ndarray:
    image = _open_image(data, found)
    factor = _reduction(image, found)
    if factor > 1:
        warnings.append("reduced_image")
    if found == "jpeg":  # libjpeg leaves out what is not needed
        image.draft(None, (image.width // factor, image.height // factor))
    try:
        image.load()
    except OSError as error:
        if found == "jpeg" and "truncated" in str(error):
            raise Rejected("truncated", "the JPEG ends inside its picture data") from error
        raise
    picture = _to_rgb(image)
    if found != "jpeg" and factor > 1:
        picture = np.asarray(Image.fromarray(picture).reduce(factor))
    return _orientation(image).apply(picture)  # asking a PNG any earlier would hide its damage


def _open_image(data: bytes, found: str) -> Image.Image:
    if found == "heic":
        _register_heic()
    image = Image.open(io.BytesIO(data), formats=[PILLOW_NAMES.get(found, found.upper())])
    check_small(*image.size)
    if found in ("tiff", "webp") and (pages := getattr(image, "n_frames", 1)) > 1:
        raise Rejected("format_not_allowed", f"{pages} pictures in one file; give each its own")
    if image.mode == "F":
        raise Rejected("format_not_allowed", "pixels are fractions of no known range")
    return image


@functools.cache
def _register_heic() -> None:
    """Make Pillow read HEIC; what its boxes say of rotation is then done by libheif."""
    try:
        import pillow_heif
    except ImportError:
        raise Rejected("codec_missing", f"a HEIC picture; {HEIC_HINT}") from None
    pillow_heif.register_heif_opener(thumbnails=False)


PILLOW_NAMES = {"pnm": "PPM", "heic": "HEIF"}
_REDUCTIONS = (1, 2, 4, 8)  # what libjpeg offers


def _reduction(image: Image.Image, found: str) -> int:
    """Return by how much both sides are to be divided, from the header alone."""
    pixels = image.width * image.height
    most = PICTURES.max_jpeg_pixels if found == "jpeg" else PICTURES.max_whole_pixels
    if pixels > most:
        detail = f"{image.width} x {image.height} > {most / 1e6:g} Mpx"
        raise Rejected("image_too_large", detail)
    enough = (by for by in _REDUCTIONS if pixels <= PICTURES.max_image_pixels * by * by)
    return next(enough, _REDUCTIONS[-1])


END_OF_IMAGE, START_OF_SCAN = b"\xff\xd9", b"\xff\xda"


def _read_endless(data: bytes, warnings: list[str]) -> np.ndarray:
    """Return a JPEG that lacks only its end marker, which many writers forget.

    Decoders fill what is missing with grey and say nothing. But if all of the picture is there,
    what follows cannot change it: two different endings give the same pixels.
    """
    data = data.rstrip(b"\xff")  # half of the marker
    picture = _decode_image(data + END_OF_IMAGE, "jpeg", warnings)
    other = _decode_image(data + bytes(range(254, 62, -3)) + END_OF_IMAGE, "jpeg", [])
    if not np.array_equal(picture, other):
        raise Rejected("truncated", "the JPEG ends inside its picture data")
    warnings.append("no_eoi")
    return picture


def _to_rgb(image: Image.Image) -> np.ndarray:
    if image.mode.startswith("I"):  # 16-bit grey; Pillow's own conversion clips at 255
        grey = (np.asarray(image).astype(np.uint32) >> 8).clip(max=255).astype(np.uint8)
        return np.repeat(grey[:, :, None], 3, axis=2)
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, (0, 0, 0, 255)), image)
    return np.asarray(image if image.mode == "RGB" else image.convert("RGB"))


def _orientation(image: Image.Image) -> Orientation:
    try:
        tag = image.getexif().get(0x0112, 1)
    except Exception:  # damaged EXIF says nothing about the picture, which is whole
        tag = 1
    return EXIF_ORIENTATIONS.get(tag if isinstance(tag, int) else 1, Orientation())


def read_frames(
    path: Path,
    *,
    fps: float | None = None,
    count: int | None = None,
    start: float | None = None,
    end: float | None = None,
    at_most: int | None = None,
    warnings: list[str] | None = None,
) -> Iterator[Frame]:
    """Yield frames of a video, `fps` per second or `count` evenly spaced, in order.

    The file is gone through twice: first its packets are listed, which shows whether it is whole
    and when each frame is shown; then only what the wanted frames need is decoded. Rotation and
    mirroring of the display matrix are applied, and pixels that are not square are made so.

    Args:
        path: mp4, mov, 3gp, mkv, webm, avi or mpg; its content decides, not its name.
        fps, count, start, end, at_most: see `choose_times`; times in s from the file's beginning.
        warnings: codes are appended: multi_stream, bad_fps, decode_errors, extension_mismatch.

    Raises:
        Rejected: undecodable, truncated, format_not_allowed, no_video_stream, codec_missing,
            frame_too_large, image_too_small, too_long, too_few_frames, no_frames,
            decode_timeout, or what `open_file` raises.
    """
    choose = functools.partial(
        choose_times, fps=fps, count=count, start=start, end=end, at_most=at_most
    )
    for _, frame in _decoded(path, choose, (start, end), warnings):
        yield frame


def read_slots(
    path: Path,
    *,
    fps: float,
    start: float | None = None,
    end: float | None = None,
    at_most: int | None = None,
    warnings: list[str] | None = None,
) -> Iterator[Frame | None]:
    """Yield what a video shows at start, start + 1/fps, ... s: item k is k/fps s from the start.

    A frame that is shown longer is yielded again, the same object. None stands where the picture
    has not begun or its frame cannot be decoded. See `timeline.slots`.

    Args:
        path, warnings: as of `read_frames`.
        fps: items per second.
        start, end: in s from the file's beginning.
        at_most: stop after so many; the warning cut_short says that there were more.

    Raises:
        Rejected: what `read_frames` raises.
    """
    filled = np.empty(0, np.int64)

    def choose(times: np.ndarray) -> np.ndarray:
        nonlocal filled
        there = slots(times, fps, start, end)
        filled = there[:at_most]
        if warnings is not None and len(filled) < len(there):
            warnings.append("cut_short")
        return np.unique(filled[filled >= 0])

    decoded = _decoded(path, choose, (start, end), warnings)
    position, frame = next(decoded)
    for wanted in filled.tolist():
        while position < wanted and (after := next(decoded, None)) is not None:
            position, frame = after
        yield frame if position == wanted else None
    next(decoded, None)  # so that damage at the end is told


def _decoded(
    path: Path,
    choose: Callable[[np.ndarray], np.ndarray],
    stretch: tuple[float | None, float | None],
    warnings: list[str] | None,
) -> Iterator[tuple[int, Frame]]:
    """Yield chosen frames of a video with their positions; `stretch`: its start and end, in s."""
    warnings = [] if warnings is None else warnings
    with open_file(path) as opened, _decoding(opened, VIDEO, warnings) as faults:
        clock = Clock()
        with open_film(faults, clock) as film:
            listing = list_packets(film, warnings)
        chosen = choose(listing.times)
        if len(chosen) == 0:
            start, end = stretch
            till = "the end" if end is None else f"{end:g} s"
            raise Rejected("no_frames", f"no frame from {start or 0:g} s to {till}")
        clock.grant(len(listing.times))
        with open_film(faults, clock) as film:
            yield from decode_chosen(film, listing, chosen, warnings)
