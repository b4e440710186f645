import cv2
import numpy as np
import pytest

from avkd_cli.vision import quality
from avkd_cli.vision.align import TEMPLATE


def noise(seed=0):
    return np.random.default_rng(seed).integers(0, 256, (112, 96, 3), dtype=np.uint8)


def test_a_blurred_picture_is_less_sharp():
    sharp = noise()
    assert quality.sharpness(cv2.GaussianBlur(sharp, (0, 0), 2)) < 0.1 * quality.sharpness(sharp)


def test_sharpness_by_hand():
    # One bright pixel of 16 x 16: the Laplacian is -4 there and 1 at its four neighbours.
    picture = np.zeros((16, 16, 1), dtype=np.uint8)
    picture[8, 8] = 10
    assert quality.sharpness(picture) == pytest.approx(100 * (16 + 4) / 256)


def test_brightness_goes_from_0_to_255():
    assert quality.brightness(np.zeros((4, 4, 1), np.uint8)) == 0
    assert quality.brightness(np.full((4, 4, 3), 255, np.uint8)) == 255


def test_one_colour_is_flat_and_a_grain_is_not():
    assert quality.is_flat(np.full((9, 9, 3), (1, 200, 30), np.uint8))
    assert not quality.is_flat(noise())


def test_face_size_is_the_side_of_an_equal_square():
    assert quality.face_size(np.array([0, 0, 4, 9])) == 6
    assert quality.face_size(np.array([5, 5, 1, 9])) == 0


def test_an_upright_face_is_hardly_turned():
    assert abs(quality.roll(TEMPLATE)) < 1
    assert abs(quality.yaw(TEMPLATE)) < 1


@pytest.mark.parametrize("degrees", [-30, 10, 90])
def test_roll_is_the_angle_of_the_eyes(degrees):
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    level = np.array([[0.0, 0], [2, 0], [1, 1], [0, 2], [2, 2]])
    assert quality.roll(level @ turn.T) == pytest.approx(degrees)


@pytest.mark.parametrize("degrees", [-40, 0, 25])
def test_yaw_follows_a_turned_head(degrees):
    # A head from afar: eyes one to each side, the nose one in front of them.
    angle = np.radians(degrees)
    head = np.array([[-1.0, 0], [1, 0], [0, 1], [-0.8, 0], [0.8, 0]])  # across, depth
    across = head[:, 0] * np.cos(angle) + head[:, 1] * np.sin(angle)
    seen = np.column_stack([across, [0, 0, 1, 2, 2]])
    assert quality.yaw(seen) == pytest.approx(degrees)


def test_without_landmarks_the_pose_is_not_a_number():
    assert np.isnan(quality.yaw(np.full((5, 2), np.nan)))
    assert np.isnan(quality.roll(np.full((5, 2), np.nan)))
