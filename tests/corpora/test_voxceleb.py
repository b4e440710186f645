from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avkd_cli.corpora.voxceleb import (
    Celebrity,
    list_voxceleb,
    read_metadata,
    rename_trials,
    to_id_form,
)
from avkd_cli.errors import InputError, MissingInputError

META1 = (
    "VoxCeleb1 ID\tVGGFace1 ID\tGender\tNationality\tSet\n"
    "id10001\tA.J._Buckley\tm\tIreland\tdev\n"
    "id10270\tEartha_Kitt\tf\tUSA\ttest\n"
)
META2 = (
    "\ufeffVoxCeleb2 ID ,VGGFace2 ID ,Gender ,Set \r\n"
    "id00012 ,n000012 ,m ,dev \r\n"
    "id00017 ,n000017 ,f ,test \r\n"
)


def listed(folder, edition=1, **options):
    utterances, report = list_voxceleb(folder, edition, **options)
    return {u.id: u for u in utterances}, report


@pytest.fixture
def vox1(plant):
    folder = plant(
        "dev/wav/id10001/1zcIwhmdeo4/00001.wav",
        "dev/wav/id10001/1zcIwhmdeo4/00002.wav",
        "test/wav/id10270/x6uYqmx31kE/00001.wav",
        "test/wav/id10270/8jEAjG6SegY/00008.wav",
        "unzippedFaces/Eartha_Kitt/1.6/x6uYqmx31kE/0000100.jpg",
        "unzippedFaces/Eartha_Kitt/1.6/x6uYqmx31kE/0000125.jpg",
        "unzippedFaces/A.J._Buckley/1.6/1zcIwhmdeo4/0000025.jpg",
    )
    (folder / "vox1_meta.csv").write_bytes(META1.encode())
    return folder


def test_voxceleb1_joins_sound_and_still_faces_by_the_celebritys_name(vox1):
    found, report = listed(vox1)
    one = found["id10270/x6uYqmx31kE/00001"]
    assert one.to_json() == {
        "id": "id10270/x6uYqmx31kE/00001",
        "person": "id10270",
        "session": "x6uYqmx31kE",
        "audio": "test/wav/id10270/x6uYqmx31kE/00001.wav",
        "images": "unzippedFaces/Eartha_Kitt/1.6/x6uYqmx31kE",
        "split": "test",
        "sex": "f",
        "nationality": "USA",
    }
    assert (report.utterances, len(report.persons)) == (4, 2)
    assert report.splits == {"train": 2, "test": 2}
    assert report.missing.reasons == {"no images": 1}
    assert report.missing.examples == [{"what": "id10270/8jEAjG6SegY/00008", "reason": "no images"}]


def test_the_split_can_be_given(vox1):
    found, _ = listed(vox1, split="test")
    assert {u.split for u in found.values()} == {"test"}


def test_without_metadata_the_folder_or_the_official_ids_say_the_split(plant):
    folder = plant(
        "a/wav/id10309/abc/00001.wav", "a/wav/id10310/abc/00001.wav", "dev/wav/id10300/v/00001.wav"
    )
    found, report = listed(folder)
    assert {u.person: u.split for u in found.values()} == {
        "id10309": "test",
        "id10310": "train",
        "id10300": "train",
    }
    assert any("vox1_meta.csv" in note for note in report.notes)


def test_stills_without_sound_are_utterances_of_their_own(plant):
    folder = plant("unzippedFaces/Eartha_Kitt/1.6/x6uYqmx31kE/0000100.jpg")
    (folder / "meta.csv").write_text(META1)
    found, _ = listed(folder, metadata=folder / "meta.csv")
    assert list(found) == ["id10270/x6uYqmx31kE"]
    assert found["id10270/x6uYqmx31kE"].images == "unzippedFaces/Eartha_Kitt/1.6/x6uYqmx31kE"


def test_the_first_layout_of_voxceleb1_is_read_too(plant):
    folder = plant("voxceleb1_wav/Eartha_Kitt/x6_Yqmx31kE_0000012.wav")
    (folder / "vox1_meta.csv").write_text(META1)
    found, _ = listed(folder)
    assert list(found) == ["id10270/x6_Yqmx31kE/00012"]


