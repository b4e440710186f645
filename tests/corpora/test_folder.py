import pytest

from avkd_cli.corpora.folder import list_folder
from avkd_cli.errors import InputError, MissingInputError


def listed(folder, **options):
    utterances, report = list_folder(folder, **options)
    return {u.id: u for u in utterances}, report


def test_sound_film_and_pictures_of_one_stem_are_one_utterance(plant):
    found, report = listed(plant("alice/day1/a.wav", "alice/day1/a.mp4", "alice/day1/a.jpg"))
    assert [u.to_json() for u in found.values()] == [
        {
            "id": "alice/day1/a",
            "person": "alice",
            "session": "day1",
            "audio": "alice/day1/a.wav",
            "video": "alice/day1/a.mp4",
            "images": ["alice/day1/a.jpg"],
        }
    ]
    assert report.faults == 0


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(("alice/audio/s/a.wav", "alice/video/s/a.mp4"), id="kinds below the person"),
        pytest.param(("wav/alice/s/a.wav", "mp4/alice/s/a.mp4"), id="kinds above the person"),
        pytest.param(("alice/s/wav/a.wav", "alice/s/mp4/a.mp4"), id="kinds below the session"),
    ],
)
def test_folders_of_a_kind_are_no_part_of_the_id(plant, names):
    found, _ = listed(plant(*names))
    assert list(found) == ["alice/s/a"]
    assert (found["alice/s/a"].audio, found["alice/s/a"].video) == names


def test_pictures_in_a_folder_named_like_a_recording_are_its_frames(plant):
    found, _ = listed(plant("bob/a.wav", "bob/frames/a/1.jpg", "bob/frames/a/2.jpg"))
    assert list(found) == ["bob/a"]
    assert found["bob/a"].images == ("bob/frames/a/1.jpg", "bob/frames/a/2.jpg")


def test_other_pictures_are_utterances_of_their_own(plant):
    found, report = listed(plant("bob/1.png", "bob/2.png", "carol/x/3.jpg"))
    assert list(found) == ["bob/1", "bob/2", "carol/x/3"]
    assert found["carol/x/3"].images == ("carol/x/3.jpg",)
    assert report.senses == {"images": 3}


def test_blanks_in_names_become_underscores_in_ids_not_in_paths(plant):
    found, _ = listed(plant("Ann Lee/my take.wav"))
    assert found["Ann_Lee/my_take"].audio == "Ann Lee/my take.wav"
    assert found["Ann_Lee/my_take"].person == "Ann_Lee"


def test_one_stem_twice_a_missing_sense_and_a_stray_file_are_reported(plant):
    folder = plant("a/1.wav", "a/1.flac", "a/1.mp4", "a/2.wav", "stray.wav", "a/notes.txt")
    found, report = listed(folder)
    assert found["a/1"].audio == "a/1.wav"
    assert report.duplicated.examples[0]["what"] == "a/1.flac"
    assert report.missing.reasons == {
        "no person: the file lies in no folder": 1,
        "no video": 1,
    }


def test_people_come_sorted_and_hidden_files_not_at_all(plant):
    found, _ = listed(plant("b/1.wav", "a/2.wav", "a/.hidden.wav", ".git/x.wav", "a/1.wav"))
    assert list(found) == ["a/1", "a/2", "b/1"]


def test_a_link_in_a_circle_ends(plant):
    folder = plant("a/1.wav")
    (folder / "a" / "again").symlink_to(folder / "a")
    found, report = listed(folder)
    assert list(found) == ["a/1"]
    assert report.unreadable.reasons == {"link to a folder above itself": 1}


def test_nothing_to_list_is_an_error(plant, tmp_path):
    with pytest.raises(InputError, match="person/…/file was wanted"):
        list_folder(tmp_path)
    with pytest.raises(MissingInputError, match="is not a folder"):
        list_folder(plant("file") / "file")


def test_the_split_can_be_given(plant):
    found, _ = listed(plant("a/1.wav"), split="test")
    assert found["a/1"].split == "test"


def test_folders_called_like_splits_are_said_to_be_taken_for_people(plant):
    folder = plant("train/ann/a.wav", "test/bob/a.wav")
    _, report = listed(folder)
    assert report.notes == [
        "test, train taken for people; if it is a split, "
        f"list {folder}/test alone, with --split test"
    ]
    assert listed(plant("ann/a.wav").parent / folder.name / "train")[1].notes == []
