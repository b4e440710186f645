"""Long arrays by TensorStore: one shard of small chunks a partition, read in parts.

Each chunk is packed by zstd and sealed by a crc32c, the index of the shard by another. What is
made is in memory, for `durable` to write. Any Zarr v3 reader opens it.
"""

import math
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import google_crc32c
import numpy as np
import tensorstore
import zstandard

from avkd_cli.storage.durable import Data

_PROCESS = os.getpid()
_CHUNK_BYTES = 32 << 10
_CACHE_BYTES = 256 << 20  # VoxCeleb2's thousand shards have 110 MB of indices
_PASS_BYTES = 16 << 20  # the index of a shard or two, and chunks that neighbours share
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


def key(row_shape: Sequence[int]) -> str:
    """Return the name of the one shard of an array of such rows."""
    return "c" + ".0" * (1 + len(row_shape))


def described(shape: Sequence[int], dtype: np.dtype, axes: Sequence[str], meaning: str) -> bytes:
    """Return the zarr.json of an array whose one shard holds all of `shape`."""
    rows = chunk_rows(dtype, shape[1:])
    shard = [-(-shape[0] // rows) * rows, *shape[1:]]
    metadata = _metadata(dtype, shape[1:]) | {
        "shape": list(shape),
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": shard}},
        "dimension_names": list(axes),
        "attributes": {"meaning": meaning},
    }
    spec = {"driver": "zarr3", "kvstore": {"driver": "memory"}, "metadata": metadata}
    return tensorstore.open(spec, create=True).result().kvstore["zarr.json"]


def passing(
    pieces: Iterable[np.ndarray], dtype: np.dtype, row_shape: Sequence[int]
) -> Iterator[bytes]:
    """Yield a shard of rows that are never in memory whole, however many there are.

    Its chunks, then where each is (Zarr sharding codec 1.0).

    Args:
        pieces: some rows each, one after the other; gone through once.
        dtype: of all of them.
        row_shape: of a row.
    """
    packer = zstandard.ZstdCompressor(level=1)
    index, place = [], 0
    for chunk in _chunks(pieces, dtype, row_shape):
        packed = _sealed(packer.compress(chunk))
        index += [place, len(packed)]
        place += len(packed)
        yield packed
    yield _sealed(np.array(index, "<u8").tobytes())


def encode(
    pieces: Iterable[np.ndarray],
    shape: Sequence[int],
    dtype: np.dtype,
    axes: Sequence[str],
    meaning: str,
) -> dict[str, Data]:
    """Return the files of a long array, which is never in memory whole: the bytes of TensorStore.

    Args:
        pieces: some rows each, one after the other.
        shape: of all of them together.
        dtype: of all of them.
        axes: their names.
        meaning: in words.

    Returns:
        name → content; the shard's passes by once, chunk by chunk.
    """
    shard = passing(_counted(pieces, shape[0]), dtype, shape[1:])
    return {"zarr.json": described(shape, dtype, axes, meaning), key(shape[1:]): shard}


def _counted(pieces: Iterable[np.ndarray], length: int) -> Iterator[np.ndarray]:
    """Yield the pieces; raise ValueError at their end unless they are so many rows."""
    passed = 0
    for piece in pieces:
        passed += len(piece)
        yield piece
    if passed != length:
        raise ValueError(f"{passed} rows for a long array of {length}")


def _chunks(
    pieces: Iterable[np.ndarray], dtype: np.dtype, row_shape: Sequence[int]
) -> Iterator[bytes]:
    """Yield the rows in chunks, the last one filled up with the fill value."""
    rows, filled = chunk_rows(dtype, row_shape), 0
    chunk = np.empty((rows, *row_shape), dtype.newbyteorder("<"))
    for piece in pieces:
        taken = 0
        while taken < len(piece):
            some = min(rows - filled, len(piece) - taken)
            chunk[filled : filled + some] = piece[taken : taken + some]
            taken, filled = taken + some, filled + some
            if filled == rows:
                yield chunk.tobytes()
                filled = 0
    if filled:
        chunk[filled:] = np.nan if dtype.kind == "f" else 0
        yield chunk.tobytes()


def _sealed(data: bytes) -> bytes:
    return data + google_crc32c.value(data).to_bytes(4, "little")


def cache(*, once: bool = False) -> tensorstore.Context:
    """Return a cache that shards share: what was last read, unpacked, and their indices.

    Without it each crop would begin with the index of its shard, often longer than the crop.

    Args:
        once: all is read one time, from the first row to the last: what was read is let go.
    """
    limit = _PASS_BYTES if once else _CACHE_BYTES
    return tensorstore.Context({"cache_pool": {"total_bytes_limit": limit}})


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
