import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avkd_cli.vision.select import (
    Detections,
    choose,
    intersection_over_union,
    is_ambiguous,
    on_half,
    usable,
)

EYES = np.array([[10.0, 10], [30, 10], [20, 20], [12, 30], [28, 30]])


def faces(*boxes):
    boxes = np.array(boxes, dtype=float).reshape(-1, 4)
    return Detections(boxes, np.ones(len(boxes)), np.repeat(EYES[None], len(boxes), axis=0))


SMALL_MIDDLE, LARGE_LEFT, LARGE_RIGHT = (80, 80, 120, 120), (0, 0, 60, 60), (140, 0, 200, 60)


@pytest.mark.parametrize(
    ("rule", "track", "expected"),
    [
        pytest.param("largest", None, 1, id="two as large, as far: the left one"),
        pytest.param("central", None, 0, id="central"),
        pytest.param("track", [138, 5, 190, 50], 2, id="overlaps the track"),
        pytest.param("track", [61, 61, 79, 79], None, id="nobody is on the track"),
        pytest.param("track", None, None, id="the track has no box here"),
    ],
)
def test_the_rule_decides(rule, track, expected):
    found = faces(SMALL_MIDDLE, LARGE_LEFT, LARGE_RIGHT)
    track = None if track is None else np.array(track, dtype=float)
    assert choose(found, 200, 200, rule, track) == expected


boxes = st.lists(
    st.tuples(st.integers(0, 99), st.integers(0, 99), st.integers(40, 90), st.integers(40, 90)),
    min_size=1,
    max_size=6,
    unique=True,
).map(lambda found: [(x, y, x + w, y + h) for x, y, w, h in found])


@given(boxes, st.sampled_from(["largest", "central", "track"]), st.randoms())
def test_the_order_of_the_detections_never_matters(found, rule, random):
    track = np.array([20.0, 20, 150, 150])
    shuffled = random.sample(found, len(found))
    one = choose(faces(*found), 200, 200, rule, track)
    other = choose(faces(*shuffled), 200, 200, rule, track)
    assert (one is None) == (other is None)
    assert one is None or found[one] == shuffled[other]


def test_no_face_is_no_choice():
    assert choose(faces(), 200, 200, "largest") is None


def test_faces_as_large_are_ambiguous_and_a_small_one_is_not():
    assert is_ambiguous(faces(LARGE_LEFT, LARGE_RIGHT), 0)
    assert not is_ambiguous(faces(LARGE_LEFT, SMALL_MIDDLE), 0)
    assert not is_ambiguous(faces(LARGE_LEFT), 0)


def test_boxes_are_clipped_before_they_are_judged():
    kept = usable(faces((-20, -20, 50, 50), (180, 180, 260, 260)), 200, 200)
    assert kept.boxes.tolist() == [[0, 0, 50, 50]]  # of the second 20 x 20 remain


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda f: f.boxes.__setitem__((0, 2), np.nan), id="box not finite"),
        pytest.param(lambda f: f.scores.__setitem__(0, np.inf), id="score not finite"),
        pytest.param(lambda f: f.landmarks.__setitem__((0, 3, 1), np.nan), id="one eye not finite"),
        pytest.param(lambda f: f.landmarks.__setitem__(0, 7.0), id="landmarks in one point"),
        pytest.param(lambda f: f.boxes.__setitem__((0, 2), 0.0), id="box inside out"),
    ],
)
def test_a_face_that_cannot_be_cropped_is_left_out(spoil):
    found = faces(LARGE_LEFT, LARGE_RIGHT)
    spoil(found)
    assert usable(found, 200, 200).boxes.tolist() == [list(LARGE_RIGHT)]


def test_a_face_without_any_landmarks_is_kept():
    found = Detections(np.array([[0.0, 0, 90, 90]]), np.ones(1), np.full((1, 5, 2), np.nan))
    assert len(usable(found, 100, 100)) == 1


def test_overlap_by_hand():
    # Squares of 4 that share a quarter: 1 of 7.
    found = intersection_over_union(
        np.array([[0.0, 0, 2, 2], [5, 5, 6, 6]]), np.array([1, 1, 3, 3])
    )
    assert found.tolist() == pytest.approx([1 / 7, 0])


def test_faces_on_one_half_are_taken_and_a_whole_frame_becomes_that_half():
    found = faces((0, 0, 60, 60), (90, 0, 100, 60), (140, 0, 200, 60))
    assert on_half(found, "left", 200).boxes[:, 0].tolist() == [0, 90]
    assert on_half(found, "right", 200).boxes[:, 0].tolist() == [140]
    whole = Detections(np.array([[0.0, 0, 200, 100]]), np.ones(1), np.full((1, 5, 2), np.nan))
    assert on_half(whole, "left", 200).boxes.tolist() == [[0, 0, 100, 100]]
    assert on_half(whole, "right", 200).boxes.tolist() == [[100, 0, 200, 100]]
