import json
from collections import Counter

import pytest

from avkd_cli.errors import InputError
from avkd_cli.storage.sources import prepared
from avkd_cli.storage.specs import AUDIO, FACES
from avkd_cli.storage.utterances import read_utterances
from avkd_cli.storage.verify import faults_of_store


@pytest.fixture
def listed(tmp_path):
    """Read a list of lines, all of whose files are there."""

    def listed(*lines):
        path = tmp_path / "list.jsonl"
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        for name in {line[key] for line in lines for key in ("audio", "video") if key in line}:
            if not (tmp_path / name).exists():
                (tmp_path / name).write_bytes(name.encode())
        return read_utterances(path)

    return listed


def test_lines_without_the_sense_are_passed_over_and_no_rejects(listed):
    found = listed(
        {"id": "a", "person": "p", "audio": "a.wav"},
        {"id": "b", "person": "p", "video": "b.mp4"},
        {"id": "c", "person": "q", "images": "frames"},
        {"id": "d", "person": "r", "audio": "d.wav"},
    )
    faces = prepared(found, FACES)
    assert [u.id for u in faces.utterances] == ["b", "c"]
    assert (faces.rows, faces.line_numbers, faces.rejects) == ([1, 2], [2, 3], [])
    assert faces.passed_over == {"no 'images' or 'video'": 2}
    assert faces.persons == {"p", "q"}  # nothing of r was to be expected here
    sounds = prepared(found, AUDIO)
    assert [u.id for u in sounds.utterances] == ["a", "b", "d"]
    assert sounds.passed_over == {"no 'audio' or 'video'": 1}
    assert len(found.utterances) == 4


def test_a_list_without_the_sense_at_all_is_refused(listed):
    with pytest.raises(InputError, match="no line has 'images' or 'video'"):
        prepared(listed({"id": "a", "audio": "a.wav"}), FACES)


def test_one_file_of_two_persons_is_a_conflict_under_any_name(listed, tmp_path):
    (tmp_path / "a.wav").write_bytes(b"sound")
    (tmp_path / "soft.wav").symlink_to("a.wav")
    (tmp_path / "hard.wav").hardlink_to(tmp_path / "a.wav")
    (tmp_path / "again.wav").symlink_to(tmp_path / "a.wav")
    found = prepared(
        listed(
            {"id": "1", "person": "p", "audio": "a.wav"},
            {"id": "2", "person": "q", "audio": "soft.wav"},
            {"id": "3", "person": "r", "audio": "hard.wav"},
            {"id": "4", "person": "p", "audio": "b.wav"},
        ),
        AUDIO,
    )
    assert [u.id for u in found.utterances] == ["4"]
    assert {(r["id"], r["code"]) for r in found.rejects} == {(n, "label_conflict") for n in "123"}
    assert found.rejects[0]["detail"].startswith("same file, by a link, as line")
    assert found.persons == {"p", "q", "r"}
    one = (
        {"id": "1", "person": "p", "audio": "a.wav"},
        {"id": "2", "person": "p", "audio": "again.wav"},
    )
    found = prepared(listed(*one), AUDIO)
    assert (len(found.utterances), found.warnings) == (2, Counter(same_file=1))


def test_two_parts_or_channels_of_one_file_may_be_two_persons(listed, tmp_path):
    (tmp_path / "a.wav").write_bytes(b"sound")
    (tmp_path / "b.wav").symlink_to("a.wav")
    parts = (
        [{"start": 0, "end": 1}, {"start": 1, "end": 2}],
        [{"audio_channel": 0}, {"audio_channel": 1}],
        [{"half": "left"}, {"half": "right"}],
    )
    for first, second in parts:
        found = prepared(
            listed(
                {"id": "1", "person": "p", "audio": "a.wav"} | first,
                {"id": "2", "person": "q", "audio": "b.wav"} | second,
            ),
            AUDIO,
        )
        assert len(found.utterances) == 2


def test_equal_content_is_told_whoever_it_is_of(corpus, tmp_path, capsys):
    corpus.add("a7", "0 1")  # as a0
    corpus.add("d8", "30 31 32 33 34")  # as b3, of another person
    for folder, workers in (("one", 0), ("two", 2)):
        corpus.build(tmp_path / folder, workers=workers)
        lines = [
            json.loads(x) for x in (tmp_path / folder / "warnings.jsonl").read_text().splitlines()
        ]
        assert [(x["line"], x["id"], x["code"], x["detail"]) for x in lines] == [
            (8, "a7", "repeated_content", "equal to 'a0' of person 'a'"),
            (9, "d8", "same_content", "equal to 'b3' of person 'b', this is 'd'"),
        ]
        assert not list(faults_of_store(tmp_path / folder))
        said = capsys.readouterr().err
        assert "same_content (1 times), such as of 'd8': equal to 'b3' of person 'b'" in said
    with pytest.raises(InputError, match=r"--strict: 2 warnings; first 'a7'"):
        corpus.build(tmp_path / "strict", strict=True)


def test_what_was_never_there_does_not_count_against_the_limit(corpus, tmp_path, capsys):
    for number in range(7, 12):
        corpus.add(f"d{number}", "reject:no_audio_stream")
    corpus.build(tmp_path / "out", fraction=0.01)
    said = capsys.readouterr().err
    assert "accepted 7, rejected 5 (no_audio_stream 5)" in said
    assert "1 persons lost all records: d" in said
    with pytest.raises(InputError, match="no_audio_stream 1"):
        corpus.build(tmp_path / "none", max_rejects=0)
    corpus.add("d12", "reject:silent")
    corpus.add("d13", "reject:silent")
    with pytest.raises(InputError, match="silent 2"):
        corpus.build(tmp_path / "more", fraction=0.01)


def test_rejects_of_the_list_are_named_with_their_line(corpus, tmp_path):
    for id, person in (("a0", "a"), ("x", "b"), ("y", "c")):
        corpus.lines.append({"id": f"{id}2", "person": person, "audio": "a0.txt"})
    corpus.add("d8", "1")
    with pytest.raises(
        InputError, match=r"first 'a0' \(line 1\): label_conflict: same .*; see the list"
    ):
        corpus.build(tmp_path / "out", fraction=0.01)


def test_persons_of_whom_every_line_is_a_reject_of_the_list_are_named(corpus, tmp_path, capsys):
    corpus.add("d7", "7 8")
    corpus.lines.append({"id": "e8", "person": "e", "audio": "d7.txt"})
    corpus.add("a9", "9")
    corpus.build(tmp_path / "out", fraction=0.5)
    assert "2 persons lost all records: d, e" in capsys.readouterr().err
