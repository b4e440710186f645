"""The test's lines of a list, which may then lie anywhere."""

import json

import not_train
from click.testing import CliRunner


def test_training_lines_go_and_paths_become_absolute(tmp_path):
    lines = [
        {"id": "a/1", "person": "a", "split": "train", "audio": "a.wav"},
        {"id": "b/1", "person": "b", "split": "test", "audio": "../b.wav", "images": ["b.png"]},
        {"id": "c/1", "person": "c", "audio": "/c.wav"},
    ]
    (tmp_path / "lists").mkdir()
    listed = tmp_path / "lists" / "people.jsonl"
    listed.write_text("".join(json.dumps(one) + "\n" for one in lines))
    result = CliRunner().invoke(not_train.main, [str(listed)], catch_exceptions=False)
    found = {one["id"]: one for one in map(json.loads, result.stdout.splitlines())}
    assert list(found) == ["b/1", "c/1"]
    folder = listed.parent.resolve()
    assert found["b/1"]["audio"] == f"{folder}/../b.wav"
    assert found["b/1"]["images"] == [f"{folder}/b.png"]
    assert found["c/1"]["audio"] == "/c.wav"
