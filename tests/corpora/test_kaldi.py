import pytest

from avkd_cli.corpora.kaldi import ARCHIVE, PIPE, list_kaldi
from avkd_cli.errors import InputError, MissingInputError


@pytest.fixture
def data(plant):
    folder = plant("a b.wav", "c.wav")

    def write(**files: str):
        for name, text in files.items():
            (folder / name.replace("_", ".")).write_bytes(text.encode())
        return folder

    return write


def listed(folder):
    utterances, report = list_kaldi(folder, split="test")
    return [u.to_json() for u in utterances], report


def test_recordings_get_their_people_and_sexes(data):
    folder = data(
        wav_scp="utt1 a b.wav\r\nutt2\tc.wav  \n",
        utt2spk="utt1 ann \nutt2 bob\n",
        spk2gender="ann f\nbob m\n",
    )
    found, report = listed(folder)
    assert found == [
        {"id": "utt1", "person": "ann", "audio": "a b.wav", "split": "test", "sex": "f"},
        {"id": "utt2", "person": "bob", "audio": "c.wav", "split": "test", "sex": "m"},
    ]
    assert report.faults == 0


def test_a_command_is_refused_with_the_reason_and_never_run(data, tmp_path):
    folder = data(
        wav_scp=f"utt1 touch {tmp_path}/ran |\nutt2 c.wav\nutt3 | touch {tmp_path}/ran\n",
        utt2spk="utt1 ann\nutt2 bob\nutt3 bob\n",
    )
    found, report = listed(folder)
    assert [row["id"] for row in found] == ["utt2"]
    assert report.unreadable.reasons == {PIPE: 2}
    assert not (tmp_path / "ran").exists()


def test_places_in_archives_and_missing_files_are_reported(data):
    folder = data(
        wav_scp="u1 feats.ark:1234\nu2 gone.wav\nu3 c.wav\nu4 c.wav\n",
        utt2spk="u1 ann\nu2 ann\nu3 ann\nu5 ann\n",
    )
    found, report = listed(folder)
    assert [row["id"] for row in found] == ["u3"]
    assert report.unreadable.reasons == {ARCHIVE: 1}
    assert report.missing.reasons == {"not found": 1, "not in utt2spk": 1, "in utt2spk alone": 1}


def test_segments_are_parts_of_recordings(data):
    folder = data(
        wav_scp="rec c.wav\n",
        utt2spk="s1 ann\ns2 ann\ns3 ann\n",
        segments="s1 rec 0.5 2.25\ns2 rec 3 -1\ns3 nowhere 0 1\n",
    )
    found, report = listed(folder)
    assert found[0] == {
        "id": "s1",
        "person": "ann",
        "audio": "c.wav",
        "split": "test",
        "start": 0.5,
        "end": 2.25,
    }
    assert found[1]["start"] == 3
    assert "end" not in found[1]
    assert report.missing.reasons == {"its recording is not in wav.scp": 1}


def test_a_relative_path_is_found_where_the_command_runs(data, tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "d.wav").write_bytes(b"x")
    folder = data(wav_scp="u1 d.wav\n", utt2spk="u1 ann\n")
    monkeypatch.chdir(tmp_path / "elsewhere")
    found, _ = listed(folder)
    assert found[0]["audio"] == str(tmp_path / "elsewhere" / "d.wav")


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"wav_scp": "u1\n", "utt2spk": ""}, r"wav\.scp:1: two columns"),
        ({"wav_scp": "u1 c.wav\nu1 d.wav\n", "utt2spk": ""}, r"wav\.scp:2: 'u1' is there twice"),
        ({"wav_scp": "u1 c.wav\n", "utt2spk": "u1 ann bob\n"}, r"utt2spk:1: two columns"),
        (
            {"wav_scp": "u1 c.wav\n", "utt2spk": "u1 ann\n", "segments": "s1 u1 0 x\n"},
            "segments:1: 'x' is no finite number of seconds",
        ),
        *(
            (
                {"wav_scp": "u1 c.wav\n", "utt2spk": "s1 ann\n", "segments": f"s1 u1 {times}\n"},
                "segments:1: .* is no finite number of seconds",
            )
            for times in ("nan 1", "0 inf", "0 1e400", "-Infinity 1", "0 1_0")
        ),
        (
            {"wav_scp": "u1 c.wav\n", "utt2spk": "u1 ann\n", "segments": "s1 u1 0\n"},
            "segments:1: utterance, recording, start and end",
        ),
        (
            {"wav_scp": "u1 c.wav\nu2 c.wav\n", "utt2spk": "u1 B\u00a0C\nu2 B_C\n"},
            "would both be 'B_C'",
        ),
    ],
)
def test_wrong_lines_are_refused(data, files, message):
    with pytest.raises(InputError, match=message):
        listed(data(**files))


def test_a_directory_without_wav_scp_is_missing_an_input(data):
    with pytest.raises(MissingInputError, match=r"wav\.scp"):
        listed(data(utt2spk="u1 ann\n"))


@pytest.mark.parametrize("gap", [" ", "\t", " \t ", "\t\t"])
def test_an_id_ends_at_the_first_blank_or_tab_and_the_path_is_the_rest(data, gap):
    folder = data(wav_scp=f"utt1{gap}a b.wav\r\n", utt2spk=f"utt1{gap}ann\r\n")
    found, report = listed(folder)
    assert [(u["id"], u["person"], u["audio"]) for u in found] == [("utt1", "ann", "a b.wav")]
    assert report.faults == 0


def test_a_person_without_a_recording_is_named(data):
    folder = data(wav_scp="u1 c.wav\nu2 absent.wav\n", utt2spk="u1 ann\nu2 bob\n")
    assert listed(folder)[1].lost == ["bob"]
