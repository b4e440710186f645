"""`avkd corpus check` on an untidy corpus, as a person types it."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from avkd_cli.cli import cli
from avkd_cli.config import Execution, PrepAudioConfig
from avkd_cli.errors import InputError, MissingInputError
from avkd_cli.steps.prep_audio import prep_audio


def check(*arguments: object) -> None:
    words = ["corpus", "check", *map(str, arguments)]
    cli.main(words, prog_name="avkd", standalone_mode=False)


def voice(path: Path, seed: int, seconds: float = 0.6) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).normal(0, 0.1, round(16_000 * seconds))
    soundfile.write(path, noise.astype(np.float32), 16_000)


def face(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)


@pytest.fixture
def folder(tmp_path) -> Path:
    """Ann has five clips, Bob two and a copy of one of Ann's, Cy one, Dot nothing that is read."""
    people = tmp_path / "people"
    for number in range(5):
        voice(people / f"ann/{number}.wav", number)
        face(people / f"ann/{number}.png", number)
    for number in (10, 11):
        voice(people / f"bob/{number}.flac", number)
    (people / "bob/copy.wav").write_bytes((people / "ann/0.wav").read_bytes())
    face(people / "cy/x.jpg", 20)
    (people / "dot").mkdir()
    (people / "dot/clip.wmv").write_bytes(b"\x30\x26\xb2\x75" + bytes(50))
    (people / "ann/empty.wav").touch()
    (people / "ann/notes.wav").write_text("bring the other microphone")
    (people / "ann/._0.wav").write_bytes(b"junk")
    (people / "bob/renamed.mp3").write_bytes((people / "bob/10.flac").read_bytes())
    return people


def test_a_folder_is_told_on_one_page(folder, capsys):
    check(folder)
    out, err = capsys.readouterr()
    assert err == ""
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert lines[0] == f"{folder}: 3 people, 11 utterances"
    for line in (
        "1 clip 1 person: cy",
        "2 to 4 clips 1 person",
        "5 to 9 clips 1 person",
        "audio and visual 5 utterances of 1 person",
        "audio only 5 utterances of 2 people",
        "visual only 1 utterance of 1 person",
        "images files 6: png 5, jpeg 1",
        "passed over: 1, .wmv files, which are not read; first: dot/clip.wmv",
        "people lost: 1, no usable file; first: dot",
        "unreadable: 1, 0 bytes; first: ann/empty.wav",
        "not usable: 1, .wav: the first bytes are of no known format; first: ann/notes.wav",
        "worth a look: 1, is flac by its content; read as that; first: bob/renamed.mp3",
        "equal files of two people: 1: ann/0 = bob/copy",
        "equal files of one person: 1: bob/10 = bob/renamed",
    ):
        assert line in lines
    assert "to train on some and test others: avkd corpus split" in out
    assert lines[-1] == "5 to mend"
    assert len(lines) < 25


def test_the_same_as_json_with_everybody(folder, capsys):
    check(folder, "--json")
    found = json.loads(capsys.readouterr().out)
    assert found["clips"] == {"ann": 6, "bob": 4, "cy": 1}
    assert found["one_clip"] == ["cy"]
    assert found["senses"] == {"audio and visual": 5, "audio only": 5, "visual only": 1}
    assert {"ids": ["ann/0", "bob/copy"], "persons": ["ann", "bob"]} in found["equal_files"]
    assert found["faults"] == 5


def write(path: Path, rows: list[dict]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_a_list_tells_its_splits_and_who_is_in_two(folder, capsys, tmp_path):
    rows = [
        {
            "id": f"a{n}",
            "person": "ann",
            "audio": f"people/ann/{n}.wav",
            "split": "test" if n > 3 else "train",
        }
        for n in range(5)
    ]
    rows += [
        {"id": "b", "person": "bob", "audio": "people/none.wav", "split": "test"},
        {"id": "c", "audio": "people/bob/10.flac", "split": "test"},
    ]
    path = write(tmp_path / "l.jsonl", rows)
    path.write_text(path.read_text() + "{\n")
    path.write_text(path.read_text() + json.dumps({"id": "d", "person": "dot"}) + "\n")
    check(path)
    text = " ".join(capsys.readouterr().out.split())
    assert "corpus split" not in text
    for part in (
        "split train 4 utterances of 1 person: 6 targets, 0 nontargets possible",
        "split test 3 utterances of 2 people: 0 targets, 1 nontargets possible",
        "in two splits: 1 person, trained on and tested on: ann",
        "no person 1 utterance: c",
        "neither 1 utterance of 1 person",
        "not usable: 1, not found; first: people/none.wav",
        "lines left out: 1, bad_json",
        "2 to mend",
    ):
        assert part in text


def test_parts_of_one_film_are_not_the_same_recording(folder, tmp_path, capsys):
    rows = [
        {
            "id": f"a{n}",
            "person": "ann",
            "audio": "people/ann/0.wav",
            "start": n / 10,
            "end": n / 10 + 0.1,
        }
        for n in range(3)
    ]
    check(write(tmp_path / "l.jsonl", rows))
    assert "equal files" not in (out := capsys.readouterr().out)
    assert out.endswith("nothing to mend\n")


def test_strict_is_an_error_where_something_should_be_mended(folder, tmp_path, capsys):
    with pytest.raises(InputError, match="5 faults and --strict"):
        check(folder, "--strict")
    row = {"id": "a", "person": "ann", "audio": "people/ann/0.wav"}
    check(write(tmp_path / "l.jsonl", [row]), "--strict")


def test_pictures_of_a_folder_are_looked_at_one_by_one(folder, tmp_path, capsys):
    (folder / "ann" / "list.txt").write_text("x")
    check(write(tmp_path / "l.jsonl", [{"id": "a", "person": "ann", "images": "people/ann"}]))
    text = " ".join(capsys.readouterr().out.split())
    assert "images files 5: png 5" in text
    assert "worth a look: 1, .txt files, which are not read" in text


def test_a_store_adds_what_only_decoding_shows(folder, tmp_path, capsys):
    rows = [
        {"id": n, "person": n, "audio": f"people/{n}"}
        for n in ("ann/1.wav", "ann/2.wav", "ann/notes.wav")
    ]
    path = write(tmp_path / "l.jsonl", rows)
    store = tmp_path / "a.zarr"
    prep_audio(path, store, PrepAudioConfig(), Execution(workers=0, quiet=True))
    check(path, "--store", store)
    assert f"{store}: 2 utterances, 1 rejected" in " ".join(capsys.readouterr().out.split())


def test_nothing_there_is_an_error(tmp_path):
    with pytest.raises(MissingInputError):
        check(tmp_path / "none.jsonl")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no folders in it"):
        check(tmp_path / "empty")
