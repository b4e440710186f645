"""HEIC, as iPhones write it, by the extra avkd[heic]."""

import sys

import numpy as np
import pytest
from PIL import Image

from avkd_cli.corpora import trees
from avkd_cli.errors import Rejected
from avkd_cli.vision import decode
from avkd_cli.vision.decode import read_image


@pytest.fixture
def photo(tmp_path, chart):
    heif = pytest.importorskip("pillow_heif", reason="needs avkd[heic]")
    heif.register_heif_opener(thumbnails=False)

    def make(orientation: int = 1, height: int = 96, width: int = 128):
        exif = Image.Exif()
        exif[0x0112] = orientation
        picture = Image.fromarray(chart(3, height, width))
        path = tmp_path / f"{orientation}.heic"
        picture.save(path, format="HEIF", quality=95, exif=exif.tobytes())
        picture.save(path.with_suffix(".png"), exif=exif.tobytes())
        return path

    return make


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_is_upright_however_the_telephone_was_held(photo, orientation):
    path = photo(orientation)
    expected = read_image(path.with_suffix(".png")).astype(int)
    warnings: list[str] = []
    found = read_image(path, warnings=warnings)
    assert found.shape == expected.shape
    assert np.abs(found - expected).mean() < 8
    assert warnings == []


def test_a_cut_photo_is_refused(photo):
    path = photo()
    data = path.read_bytes()
    for share in (0.1, 0.5, 0.9, 0.99):
        path.write_bytes(data[: int(share * len(data))])
        with pytest.raises(Rejected) as caught:
            read_image(path)
        assert caught.value.code in ("undecodable", "truncated")


def test_a_large_photo_is_reduced_and_a_larger_one_refused(photo, limited):
    path = photo(6, 160, 240)
    warnings: list[str] = []
    limited(max_image_pixels=10_000)
    assert read_image(path, warnings).shape == (120, 80, 3)
    assert warnings == ["reduced_image"]
    limited(max_whole_pixels=30_000)
    with pytest.raises(Rejected, match="160 x 240"):
        read_image(path)


def test_without_the_extra_the_cure_is_said(tmp_path, monkeypatch):
    (tmp_path / "a.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(64))
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    decode._register_heic.cache_clear()
    try:
        with pytest.raises(Rejected, match=r"avkd\[heic\]") as caught:
            read_image(tmp_path / "a.heic")
    finally:
        decode._register_heic.cache_clear()
    assert caught.value.code == "codec_missing"
    assert "avkd[heic]" in trees.no_step_reads("IMG_1.HEIC")


def test_photos_are_listed_where_they_can_be_read():
    pytest.importorskip("pillow_heif", reason="needs avkd[heic]")
    assert trees.kind_of("IMG_0001.HEIC")[0] == "images"
