import json

import numpy as np
import pytest
import tensorstore
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from avkd_cli.errors import InputError
from avkd_cli.storage import arrays, durable


def place(folder, files):
    durable.make_directory(folder)
    durable.write_all({folder / name: data for name, data in files.items()})
    return folder


def tensorstore_read(folder):
    spec = {"driver": "zarr3", "kvstore": {"driver": "file", "path": str(folder)}}
    return tensorstore.open(spec).result().read().result()


@pytest.mark.parametrize(
    "values",
    [
        np.arange(12, dtype=np.float32).reshape(3, 4),
        np.array([np.nan, -0.0, np.inf]),
        np.array([[1, 2]], np.uint8),
        np.arange(5, dtype=np.int64),
        np.zeros((0, 5, 2), np.float32),
    ],
)
def test_zarr_and_tensorstore_read_a_column(tmp_path, values):
    folder = place(tmp_path / "a", arrays.encode_column(values, "xyz"[: values.ndim], "text"))
    opened = zarr.open_array(folder, mode="r")
    np.testing.assert_array_equal(opened[...], values)
    assert (opened.dtype, opened.attrs["meaning"]) == (values.dtype, "text")
    np.testing.assert_array_equal(tensorstore_read(folder), values)


@given(st.lists(st.text(max_size=5), max_size=5))
def test_zarr_reads_text(tmp_path_factory, values):
    folder = place(tmp_path_factory.mktemp("t"), arrays.encode_column(values, ["utterance"], ""))
    assert zarr.open_array(folder, mode="r")[...].tolist() == values


@settings(max_examples=30, deadline=None)
@given(
    values=hnp.arrays(
        st.sampled_from([np.uint8, np.int16, np.float16, np.float32]),
        st.tuples(st.integers(1, 40), st.sampled_from([1, 3, 5000])),
        elements=st.integers(0, 100),
    )
)
def test_zarr_and_tensorstore_read_a_shard(tmp_path_factory, values):
    folder = place(tmp_path_factory.mktemp("s"), arrays.encode_shard(values, ["frame", "mel"], ""))
    np.testing.assert_array_equal(zarr.open_array(folder, mode="r")[...], values)
    np.testing.assert_array_equal(tensorstore_read(folder), values)
    assert sorted(path.name for path in folder.iterdir()) == ["c.0.0", "zarr.json"]


def test_zarr_reads_a_matrix_of_blocks(tmp_path):
    values = np.random.default_rng(0).standard_normal((10, 3)).astype(np.float32)
    files = arrays.block_metadata((10, 3), 4, ["utterance", "dimension"], "")
    for number in range(3):
        files |= arrays.encode_block(values[4 * number : 4 * number + 4], 4, number)
    folder = place(tmp_path / "e", files)
    np.testing.assert_array_equal(zarr.open_array(folder, mode="r")[...], values)
    np.testing.assert_array_equal(tensorstore_read(folder), values)


def test_a_chunk_of_frames_is_near_32_kib():
    assert arrays.chunk_rows(np.zeros((9, 40), np.float16)) == 256
    assert arrays.chunk_rows(np.zeros((9, 80), np.float32)) == 64
    assert arrays.chunk_rows(np.zeros((9,), np.int16)) == 16384
    assert arrays.chunk_rows(np.zeros((9, 224, 224, 3), np.uint8)) == 1


def test_every_flipped_bit_of_a_chunk_is_found():
    (name, data), *_ = [
        item
        for item in arrays.encode_column(np.arange(9.0), ["x"], "").items()
        if item[0] != "zarr.json"
    ]
    assert name == "c.0"
    for bit in range(len(data) * 8):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(InputError, match="is damaged"):
            arrays.unseal(np.frombuffer(flipped, np.uint8), 72, "here")
    np.testing.assert_array_equal(
        arrays.unseal(np.frombuffer(data, np.uint8), 72, "here").view(float), np.arange(9.0)
    )


def resealed(packed):
    import google_crc32c

    return np.frombuffer(packed + google_crc32c.value(packed).to_bytes(4, "little"), np.uint8)


@pytest.mark.parametrize("size", [1, 255, 256, 65_791, 65_792, 1 << 20])
def test_the_size_that_a_frame_unpacks_to_is_read_from_its_head(size):
    from numcodecs.zstd import Zstd

    packed = Zstd(1).encode(bytes(size))
    assert len(arrays.unseal(resealed(packed), size, "here")) == size
    for wrong in {max(0, size - 1), size + 1} - {size}:
        with pytest.raises(InputError, match="another size"):
            arrays.unseal(resealed(packed), wrong, "here")


def test_a_bomb_is_refused_before_it_is_unpacked():
    from numcodecs.zstd import Zstd

    packed = Zstd(19).encode(bytes(1 << 28))
    assert len(packed) < 30_000
    with pytest.raises(InputError, match="another size"):
        arrays.unseal(resealed(packed), 1000, "here", at_most=True)
    # A frame that does not say its size: no single segment, no content size.
    silent = bytearray(packed)
    silent[4] &= 0b00011111
    with pytest.raises(InputError):
        arrays.unseal(resealed(bytes(silent)), 1 << 40, "here", at_most=True)


def layout_of(change):
    text = arrays.encode_column(np.arange(3.0), ["x"], "")["zarr.json"]
    metadata = json.loads(text)
    change(metadata)
    return arrays.read_layout(json.dumps(metadata).encode(), "here")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: m.update(zarr_format=2), "not a Zarr v3 array"),
        (lambda m: m.update(node_type="group"), "not a Zarr v3 array"),
        (lambda m: m["codecs"].insert(1, {"name": "pickle"}), "codec not allowed: pickle"),
        (lambda m: m["codecs"].pop(), "not laid out"),
        (lambda m: m.update(shape=[2**41]), "not laid out"),
        (lambda m: m.update(shape=[True]), "not laid out"),
        (lambda m: m.update(shape=[-1]), "not laid out"),
        (lambda m: m.update(data_type="object"), "not laid out"),
        (lambda m: m["chunk_grid"]["configuration"].update(chunk_shape=[0]), "not laid out"),
        (lambda m: m.pop("codecs"), "not the metadata"),
        (lambda m: m.update(codecs=None), "not the metadata"),
    ],
)
def test_metadata_of_another_kind_is_refused(change, message):
    with pytest.raises(InputError, match=message):
        layout_of(change)


@pytest.mark.parametrize("text", [b"", b"null", b"[]", b"{", b"[" * 200_000, b"\xff", b"{}"])
def test_metadata_that_is_none_is_refused(text):
    with pytest.raises(InputError, match="here: "):
        arrays.read_layout(text, "here")


def test_the_same_values_have_the_same_bytes():
    values = np.random.default_rng(0).standard_normal((500, 40)).astype(np.float16)
    again = np.asfortranarray(values)
    one, two = (arrays.encode_shard(v, ["frame", "mel"], "") for v in (values, again))
    assert one == two


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x01\0\0\0",
        b"\x01\0\0\0\x05\0\0\0abc",
        b"\x01\0\0\0\x01\0\0\0\xff",
        b"\x02\0\0\0\x01\0\0\0a\x01\0\0\0a",
        b"\xff\xff\xff\xff\x01\0\0\0a",
    ],
)
def test_text_that_is_damaged_is_refused(raw):
    with pytest.raises(InputError, match="here: "):
        arrays.text_values(raw, 1, "here")
