import dataclasses

import numpy as np
import pytest

from avkd_cli.standin.people import (
    generator,
    make_face_session,
    make_person,
    make_voice_session,
)

MANY = range(400)


@pytest.fixture(scope="module")
def crowd():
    return [make_person(0, number) for number in MANY]


def flat(value) -> np.ndarray:
    return np.concatenate([np.ravel(part) for part in dataclasses.astuple(value)]).astype(float)


def test_a_person_depends_on_seed_and_number_alone():
    one, same, other = (make_person(seed, 5) for seed in (1, 1, 2))
    np.testing.assert_array_equal(flat(one.voice), flat(same.voice))
    np.testing.assert_array_equal(flat(one.face), flat(same.face))
    assert one.voice.fundamental != other.voice.fundamental


def test_purposes_have_their_own_random_numbers():
    draws = {generator(0, *purpose).random() for purpose in ((1, 2), (12,), ("1", 2), ("voice", 1))}
    assert len(draws) == 4


def test_half_are_women_and_ages_are_of_adults(crowd):
    assert [person.sex for person in crowd[:4]] == ["f", "m", "f", "m"]
    assert min(p.age for p in crowd) >= 18
    assert max(p.age for p in crowd) <= 75


@pytest.mark.parametrize(
    ("sense", "measure", "more"),
    [
        ("voice", "fundamental", "f"),
        ("voice", "tract", "f"),
        ("face", "jaw", "m"),
        ("face", "brow_thickness", "m"),
        ("face", "hair_length", "f"),
    ],
)
def test_sex_shapes_both_senses_with_overlap(crowd, sense, measure, more):
    values = {
        sex: np.array([getattr(getattr(p, sense), measure) for p in crowd if p.sex == sex])
        for sex in "fm"
    }
    less = "m" if more == "f" else "f"
    assert values[more].mean() > values[less].mean() + values[less].std() / 2
    assert values[more].min() < values[less].max()


def test_age_shapes_both_senses(crowd):
    ages = np.array([p.age for p in crowd])
    assert np.corrcoef(ages, [p.voice.syllables for p in crowd])[0, 1] < -0.25
    assert np.corrcoef(ages, [p.face.wrinkles for p in crowd])[0, 1] > 0.7


def test_given_sex_and_age_the_face_says_nothing_about_the_voice(crowd):
    # Residuals after sex and age: 400 independent draws correlate by less than 0.15 (3 sigma).
    about = np.array([[1, p.sex == "f", p.age, (p.sex == "f") * p.age] for p in crowd], float)
    pitch = np.log([p.voice.fundamental for p in crowd])
    for measure in ("width", "eye_x", "jaw", "nose_width", "mouth_width"):
        width = np.array([getattr(p.face, measure) for p in crowd])
        left = [y - about @ np.linalg.lstsq(about, y, rcond=None)[0] for y in (pitch, width)]
        assert abs(np.corrcoef(*left)[0, 1]) < 0.15


def test_without_spread_people_of_one_sex_and_age_differ_in_nothing_measured():
    young = [p for p in (make_person(0, n, own=0.0) for n in MANY) if p.age < 40 and p.sex == "m"]
    assert len({p.voice.fundamental for p in young}) == 1
    assert len({p.face.jaw for p in young}) == 1


def test_without_session_spread_every_session_has_the_same_pose_and_pitch():
    faces = [make_face_session(generator(0, n), 0.0) for n in range(5)]
    voices = [make_voice_session(generator(0, n), 0.0) for n in range(5)]
    assert {angle for face in faces for angle in face.pose} == {0.0}
    assert {voice.pitch for voice in voices} == {1.0}
