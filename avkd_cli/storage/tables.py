"""Tables of a store, text and numbers, by zarr-python: encoded into memory, decoded from it.

It sees no disk: what it makes is written by `durable`, what it decodes a store has read. Each
chunk is packed by zstd and sealed by a crc32c; the first axis may be cut into blocks.
Format: Zarr v3; text as `string` (vlen-utf8), which TensorStore does not read.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import zarr
import zstandard
from zarr.codecs import Crc32cCodec, ZstdCodec
from zarr.core.buffer import Buffer, BufferPrototype
from zarr.storage import MemoryStore

from avkd_cli.errors import InputError, TemporaryError

LONGEST_TEXT = 1024
"""Bytes a text may have on average; more is damage."""

_MOST_PACKED = 1 << 15
"""zstd packs at best 128 KiB into a block of 4 bytes: a larger array is not what is stored."""

# What zarr and its codecs raise for bytes that are not what they should be.
_DAMAGE = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RuntimeError,
    zstandard.ZstdError,
)


def encode(
    values: np.ndarray | Sequence[str],
    axes: Sequence[str],
    meaning: str,
    *,
    length: int | None = None,
    block: int | None = None,
    start: int = 0,
) -> dict[str, bytes]:
    """Return the files of an array by name: zarr.json, and the chunks that hold `values`.

    Args:
        values: numbers, or texts, from `start` on; with `block` whole blocks but for the last.
        axes: their names.
        meaning: in words.
        length: of the first axis of the whole array; None: `values` is all of it.
        block: rows of a chunk; None: all.
        start: row of the array where `values` begins.
    """
    text = not isinstance(values, np.ndarray)
    shape = (len(values),) if text else values.shape
    whole = (len(values) if length is None else length, *shape[1:])
    store = MemoryStore()
    array = zarr.create_array(
        store,
        shape=whole,
        dtype="string" if text else values.dtype,
        chunks=tuple(max(1, size) for size in (block or whole[0], *whole[1:])),
        compressors=[ZstdCodec(level=1), Crc32cCodec()],
        fill_value="" if text else np.nan if values.dtype.kind == "f" else 0,
        # One directory an array, not one for each axis of the chunk's place.
        chunk_key_encoding={"name": "default", "separator": "."},
        dimension_names=axes,
        attributes={"meaning": meaning},
        config={"write_empty_chunks": True},  # a chunk that is absent is lost, not empty
    )
    if math.prod(shape):
        array[start : start + len(values)] = np.asarray(values, object) if text else values
    return {name: data.to_bytes() for name, data in store._store_dict.items()}


class _Files(MemoryStore):
    """The files of one array, each handed over by a function when zarr asks for it."""

    def __init__(self, read: Callable[[str], np.ndarray], limit: int) -> None:
        super().__init__(read_only=True)
        self._read, self._limit = read, limit

    async def get(self, key: str, prototype: BufferPrototype, byte_range: Any = None) -> Buffer:
        """Return a file; a chunk only if it says that it unpacks to no more than it may."""
        data = self._read(key)
        if key != "zarr.json":
            size = zstandard.frame_content_size(data[:18].tobytes())
            if not 0 <= size <= self._limit:  # -1: it does not say
                raise ValueError(f"a chunk unpacks to another size, {size} bytes")
        return prototype.buffer.from_array_like(data)


def decode(
    read: Callable[[str], np.ndarray], dtype: str, shape: Sequence[int], stored: int, where: str
) -> np.ndarray | list[str]:
    """Return a whole array: numbers as an ndarray, text as a list of str.

    Args:
        read: name → bytes of a file of the array, uint8.
        dtype: that it must have.
        shape: that it must have.
        stored: bytes of all its files.
        where: store and array, for messages.

    Raises:
        InputError: damaged, of another type or shape, or not packed as avkd packs.
        TemporaryError: there is not enough memory for it.
    """
    text = dtype == "string"
    each = 4 + LONGEST_TEXT if text else np.dtype(dtype).itemsize
    size = 4 + math.prod(shape) * each
    if not text and size > stored * _MOST_PACKED:
        raise InputError(f"{where}: has {stored} bytes for {list(shape)}; make the store again")
    try:
        array = zarr.open_array(_Files(read, size), mode="r", zarr_format=3)
        _check(array, dtype, shape, where)
        values = array[...]
        return values.tolist() if text else values
    except MemoryError as error:
        raise TemporaryError(f"{where}: {error}; run again where there is more memory") from None
    except _DAMAGE as error:
        raise InputError(f"{where}: is damaged ({_short(error)}); make the store again") from None


def _check(array: zarr.Array, dtype: str, shape: Sequence[int], where: str) -> None:
    metadata = array.metadata.to_dict()
    if metadata["data_type"] != dtype or list(array.shape) != list(shape):
        found = f"{metadata['data_type']} {array.shape}"
        raise InputError(f"{where} is {found}, avkd.json says {dtype} {list(shape)}")
    names = [codec["name"] for codec in metadata["codecs"]]
    if names != ["vlen-utf8" if dtype == "string" else "bytes", "zstd", "crc32c"]:
        raise InputError(f"{where}: codecs not allowed: {', '.join(names)}")
    if any(chunk > max(1, size) for chunk, size in zip(array.chunks, shape, strict=True)):
        raise InputError(f"{where}: is not cut as this version of avkd cuts it")


def _short(error: Exception) -> str:
    return " ".join(f"{error}".split())[:80] or type(error).__name__