def test_voxceleb2_joins_sound_film_and_track(plant):
    folder = plant(
        "dev/aac/id00012/21Uxsk56VDQ/00001.m4a",
        "dev/mp4/id00012/21Uxsk56VDQ/00001.mp4",
        "dev/txt/id00012/21Uxsk56VDQ/00001.txt",
        "test/aac/id00017/01dfn2spqyE/00001.m4a",
    )
    (folder / "vox2_meta.csv").write_bytes(META2.encode())
    found, report = listed(folder, 2)
    one = found["id00012/21Uxsk56VDQ/00001"]
    assert one.audio == "dev/aac/id00012/21Uxsk56VDQ/00001.m4a"
    assert one.video == "dev/mp4/id00012/21Uxsk56VDQ/00001.mp4"
    assert one.boxes == "dev/txt/id00012/21Uxsk56VDQ/00001.txt"
    assert (one.split, one.sex) == ("train", "m")
    assert found["id00017/01dfn2spqyE/00001"].split == "test"
    assert report.missing.reasons == {"no video": 1, "no boxes": 1}


def test_frames_of_an_utterance_are_its_own(plant):
    folder = plant(
        "aac/id00012/abc/00001.m4a",
        "aac/id00012/abc/00002.m4a",
        "frame_align/id00012/abc/00001/0000.jpg",
        "frame_align/id00012/abc/00001/0010.jpg",
    )
    found, report = listed(folder, 2)
    assert found["id00012/abc/00001"].images == "frame_align/id00012/abc/00001"
    assert found["id00012/abc/00002"].images is None
    assert report.duplicated.count == 0


def test_of_two_forms_of_a_recording_the_wav_is_taken_and_the_other_reported(plant):
    folder = plant("aac/id00012/abc/00001.m4a", "wav/id00012/abc/00001.wav")
    found, report = listed(folder, 2)
    assert found["id00012/abc/00001"].audio == "wav/id00012/abc/00001.wav"
    assert report.duplicated.examples[0]["what"] == "aac/id00012/abc/00001.m4a"


def test_empty_files_and_broken_links_are_unreadable(plant):
    folder = plant("wav/id10001/abc/00001.wav")
    (folder / "wav/id10001/abc/00002.wav").touch()
    (folder / "wav/id10001/abc/00003.wav").symlink_to("nowhere.wav")
    found, report = listed(folder)
    assert list(found) == ["id10001/abc/00001"]
    assert report.unreadable.reasons == {"0 bytes": 1, "broken link": 1}


def test_people_only_of_the_metadata_or_only_of_the_disk_are_missing(plant):
    folder = plant("wav/id10001/abc/00001.wav", "wav/id10999/abc/00001.wav")
    (folder / "vox1_meta.csv").write_text(META1)
    (folder / "wav/id10002").mkdir()
    found, report = listed(folder)
    assert len(found) == 2
    assert report.missing.reasons == {
        "not in the metadata": 2,
        "a person without files": 1,
        "a person of the metadata without a folder": 1,
    }


def test_a_folder_without_people_says_what_was_wanted(plant):
    with pytest.raises(InputError, match="no folder with people such as id10270"):
        list_voxceleb(plant("wav/alice/a.wav"), 1)
    with pytest.raises(MissingInputError, match="does not exist"):
        list_voxceleb(plant() / "nowhere", 1)


def test_metadata_with_bom_crlf_and_blanks_is_read(tmp_path):
    (tmp_path / "vox2_meta.csv").write_bytes(META2.encode())
    assert read_metadata(tmp_path / "vox2_meta.csv") == {
        "id00012": Celebrity("id00012", "n000012", "m", "", "dev"),
        "id00017": Celebrity("id00017", "n000017", "f", "", "test"),
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("a,b\n1,2\n", "columns are a, b"),
        (META1 + "id10001\tSomebody\tf\tUK\tdev\n", ":4: person id10001 twice"),
        (META1 + "id10002\tX\n", ":4: 2 values, 5 were wanted"),
    ],
)
def test_wrong_metadata_is_refused_with_its_line(tmp_path, text, message):
    (tmp_path / "meta.csv").write_text(text)
    with pytest.raises(InputError, match=message):
        read_metadata(tmp_path / "meta.csv")


