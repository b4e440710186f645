import itertools

import pytest

from avkd_cli.corpora.ravdess import list_ravdess, parse_name
from avkd_cli.errors import InputError


def names(modality="01"):
    """All recordings: 60 spoken and 44 sung a person, but actor 18 has no songs."""
    for actor in range(1, 25):
        for channel, last in (("01", 8), ("02", 6)):
            if channel == "02" and actor == 18:
                continue
            for emotion, intensity, statement, repetition in itertools.product(
                range(1, last + 1), (1, 2), (1, 2), (1, 2)
            ):
                if emotion == 1 and intensity == 2:  # neutral is never strong
                    continue
                fields = f"{emotion:02d}-{intensity:02d}-{statement:02d}-{repetition:02d}"
                yield f"{modality}-{channel}-{fields}-{actor:02d}"


def listed(folder, **options):
    utterances, report = list_ravdess(folder, **options)
    return {u.id: u for u in utterances}, report


@pytest.fixture
def whole(plant):
    return plant(*(f"Actor_{name[-2:]}/{name}.mp4" for name in names()))


@pytest.mark.parametrize(
    ("options", "count"),
    [
        ({}, 2452),
        ({"calm": "keep"}, 2452),
        ({"calm": "drop"}, 2452 - 192 - 184),
        ({"channel": "speech"}, 24 * 60),
        ({"channel": "song"}, 23 * 44),
    ],
)
def test_the_published_counts(whole, options, count):
    found, report = listed(whole, **options)
    assert len(found) == report.utterances == count


def test_calm_is_merged_into_neutral_or_kept(whole):
    emotions = {
        calm: {u.extra["emotion"] for u in listed(whole, calm=calm)[0].values()}
        for calm in ("merge", "keep")
    }
    assert emotions["keep"] - emotions["merge"] == {"calm"}
    assert len(emotions["merge"]) == 7


def test_a_name_says_everything():
    assert parse_name("03-01-06-02-01-02-12") == {
        "modality": "03",
        "recording": "01-06-02-01-02-12",
        "channel": "speech",
        "emotion": "fearful",
        "intensity": "strong",
        "statement": "01",
        "repetition": "02",
        "actor": "12",
        "sex": "f",
    }
    assert parse_name("03-01-09-02-01-02-12") is None
    assert parse_name("a-03-01-06-02-01-02") is None


def test_sound_and_film_of_one_recording_are_one_utterance(plant):
    folder = plant(
        "Audio/Actor_01/03-01-05-01-01-01-01.wav",
        "Video/Actor_01/01-01-05-01-01-01-01.mp4",
        "Video/Actor_01/02-01-05-01-01-01-01.mp4",
        "Audio/Actor_01/03-01-05-01-01-01-01 copy.wav",
    )
    found, _ = listed(folder)
    assert [u.to_json() for u in found.values()] == [
        {
            "id": "Actor_01/01-05-01-01-01-01",
            "person": "Actor_01",
            "audio": "Audio/Actor_01/03-01-05-01-01-01-01.wav",
            "video": "Video/Actor_01/01-01-05-01-01-01-01.mp4",
            "sex": "m",
            "emotion": "angry",
            "x-intensity": "normal",
            "x-channel": "speech",
        }
    ]


def test_a_recording_unpacked_twice_is_reported(plant):
    name = "03-01-05-01-01-01-01.wav"
    found, report = listed(plant(f"Actor_01/{name}", f"again/Actor_01/{name}"))
    assert len(found) == report.duplicated.count == 1


def test_wrong_choices_and_folders_are_refused(plant):
    with pytest.raises(ValueError, match="calm 'no'"):
        list_ravdess(plant(), calm="no")
    with pytest.raises(InputError, match="no file named like"):
        list_ravdess(plant("a/b.wav"))


def test_the_real_recordings_are_understood(shared_data):
    found, report = listed(shared_data / "voices" / "ravdess")
    assert (len(found), len(report.persons)) == (480, 24)
    assert {u.extra["emotion"] for u in found.values()} == {"neutral", "happy", "sad", "angry"}
