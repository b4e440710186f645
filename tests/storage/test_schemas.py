import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from avkd_cli.config import Execution
from avkd_cli.errors import REJECT_CODES
from avkd_cli.storage import manifest
from avkd_cli.storage.builder import Origin, build_store
from avkd_cli.storage.computed import Rows
from avkd_cli.storage.embeddings import Embeddings
from avkd_cli.storage.heads import StoredHead
from avkd_cli.storage.sequences import Pieces, Sequences
from avkd_cli.storage.specs import SPECS
from avkd_cli.storage.utterances import read_utterances

SCHEMAS = Path(__file__).parents[2] / "schemas"


@pytest.mark.parametrize("path", sorted(SCHEMAS.glob("*.schema.json")), ids=lambda path: path.name)
def test_a_schema_is_one(path):
    jsonschema.Draft202012Validator.check_schema(json.loads(path.read_text("utf-8")))


def test_a_store_and_its_line_and_its_rejects_are_as_their_schemas_say(corpus, tmp_path, schema):
    corpus.add("d7", "reject:silent")
    line = corpus.build(tmp_path / "audio")
    schema("store").validate(line)
    schema("store").validate(manifest.read(tmp_path / "audio"))
    rejects = (tmp_path / "audio" / "rejects.jsonl").read_text().splitlines()
    assert len(rejects) == 1
    schema("reject").validate(json.loads(rejects[0]))


@pytest.mark.parametrize(
    "head",
    [
        None,
        StoredHead("aam-softmax", ["p"], np.ones((1, 1)), scale=32.0),
        StoredHead("softmax", ["p"], np.ones((1, 1)), bias=np.ones(1)),
    ],
)
def test_a_store_of_embeddings_is_as_its_schema_says(tmp_path, head, schema):
    content = Embeddings(Rows(["a"], ["p"]), 1, lambda start, stop: [[1.0]], head)
    origin = Origin("extract-embeddings", said={"modality": "audio", "run": "r"})
    line = build_store(tmp_path / "emb", content, origin, Execution(quiet=True))
    schema("store").validate(line)
    schema("store").validate(manifest.read(tmp_path / "emb"))
    for wrong in ({"normalised": True}, {"head": {"kind": "softmax"}}, {"label": ""}):
        with pytest.raises(jsonschema.ValidationError):
            schema("store").validate(line | wrong)
    schema("store").validate({k: v for k, v in line.items() if k != "head"} | {"version": 1})
    with pytest.raises(jsonschema.ValidationError):
        schema("store").validate({k: v for k, v in line.items() if k != "head"})


@pytest.mark.parametrize(
    "more", [{}, {"fps": 25.0}, {"fps": 1.0, "piece_s": 1.0, "classes": ["calm", "sad"]}]
)
def test_a_store_of_sequences_is_as_its_schema_says(tmp_path, more, schema):
    def compute(start, stop):
        return (Pieces(row, np.zeros((row, 2)), np.arange(row)) for row in range(start, stop))

    content = Sequences(Rows(["a", "b"], ["p", "q"]), "segments", 2, compute, **more)
    origin = Origin("extract-embeddings", said={"modality": "visual", "run": "r"})
    line = build_store(tmp_path / "seq", content, origin, Execution(quiet=True))
    schema("store").validate(line)
    schema("store").validate(manifest.read(tmp_path / "seq"))
    assert line["counts"]["without_piece"] == 1
    for wrong in ({"level": ""}, {"fps": 0}, {"piece_s": "1"}, {"long": "value"}, {"version": 2}):
        with pytest.raises(jsonschema.ValidationError):
            schema("store").validate(line | wrong)
    for name in ("level", "fps", "piece_s", "long"):
        with pytest.raises(jsonschema.ValidationError):
            schema("store").validate({k: v for k, v in line.items() if k != name})


LINES = [
    ({"id": "a"}, True),
    ({"id": "a", "audio": "a.wav", "start": 0, "end": 1.5, "images": ["b.png"]}, True),
    ({"id": "王/1", "person": None, "x-own": [1]}, True),
    ({"audio": "a.wav"}, False),
    ({"id": ""}, False),
    ({"id": "a b"}, False),
    ({"id": 3}, False),
    ({"id": "a", "start": -1}, False),
    ({"id": "a", "start": True}, False),
    ({"id": "a", "video": "a.avi", "half": "left"}, True),
    ({"id": "a", "video": "a.avi", "half": "top"}, False),
    ({"id": "a", "audio": ["a.wav"]}, False),
    ({"id": "a", "audio": "http://host/a.wav"}, False),
    ({"id": "a", "images": [3]}, False),
]


@pytest.mark.parametrize(("line", "good"), LINES)
def test_the_schema_of_a_line_and_the_reader_agree(tmp_path, line, good, schema):
    path = tmp_path / "list.jsonl"
    path.write_text(json.dumps(line))
    assert schema("utterance").is_valid(line) == good
    assert (len(read_utterances(path).utterances) == 1) == good


def test_every_array_of_every_store_is_documented():
    text = (SCHEMAS / "README.md").read_text("utf-8")
    for spec in SPECS.values():
        for array in (*spec.index, *spec.long, *spec.items, *spec.others):
            assert f"`{array.name}`" in text, array.name


def test_every_code_of_a_bad_line_is_documented():
    from avkd_cli.storage import lines, utterance, utterances

    text = (SCHEMAS.parent / "docs" / "formats.md").read_text("utf-8")
    source = "".join(Path(m.__file__).read_text("utf-8") for m in (lines, utterance, utterances))
    used = {code for code in REJECT_CODES if f'"{code}"' in source} - {
        "path_escape",
        "file_not_found",
    }
    assert len(used) > 10
    assert {code for code in used if f"`{code}`" not in text} == set()
