import numpy as np
import pytest

from avkd_cli.errors import InputError
from avkd_cli.storage import pictures


def soft(channels, seed=0, side=48):
    """A picture without sharp edges, of which a JPEG keeps nearly all."""
    small = np.random.default_rng(seed).uniform(40, 215, (side // 16, side // 16, channels))
    y, x = np.meshgrid(*[np.linspace(0, side // 16 - 1.01, side)] * 2, indexing="ij")
    a, b = y.astype(int), x.astype(int)
    fy, fx = (y - a)[..., None], (x - b)[..., None]
    rows = [(1 - fx) * small[k, b] + fx * small[k, (b + 1) % 3] for k in (a, (a + 1) % 3)]
    return ((1 - fy) * rows[0] + fy * rows[1]).astype(np.uint8)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_jpeg_gives_nearly_the_picture_back_and_the_colours_in_their_order(channels):
    picture = soft(channels)
    again = pictures.decode(pictures.encode(picture, 95), picture.shape, "here")
    assert again.shape == picture.shape
    assert np.abs(again.astype(int) - picture).mean() < 3


def test_better_quality_takes_more_bytes():
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    assert len(pictures.encode(noise, 95)) > 1.5 * len(pictures.encode(noise, 50))


def test_pictures_that_share_their_bytes_are_the_same():
    codes = [pictures.encode(soft(3, seed), 90) for seed in range(2)]
    data, sizes = np.concatenate(codes), np.array([len(codes[0])] * 2 + [len(codes[1])])
    found = pictures.decode_all(data, np.array([0, 0, sizes[0]]), sizes, (48, 48, 3), "here")
    assert np.array_equal(found[0], found[1])
    assert np.array_equal(found[2], pictures.decode(codes[1], (48, 48, 3), "here"))


@pytest.mark.parametrize(
    ("data", "shape"),
    [
        (np.zeros(0, np.uint8), (48, 48, 3)),
        (np.arange(100, dtype=np.uint8), (48, 48, 3)),
        (pictures.encode(soft(3), 90), (48, 32, 3)),
    ],
)
def test_bytes_that_are_no_such_picture_are_an_error_of_the_store(data, shape):
    with pytest.raises(InputError, match=r"f\.zarr: holds"):
        pictures.decode(data, shape, "f.zarr")
