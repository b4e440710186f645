import json
import os

import numpy as np
import pytest
import tensorstore
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from avkd_cli.storage import durable, shards


def place(folder, files):
    durable.make_directory(folder)
    durable.write_all({folder / name: data for name, data in files.items()})
    return folder


def encoded(values, axes, meaning):
    """The files of an array that is one piece."""
    files = shards.encode([values], values.shape, values.dtype, axes, meaning)
    shard = shards.key(values.shape[1:])
    return files | {shard: b"".join(files[shard])}


def opened(folder, values):
    return shards.open_shard(str(folder), values.dtype, values.shape[1:], shards.cache())


@settings(max_examples=30, deadline=None)
@given(
    values=hnp.arrays(
        st.sampled_from([np.uint8, np.int16, np.float16, np.float32]),
        st.tuples(st.integers(1, 40), st.sampled_from([1, 3, 5000])),
        elements=st.integers(0, 100),
    )
)
def test_a_shard_is_read_by_us_by_zarr_and_by_tensorstore(tmp_path_factory, values):
    folder = place(tmp_path_factory.mktemp("s"), encoded(values, ["frame", "mel"], "sound"))
    np.testing.assert_array_equal(opened(folder, values)[1:].read().result(), values[1:])
    array = zarr.open_array(folder, mode="r")
    np.testing.assert_array_equal(array[...], values)
    assert (array.attrs["meaning"], array.metadata.dimension_names) == ("sound", ("frame", "mel"))
    spec = {"driver": "zarr3", "kvstore": {"driver": "file", "path": str(folder)}}
    np.testing.assert_array_equal(tensorstore.open(spec).result().read().result(), values)
    assert sorted(path.name for path in folder.iterdir()) == ["c.0.0", "zarr.json"]


def test_a_chunk_is_near_32_kib():
    assert shards.chunk_rows(np.dtype(np.float16), [40]) == 256
    assert shards.chunk_rows(np.dtype(np.float32), [80]) == 64
    assert shards.chunk_rows(np.dtype(np.int16), []) == 16384
    assert shards.chunk_rows(np.dtype(np.uint8), [224, 224, 3]) == 1


def test_the_same_values_have_the_same_bytes():
    values = np.random.default_rng(0).standard_normal((5000, 40)).astype(np.float16)
    wanted = encoded(values, ["frame", "mel"], "")
    for _ in range(5):  # whichever of its threads is first
        assert encoded(np.asfortranarray(values), ["frame", "mel"], "") == wanted


def test_rows_of_fill_value_are_stored(tmp_path):
    values = np.zeros((100, 40), np.int16)
    folder = place(tmp_path / "z", encoded(values, ["frame", "mel"], ""))
    np.testing.assert_array_equal(opened(folder, values).read().result(), values)


@pytest.fixture
def shard(tmp_path):
    """A shard of ten chunks, and its values."""
    values = np.random.default_rng(0).standard_normal((2560, 40)).astype(np.float16)
    return place(tmp_path / "s", encoded(values, ["frame", "mel"], "")), values


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda path: path.unlink(), "is missing"),
        (lambda path: path.write_bytes(b""), "value of size 0"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), "Digest mismatch"),
        (lambda path: path.write_bytes(path.read_bytes() + b"x"), "Digest mismatch"),
        (lambda path: path.write_bytes(b"x" + path.read_bytes()[1:]), "Unknown frame descriptor"),
    ],
)
def test_a_shard_that_is_not_whole_is_an_error_not_fill_value(shard, damage, reason):
    folder, values = shard
    array = opened(folder, values)
    damage(folder / "c.0.0")
    with pytest.raises(ValueError, match=reason):
        array[:5].read().result()


def test_every_kind_of_flipped_bit_is_found(shard):
    folder, values = shard
    data = (folder / "c.0.0").read_bytes()
    for place in [*range(0, len(data), 4999), *range(len(data) - 164, len(data))]:
        flipped = bytearray(data)
        flipped[place] ^= 1
        (folder / "c.0.0").write_bytes(flipped)
        with pytest.raises(ValueError, match=r"c\.0\.0"):
            opened(folder, values).read().result()


def bomb(chunk):
    """Return a shard of one chunk of 256 rows that unpacks to 1 GiB; every checksum is right."""
    from numcodecs.checksum32 import CRC32C
    from numcodecs.zstd import Zstd

    seal = CRC32C(location="end").encode
    data = seal(Zstd(19).encode(bytes(chunk))).tobytes()
    return data + seal(np.array([0, len(data)], "<u8").tobytes()).tobytes()


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path):
    import resource

    values = np.zeros((256, 40), np.float16)
    files = encoded(values, ["frame", "mel"], "")
    folder = place(tmp_path / "b", files | {"c.0.0": bomb(values.nbytes)})
    np.testing.assert_array_equal(opened(folder, values).read().result(), values)
    place(folder, {"c.0.0": bomb(1 << 30)})
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ValueError, match=r"c\.0\.0"):
        opened(folder, values).read().result()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kB


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m.update(zarr_format=2),
        lambda m: m.update(node_type="group"),
        lambda m: m.update(data_type="int16", fill_value=0),
        lambda m: m.update(shape=[2560, 41]),
        lambda m: m.update(shape=[-1, 40]),
        lambda m: m.pop("codecs"),
        lambda m: inner(m)["codecs"].pop(),
        lambda m: inner(m)["codecs"].insert(1, {"name": "pickle"}),
        lambda m: inner(m)["codecs"].insert(1, {"name": "gzip"}),
        lambda m: inner(m).update(chunk_shape=[2560, 40]),
        lambda m: inner(m).update(index_codecs=[{"name": "bytes"}]),
    ],
)
def test_metadata_of_another_kind_is_refused(shard, change):
    folder, values = shard
    metadata = json.loads((folder / "zarr.json").read_bytes())
    change(metadata)
    (folder / "zarr.json").write_text(json.dumps(metadata))
    with pytest.raises(ValueError, match="zarr3"):
        opened(folder, values)


def inner(metadata):
    return metadata["codecs"][0]["configuration"]


@pytest.mark.parametrize("text", [b"", b"null", b"[]", b"{", b"[" * 200_000, b"\xff", b"{}"])
def test_metadata_that_is_none_is_refused(shard, text):
    folder, values = shard
    (folder / "zarr.json").write_bytes(text)
    with pytest.raises(ValueError, match=r"zarr\.json|zarr3"):
        opened(folder, values)


def test_a_forked_process_is_told_so_not_ended(shard):
    folder, values = shard
    opened(folder, values)[:1].read().result()
    child = os.fork()
    if child == 0:
        try:
            opened(folder, values)
        except RuntimeError as error:
            os._exit(7 if "multiprocessing_context='spawn'" in str(error) else 1)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