def test_the_real_metadata_has_the_published_counts(shared_data):
    one = read_metadata(shared_data / "trials" / "vox1_meta.csv")
    two = read_metadata(shared_data / "trials" / "vox2_meta.csv")
    assert Counter(p.set for p in one.values()) == {"dev": 1211, "test": 40}
    assert Counter(p.set for p in two.values()) == {"dev": 5994, "test": 120}
    assert {p.sex for p in (*one.values(), *two.values())} == {"m", "f"}
    assert sorted(p.id for p in one.values() if p.set == "test")[:1] == ["id10270"]
    assert one["id10270"].name == "Eartha_Kitt"


def test_the_first_trial_lists_are_renamed_by_the_last_underscore():
    ids = {"Eartha_Kitt": "id10270"}
    old = "Eartha_Kitt/x6uYqmx_1kE_0000001.wav"
    assert to_id_form(old, ids) == "id10270/x6uYqmx_1kE/00001.wav"
    assert to_id_form("id10270/x6uYqmx31kE/00001.wav", ids) == "id10270/x6uYqmx31kE/00001.wav"


@given(
    st.text("abc_-9", min_size=1, max_size=11), st.integers(1, 99999), st.sampled_from(["", ".wav"])
)
def test_every_name_form_becomes_its_id_form(video, number, suffix):
    old = f"A.J._Buckley/{video}_{number:07d}{suffix}"
    assert to_id_form(old, {"A.J._Buckley": "id10001"}) == f"id10001/{video}/{number:05d}{suffix}"


@pytest.mark.parametrize("path", ["Nobody/x_0000001.wav", "Eartha_Kitt/x.wav", "a/b/c/d.wav"])
def test_an_unknown_name_or_form_is_refused(path):
    with pytest.raises(ValueError, match=r"nobody|is not like"):
        to_id_form(path, {"Eartha_Kitt": "id10270"})


def test_labels_and_empty_lines_of_a_renamed_list():
    people = {"id10270": Celebrity("id10270", "Eartha_Kitt", "f", "USA", "test")}
    lines = ["1 Eartha_Kitt/a_0000001.wav Eartha_Kitt/b_0000002.wav\r", "", " "]
    assert list(rename_trials(lines, people)) == ["1 id10270/a/00001.wav id10270/b/00002.wav"]
    with pytest.raises(InputError, match="line 2: nobody in the metadata is called 'X'"):
        list(rename_trials([lines[0], "0 X/a_0000001.wav X/b_0000001.wav"], people))


@pytest.mark.parametrize(("edition", "other"), [(1, "id00012"), (2, "id10270")])
def test_people_of_both_editions_are_refused(plant, edition, other):
    # A folder above both: people would be trained on and tested.
    own = {1: "id10001", 2: "id09272"}[edition]
    folder = plant(f"wav/{own}/abc/00001.wav")
    assert len(listed(folder, edition)[0]) == 1
    plant(f"other/wav/{other}/abc/00001.wav")
    told = f"people of VoxCeleb{3 - edition} by their numbers, such as {other}"
    with pytest.raises(InputError, match=told):
        listed(folder, edition)


def test_a_folder_of_the_other_edition_alone_is_asked_about(plant):
    utterances, report = listed(plant("wav/id00012/abc/00001.wav"), 1)
    assert len(utterances) == 1
    assert any("is this the folder of VoxCeleb1?" in note for note in report.notes)


def test_a_file_in_no_folder_of_a_video_is_reported(plant):
    _, report = listed(plant("mp4/id00012/00001.mp4", "mp4/id00012/abc/00001.mp4"), 2)
    assert report.missing.examples == [
        {"what": "mp4/id00012/00001.mp4", "reason": "not at person/video/file, so left out"}
    ]
