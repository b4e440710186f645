import json
import math
import struct
import wave

import numpy as np
import pytest
from click.testing import CliRunner

from avkd_cli.commands.check import check as command
from avkd_cli.config import CropFacesConfig, Execution, PrepAudioConfig
from avkd_cli.errors import InputError, MissingInputError, UsageError
from avkd_cli.steps.check import check
from avkd_cli.steps.prep_audio import prep_audio
from avkd_cli.storage.builder import Origin, build_store
from avkd_cli.storage.computed import Rows
from avkd_cli.storage.embeddings import Embeddings

HERE = Execution(workers=0, quiet=True)


@pytest.fixture
def sound(tmp_path):
    """A list of three tones, and the store of them."""
    lines = []
    for number in range(3):
        samples = [int(9000 * math.sin(0.05 * (number + 1) * i)) for i in range(9600)]
        with wave.open(str(tmp_path / f"{number}.wav"), "wb") as file:
            file.setnchannels(1), file.setsampwidth(2), file.setframerate(16000)
            file.writeframes(struct.pack("<9600h", *samples))
        lines.append({"id": f"u{number}", "person": "p", "audio": f"{number}.wav"})
    listed = tmp_path / "list.jsonl"
    listed.write_text("".join(json.dumps(line) + "\n" for line in lines))
    prep_audio(listed, tmp_path / "sound", PrepAudioConfig(), HERE)
    return tmp_path / "sound"


def embeddings(path, ids):
    content = Embeddings.of(Rows(ids, ["p"] * len(ids)), np.ones((len(ids), 2)))
    build_store(path, content, Origin("extract-embeddings"), HERE)
    return path


def faults(*stores, **options):
    return [fault for report in check(stores, **options) for fault in report.faults]


def test_whole_stores_have_no_fault_also_against_their_source(sound, tmp_path):
    assert faults(sound, source=tmp_path / "list.jsonl") == []


def test_another_list_and_changed_media_are_faults(sound, tmp_path):
    other = tmp_path / "other.jsonl"
    other.write_text((tmp_path / "list.jsonl").read_text() + "\n")
    (fault,) = faults(sound, source=other)
    assert "is not the list that it was made from" in fault
    whole = (tmp_path / "1.wav").read_bytes()
    # The same size, another sound: only decoding it again shows that.
    (tmp_path / "1.wav").write_bytes(whole[:5000] + bytes(500) + whole[5500:])
    assert faults(sound, source=tmp_path / "list.jsonl") == [
        "row 1, 'u1': frames are not those of its source"
    ]
    (tmp_path / "1.wav").write_bytes(whole[:-2])
    first, second = faults(sound, source=tmp_path / "list.jsonl")
    assert "another size" in first
    assert second.startswith("row 1, 'u1': is rejected now: truncated")


def test_faces_are_compared_with_their_source(tmp_path, monkeypatch):
    import cv2

    from avkd_cli.steps.crop_faces import crop_faces

    picture = np.random.default_rng(0).integers(0, 255, (120, 120, 3), np.uint8)
    cv2.imwrite(str(tmp_path / "a.png"), picture)
    (tmp_path / "list.jsonl").write_text('{"id": "a", "person": "p", "images": ["a.png"]}\n')
    config = CropFacesConfig(detector="none", mode="gray-128")
    crop_faces(str(tmp_path / "list.jsonl"), tmp_path / "faces", config, HERE)
    assert faults(tmp_path / "faces", source=tmp_path / "list.jsonl") == []
    cv2.imwrite(str(tmp_path / "a.png"), picture[::-1])
    assert faults(tmp_path / "faces", source=tmp_path / "list.jsonl")


def test_embeddings_have_no_source_and_a_missing_store_is_missing(tmp_path):
    store = embeddings(tmp_path / "e", ["a"])
    with pytest.raises(UsageError, match="--source is for stores of sound or faces"):
        check([store], source=tmp_path / "list.jsonl")
    with pytest.raises(MissingInputError, match="no such store"):
        check([tmp_path / "none"])


def test_stores_that_do_not_fit_each_other_are_faults(tmp_path):
    one, two = embeddings(tmp_path / "one", ["a", "b"]), embeddings(tmp_path / "two", ["b", "c"])
    assert faults(one, two, against=one) == [
        f"1 ids only in {two}, such as 'c'",
        f"1 ids only in {one}, such as 'a'",
    ]


def test_the_command_prints_one_line_a_fault_or_json_and_ends_with_65(tmp_path):
    whole, bad = embeddings(tmp_path / "one", ["a"]), embeddings(tmp_path / "two", ["a"])
    (bad / "id" / "c.0").unlink()
    run = CliRunner().invoke(command, [str(whole)])
    assert (run.exit_code, run.stdout, run.stderr) == (0, "", "1 store is whole\n")
    run = CliRunner().invoke(command, [str(whole), str(bad)])
    assert isinstance(run.exception, InputError)
    assert run.stdout == f"{bad}: missing file id/c.0\n"
    run = CliRunner().invoke(command, [str(whole), str(bad), "--json"])
    assert isinstance(run.exception, InputError)
    assert json.loads(run.stdout) == {
        "stores": [
            {"path": str(whole), "faults": []},
            {"path": str(bad), "faults": ["missing file id/c.0"]},
        ],
        "faults": 1,
    }
