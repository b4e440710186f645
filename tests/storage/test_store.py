import contextlib
import io
import json
import pickle
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import zarr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from avkd_cli.errors import InputError, MissingInputError, TemporaryError
from avkd_cli.storage import manifest, places, shards
from avkd_cli.storage.store import open_store, resolve_input


@pytest.fixture
def store(corpus, tmp_path):
    """Path of a store of frames."""
    corpus.build(tmp_path / "store")
    return tmp_path / "store"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_crops_are_slices_of_whole_utterances(store, data):
    opened = open_store(store)
    whole = opened.read(range(7))
    length = data.draw(st.integers(1, 2))
    rows = data.draw(st.lists(st.integers(0, 6), max_size=9))
    starts = [data.draw(st.integers(0, len(whole[row]) - length)) for row in rows]
    crops = opened.crops(rows, starts, length)
    assert crops.shape == (len(rows), length, 3)
    for crop, row, start in zip(crops, rows, starts, strict=True):
        np.testing.assert_array_equal(crop, whole[row][start : start + length])


def test_crops_span_chunks(tmp_path, corpus):
    numbers = np.arange(7000)
    corpus.add("d7", " ".join(map(str, numbers)))
    corpus.build(tmp_path / "store")
    opened = open_store(tmp_path / "store")
    row = opened.row_of["d7"]
    assert shards.chunk_rows(opened.dtype, opened.row_shape) == 2048
    for start, length in [(0, 7000), (2047, 2), (1, 4095), (2048, 2048), (6999, 1)]:
        (crop,) = opened.crops([row], [start], length)
        np.testing.assert_array_equal(crop[:, 0], numbers[start : start + length])
    assert opened.gather([row, row], [6999, 0])[:, 2].tolist() == [-6999, 0]


@pytest.mark.parametrize(("row", "start", "length"), [(0, -1, 1), (0, 0, 3), (0, 2, 1), (7, 0, 1)])
def test_a_crop_that_leaves_its_utterance_is_the_callers_fault(store, row, start, length):
    with pytest.raises((ValueError, IndexError)):
        open_store(store).crops([row], [start], length)


def test_no_crops_are_an_empty_array(store):
    assert open_store(store).crops([], [], 5).shape == (0, 5, 3)


def test_a_store_can_be_sent_to_another_process(store):
    opened = pickle.loads(pickle.dumps(open_store(store)))
    assert opened.ids[0] == "a0"
    assert len(opened.read([3])[0]) == 5


def test_an_open_store_holds_one_descriptor_however_much_is_read(store):
    opened = open_store(store)
    assert [len(part) for part in opened.read([6, 0, 3, 6])] == [4, 2, 5, 4]

    def held() -> int:
        links = []
        for link in Path("/proc/self/fd").iterdir():
            with contextlib.suppress(OSError):  # other threads of this process close theirs
                links.append(str(link.readlink()))
        return sum(path.startswith(str(store)) for path in links)

    end = time.monotonic() + 5
    while held() > 1 and time.monotonic() < end:  # TensorStore's threads close a moment later
        time.sleep(0.01)
    assert held() <= 1


def test_several_threads_may_read_at_once(store):
    opened = open_store(store)
    wanted = open_store(store).read(range(7))
    with ThreadPoolExecutor(8) as threads:
        for found in threads.map(opened.read, [range(7)] * 40):
            for one, other in zip(found, wanted, strict=True):
                np.testing.assert_array_equal(one, other)


def test_a_process_forked_before_the_first_crop_reads_crops(store):
    # As DataLoader workers do: their parent has read the index, to draw from.
    code = """if True:
        import os, sys
        from avkd_cli.storage.store import open_store
        store = open_store(sys.argv[1])
        assert store.ids[0] == "a0" and store.lengths.sum() == 23
        child = os.fork()
        if child == 0:
            os._exit(len(store.crops([3], [0], 5)[0]))
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 5
        assert len(store.read([3])[0]) == 5
    """
    subprocess.run([sys.executable, "-c", code, store], check=True)


def test_what_is_no_store_is_said_so(tmp_path, store):
    zarr.create_group(tmp_path / "zarr3")
    zarr.create_group(tmp_path / "zarr2", zarr_format=2)
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    for name in ("zarr3", "zarr2", "empty"):
        with pytest.raises(InputError, match=r"is not a store of avkd \(no avkd.json\)"):
            open_store(tmp_path / name)
    with pytest.raises(MissingInputError, match="not a directory"):
        open_store(tmp_path / "file")
    with pytest.raises(MissingInputError, match="no such store"):
        open_store(tmp_path / "typo")
    assert not (tmp_path / "typo").exists()
    with pytest.raises(
        InputError, match=r"expected a store of avkd.faces or avkd.x, .* avkd.audio"
    ):
        open_store(store, "avkd.faces", "avkd.x")


