import json

import numpy as np
import pytest
import tensorstore
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from numcodecs.checksum32 import CRC32C
from numcodecs.zstd import Zstd

from avkd_cli.errors import InputError, TemporaryError
from avkd_cli.storage import durable, tables

COLUMNS = [
    np.arange(12, dtype=np.float32).reshape(3, 4),
    np.array([np.nan, -0.0, np.inf]),
    np.array([[1, 2]], np.uint8),
    np.zeros(5, np.int64),  # all fill value, and stored all the same
    np.zeros((0, 5, 2), np.float32),
]


def place(folder, files):
    durable.make_directory(folder)
    durable.write_all({folder / name: data for name, data in files.items()})
    return folder


def decoded(files, dtype, shape):
    def read(name):
        return np.frombuffer(files[name], np.uint8)

    stored = sum(len(data) for data in files.values())
    return tables.decode(read, dtype, shape, stored, "here")


def tensorstore_read(folder):
    spec = {"driver": "zarr3", "kvstore": {"driver": "file", "path": str(folder)}}
    return tensorstore.open(spec).result().read().result()


@pytest.mark.parametrize("values", COLUMNS)
def test_what_is_encoded_is_decoded_by_us_by_zarr_and_by_tensorstore(tmp_path, values):
    files = tables.encode(values, "xyz"[: values.ndim], "text")
    np.testing.assert_array_equal(decoded(files, values.dtype.name, values.shape), values)
    folder = place(tmp_path / "a", files)
    opened = zarr.open_array(folder, mode="r")
    np.testing.assert_array_equal(opened[...], values)
    assert (opened.dtype, opened.attrs["meaning"]) == (values.dtype, "text")
    np.testing.assert_array_equal(tensorstore_read(folder), values)


@pytest.mark.parametrize("values", COLUMNS[:4])
def test_a_column_is_one_chunk_in_one_directory(values):
    names = tables.encode(values, "xyz"[: values.ndim], "").keys()
    assert names == {"zarr.json", "c" + ".0" * values.ndim}


@settings(deadline=None)
@given(st.lists(st.text(max_size=5), max_size=5))
def test_text_comes_back(values):
    files = tables.encode(values, ["utterance"], "")
    assert decoded(files, "string", [len(values)]) == values


def test_blocks_made_apart_are_one_matrix(tmp_path):
    values = np.random.default_rng(0).standard_normal((10, 3)).astype(np.float32)
    files = {}
    for start in (8, 0, 4):
        block = values[start : start + 4]
        files |= tables.encode(block, ["x", "y"], "", length=10, block=4, start=start)
    none = tables.encode(values[:0], ["x", "y"], "", length=10, block=4)
    assert none == {"zarr.json": files["zarr.json"]}
    assert files.keys() == {"zarr.json", "c.0.0", "c.1.0", "c.2.0"}
    np.testing.assert_array_equal(decoded(files, "float32", [10, 3]), values)
    np.testing.assert_array_equal(tensorstore_read(place(tmp_path / "e", files)), values)


def test_the_same_values_have_the_same_bytes():
    values = np.random.default_rng(0).standard_normal((500, 40)).astype(np.float32)
    again = np.asfortranarray(values)
    assert tables.encode(values, "xy", "") == tables.encode(again, "xy", "")


def test_every_flipped_bit_of_a_chunk_is_found():
    files = tables.encode(np.arange(9.0), ["x"], "")
    data = files["c.0"]
    for bit in range(len(data) * 8):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(InputError, match=r"here: is damaged \(.+\); make the store again"):
            decoded(files | {"c.0": bytes(flipped)}, "float64", [9])


def sealed(raw, level=1):
    """Return a chunk whose checksum is right, whatever it holds."""
    return CRC32C(location="end").encode(Zstd(level).encode(raw)).tobytes()


