import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avkd_cli import config
from avkd_cli.vision.align import CROP_MODES, TEMPLATE, cover, crop, enclose, similarity, warp

NONE = np.full((5, 2), np.nan)


def moved(points, angle=0.0, scale=1.0, shift=(0.0, 0.0)):
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return scale * points @ turn.T + np.array(shift)


def mapped(matrix, points):
    return points @ matrix[:, :2].T + matrix[:, 2]


def test_the_settings_offer_what_the_room_has():
    assert set(config.CROP_MODES) == set(CROP_MODES)


def test_the_template_of_112x96_is_that_of_112_moved_by_eight():
    narrow = CROP_MODES["aligned-112x96"].template
    assert narrow.tolist()[0] == pytest.approx([30.2946, 51.6963])
    assert (TEMPLATE - narrow).tolist() == [pytest.approx([8, 0])] * 5


@given(st.floats(-3.1, 3.1), st.floats(0.05, 20), st.floats(-500, 500), st.floats(-500, 500))
def test_landmarks_moved_by_a_similarity_map_back_exactly(angle, scale, dx, dy):
    landmarks = moved(TEMPLATE, angle, scale, (dx, dy))
    assert mapped(similarity(landmarks, TEMPLATE), landmarks) == pytest.approx(TEMPLATE, abs=1e-6)


def test_similarity_by_hand():
    # A quarter turn, twice as large, 3 to the right: (1, 0) -> (3, 2), (0, 1) -> (1, 0).
    source = np.array([[0.0, 0], [1, 0], [0, 1]])
    target = np.array([[3.0, 0], [3, 2], [1, 0]])
    assert similarity(source, target) == pytest.approx(np.array([[0, -2, 3], [2, 0, 0]]))


def test_similarity_never_mirrors():
    mirrored = TEMPLATE * [-1, 1]
    assert np.linalg.det(similarity(mirrored, TEMPLATE)[:, :2]) > 0


@given(st.lists(st.floats(-4, 4), min_size=10, max_size=10))
def test_no_other_similarity_is_nearer(noise):
    # Least squares: small changes of the four numbers only make the error larger.
    landmarks = TEMPLATE + np.array(noise).reshape(5, 2)
    best = similarity(landmarks, TEMPLATE)

    def error(matrix):
        return ((mapped(matrix, landmarks) - TEMPLATE) ** 2).sum()

    for change in np.vstack([np.eye(4), -np.eye(4)]) * 1e-3:
        a, b, x, y = change
        assert error(best + np.array([[a, -b, x], [b, a, y]])) >= error(best) - 1e-9


@pytest.mark.parametrize("bad", [np.ones((5, 2)), np.full((5, 2), np.inf)])
def test_landmarks_without_direction_are_refused(bad):
    with pytest.raises(ValueError, match="one point or not finite"):
        similarity(bad, TEMPLATE)


@pytest.mark.parametrize("name", CROP_MODES)
@pytest.mark.parametrize("landmarks", [NONE, moved(TEMPLATE, 0.1, 1.2, (40, 10))])
def test_each_mode_gives_its_shape(name, landmarks):
    frame = np.random.default_rng(0).integers(0, 256, (200, 240, 3), dtype=np.uint8)
    mode = CROP_MODES[name]
    picture = crop(frame, np.array([50.0, 30, 170, 180]), landmarks, mode)
    assert picture.shape == (mode.height, mode.width, mode.channels)
    assert picture.dtype == np.uint8


def test_a_face_drawn_askew_is_straightened():
    # Dots at the landmarks of a turned, enlarged face must end at the template's pixels.
    landmarks = moved(TEMPLATE, 0.4, 2.3, (90, 40))
    frame = np.zeros((400, 400, 3), dtype=np.uint8)
    for x, y in landmarks.round().astype(int):
        cv2.circle(frame, (int(x), int(y)), 4, (255, 255, 255), -1)
    mode = CROP_MODES["aligned-112"]
    picture = crop(frame, np.array([0.0, 0, 400, 400]), landmarks, mode)[:, :, 0].astype(float)
    for x, y in TEMPLATE:
        window = picture[int(y) - 4 : int(y) + 6, int(x) - 4 : int(x) + 6]
        rows, columns = np.mgrid[int(y) - 4 : int(y) + 6, int(x) - 4 : int(x) + 6]
        assert (columns * window).sum() / window.sum() == pytest.approx(x, abs=0.5)
        assert (rows * window).sum() / window.sum() == pytest.approx(y, abs=0.5)


