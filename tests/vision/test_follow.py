"""People are patterns here; real faces are followed in tests/steps/test_crop_films.py."""

import numpy as np
import pytest

from avkd_cli.vision.follow import Follower, looks_of
from avkd_cli.vision.select import Detections

LEFT, RIGHT = (10.0, 10.0, 60.0, 60.0), (100.0, 10.0, 150.0, 60.0)
ANN, BOB, CYD = np.eye(3)


def faces(*boxes):
    return Detections(
        np.array(boxes, float).reshape(-1, 4),
        np.ones(len(boxes)),
        np.full((len(boxes), 5, 2), np.nan),
    )


def grown(box, by):
    return (box[0] - by, box[1] - by, box[2] + by, box[3] + by)


def follow(*frames):
    """Return the follower and who was who, of frames that are lists of (box, looks)."""
    follower = Follower()
    said = [
        follower.link(faces(*(box for box, _ in frame)), np.array([look for _, look in frame]))
        for frame in frames
    ]
    return follower, said


def test_two_people_keep_their_numbers_whoever_is_larger():
    # Each frame the other one is larger, and the detector lists the larger one first.
    frames = [
        [(grown(LEFT, 5), ANN), (RIGHT, BOB)],
        [(grown(RIGHT, 5), BOB), (LEFT, ANN)],
        [(grown(LEFT, 5), ANN), (RIGHT, BOB)],
    ]
    _, said = follow(*frames)
    assert said == [[0, 1], [1, 0], [0, 1]]


def test_two_who_change_places_at_a_cut_are_told_by_their_looks():
    _, said = follow([(LEFT, ANN), (RIGHT, BOB)], [(LEFT, BOB), (RIGHT, ANN)])
    assert said == [[0, 1], [1, 0]]


def test_somebody_else_at_the_same_place_is_somebody_else():
    follower, said = follow([(LEFT, ANN)], [(LEFT, BOB)], [(LEFT, ANN)])
    assert said == [[0], [1], [0]]
    assert len(follower.people) == 2


def test_one_who_comes_back_elsewhere_is_known_again():
    _, said = follow([(LEFT, ANN)], [], [(RIGHT, ANN)])
    assert said == [[0], [], [0]]


def test_a_little_change_of_looks_is_no_other_person_where_the_face_stays():
    turned = np.array([0.8, 0.6, 0.0])
    assert follow([(LEFT, ANN)], [(grown(LEFT, 2), turned)])[1] == [[0], [0]]
    assert follow([(LEFT, ANN)], [(RIGHT, turned)])[1] == [[0], [1]]


def test_two_faces_of_a_frame_are_never_one_person():
    _, said = follow([(LEFT, ANN)], [(LEFT, ANN), (RIGHT, ANN)])
    assert said == [[0], [0, 1]]


def test_the_person_with_most_area_over_time_is_the_main_one():
    # Bob is larger once, Ann is there three times.
    follower, _ = follow([(LEFT, ANN)], [(LEFT, ANN), (grown(RIGHT, 10), BOB)], [(LEFT, ANN)])
    assert follower.main() == 0
    follower, _ = follow([(LEFT, ANN), (grown(RIGHT, 10), BOB)], [(LEFT, ANN), (RIGHT, BOB)])
    assert follower.main() == 1
    assert Follower().main() is None


def test_looks_do_not_depend_on_light_or_size_but_on_the_face():
    chance = np.random.default_rng(0)
    ann, bob = (chance.integers(40, 200, (64, 64, 3)).astype(np.uint8) for _ in range(2))
    picture = np.zeros((200, 400, 3), np.uint8)
    picture[:64, :64], picture[:64, 100:164] = ann, bob
    picture[100:164, :64] = ann // 2 + 20
    picture[70:198, 200:328] = np.kron(ann, np.ones((2, 2, 1), np.uint8))
    boxes = (0, 0, 64, 64), (100, 0, 164, 64), (0, 100, 64, 164), (200, 70, 328, 198)
    looks = looks_of(picture, faces(*boxes))
    assert np.linalg.norm(looks, axis=1) == pytest.approx(1, abs=1e-5)
    other, darker, larger = looks[1:] @ looks[0]
    assert other < 0.5
    assert min(darker, larger) > 0.95
    assert looks_of(picture, faces()).shape[0] == 0
