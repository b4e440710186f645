"""Rows I01 to I17 of the fault matrix (docs/reliability.md), and what reading must keep."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from avkd_cli.errors import Rejected
from avkd_cli.vision.decode import read_image


def png_header(width, height):
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    start = (
        b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body))
    )
    return start + b"\0\0\0\0IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))


def png_with_chunk(name, data):
    body = name + data
    chunk = struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))
    whole = io.BytesIO()
    Image.new("RGB", (64, 64)).save(whole, "PNG")
    return whole.getvalue()[:33] + chunk + whole.getvalue()[33:]


def several(format):
    """Three pictures in one file."""
    pictures = [Image.fromarray(np.full((64, 64, 3), 80 * n, np.uint8)) for n in range(3)]
    whole = io.BytesIO()
    pictures[0].save(whole, format, save_all=True, append_images=pictures[1:])
    return whole.getvalue()


def fractions():
    whole = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).random((64, 64), np.float32)).save(whole, "TIFF")
    return whole.getvalue()


def flipped(data, at):
    return data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :]


@pytest.fixture
def read(tmp_path, limited):
    def read(data, name="a.jpg", **limits):
        path, warnings = tmp_path / name, []
        path.write_bytes(data)
        limited(**limits)
        return read_image(path, warnings), warnings

    return read


@pytest.fixture
def jpeg(chart, image_bytes):
    return image_bytes(chart(3), quality=95)


@pytest.fixture
def png(chart, image_bytes):
    return image_bytes(chart(3), "PNG")


BOMB = zlib.compress(b"\0" * (8 << 20))
BROKEN = {
    "I01 empty": (lambda jpeg, png: b"", "undecodable"),
    "I01 text": (lambda jpeg, png: b"no picture\n", "undecodable"),
    "I01 html": (lambda jpeg, png: b"<html>404</html>", "undecodable"),
    "I02 half a JPEG": (lambda jpeg, png: jpeg[: len(jpeg) // 2], "truncated"),
    "I02 nearly all of it": (lambda jpeg, png: jpeg[:-60], "truncated"),
    "I05 half a PNG": (lambda jpeg, png: png[: len(png) // 2], "undecodable"),
    "I05 flipped": (lambda jpeg, png: flipped(png, len(png) // 2), "undecodable"),
    "I06 large": (lambda jpeg, png: png_header(12_000, 12_000), "image_too_large"),
    "I07 larger": (lambda jpeg, png: png_header(40_000, 40_000), "image_too_large"),
    "I08 header": (lambda jpeg, png: flipped(png, 17), "undecodable"),
    "I08 zero": (lambda jpeg, png: png_header(0, 64), "undecodable"),
    "I09 1 x 1": (lambda jpeg, png: png_header(1, 1), "image_too_small"),
    "I09 narrow": (lambda jpeg, png: png_header(31, 400), "image_too_small"),
    "I12 gif": (lambda jpeg, png: b"GIF89a" + bytes(99), "format_not_allowed"),
    "I12 webp": (lambda jpeg, png: b"RIFF\0\0\0\0WEBPVP8 ", "undecodable"),
    "I12 tiff": (lambda jpeg, png: b"II*\0" + bytes(99), "undecodable"),
    "I12 moving webp": (lambda jpeg, png: several("WEBP"), "format_not_allowed"),
    "I12 pages": (lambda jpeg, png: several("TIFF"), "format_not_allowed"),
    "avif": (lambda jpeg, png: b"\0\0\0\x18ftypavif" + bytes(99), "format_not_allowed"),
    "fractions": (lambda jpeg, png: fractions(), "format_not_allowed"),
    "I13 svg": (lambda jpeg, png: b"<?xml?><svg/>", "format_not_allowed"),
    "I13 eps": (lambda jpeg, png: b"%!PS-Adobe-3.0 EPSF", "format_not_allowed"),
    "I13 pdf": (lambda jpeg, png: b"%PDF-1.7", "format_not_allowed"),
    "I13 fits": (lambda jpeg, png: b"SIMPLE  =    T", "format_not_allowed"),
    "I13 ico": (lambda jpeg, png: b"\0\0\1\0\1\0", "format_not_allowed"),
    "I14 zTXt": (lambda jpeg, png: png_with_chunk(b"zTXt", b"k\0\0" + BOMB), "undecodable"),
    "I14 iCCP": (lambda jpeg, png: png_with_chunk(b"iCCP", b"k\0\0" + BOMB), "undecodable"),
}


@pytest.mark.parametrize("row", BROKEN)
def test_a_broken_image_has_its_code(row, read, jpeg, png):
    make, code = BROKEN[row]
    with pytest.raises(Rejected) as caught:
        read(make(jpeg, png))
    assert caught.value.code == code
    assert "/" not in caught.value.detail  # no path of this machine


def test_a_size_is_refused_before_a_pixel_is_decoded(read, monkeypatch):
    def decode(*_):
        raise AssertionError("decoded")

    monkeypatch.setattr(PngImagePlugin.PngImageFile, "load", decode)
    with pytest.raises(Rejected, match="64 Mpx"):
        read(png_header(8001, 8000))


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "BMP", "TIFF", "PPM"])
def test_a_large_picture_is_read_at_a_reduced_size(format, read, image_bytes, chart):
    # 96 x 128 pixels where 3,500 are allowed: a quarter of them is the first that fits.
    picture, said = read(image_bytes(chart(3), format), max_image_pixels=3500)
    assert picture.shape == (48, 64, 3)
    assert "reduced_image" in said
    whole = chart(3).reshape(48, 2, 64, 2, 3).mean(axis=(1, 3))
    assert np.abs(picture - whole).mean() < 6


def test_a_telephone_s_48_megapixels_are_read_upright(read, image_bytes):
    exif = Image.Exif()
    exif[0x0112] = 6  # held upright: turned to the right
    data = image_bytes(np.zeros((6000, 8000, 3), np.uint8), exif=exif)
    picture, said = read(data)
    assert picture.shape == (4000, 3000, 3)
    assert said == ["reduced_image"]


def test_no_reduction_makes_any_size_bearable(read, image_bytes):
    data = image_bytes(np.zeros((64, 64, 3), np.uint8))
    sizes = data.index(b"\xff\xc0") + 5  # of the frame header: height, then width
    with pytest.raises(Rejected) as caught:
        read(data[:sizes] + struct.pack(">HH", 60_000, 60_000) + data[sizes + 4 :])
    assert caught.value.code == "image_too_large"


@pytest.mark.parametrize(
    ("format", "name"),
    [
        ("WEBP", "a.webp"),
        ("BMP", "a.bmp"),
        ("TIFF", "a.tif"),
        ("TIFF", "a.tiff"),
        ("PPM", "a.ppm"),
        ("PNG", "a.png"),
        ("JPEG", "a.jpe"),
    ],
)
def test_every_format_of_cameras_is_read(format, name, read, image_bytes, chart):
    options = {"lossless": True} if format == "WEBP" else {}
    picture, said = read(image_bytes(chart(3), format, **options), name)
    assert said == []
    if format != "JPEG":
        assert np.array_equal(picture, chart(3))


def test_grey_and_two_level_maps_are_read(read, chart):
    grey = chart(3)[:, :, 0]
    header = b"P5 128 96 255\n"
    assert np.array_equal(read(header + grey.tobytes(), "a.pgm")[0][:, :, 1], grey)
    deep = (grey.astype(">u2") * 257).tobytes()
    assert np.array_equal(read(b"P5 128 96 65535\n" + deep, "a.pgm")[0][:, :, 2], grey)
    black = read(b"P4 128 96\n" + b"\xff" * (16 * 96), "a.pbm")[0]
    assert (black == 0).all()
    with pytest.raises(Rejected):
        read(header + grey.tobytes()[:-500], "a.pgm")


def test_a_file_beyond_the_limit_of_bytes_is_refused(read, png):
    with pytest.raises(Rejected, match="bytes"):
        read(png, max_image_bytes=100)


def test_a_missing_end_marker_is_a_warning(read, jpeg):  # I03
    whole, none = read(jpeg)
    cut, said = read(jpeg[:-2])
    assert np.array_equal(whole, cut)
    assert (none, said) == ([], ["no_eoi"])


def test_what_follows_the_end_marker_does_not_matter(read, jpeg):
    assert read(jpeg + b"trailing" * 100)[1] == []


def test_a_png_named_jpg_is_read_and_said(read, png, chart):  # I17
    picture, said = read(png, "a.jpg")
    assert np.array_equal(picture, chart(3))
    assert said == ["extension_mismatch"]


def test_colours_are_in_the_order_red_green_blue(read, image_bytes):
    red = np.zeros((40, 40, 3), dtype=np.uint8)
    red[:, :, 0] = 255
    for format in ("PNG", "JPEG"):
        picture, _ = read(image_bytes(red, format), "a." + format.lower())
        assert picture[20, 20].tolist() == pytest.approx([255, 0, 0], abs=2)


RAMP = np.repeat(np.arange(0, 256, 4, dtype=np.uint8)[None], 64, axis=0)


@pytest.mark.parametrize(  # I10
    ("image", "expected"),
    [
        pytest.param(Image.fromarray(RAMP), RAMP, id="grey"),
        pytest.param(Image.fromarray(RAMP.astype(np.uint16) * 257), RAMP, id="16-bit grey"),
        pytest.param(Image.fromarray(RAMP).convert("P"), RAMP, id="palette"),
        pytest.param(Image.fromarray(RAMP > 99), np.where(RAMP > 99, 255, 0), id="1 bit"),
        pytest.param(
            Image.merge("LA", [Image.new("L", (64, 64), 200), Image.fromarray(RAMP)]),
            RAMP * 200.0 / 255,
            id="grey on black",
        ),
        pytest.param(
            Image.merge("RGBA", [Image.new("L", (64, 64), 255)] * 3 + [Image.fromarray(RAMP)]),
            RAMP,
            id="white on black",
        ),
    ],
)
def test_every_mode_of_png_becomes_8_bit_rgb(image, expected, read, image_bytes):
    picture, _ = read(image_bytes(image, "PNG"), "a.png")
    assert picture.dtype == np.uint8
    assert picture.shape == (64, 64, 3)
    assert np.abs(picture - np.asarray(expected, dtype=float)[:, :, None]).max() <= 1


def test_cmyk_and_grey_jpegs_become_rgb(read, image_bytes, chart):
    picture, _ = read(image_bytes(Image.fromarray(chart(3)).convert("CMYK"), quality=95))
    assert np.abs(picture.astype(int) - chart(3)).mean() < 4
    grey, _ = read(image_bytes(Image.fromarray(RAMP), quality=95))
    assert np.ptp(grey, axis=2).max() == 0


# How the picture lies in the file, so that the tag makes it upright.
STORED = {
    1: lambda upright: upright,
    2: np.fliplr,
    3: lambda upright: np.rot90(upright, 2),
    4: np.flipud,
    5: lambda upright: upright.swapaxes(0, 1),
    6: np.rot90,
    7: lambda upright: np.rot90(upright, 2).swapaxes(0, 1),
    8: lambda upright: np.rot90(upright, -1),
}


@pytest.mark.parametrize("orientation", STORED)
def test_exif_orientation_is_applied_once(orientation, read, image_bytes, chart):  # I11
    upright = chart(3)
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = np.ascontiguousarray(STORED[orientation](upright))
    picture, _ = read(image_bytes(stored, quality=95, exif=exif))
    assert picture.shape == upright.shape
    assert np.abs(picture.astype(int) - upright).mean() < 3


def test_damaged_exif_leaves_the_picture_as_it_is(read, image_bytes, chart):
    plain, _ = read(image_bytes(chart(3)))
    odd, _ = read(image_bytes(chart(3), exif=b"Exif\0\0II*\0\xff\xff\xff\xff"))
    assert np.array_equal(plain, odd)


def test_a_fault_of_the_disk_is_not_the_pictures(jpeg, tmp_path, failing_disk):
    (tmp_path / "a.jpg").write_bytes(jpeg)
    assert failing_disk(lambda: read_image(tmp_path / "a.jpg")) == 2


def test_the_real_broken_images(shared_data):
    accepted, said = {}, {}
    for path in sorted((shared_data / "nasty" / "image").iterdir()):
        try:
            picture = read_image(path, warnings=said.setdefault(path.name, []))
            assert picture.dtype == np.uint8
            assert picture.shape[2] == 3
            accepted[path.name] = picture
        except Rejected as error:
            assert error.code in {
                "undecodable",
                "truncated",
                "format_not_allowed",
                "image_too_small",
            }
    assert len(accepted) == 22
    assert said["truncated_jpeg.jpg"] == ["no_eoi"]  # one byte short of its end marker
    upright = accepted["hopper.jpg"].astype(int)
    for orientation in range(2, 9):
        picture = accepted[f"hopper_orientation_{orientation}.jpg"]
        assert np.abs(picture - upright).mean() < 8, orientation


@pytest.mark.parametrize("progressive", [False, True])
def test_only_the_end_marker_may_be_missing(progressive, read, image_bytes):
    # Noise leaves no run of zeros in which a cut could hide.
    noise = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    jpeg = image_bytes(noise, quality=90, progressive=progressive)
    whole, _ = read(jpeg)
    for cut in (1, 2):
        assert np.array_equal(read(jpeg[:-cut])[0], whole)
    for cut in range(4, 400, 7):
        with pytest.raises(Rejected) as caught:
            read(jpeg[:-cut])
        assert caught.value.code == "truncated"
