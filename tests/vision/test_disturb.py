"""Face crops made worse: by as much as was asked."""

import numpy as np
import pytest

from avkd_cli.vision import disturb
from avkd_cli.vision.disturb import STRENGTHS


def face(seed: int = 0, channels: int = 3) -> np.ndarray:
    """Something smooth with edges in it, as a face has."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (14, 12, channels), dtype=np.uint8)
    return np.repeat(np.repeat(coarse, 8, axis=0), 8, axis=1)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def edges(crop: np.ndarray) -> float:
    return float(np.abs(np.diff(crop.astype(int), axis=1)).mean())


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    ("kind", "strength"),
    [("blur", 2), ("dark", 0.25), ("small", 8), ("jpeg", 5), ("occlude", 0.25)],
)
def test_size_colours_and_type_stay_and_the_original_is_left_alone(kind, strength, channels):
    crop = face(1, channels)
    before = crop.copy()
    found = STRENGTHS[kind].apply(crop, strength, rng())
    assert (found.shape, found.dtype) == (crop.shape, np.uint8)
    assert (found != crop).any()
    np.testing.assert_array_equal(crop, before)


def test_blur_is_the_deviation_of_what_a_point_becomes():
    point = np.zeros((112, 96, 1), np.uint8)
    point[56, 48] = 255
    bright = disturb.blurred(point, 1.0, rng()).astype(float)[..., 0]
    x = np.arange(96) - 48
    assert np.sqrt((bright.sum(0) * x**2).sum() / bright.sum()) == pytest.approx(1.0, abs=0.1)


def test_more_of_it_leaves_fewer_edges():
    for kind, strengths in (("blur", (1, 2, 4)), ("small", (48, 16, 8))):
        left = [edges(STRENGTHS[kind].apply(face(), one, rng())) for one in strengths]
        assert left == sorted(left, reverse=True)


def test_dark_leaves_a_share_of_the_light_and_the_noise_of_the_sensor():
    flat = np.full((112, 96, 3), 200, np.uint8)
    dark = disturb.darkened(flat, 0.25, rng()).astype(float)
    assert dark.mean() == pytest.approx(50, abs=0.1)
    assert dark.std() == pytest.approx(disturb.SENSOR_NOISE, abs=0.1)


def test_a_worse_jpeg_is_further_from_the_picture_and_keeps_its_colours():
    crop = face(2)
    apart = [
        np.abs(disturb.compressed(crop, q, rng()).astype(int) - crop).mean() for q in (95, 30, 5)
    ]
    assert apart == sorted(apart)
    red = np.zeros((112, 96, 3), np.uint8)
    red[..., 0] = 200
    assert disturb.compressed(red, 90, rng())[50, 50] == pytest.approx([200, 0, 0], abs=6)


@pytest.mark.parametrize("share", [0.1, 0.25, 0.9])
def test_a_patch_covers_its_share_of_the_area(share):
    crop = np.zeros((112, 96, 3), np.uint8)
    covered = disturb.occluded(crop, share, rng(3))
    assert (covered[..., 0] > 0).mean() == pytest.approx(share, abs=0.02)
