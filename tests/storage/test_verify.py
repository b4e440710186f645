import contextlib
import json
import random
import shutil

import numpy as np
import pytest

from avkd_cli.config import Execution
from avkd_cli.errors import AvkdError, MissingInputError
from avkd_cli.storage import durable, manifest, tables
from avkd_cli.storage.builder import Origin, build_store
from avkd_cli.storage.computed import Rows
from avkd_cli.storage.embeddings import Embeddings
from avkd_cli.storage.store import open_store
from avkd_cli.storage.verify import faults_against, faults_of_store


@pytest.fixture
def store(corpus, tmp_path):
    corpus.add("d7", "reject:silent")
    corpus.build(tmp_path / "store")
    return tmp_path / "store"


def faults(store):
    return list(faults_of_store(store))


def test_a_whole_store_has_no_fault(store, corpus, tmp_path):
    assert faults(store) == []
    for path in corpus.folder.glob("*.txt"):
        path.write_text("1 2")
    corpus.build_faces(tmp_path / "faces")
    assert faults(tmp_path / "faces") == []


def test_what_is_not_there_is_missing_and_what_is_no_store_is_a_fault(tmp_path):
    with pytest.raises(MissingInputError):
        faults(tmp_path / "none")
    (tmp_path / "empty").mkdir()
    assert faults(tmp_path / "empty") == ["is not a store of avkd (no avkd.json); give one"]


def test_each_damaged_file_is_one_line(store):
    size = (store / "parts" / "00001.done").stat().st_size
    (store / "id" / "c.0").unlink()
    durable.write_text(store / "parts" / "00001.done", "x")
    (store / "extra").write_text("")
    (store / "link").symlink_to("parts")
    assert faults(store) == [
        "missing file id/c.0",
        f"parts/00001.done has 1 bytes, not {size}",
        "link is a link",
        "extra file extra",
    ]


def test_two_shards_exchanged_are_found(store):
    one, two = store / "parts/00000/frames/c.0.0", store / "parts/00003/frames/c.0.0"
    size = max(one.stat().st_size, two.stat().st_size)
    reseal(store, lambda record: None)
    one.rename(store / "x"), two.rename(one), (store / "x").rename(two)
    assert size and len(faults(store)) == 2


def reseal(store, change):
    record = json.loads((store / "avkd.json").read_bytes())
    change(record)
    (store / "avkd.json").write_text(manifest.sealed(record))


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda r: r["counts"].update(utterances=8), "index has 7 ids, counts say 8"),
        (lambda r: r["counts"].update(persons=8), "index has 3 persons, not 8"),
        (lambda r: r["counts"].update(rejected=0), "rejects.jsonl has 1 lines, counts say 0"),
        (lambda r: r["config"].update(scale=2.0), "fingerprint is not that of step"),
        (lambda r: r["arrays"]["frames"].update(shape=[24, 3]), "lengths sum to 23, not 24"),
        (lambda r: r["arrays"]["snr_db"].update(shape=[8]), r"snr_db is float32 \(7,\)"),
        (lambda r: r["arrays"]["start"].update(dtype="int32"), "start is int64"),
    ],
)
def test_a_record_that_contradicts_its_store_is_a_fault(store, change, fault):
    reseal(store, change)
    found, *_ = faults(store)
    assert found.startswith(fault.replace("\\", ""))


def rewrite(store, name, array, values, meaning=""):
    """Replace a column by one whose files are whole, but whose content is wrong."""

    def relist(record):
        for file, data in tables.encode(values, ["utterance"], meaning).items():
            (store / name / file).write_bytes(data)
            record["files"][f"{name}/{file}"] = [len(data), durable.sha256_bytes(data)]

    reseal(store, relist)


@pytest.mark.parametrize(
    ("name", "values", "fault"),
    [
        ("id", ["a0", "a0", "a2", "b3", "b4", "c5", "c6"], "index has 6 ids, counts say 7"),
        ("start", np.array([0, 1, 0, 4, 0, 2, 0]), "partition 0: rows overlap or leave gaps"),
        ("length", np.array([3, 2, 4, 5, 2, 3, 4]), "partition 0: rows overlap or leave gaps"),
        ("length", np.array([2, 3, 4, 5, 2, 3, 5]), "lengths sum to 24, not 23"),
    ],
)
def test_an_index_that_does_not_fit_is_a_fault(store, name, values, fault):
    rewrite(store, name, name, values)
    assert faults(store) == [fault]


def embeddings(path, ids, persons, dimension=2):
    content = Embeddings.of(Rows(ids, persons), np.ones((len(ids), dimension)))
    build_store(path, content, Origin("extract-embeddings"), Execution(quiet=True))
    return open_store(path)


def test_stores_that_do_not_fit_each_other_say_how(tmp_path):
    one = embeddings(tmp_path / "one", ["a", "b", "c"], ["p", "q", "q"])
    two = embeddings(tmp_path / "two", ["c", "b", "d"], ["q", "r", "q"], dimension=3)
    assert list(faults_against(one, one)) == []
    assert list(faults_against(one, two)) == [
        f"1 ids only in {tmp_path}/one, such as 'a'",
        f"1 ids only in {tmp_path}/two, such as 'd'",
        f"1 ids have another person in {tmp_path}/two, such as 'b'",
        f"dimension 2 is not 3 of {tmp_path}/two",
    ]


def values_of(store):
    """Return everything that a store gives, as bytes."""
    opened = open_store(store)
    columns = [json.dumps(opened.manifest["counts"]), json.dumps(opened.config)]
    for name in opened.manifest["arrays"]:
        if name != opened.long_name:
            column = opened.column(name)
            columns.append(column.tobytes() if isinstance(column, np.ndarray) else repr(column))
    return [part.tobytes() for part in opened.read(range(len(opened)))], columns


def test_no_flipped_bit_is_returned_as_data_and_check_finds_each(store, tmp_path):
    expected = values_of(store)
    chance = random.Random(0)
    files = [path.relative_to(store) for path in store.rglob("*") if path.is_file()]
    for number in range(120):
        name = files[number % len(files)] if number < len(files) else chance.choice(files)
        data = bytearray((store / name).read_bytes())
        if not data:
            continue
        bit = chance.randrange(8 * len(data))
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        (store / name).write_bytes(flipped)
        with contextlib.suppress(AvkdError):
            assert values_of(store) == expected, f"{name} bit {bit} is returned as data"
        assert faults(store), f"{name} bit {bit} is not found"
        (store / name).write_bytes(data)
    assert faults(store) == []
    shutil.copytree(store, tmp_path / "copy")
    assert faults(tmp_path / "copy") == []