def test_a_bomb_is_refused_before_it_is_unpacked():
    bomb = sealed(bytes(1 << 28), 19)
    assert len(bomb) < 30_000
    silent = bytearray(bomb)
    silent[4] &= 0b00011111  # neither a single segment nor a content size
    for chunk, found in ((bomb, 1 << 28), (bytes(silent), -1)):
        with pytest.raises(InputError, match=f"unpacks to another size, {found} bytes"):
            decoded(tables.encode(np.arange(9.0), ["x"], "") | {"c.0": chunk}, "float64", [9])
        with pytest.raises(InputError, match=f"unpacks to another size, {found} bytes"):
            decoded(tables.encode(["a"], ["x"], "") | {"c.0": chunk}, "string", [1])


def test_an_array_larger_than_its_bytes_can_hold_is_refused():
    files = tables.encode(np.arange(3.0), ["x"], "")
    huge = edited(files, lambda m: m.update(shape=[2**40]))
    with pytest.raises(InputError, match=r"here: has \d+ bytes for \[1099511627776\]"):
        decoded(huge, "float64", [2**40])


def edited(files, change):
    metadata = json.loads(files["zarr.json"])
    change(metadata)
    return files | {"zarr.json": json.dumps(metadata).encode()}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: m.update(zarr_format=2), "is damaged"),
        (lambda m: m.update(node_type="group"), "is damaged"),
        (lambda m: m["codecs"].insert(1, {"name": "pickle"}), "is damaged"),
        (lambda m: m["codecs"].insert(1, {"name": "gzip", "configuration": {"level": 1}}), "gzip"),
        (lambda m: m["codecs"].pop(), "codecs not allowed: bytes, zstd$"),
        (lambda m: m.update(shape=[4]), r"here is float64 \(4,\), avkd.json says float64 \[3\]"),
        (lambda m: m.update(shape=[True]), "here"),
        (lambda m: m.update(shape=[-1]), "here"),
        (lambda m: m.update(data_type="int64", fill_value=0), "here is int64"),
        (lambda m: m.update(data_type="object"), "is damaged"),
        (lambda m: m["chunk_grid"]["configuration"].update(chunk_shape=[0]), "here"),
        (lambda m: m["chunk_grid"]["configuration"].update(chunk_shape=[2**40]), "not cut as"),
        (lambda m: m.pop("codecs"), "is damaged"),
        (lambda m: m.update(codecs=None), "is damaged"),
    ],
)
def test_metadata_of_another_kind_is_refused(change, message):
    files = edited(tables.encode(np.arange(3.0), ["x"], ""), change)
    with pytest.raises(InputError, match=message):
        decoded(files, "float64", [3])


@pytest.mark.parametrize("text", [b"", b"null", b"[]", b"{", b"[" * 200_000, b"\xff", b"{}"])
def test_metadata_that_is_none_is_refused(text):
    files = tables.encode(np.arange(3.0), ["x"], "") | {"zarr.json": text}
    with pytest.raises(InputError, match="here: is damaged"):
        decoded(files, "float64", [3])


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x01\0\0\0",
        b"\x01\0\0\0\x05\0\0\0abc",
        b"\x01\0\0\0\x01\0\0\0\xff",
        b"\x02\0\0\0\x01\0\0\0a\x01\0\0\0a",
    ],
)
def test_text_that_is_damaged_is_refused(raw):
    with pytest.raises(InputError, match="here: "):
        decoded(tables.encode(["a"], ["x"], "") | {"c.0": sealed(raw)}, "string", [1])


def test_text_that_says_it_has_more_parts_than_memory_can_hold_is_no_traceback():
    chunk = sealed(b"\xff\xff\xff\xff\x01\0\0\0a")  # 4 billion texts
    with pytest.raises(TemporaryError, match=r"here: Unable to allocate 32\.0 GiB"):
        decoded(tables.encode(["a"], ["x"], "") | {"c.0": chunk}, "string", [1])