def test_unfinished_work_is_no_store(corpus, tmp_path):
    corpus.build(tmp_path / "out", partitions=(0, 1))
    with pytest.raises(InputError, match="is unfinished"):
        open_store(tmp_path / "out.wip")
    with pytest.raises(MissingInputError, match="is unfinished; run the command"):
        open_store(tmp_path / "out")


def reseal(store, change):
    record = json.loads((store / "avkd.json").read_bytes())
    change(record)
    (store / "avkd.json").write_text(manifest.sealed(record))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda r: r.update(version=99), "is version 99 of avkd.audio, this avkd reads 1"),
        (lambda r: r.update(format="avkd.smells"), "holds avkd.smells, which this version"),
        (lambda r: r["files"].update({"../x": [1, ""]}), "'../x' is outside"),
        (lambda r: r["files"].update({"/etc/passwd": [1, ""]}), "is outside"),
        (lambda r: r["files"].update({"id": [1, ""]}), "id is not a regular file"),
    ],
)
def test_a_manifest_of_another_make_is_refused(store, change, message):
    reseal(store, change)
    with pytest.raises(InputError, match=message):
        open_store(store)


def test_faces_of_the_version_before_are_read(corpus, tmp_path):
    for line in corpus.lines:
        (corpus.folder / line["audio"]).write_text("1 2")
    corpus.build_faces(tmp_path / "faces")

    def older(record):
        record["version"] = 1
        for column in ("held", "changes"):
            del record["arrays"][column]
            record["files"] = {k: v for k, v in record["files"].items() if not k.startswith(column)}

    reseal(tmp_path / "faces", older)
    store = open_store(tmp_path / "faces", "avkd.faces")
    assert store.gather([0, 3], [0, 1])[:, 0, 0, 0].tolist() == [1, 2]
    with pytest.raises(InputError, match="no column 'held'"):
        store.column("held")


@pytest.mark.parametrize("text", ["", "null", "[]", "{}", "[" * 200_000, '{"made_by": {}}', "\xff"])
def test_a_damaged_manifest_is_refused(store, text):
    (store / "avkd.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError, match=r"avkd.json: is damaged"):
        open_store(store)


def replace_by_directory(path):
    path.unlink()
    path.mkdir()


def replace_by_link(path):
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


@pytest.mark.parametrize("name", ["parts/00001/frames/c.0.0", "id/c.0", "zarr.json", "start/c.0"])
@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda path: path.unlink(), "missing file"),
        (lambda path: path.write_bytes(b""), "has 0 bytes, not"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), "bytes, not"),
        (lambda path: path.write_bytes(path.read_bytes() + b"x"), "bytes, not"),
        (replace_by_directory, "is not a regular file"),
        (replace_by_link, "is not a regular file"),
    ],
)
def test_a_file_absent_or_of_another_size_is_found_when_opened(store, name, damage, message):
    damage(store / name)
    with pytest.raises(InputError, match=f"{name} .*{message}|{message} .*{name}|{message}"):
        open_store(store)


def test_metadata_edited_in_place_is_found_when_read(store):
    path = store / "parts/00001/frames/zarr.json"
    path.write_bytes(path.read_bytes().replace(b"float32", b"float64"))
    opened = open_store(store)
    with pytest.raises(InputError, match=r"parts/00001/frames/zarr.json is damaged or edited"):
        opened.read([2])


def test_a_store_replaced_while_it_is_read_is_never_mixed(corpus, store):
    opened = open_store(store)
    assert len(opened.read([0])[0]) == 2
    corpus.build(store, scale=5.0, overwrite=True)
    with pytest.raises(TemporaryError, match="went away while it was read"):
        opened.read([6])


def test_a_missing_column_is_said_so(store):
    with pytest.raises(InputError, match="has no column 'mood'"):
        open_store(store).column("mood")


def test_standard_input_holds_a_manifest_line(monkeypatch, store, tmp_path):
    def piped(text):
        monkeypatch.setattr(sys, "stdin", io.StringIO(text))
        return resolve_input("-")

    assert piped(json.dumps({"format": "avkd.audio", "path": str(store)}) + "\n") == store
    assert resolve_input(store) == store
    with pytest.raises(InputError, match="is empty"):
        piped("\n")
    for text in ("nonsense\n", "[]\n", "{}\n", '{"path": 3}\n'):
        with pytest.raises(InputError, match="not the line"):
            piped(text)


def test_reading_writes_nothing(store):
    before = {path: path.stat().st_mtime_ns for path in store.rglob("*")}
    opened = open_store(store)
    opened.read(range(7))
    assert {path: path.stat().st_mtime_ns for path in store.rglob("*")} == before
    assert opened.column("id") == opened.ids
    assert repr(opened).startswith("<avkd.audio")


def test_opening_needs_neither_zarr_nor_torch():
    code = (
        "import sys, avkd_cli.storage.store, avkd_cli.storage.build\n"
        "print([m for m in ('zarr', 'tensorstore', 'torch', 'rich') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout.strip() == "[]"


def test_the_lock_file_is_no_part_of_a_store(store):
    with places.lock(store):
        open_store(store)
