"""Stores of embeddings: the vectors, the head that they were trained with, and older versions."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import zarr

from avkd_cli.config import Execution
from avkd_cli.errors import InputError, OutputError, UsageError
from avkd_cli.storage import durable, manifest, tables
from avkd_cli.storage.builder import Origin, build_store
from avkd_cli.storage.computed import Rows
from avkd_cli.storage.embeddings import Embeddings
from avkd_cli.storage.heads import StoredHead
from avkd_cli.storage.store import open_store
from avkd_cli.storage.verify import faults_of_store

IDS = [f"id{i}" for i in range(10)]
VECTORS = np.random.default_rng(0).standard_normal((10, 3)).astype(np.float32)
W = np.arange(6, dtype=np.float32).reshape(2, 3)
AAM = StoredHead("aam-softmax", ["p", "q"], W, scale=32.0)
PLAIN = StoredHead("softmax", ["calm", "sad"], W, bias=np.float32([0.5, -0.5]))


@pytest.fixture
def make(tmp_path):
    """Make a store of embeddings; keywords replace those of Rows, Embeddings and Origin."""

    def make(name="emb", execution=None, ids=IDS, inputs=None, **changes):
        given = {"dimension": 3, "compute": lambda start, stop: VECTORS[start:stop], "head": AAM}
        rows = Rows(ids, [id[:3] for id in ids], ["train"] * 4 + ["test"] * (len(ids) - 4))
        content = Embeddings(rows, **(given | changes))
        origin = Origin(
            "extract-embeddings",
            {"face_pool": "mean"},
            inputs or {"run": "sha256:0"},
            {"modality": "audio"},
        )
        execution = execution or Execution(quiet=True, partition_size=4)
        return build_store(tmp_path / name, content, origin, execution)

    return make


def test_a_store_holds_vectors_classes_and_who_they_are(make, tmp_path):
    line = make()
    store = open_store(line, "avkd.embeddings")
    np.testing.assert_array_equal(store.embedding, VECTORS)
    assert (store.ids[9], store.persons[9], store.row_of["id9"]) == ("id9", "id9", 9)
    assert store.column("split") == ["train"] * 4 + ["test"] * 6
    assert (store.classes, store.classifier.tolist()) == (["p", "q"], [[0, 1, 2], [3, 4, 5]])
    assert (line["modality"], line["normalised"], line["label"]) == ("audio", False, "person")
    assert line["counts"] == {"utterances": 10, "persons": 10, "rejected": 0}
    assert line["head"] == {"kind": "aam-softmax", "scale": 32.0}
    group = zarr.open_group(tmp_path / "emb", mode="r")
    np.testing.assert_array_equal(group["embedding"][...], VECTORS)
    np.testing.assert_array_equal(group["classifier"][...], store.classifier)
    assert group["id"][...].tolist() == store.ids
    assert list(faults_of_store(tmp_path / "emb")) == []


@pytest.mark.parametrize("head", [AAM, PLAIN])
def test_a_head_comes_back_as_it_was(make, head):
    found = open_store(make(head=head)).head
    assert (found.kind, found.classes, found.scale) == (head.kind, head.classes, head.scale)
    np.testing.assert_array_equal(found.weight, head.weight)
    if head.bias is None:
        assert found.bias is None
    else:
        np.testing.assert_array_equal(found.bias, head.bias)


def test_without_a_head_there_is_none(make):
    store = open_store(make(head=None))
    assert (store.classes, store.classifier, store.head, store.trained_on) == (None,) * 4
    assert store.manifest["head"] is None


def test_persons_trained_on_are_the_classes_unless_these_are_of_another_column(make):
    assert open_store(make()).trained_on == ["p", "q"]
    moods = open_store(make("moods", head=PLAIN, label="emotion", trained_on=["p", "r", "s"]))
    assert (moods.label, moods.classes) == ("emotion", ["calm", "sad"])
    assert moods.trained_on == ["p", "r", "s"]
    assert open_store(make("unsaid", head=PLAIN, label="emotion")).trained_on is None


def test_some_classes_of_a_head_are_taken_in_the_order_given():
    assert PLAIN.missing(["sad", "glad", "calm"]) == ["glad"]
    found = PLAIN.taking(["sad"])
    assert (found.classes, found.weight.tolist(), found.bias.tolist()) == (
        ["sad"],
        [[3, 4, 5]],
        [-0.5],
    )
    assert AAM.taking(["q", "p"]).weight.tolist() == [[3, 4, 5], [0, 1, 2]]
    with pytest.raises(KeyError, match="glad"):
        PLAIN.taking(["glad"])


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"kind": ""}, "kind is ''"),
        ({"classes": ["p"]}, r"classifier is \(2, 3\) for 1 classes"),
        ({"classes": ["p", "p"]}, "two rows"),
        ({"bias": np.zeros(3)}, r"classifier_bias is \(3,\) for 2 classes"),
        ({"bias": np.array([0, np.inf])}, "not finite"),
        ({"weight": W * np.nan}, "not finite"),
        ({"scale": 0.0}, "scale is 0.0"),
        ({"scale": float("inf")}, "scale is inf"),
    ],
)
def test_a_head_whose_parts_do_not_fit_is_the_callers_fault(changes, fault):
    given = {"kind": "softmax", "classes": ["p", "q"], "weight": W} | changes
    with pytest.raises(ValueError, match=fault):
        StoredHead(**given)


def test_a_head_of_other_dimensions_is_the_callers_fault(make):
    with pytest.raises(ValueError, match=r"classifier \(2, 3\), embeddings 5"):
        make(dimension=5)


def test_embeddings_go_on_where_they_were(make, tmp_path, digests):
    calls = []

    def compute(start, stop):
        calls.append((start, stop))
        if len(calls) == 2:
            raise KeyboardInterrupt
        return VECTORS[start:stop]

    make("whole", head=PLAIN, label="emotion", trained_on=["p"])
    with pytest.raises(KeyboardInterrupt):
        make(compute=compute, head=PLAIN, label="emotion", trained_on=["p"])
    make(compute=compute, head=PLAIN, label="emotion", trained_on=["p"])
    assert calls == [(0, 4), (4, 8), (4, 8), (8, 10)]
    assert digests(tmp_path / "emb") == digests(tmp_path / "whole")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ids": []}, "cannot be empty"),
        ({"ids": ["a"] * 10}, "'a' stands twice"),
        ({"compute": lambda a, b: np.full((b - a, 3), np.nan)}, "4 embeddings are not finite"),
    ],
)
def test_embeddings_that_cannot_be_used_are_refused(make, changes, message):
    with pytest.raises(InputError, match=message):
        make(**changes)


def test_columns_of_unequal_length_are_the_callers_fault():
    with pytest.raises(ValueError, match="1 persons for 2 ids"):
        Rows(["a", "b"], ["p"])


def test_rows_are_taken_from_a_store_as_it_names_them(make, corpus, tmp_path):
    assert Rows.of(open_store(make()), ["id5", "id1"]) == Rows(
        ["id5", "id1"], ["id5", "id1"], ["test", "train"]
    )
    corpus.add("d7", "7 8", session="s", split="train")
    sound = open_store(corpus.build(tmp_path / "sound"))
    found = Rows.of(sound, ["d7", "a0"])
    assert found == Rows(["d7", "a0"], ["d", "a"], ["train", ""], ["s", ""])


def test_an_output_that_is_its_own_input_is_refused(make):
    first = make()
    with pytest.raises(UsageError, match="is an input of this command"):
        make(
            inputs={"store": first["fingerprint"]}, execution=Execution(overwrite=True, quiet=True)
        )


def test_a_dry_run_of_embeddings_says_their_size(make, tmp_path, capsys):
    found = make(execution=Execution(dry_run=True, partition_size=4))
    assert (found["expected_bytes"], found["partitions"]) == (120, 3)
    assert list(tmp_path.iterdir()) == []
    assert "embeddings of 10 utterances, about 120 bytes" in capsys.readouterr().err


def test_an_embedding_store_holds_what_it_has_a_row_for(make):
    store = open_store(make())
    assert store.filled.tolist() == [True] * 10
    assert store.holds("id9") and not store.holds("id10")


def test_a_store_of_faces_does_not_hold_an_utterance_without_one(corpus, tmp_path):
    for path in corpus.folder.glob("*.txt"):
        path.write_text("1 2")
    (corpus.folder / "a0.txt").write_text("")
    store = open_store(corpus.build_faces(tmp_path / "faces"))
    assert store.filled.tolist() == [False] + [True] * 6
    assert store.holds("a1") and not store.holds("a0") and not store.holds("x")


@pytest.fixture
def old(tmp_path):
    """A store that avkd 0.1 made, of version 1: three rows, two persons."""
    with zipfile.ZipFile(Path(__file__).with_name("embeddings-v1.zip")) as archive:
        archive.extractall(tmp_path)
    return tmp_path / "v1.zarr"


def test_a_store_of_version_1_is_read_as_it_was(old):
    store = open_store(old, "avkd.embeddings")
    assert store.embedding.tolist() == [[0, 1], [2, 3], [4, 5]]
    assert (store.label, store.classes, store.trained_on) == ("person", ["a", "b"], ["a", "b"])
    head = store.head
    assert (head.kind, head.classes, head.weight.tolist()) == (
        "aam-softmax",
        ["a", "b"],
        [[1, 2], [3, 4]],
    )
    assert head.scale is None and head.bias is None
    assert list(faults_of_store(old)) == []


def test_a_store_of_version_1_is_made_again_only_when_asked_to(old):
    content = Embeddings(
        Rows(["a/1", "a/2", "b/1"], ["a", "a", "b"], ["train", "train", "test"]),
        2,
        lambda start, stop: np.zeros((stop - start, 2)),
    )
    origin = Origin("extract-embeddings", {"batch_frames": 60000}, {"run": f"sha256:{'0' * 64}"})
    with pytest.raises(OutputError, match=r"made otherwise \(version was 1, now 2\)"):
        build_store(old, content, origin, Execution(quiet=True))
    build_store(old, content, origin, Execution(quiet=True, overwrite=True))
    assert open_store(old).manifest["version"] == 2


def edited(path, column=None, **changes):
    """Change a manifest, and a column, of a store so that every file is still whole."""
    record = json.loads((path / "avkd.json").read_bytes()) | changes
    if column:
        name, values, axis = column
        for file, data in tables.encode(values, [axis], "").items():
            (path / name).mkdir(exist_ok=True)
            (path / name / file).write_bytes(data)
            record["files"][f"{name}/{file}"] = [len(data), durable.sha256_bytes(data)]
        dtype = "string" if isinstance(values, list) else values.dtype.name
        record["arrays"][name] = {"dtype": dtype, "shape": [len(values)], "axes": [axis]}
    (path / "avkd.json").write_text(manifest.sealed(record))
    return list(faults_of_store(path))


@pytest.mark.parametrize(
    ("column", "fault"),
    [
        (("classes", ["p"], "class"), "classifier is (2, 3) for 1 classes"),
        (("classes", ["p", "p"], "class"), "a class has two rows"),
        (("classifier_bias", np.zeros(3, np.float32), "class"), "classifier_bias is (3,) for 2"),
        (("trained_on", ["p", "p"], "trained"), "trained_on names a person twice"),
    ],
)
def test_check_finds_what_does_not_fit_the_head(make, tmp_path, column, fault):
    make()
    (found,) = edited(tmp_path / "emb", column)
    assert found.startswith(fault)


@pytest.mark.parametrize("head", [{"kind": "a"}, [], None, 3, {"kind": None, "scale": None}])
def test_a_manifest_that_says_nonsense_of_the_head_is_one_line(make, tmp_path, head):
    make()
    edited(tmp_path / "emb", head=head)
    with pytest.raises(InputError, match="make the store again"):
        _ = open_store(tmp_path / "emb").head


def test_classes_without_a_classifier_are_a_fault(make, tmp_path):
    make(head=None)
    (found,) = edited(tmp_path / "emb", ("classes", ["p"], "class"))
    assert found == "names classes, or a bias, of a classifier that is not there"
