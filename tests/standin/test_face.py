import dataclasses

import numpy as np
import pytest

from avkd_cli.standin import camera
from avkd_cli.standin.face import draw_utterance, outline
from avkd_cli.standin.moods import CALM, Expression
from avkd_cli.standin.people import (
    generator,
    make_face_session,
    make_person,
)

PERSON = make_person(0, 0)
PLAIN = dataclasses.replace(make_face_session(generator(0, "plain"), 0.0), glasses=0.0)


@pytest.fixture(autouse=True)
def clear(monkeypatch):
    """A camera without noise or blur, so that what moves is seen row by row."""
    monkeypatch.setattr(camera, "GRAIN", 0.0)
    monkeypatch.setattr(camera, "BLUR", 0.01)


def draw(loudness, face=PERSON.face, session=PLAIN, mood=CALM, size=64, words="words"):
    rng = generator(0, words)
    return list(draw_utterance(face, session, np.array(loudness), size, rng, mood))


def difference(one, other) -> np.ndarray:
    return np.abs(one.astype(int) - other).mean(axis=(1, 2))


def test_one_picture_a_loudness():
    frames = draw([0.0, 0.5, 1.0], size=96)
    assert [frame.shape for frame in frames] == [(96, 96, 3)] * 3
    assert {frame.dtype for frame in frames} == {np.dtype(np.uint8)}


def test_the_same_seed_draws_the_same_face():
    np.testing.assert_array_equal(draw([0.3, 0.6]), draw([0.3, 0.6]))


def test_the_mouth_opens_with_loudness_and_nothing_else_does():
    (shut,), (open_,) = draw([0.0]), draw([1.0])
    by_row = difference(shut, open_)
    assert by_row[38:60].max() > 5
    assert by_row[:34].max() == 0


def test_two_people_differ_more_than_two_utterances_of_one():
    other = make_person(0, 2).face
    (one,), (again,), (stranger,) = draw([0.0]), draw([0.0], words="more"), draw([0.0], face=other)
    assert difference(one, stranger).mean() > 2 * difference(one, again).mean()


def test_glasses_are_worn_at_the_eyes():
    (bare,), (worn,) = draw([0.0]), draw([0.0], session=dataclasses.replace(PLAIN, glasses=2.0))
    by_row = difference(bare, worn)
    assert by_row[22:40].max() > 5
    assert by_row[48:].max() == 0


def test_light_from_the_right_brightens_the_right():
    lit = dataclasses.replace(PLAIN, light=np.array([0.5, 0.0]))
    (flat,), (side,) = draw([0.0]), draw([0.0], session=lit)
    gain = side.astype(float).mean(axis=(0, 2)) / flat.mean(axis=(0, 2))
    assert gain[:8].max() < 0.75
    assert gain[-8:].min() > 1.05  # less than 1.5 where white is reached


def test_turning_the_head_moves_the_features():
    turned = dataclasses.replace(PLAIN, pose=np.array([0.5, 0.0, 0.0]))
    (front,), (side,) = draw([0.0]), draw([0.0], session=turned)
    assert difference(front, side)[24:48].mean() > 3


def test_the_outline_is_symmetric_and_reaches_crown_and_chin():
    points = outline(PERSON.face)
    mirrored = points * (-1, 1)
    for point in mirrored:
        assert np.abs(points - point).sum(axis=1).min() < 1e-6
    assert points[:, 1].min() == pytest.approx(-1, abs=0.02)
    assert points[:, 1].max() == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize(
    ("creases", "rows"),
    [
        pytest.param((0, 1, 0, 0), slice(12, 28), id="forehead above the brows"),
        pytest.param((1, 0, 0, 0), slice(18, 30), id="furrow between them"),
        pytest.param((0, 0, 1, 0), slice(26, 38), id="nose at its root"),
        pytest.param((0, 0, 0, 1), slice(31, 58), id="cheek below the eyes"),
    ],
)
def test_an_expression_draws_lines_where_it_is_and_nowhere_else(creases, rows):
    (calm,), (creased,) = draw([0.0]), draw([0.0], mood=Expression(creases=creases))
    by_row = difference(calm, creased)
    assert by_row[rows].max() > 1
    by_row[rows] = 0
    assert by_row.max() == 0


def test_deeper_creases_are_darker():
    (calm,), (light,), (deep,) = (
        draw([0.0], mood=Expression(creases=(depth,) * 4)) for depth in (0, 0.5, 1)
    )
    assert deep.mean() < light.mean() < calm.mean()
