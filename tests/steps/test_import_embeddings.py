"""Importing somebody else's embeddings."""

import json

import numpy as np
import pytest

from avkd_cli.config import Execution
from avkd_cli.errors import InputError, MissingInputError
from avkd_cli.steps.import_embeddings import import_embeddings
from avkd_cli.storage.store import open_store

IDS = np.array(["p1/a", "p1/b", "p2/a"])
VECTORS = np.arange(12, dtype=np.float32).reshape(3, 4)
HEAD = {"id": IDS, "embedding": VECTORS, "classes": IDS, "classifier": VECTORS}


def bring(tmp_path, list_file=None, **arrays):
    np.savez(tmp_path / "foreign.npz", **arrays)
    return import_embeddings(
        tmp_path / "foreign.npz",
        tmp_path / "e.zarr",
        Execution(quiet=True),
        modality="audio",
        list_file=list_file,
    )


def test_ids_vectors_and_persons_are_kept(tmp_path):
    manifest = bring(tmp_path, id=IDS, embedding=VECTORS, person=np.array(["p1", "p1", "p2"]))
    store = open_store(tmp_path / "e.zarr", "avkd.embeddings")
    assert store.ids == list(IDS)
    assert store.persons == ["p1", "p1", "p2"]
    np.testing.assert_array_equal(store.embedding, VECTORS)
    assert manifest["counts"]["utterances"] == 3 and manifest["modality"] == "audio"
    assert store.classifier is None


def test_a_classifier_comes_along(tmp_path):
    bring(
        tmp_path,
        id=IDS,
        embedding=VECTORS,
        classes=np.array(["p1", "p2"]),
        classifier=np.ones((2, 4)),
    )
    store = open_store(tmp_path / "e.zarr", "avkd.embeddings")
    assert store.classes == ["p1", "p2"]
    assert store.classifier.shape == (2, 4)
    assert (store.head.kind, store.head.scale, store.head.bias) == ("aam-softmax", None, None)


def test_a_classifier_with_a_bias_is_a_plain_softmax(tmp_path):
    bring(
        tmp_path,
        id=IDS,
        embedding=VECTORS,
        classes=np.array(["p1", "p2"]),
        classifier=np.ones((2, 4)),
        classifier_bias=np.array([0.5, -0.5]),
    )
    head = open_store(tmp_path / "e.zarr", "avkd.embeddings").head
    assert (head.kind, head.bias.tolist()) == ("softmax", [0.5, -0.5])


def test_a_scale_comes_along(tmp_path):
    bring(
        tmp_path,
        id=IDS,
        embedding=VECTORS,
        classes=np.array(["p1", "p2"]),
        classifier=np.ones((2, 4)),
        scale=np.array(30),
    )
    head = open_store(tmp_path / "e.zarr", "avkd.embeddings").head
    assert (head.kind, head.scale) == ("aam-softmax", 30.0)


