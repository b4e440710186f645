"""Long arrays by TensorStore: one shard of small chunks a partition, read in parts.

Each chunk is packed by zstd and sealed by a crc32c, the index of the shard by another. What is
made is in memory, for `durable` to write. Any Zarr v3 reader opens it.
"""

import math
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorstore

_PROCESS = os.getpid()
_CHUNK_BYTES = 32 << 10
_CACHE_BYTES = 256 << 20  # VoxCeleb2's thousand shards have 110 MB of indices
_PACKING = [
    {"name": "zstd", "configuration": {"level": 1}},
    {"name": "crc32c"},
]


def _metadata(dtype: np.dtype, row_shape: Sequence[int]) -> dict[str, Any]:
    """Return what every shard of such rows says in its zarr.json."""
    order = {} if dtype.itemsize == 1 else {"configuration": {"endian": "little"}}
    first = {"name": "bytes"} | order
    sharding = {
        "chunk_shape": [chunk_rows(dtype, row_shape), *row_shape],
        "codecs": [first, *_PACKING],
        "index_codecs": [
            {"name": "bytes", "configuration": {"endian": "little"}},
            {"name": "crc32c"},
        ],
        "index_location": "end",
    }
    return {
        "data_type": dtype.name,
        "fill_value": "NaN" if dtype.kind == "f" else 0,
        # One directory an array, not one for each axis of the chunk's place.
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "."}},
        "codecs": [{"name": "sharding_indexed", "configuration": sharding}],
    }


def chunk_rows(dtype: np.dtype, row_shape: Sequence[int]) -> int:
    """Return how many rows make a chunk: a power of two, near 32 KiB, at least one."""
    row = max(1, dtype.itemsize * math.prod(row_shape))
    return 1 << max(0, (_CHUNK_BYTES // row).bit_length() - 1)


def encode(values: np.ndarray, axes: Sequence[str], meaning: str) -> dict[str, bytes]:
    """Return the files of a long array by name: zarr.json and one shard."""
    metadata = _metadata(values.dtype, values.shape[1:])
    rows = chunk_rows(values.dtype, values.shape[1:])
    shard = [-(-len(values) // rows) * rows, *values.shape[1:]]
    metadata |= {
        "shape": list(values.shape),
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": shard}},
        "dimension_names": list(axes),
        "attributes": {"meaning": meaning},
    }
    array = tensorstore.open(
        {
            "driver": "zarr3",
            "kvstore": {"driver": "memory"},
            "metadata": metadata,
            "store_data_equal_to_fill_value": True,  # a chunk that is absent is lost
            "context": {"data_copy_concurrency": {"limit": 1}},  # there is a worker a core
        },
        create=True,
    ).result()
    array.write(values).result()
    files = array.kvstore
    return {name.decode(): files[name] for name in files.list().result()}


def cache() -> tensorstore.Context:
    """Return a cache that shards share: what was last read, unpacked, and their indices.

    Without it each crop would begin with the index of its shard, often longer than the crop.
    """
    return tensorstore.Context({"cache_pool": {"total_bytes_limit": _CACHE_BYTES}})


def open_shard(
    folder: str, dtype: np.dtype, row_shape: Sequence[int], cache: tensorstore.Context
) -> tensorstore.TensorStore:
    """Return the long array in a folder, if it is packed as `encode` packs it.

    A chunk that is absent is an error.

    Raises:
        ValueError: it is not; or it cannot be read.
        RuntimeError: this process was forked from one that uses TensorStore.
    """
    if os.getpid() != _PROCESS:  # TensorStore would end it: its threads are not here
        raise RuntimeError(
            "a long array was read before this process was forked; read none before, or start "
            "workers with multiprocessing_context='spawn'"
        )
    array = tensorstore.open(
        {
            "driver": "zarr3",
            "kvstore": {"driver": "file", "path": f"{folder}/"},
            "metadata": _metadata(dtype, row_shape),
            "fill_missing_data_reads": False,
            "recheck_cached_metadata": "open",
            "recheck_cached_data": "open",
        },
        open=True,
        read=True,
        context=cache,
    ).result()
    if array.shape[1:] != tuple(row_shape):
        raise ValueError(f"zarr3: rows of {array.shape[1:]}, wanted {tuple(row_shape)}")
    return array
