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


def test_what_no_step_reads_is_counted_by_suffix_and_whoever_has_nothing_else_is_named(plant):
    folder = plant(
        "ann/1.flac", "ann/notes.TXT", "bob/1.wmv", "bob/2.wmv", "cyd/README", "dan/x.docx"
    )
    _, report = listed(folder)
    assert report.passed_over.reasons == {
        ".txt files, which are not read": 1,
        ".wmv files, which are not read": 2,
        "files without suffix": 1,
        ".docx files, which are not read": 1,
    }
    assert report.lost == ["bob", "cyd", "dan"]
    assert report.faults == 8
    lines = list(report.lines())
    assert "passed over: 2, .wmv files, which are not read; first: bob/1.wmv" in lines
    assert "lost: 3 people have no usable file: bob, cyd, dan" in lines
    json = report.to_json()
    assert json["passed_over"]["reasons"][".wmv files, which are not read"] == 2
    assert json["lost_persons"] == {"count": 3, "examples": ["bob", "cyd", "dan"]}


def test_what_systems_leave_behind_is_nobody_s(plant):
    found, report = listed(
        plant(
            "ann/1.flac",
            "ann/._1.flac",
            "ann/.DS_Store",
            "ann/Thumbs.db",
            "__MACOSX/ann/1.flac",
            ".Trash/x/1.wav",
            "@eaDir/ann/1.wav",
        )
    )
    assert list(found) == ["ann/1"]
    assert report.faults == 0


@pytest.mark.parametrize(
    "name",
    (
        "a.wave a.sph a.oga a.m4b a.mka a.amr a.caf a.aiff a.m4v a.3gp a.mov a.vob "
        "a.webp a.tiff a.pgm a.bmp a.JPE"
    ).split(),
)
def test_what_a_step_reads_is_listed(plant, name):
    found, report = listed(plant(f"ann/{name}"))
    assert list(found) == ["ann/a"]
    assert report.faults == 0


@pytest.mark.parametrize(
    "names",
    [
        ("Ann Lee/1.flac", "Ann_Lee/2.flac"),
        ("Ann Lee/1.flac", "wav/Ann_Lee/2.flac"),
        ("ann/my take.flac", "ann/my_take.flac"),
    ],
)
def test_two_names_that_would_become_one_are_refused(plant, names):
    with pytest.raises(InputError, match="would both be"):
        listed(plant(*names))


def test_a_link_to_a_file_of_somebody_else_is_reported(plant):
    folder = plant("ann/1.flac", "bob/2.flac", "ann/copy/x.flac")
    (folder / "bob/3.flac").symlink_to("../ann/1.flac")
    (folder / "ann/4.flac").hardlink_to(folder / "ann/1.flac")
    (folder / "cyd").symlink_to("ann/copy")
    _, report = listed(folder)
    assert report.duplicated.reasons == {
        "the same file under two persons (a link)": 2,
        "the same file under two names (a link)": 1,
    }
    assert {one["what"] for one in report.duplicated.examples} == {
        "bob/3.flac is ann/1.flac",
        "ann/4.flac is ann/1.flac",
        "cyd/x.flac is ann/copy/x.flac",
    }