def test_half_precision_becomes_float32_and_a_list_chooses(tmp_path):
    (tmp_path / "some.jsonl").write_text('{"id": "p2/a"}\n')
    bring(tmp_path, tmp_path / "some.jsonl", id=IDS, embedding=VECTORS.astype(np.float16))
    store = open_store(tmp_path / "e.zarr", "avkd.embeddings")
    assert store.ids == ["p2/a"] and store.embedding.dtype == np.float32


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"id": IDS}, "no array 'embedding'"),
        ({"embedding": VECTORS}, "no array 'id'"),
        ({"id": IDS[:2], "embedding": VECTORS}, "wanted \\(3,\\)"),
        ({"id": IDS, "embedding": VECTORS[0]}, "wanted floats"),
        ({"id": IDS, "embedding": VECTORS.astype(str)}, "wanted floats"),
        ({"id": np.array(["a", "a", "b"]), "embedding": VECTORS}, "twice"),
        ({"id": IDS, "embedding": VECTORS * np.nan}, "not finite, first of 'p1/a'"),
        (HEAD | {"classes": IDS[:2]}, "classifier is \\(3, 4\\) for 2 classes"),
        (HEAD | {"classes": IDS[[0, 0, 1]]}, "a class has two rows"),
        (HEAD | {"classifier": VECTORS[:, :3]}, "classifier is \\(3, 3\\), embeddings have 4"),
        (HEAD | {"classifier": np.full_like(VECTORS, np.inf)}, "classifier is not finite"),
        (HEAD | {"classifier": IDS}, "could not convert"),
        (HEAD | {"classifier_bias": np.zeros(2)}, "classifier_bias is \\(2,\\) for 3"),
        (HEAD | {"scale": np.array(-1)}, "scale is -1.0"),
        (HEAD | {"scale": np.array(["x"])}, "fit each other"),
        ({"id": IDS, "embedding": VECTORS, "classes": IDS}, "'classes' but no 'classifier'"),
        ({"id": IDS, "embedding": VECTORS, "scale": np.array(3)}, "'scale' but no 'classes'"),
        ({"id": np.array([{"x": 1}]), "embedding": VECTORS[:1]}, "plain arrays"),
    ],
)
def test_what_does_not_fit_is_refused_and_leaves_nothing(tmp_path, arrays, said):
    with pytest.raises(InputError, match=said):
        bring(tmp_path, **arrays)
    assert not (tmp_path / "e.zarr").exists()


def test_files_that_are_no_archives_are_refused(tmp_path):
    for name, text in (("cut.npz", b"PK\x03\x04cut"), ("text.npz", b"hello"), ("none.npz", b"")):
        (tmp_path / name).write_bytes(text)
        with pytest.raises(InputError, match=r"npz"):
            import_embeddings(tmp_path / name, tmp_path / "e.zarr", Execution(quiet=True))
    with pytest.raises(MissingInputError):
        import_embeddings(tmp_path / "gone.npz", tmp_path / "e.zarr", Execution(quiet=True))


def test_one_vector_an_utterance_is_read_by_its_name(tmp_path):
    bring(tmp_path, **{"p1/a": VECTORS[0], "p1/b": VECTORS[1:2], "p2/a": VECTORS[2]})
    store = open_store(tmp_path / "e.zarr", "avkd.embeddings")
    assert store.ids == list(IDS)
    np.testing.assert_array_equal(store.embedding, VECTORS)


@pytest.mark.parametrize(
    "arrays",
    [{"a": VECTORS, "b": VECTORS}, {"a": VECTORS[0], "b": VECTORS[0, :2]}, {"a": IDS, "b": IDS}],
)
def test_other_arrays_are_not_taken_for_vectors(tmp_path, arrays):
    with pytest.raises(InputError, match=r"no array 'id' \(it has a, b\)"):
        bring(tmp_path, **arrays)


def test_no_message_lists_ten_thousand_names(tmp_path):
    arrays = {f"u{n:05}": np.zeros(2 + (n == 9)) for n in range(1000)}
    with pytest.raises(InputError, match=r"u00000, u00001, .* and 995 more") as caught:
        bring(tmp_path, **arrays)
    assert len(str(caught.value)) < 400


