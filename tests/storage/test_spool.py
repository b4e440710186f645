import json
from pathlib import Path

import numpy as np
import pytest
import tensorstore

from avkd_cli.storage import shards
from avkd_cli.storage.spool import Spool, scratch


def rows(count, start=0, shape=(3, 2)):
    values = np.arange(start, start + count * int(np.prod(shape)))
    return values.reshape(count, *shape).astype(np.uint8)


def test_what_is_laid_aside_comes_back_in_the_order_that_is_asked_for():
    spool = Spool(np.uint8, (3, 2))
    numbers = [spool.add(rows(count, 10 * count)) for count in (1, 3, 2)]
    assert numbers == [0, 1, 2]
    assert np.array_equal(spool.read(), np.concatenate([rows(n, 10 * n) for n in (1, 3, 2)]))
    taken = spool.take([2, 0, 0])
    assert taken.shape == (4, 3, 2)
    assert taken.nbytes == 24
    assert np.array_equal(taken.read(), np.concatenate([rows(2, 20), rows(1, 10), rows(1, 10)]))


def test_nothing_laid_aside_is_an_array_of_length_0():
    empty = Spool(np.uint8, (3, 2)).take([])
    assert empty.read().shape == empty.shape == (0, 3, 2)


def test_a_piece_of_another_shape_is_the_callers_fault():
    with pytest.raises(ValueError, match="wanted rows"):
        Spool(np.uint8, (3, 2)).add(rows(1, shape=(2, 3)))


def test_spools_of_a_partition_share_one_file_that_has_no_name(tmp_path):
    with scratch(tmp_path):
        before = len(list(Path("/proc/self/fd").iterdir()))
        spools = [Spool(np.uint8, (3, 2)) for _ in range(20)]
        for number, spool in enumerate(spools):
            spool.add(rows(1, number))
        for number, spool in enumerate(spools):  # interleaved
            spool.add(rows(2, 100 + number))
        assert len(list(Path("/proc/self/fd").iterdir())) == before + 1
        assert not list(tmp_path.iterdir())
        for number, spool in enumerate(spools):
            assert np.array_equal(
                spool.read(), np.concatenate([rows(1, number), rows(2, 100 + number)])
            )
    assert len(list(Path("/proc/self/fd").iterdir())) == before


@pytest.mark.parametrize("shape", [(1000,), (100_000,), (37, 64, 48, 3)])
def test_a_long_array_that_passes_by_has_the_bytes_of_one_in_memory(shape):
    values = np.random.default_rng(0).integers(0, 100, shape).astype(np.uint8)
    axes = [f"axis{n}" for n in range(len(shape))]
    pieces = [values[:10], values[10:10], values[10:]]
    passing = shards.encode(pieces, shape, values.dtype, axes, "numbers")
    metadata, shard = passing["zarr.json"], shards.key(shape[1:])
    spec = {"driver": "zarr3", "kvstore": {"driver": "memory"}, "metadata": json.loads(metadata)}
    whole = tensorstore.open(spec | {"store_data_equal_to_fill_value": True}, create=True).result()
    whole.write(values).result()
    assert b"".join(passing[shard]) == whole.kvstore[shard]
    assert metadata == whole.kvstore["zarr.json"]


def test_a_long_array_of_another_length_than_said_is_never_written():
    passing = shards.encode([np.zeros(9, np.uint8)], (10,), np.dtype("u1"), ["a"], "")
    with pytest.raises(ValueError, match="9 rows"):
        list(passing["c.0"])
