import dataclasses
from collections import Counter

import numpy as np
import pytest
from click.testing import CliRunner

from avkd_cli.cli import cli
from avkd_cli.standin.corpus import make_standin
from avkd_cli.standin.face import draw_utterance
from avkd_cli.standin.moods import (
    CALM,
    EXPRESSIONS,
    NAMES,
    looking,
    mood_of,
    speaking,
    strength_of,
)
from avkd_cli.standin.people import (
    generator,
    make_face_session,
    make_person,
    make_voice_session,
)
from avkd_cli.standin.plan import StandinPlan, people
from avkd_cli.standin.voice import synthesise

PEOPLE = 40


def test_everybody_is_in_all_seven_moods_as_often():
    plan = StandinPlan(persons=6, sessions=2, utterances=7, moods=True)
    for person in {row["person"] for row in people(plan)}:
        found = Counter(row["emotion"] for row in people(plan) if row["person"] == person)
        assert found == dict.fromkeys(NAMES, 2)
    assert "emotion" not in next(iter(people(StandinPlan(persons=6))))


def test_moods_change_most_films_and_no_names(tiny, tiny_plan, tmp_path):
    make_standin(tmp_path / "moody", dataclasses.replace(tiny_plan, moods=True), workers=0)
    plain, moody = (
        {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*.mp4")}
        for folder in (tiny, tmp_path / "moody")
    )
    assert plain.keys() == moody.keys()
    assert sum(plain[name] != moody[name] for name in plain) > len(plain) / 2


def voiced(person, index):
    """Return pitch, melody, rate, effort and energy of an utterance, less those of the session."""
    who = make_person(0, person)
    session = make_voice_session(generator(0, person))
    voice, heard = speaking(who.voice, session, 0, person, index)
    return np.array(
        [
            12 * np.log2(heard.pitch / session.pitch),
            np.log(voice.excursion / who.voice.excursion),
            np.log(heard.rate / session.rate),
            heard.effort - session.effort,
            heard.snr_db - session.snr_db,
        ]
    )


def shown(person, index):
    """Return what a mood does to smile, mouth, brows and eyes in an utterance."""
    seen = looking(0, person, index)
    return np.array([*seen.mouth, *seen.brows, seen.eyes])


def told(features):
    """Return how often the nearest mean of the other half of the people names the mood."""
    cells = [(p, k) for p in range(PEOPLE) for k in range(7)]
    values = np.array([features(*cell) for cell in cells])
    values = values / values.std(axis=0)
    mood = np.array([NAMES.index(mood_of(0, *cell)) for cell in cells])
    half = np.array([p % 2 for p, _ in cells])
    right = 0
    for part in (0, 1):
        means = np.array([values[(half != part) & (mood == m)].mean(axis=0) for m in range(7)])
        distance = ((values[half == part][:, None] - means) ** 2).sum(axis=2)
        right += (distance.argmin(axis=1) == mood[half == part]).sum()
    return right / len(cells)


def test_a_face_tells_a_mood_more_clearly_than_a_voice():
    voice, face = told(voiced), told(shown)
    assert face > 0.98
    assert 0.5 < voice < 0.92  # well above a guess of 1 in 7, and below the face


def test_what_is_felt_strongly_shows_in_voice_and_face():
    felt = [(p, k) for p in range(PEOPLE) for k in range(7) if mood_of(0, p, k) == "surprised"]
    voices = [strength_of((0, 1), 0, *one) for one in felt]
    faces = [shown(*one)[1] for one in felt]
    assert np.corrcoef(voices, faces)[0, 1] > 0.99
    assert np.std(voices) > 0.2


def test_moods_are_heard_and_seen():
    who = make_person(0, 1)
    voice_session = make_voice_session(generator(1))
    face_session = make_face_session(generator(1))
    places = {mood_of(0, 1, k): k for k in range(7)}
    sounds, pictures = {}, {}
    for mood in ("sad", "angry"):
        voice, session = speaking(who.voice, voice_session, 0, 1, places[mood])
        sounds[mood] = synthesise(voice, session, 1.0, generator(2))[0]
        seen = looking(0, 1, places[mood])
        frames = draw_utterance(who.face, face_session, np.zeros(1), 64, generator(3), seen)
        pictures[mood] = next(frames).astype(float)
    assert np.std(sounds["angry"]) > 1.2 * np.std(sounds["sad"])
    assert np.abs(pictures["angry"] - pictures["sad"]).mean() > 0.5


def test_neutral_changes_nothing():
    index = next(k for k in range(7) if mood_of(0, 3, k) == "neutral")
    assert np.abs(voiced(3, index)).max() == pytest.approx(0, abs=1e-9)
    assert np.abs(shown(3, index)).max() == pytest.approx(0, abs=1e-9)
    assert EXPRESSIONS["neutral"] is CALM


@pytest.mark.parametrize("text", ["3", "4,2", "a,b", "0.1,2", "2,900"])
def test_seconds_that_make_no_sense_are_refused(text):
    found = CliRunner().invoke(cli, ["corpus", "standin", "-o", "x", "--seconds", text])
    assert found.exit_code == 2
    assert "--seconds" in found.output