def test_a_list_says_who_is_who_and_what_has_no_embedding(tmp_path, capsys):
    lines = [{"id": "p1/a", "person": "ann"}, {"id": "p2/a", "person": "bob"}, {"id": "p3/a"}]
    (tmp_path / "l.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    np.savez(tmp_path / "foreign.npz", id=IDS, embedding=VECTORS)
    import_embeddings(
        tmp_path / "foreign.npz", tmp_path / "e.zarr", Execution(), list_file=tmp_path / "l.jsonl"
    )
    store = open_store(tmp_path / "e.zarr", "avkd.embeddings")
    assert (store.ids, store.persons) == (["p1/a", "p2/a"], ["ann", "bob"])
    assert "1 utterances of" in (said := capsys.readouterr().err)
    assert "have no embedding there, first 'p3/a'" in said
    (tmp_path / "l.jsonl").write_text('{"id": "x"}\n')
    with pytest.raises(InputError, match=r"none of its 1 ids is in .* like p1/a, p1/b and 1 more"):
        bring(tmp_path, tmp_path / "l.jsonl", id=IDS, embedding=VECTORS)


def test_kaldi_archives_need_nothing_beside_avkd(tmp_path):
    (tmp_path / "x.ark").write_text(
        "".join(
            f"{id} [ {' '.join(map(str, vector))} ]\n"
            for id, vector in zip(IDS, VECTORS, strict=True)
        )
    )
    (tmp_path / "x.scp").write_text(
        "p2/a x.ark:{}\n".format((tmp_path / "x.ark").read_text().index("p2/a") + 5)
    )
    import_embeddings(tmp_path / "x.ark", tmp_path / "e.zarr", Execution(quiet=True))
    np.testing.assert_array_equal(open_store(tmp_path / "e.zarr").embedding, VECTORS)
    import_embeddings(tmp_path / "x.scp", tmp_path / "f.zarr", Execution(quiet=True))
    store = open_store(tmp_path / "f.zarr")
    assert store.ids == ["p2/a"]
    np.testing.assert_array_equal(store.embedding, VECTORS[2:])


def test_names_saved_as_bytes_are_text(tmp_path):
    persons = np.array(["p1", "p1", "Zo\u00eb"]).astype("U")
    bring(
        tmp_path,
        id=np.char.encode(IDS),
        embedding=VECTORS,
        person=np.char.encode(persons, "utf-8"),
        classes=np.array([b"p1", b"p2"]),
        classifier=np.ones((2, 4)),
    )
    store = open_store(tmp_path / "e.zarr")
    assert store.ids == list(IDS)
    assert store.persons == ["p1", "p1", "Zo\u00eb"]
    assert store.classes == ["p1", "p2"]


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"id": np.array(["a b", "c", "d"])}, r"id 'a b' in row 0: bad_id, id: character U\+0020"),
        ({"id": np.array(["a", "", "d"])}, "id '' in row 1: bad_id, empty"),
        ({"id": np.array(["a", "c\td", "d"])}, "bad_id"),
        ({"id": np.array([b"a", b"\xff", b"d"])}, "bytes that are not UTF-8"),
        ({"id": np.array([0.5, 1, 2])}, "'id' is float64, wanted text"),
        ({"id": np.array(["b'a'", "b'c'", "b'd'"])}, "bytes printed as text"),
        ({"person": np.array(["Ann Lee", "p", "p"])}, "person 'Ann Lee' in row 0: bad_id"),
        ({"person": np.array([1.0, np.nan, 2.0])}, "'person' is float64, wanted text"),
        ({"embedding": VECTORS * [[1], [0], [1]]}, "1 of 3 embeddings .* 'p1/b', which is zero"),
        ({"embedding": VECTORS + 1e30}, "3 of 3 embeddings .* too large or small"),
        ({"embedding": (VECTORS + 1) * 1e-30}, "3 of 3 embeddings .* too large or small"),
        (
            {"embedding": VECTORS.astype(float) + 1e300},
            "not finite, first of 'p1/a'.* 32-bit floats",
        ),
        (
            {"classes": np.array(["p1", "p2"]), "classifier": np.array([[1.0] * 4, [np.nan] * 4])},
            r"classifier is not finite in the row of class 'p2' \(1 rows\)",
        ),
        (
            {"classes": np.array(["p1", "p2"]), "classifier": np.array([[0.0] * 4, [1.0] * 4])},
            "1 of 2 classifier rows have no direction, first that of 'p1'",
        ),
        (
            {"classes": np.array(["p1", "p 2"]), "classifier": np.ones((2, 4))},
            "classes 'p 2' in row 1: bad_id",
        ),
    ],
)
def test_names_and_numbers_that_would_fail_later_are_refused_on_import(tmp_path, arrays, said):
    with pytest.raises(InputError, match=said):
        bring(tmp_path, **({"id": IDS, "embedding": VECTORS} | arrays))
    assert not (tmp_path / "e.zarr").exists()