def test_a_crop_of_the_right_size_is_kept_bit_for_bit():
    frame = np.random.default_rng(1).integers(0, 256, (112, 96, 3), dtype=np.uint8)
    box = np.array([0.0, 0, 96, 112])
    assert np.array_equal(crop(frame, box, NONE, CROP_MODES["aligned-112x96"]), frame)


def test_without_landmarks_the_centre_is_taken_and_nothing_is_stretched():
    # A wide picture whose middle square has a colour of its own.
    frame = np.zeros((224, 400, 3), dtype=np.uint8)
    frame[:, 88:312] = (10, 200, 30)
    picture = crop(frame, np.array([0.0, 0, 400, 224]), NONE, CROP_MODES["box-224"])
    assert np.array_equal(picture, np.broadcast_to(np.uint8([10, 200, 30]), (224, 224, 3)))


def test_a_box_crop_is_wider_than_the_box_by_the_margin():
    # The box is white; with a margin of 1 it fills the middle half of the crop.
    frame = np.zeros((400, 400, 3), dtype=np.uint8)
    frame[150:250, 150:250] = 255
    box, eyes = np.array([150.0, 150, 250, 250]), moved(TEMPLATE, 0, 0.5, (172, 165))
    picture = crop(frame, box, eyes, CROP_MODES["box-224"], margin=1.0)[:, :, 0]
    white = np.argwhere(picture > 127)
    assert white.min(axis=0).tolist() == [56, 56]
    assert white.max(axis=0).tolist() == [167, 167]


def test_what_lies_outside_the_frame_is_black():
    frame = np.full((100, 100, 3), 255, dtype=np.uint8)
    box, eyes = np.array([0.0, 0, 100, 100]), moved(TEMPLATE, 0, 0.8)
    picture = crop(frame, box, eyes, CROP_MODES["box-224"], margin=1.0)
    assert picture[0].max() == 0
    assert picture[112, 112].tolist() == [255, 255, 255]


def test_grey_is_the_luma_of_the_colours():
    frame = np.broadcast_to(np.uint8([255, 0, 0]), (128, 128, 3)).copy()
    picture = crop(frame, np.array([0.0, 0, 128, 128]), NONE, CROP_MODES["gray-128"])
    assert picture.shape == (128, 128, 1)
    assert set(np.unique(picture)) == {76}  # 0.299 of red


@pytest.mark.parametrize("factor", [2, 3, 5])
def test_a_large_face_is_averaged_not_sampled(factor):
    # Single black columns would vanish, or stay black, if pixels were only picked.
    frame = np.full((112 * factor, 96 * factor, 3), 200, dtype=np.uint8)
    frame[:, ::factor] = 0
    box = np.array([0.0, 0, 96 * factor, 112 * factor])
    picture = crop(frame, box, NONE, CROP_MODES["aligned-112x96"])
    assert picture.mean() == pytest.approx(200 * (factor - 1) / factor, abs=1)
    assert picture.std() < 1


@pytest.mark.parametrize("scale", [0.12, 0.3, 0.49])
def test_shrinking_first_keeps_the_place(scale):
    # A smooth hill shrunk by two ways peaks at the same pixel.
    y, x = np.mgrid[:900, :1000]
    hill = 255 * np.exp(-((x - 610.0) ** 2 + (y - 333.0) ** 2) / 2 / 60**2)
    frame = np.repeat(hill.astype(np.uint8)[:, :, None], 3, axis=2)
    matrix = np.array([[scale, 0, 3.0], [0, scale, 5.0]])
    picture = warp(frame, matrix, 400, 500)[:, :, 0].astype(float)
    rows, columns = np.mgrid[:400, :500]
    weight = picture / picture.sum()
    assert (columns * weight).sum() == pytest.approx(610 * scale + 3, abs=0.1)
    assert (rows * weight).sum() == pytest.approx(333 * scale + 5, abs=0.1)


@pytest.mark.parametrize("fit", [lambda b: cover(b, 10, 10), lambda b: enclose(b, 10, 0.3)])
def test_an_empty_box_is_refused(fit):
    with pytest.raises(ValueError, match="is empty"):
        fit(np.array([5.0, 5, 5, 5]))
