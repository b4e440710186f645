"""Arrays as plain Zarr v3, encoded and decoded in memory: bytes, zstd, crc32c.

Of Zarr we need four codecs, and of each chunk to know that it is whole: encoding it ourselves
leaves every write to `durable`, gives digests without a second read, reads a crop some thirty
times faster than zarr-python, and starts without importing it. Any Zarr v3 reader opens the
result (tested with zarr-python and TensorStore).

Formats: zarr-specs v3 core; codecs zstd, crc32c, sharding-indexed; vlen-utf8 of zarr-extensions.
"""

import json
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import google_crc32c
import numpy as np
from numcodecs.vlen import VLenUTF8
from numcodecs.zstd import Zstd, decompress

from avkd_cli.errors import InputError

FAST = -1
"""Level for embeddings: random mantissas do not pack; this one copies them, at memory speed."""
SMALL = 1
"""Level for everything else."""

_DTYPES = frozenset({"uint8", "int16", "int32", "int64", "float16", "float32", "float64"})
_CODECS = frozenset({"bytes", "vlen-utf8", "zstd", "crc32c", "sharding_indexed"})
_CRC_SIZE = 4


class Layout(NamedTuple):
    """What a zarr.json says: all that decoding needs."""

    shape: tuple[int, ...]
    dtype: str
    chunk: tuple[int, ...]
    shard: tuple[int, ...] | None


def group() -> bytes:
    """Return the zarr.json of a group."""
    return _json({"zarr_format": 3, "node_type": "group", "attributes": {}})


def _json(value: dict[str, Any]) -> bytes:
    return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode()


def _metadata(layout: Layout, axes: Sequence[str], level: int, attributes: dict) -> bytes:
    """Return the zarr.json of an array."""
    first = {"name": "bytes", "configuration": {"endian": "little"}}
    if layout.dtype == "string":
        first = {"name": "vlen-utf8"}
    elif np.dtype(layout.dtype).itemsize == 1:
        first = {"name": "bytes"}
    packing = {"name": "zstd", "configuration": {"level": level, "checksum": False}}
    codecs: list[dict[str, Any]] = [first, packing, {"name": "crc32c"}]
    grid = layout.chunk
    if layout.shard is not None:
        index = [{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "crc32c"}]
        sharding = {
            "chunk_shape": list(layout.chunk),
            "codecs": codecs,
            "index_codecs": index,
            "index_location": "end",
        }
        codecs, grid = [{"name": "sharding_indexed", "configuration": sharding}], layout.shard
    return _json(
        {
            "zarr_format": 3,
            "node_type": "array",
            "shape": list(layout.shape),
            "data_type": layout.dtype,
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": list(grid)}},
            # One directory an array, not one for each axis of the chunk's place.
            "chunk_key_encoding": {"name": "default", "configuration": {"separator": "."}},
            "fill_value": _fill_value(layout.dtype),
            "codecs": codecs,
            "dimension_names": list(axes),
            "attributes": attributes,
        }
    )


def _fill_value(dtype: str) -> str | int:
    if dtype == "string":
        return ""
    return "NaN" if dtype.startswith("float") else 0


def read_layout(text: bytes, where: str) -> Layout:
    """Return the layout in a zarr.json, if it is one that this room writes.

    Raises:
        InputError: not Zarr v3, or another data type, codec or grid.
    """
    try:
        metadata = json.loads(text)
        if metadata["zarr_format"] != 3 or metadata["node_type"] != "array":
            raise InputError(f"{where}: is not a Zarr v3 array; make the store again")
        codecs = metadata["codecs"]
        grid = tuple(metadata["chunk_grid"]["configuration"]["chunk_shape"])
        chunk, shard = grid, None
        if codecs[0]["name"] == "sharding_indexed":
            sharding = codecs[0]["configuration"]
            chunk, shard, codecs = tuple(sharding["chunk_shape"]), grid, sharding["codecs"]
        layout = Layout(tuple(metadata["shape"]), metadata["data_type"], chunk, shard)
        names = [codec["name"] for codec in codecs]
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise InputError(f"{where}: is not the metadata of an array ({error!r:.80})") from None
    if unknown := set(names) - _CODECS:
        raise InputError(f"{where}: codec not allowed: {', '.join(sorted(unknown))}")
    kind = "vlen-utf8" if layout.dtype == "string" else "bytes"
    if names != [kind, "zstd", "crc32c"] or not _is_sane(layout):
        raise InputError(f"{where}: is not laid out as this version of avkd writes it")
    return layout


def _is_sane(layout: Layout) -> bool:
    sizes = [*layout.shape, *layout.chunk, *(layout.shard or ())]
    return (
        layout.dtype in _DTYPES | {"string"}
        and all(type(size) is int and 0 <= size < 2**40 for size in sizes)
        and len(layout.shape) == len(layout.chunk)
        and 0 not in layout.chunk
    )


def _seal(raw: bytes | np.ndarray, codec: Zstd) -> bytes:
    packed = codec.encode(raw)
    return packed + google_crc32c.value(packed).to_bytes(_CRC_SIZE, "little")


def unseal(data: np.ndarray | bytes, size: int, where: str, *, at_most: bool = False) -> np.ndarray:
    """Return what a chunk holds, uint8, having checked its crc and the size it unpacks to.

    Args:
        data: the chunk as stored; bytes, or uint8 where a copy would be large.
        size: bytes that it must unpack to.
        where: file and place, for messages.
        at_most: fewer bytes will do, as for text.

    Raises:
        InputError: the chunk is damaged.
    """
    out = np.empty(_checked_size(data, size, where, at_most), np.uint8)
    _unpack(data, out, where)
    return out


def unseal_into(data: np.ndarray | bytes, out: np.ndarray, where: str) -> None:
    """Unpack a chunk into `out`, contiguous; else like `unseal`."""
    _checked_size(data, out.nbytes, where, at_most=False)
    _unpack(data, out, where)


def _unpack(data: np.ndarray | bytes, out: np.ndarray, where: str) -> None:
    try:
        decompress(data[:-_CRC_SIZE], out)
    except (RuntimeError, ValueError) as error:
        raise InputError(f"{where}: is damaged ({error}); make the store again") from None


def _checked_size(data: np.ndarray | bytes, size: int, where: str, at_most: bool) -> int:
    packed, crc = data[:-_CRC_SIZE], bytes(data[-_CRC_SIZE:])
    if len(packed) < 9 or google_crc32c.value(packed) != int.from_bytes(crc, "little"):
        raise InputError(f"{where}: is damaged (crc32c); make the store again")
    found = _content_size(bytes(packed[:18]))
    if found > size or (found < size and not at_most):
        raise InputError(f"{where}: unpacks to another size; make the store again")
    return found


def _content_size(head: bytes) -> int:
    """Return the bytes that a zstd frame says it unpacks to, before anything is unpacked.

    Reference: RFC 8878, 3.1.1.1.
    """
    flags = head[4]
    single_segment = flags >> 5 & 1
    start = 5 + (1 - single_segment) + (0, 1, 2, 4)[flags & 3]
    width = (single_segment, 2, 4, 8)[flags >> 6]
    if not width:
        return 2**63  # it does not say: more than anybody wants
    return int.from_bytes(head[start : start + width], "little") + (256 if width == 2 else 0)


def _padded(values: np.ndarray, rows: int) -> np.ndarray:
    """Return `values` with fill values added up to `rows`: a chunk is stored whole."""
    if len(values) == rows:
        return np.ascontiguousarray(values)
    fill = np.nan if values.dtype.kind == "f" else 0
    out = np.full((rows, *values.shape[1:]), fill, values.dtype)
    out[: len(values)] = values
    return out


def encode_column(
    values: np.ndarray | Sequence[str], axes: Sequence[str], meaning: str, level: int = SMALL
) -> dict[str, bytes]:
    """Return the files of an array of one chunk, by name: zarr.json and the chunk."""
    text = not isinstance(values, np.ndarray)
    shape = (len(values),) if text else values.shape
    dtype = "string" if text else values.dtype.name
    layout = Layout(shape, dtype, tuple(max(1, size) for size in shape), None)
    files = {"zarr.json": _metadata(layout, axes, level, {"meaning": meaning})}
    if math.prod(shape):
        raw = _text_bytes(values) if text else np.ascontiguousarray(values)
        files[_key(len(shape))] = _seal(raw, Zstd(level))
    return files


def _key(n_axes: int, first: int = 0) -> str:
    return ".".join(["c", str(first), *["0"] * (n_axes - 1)])


def _text_bytes(values: Sequence[str]) -> bytes:
    """Return vlen-utf8: how many, then each one's size and bytes, sizes as 4 bytes."""
    parts = [len(values).to_bytes(4, "little")]
    for value in values:
        data = value.encode()
        parts += (len(data).to_bytes(4, "little"), data)
    return b"".join(parts)


LONGEST_TEXT = 1024
"""Bytes a text may have on average; more is damage."""


def text_values(raw: bytes, count: int, where: str) -> list[str]:
    """Return the texts in unpacked vlen-utf8.

    Raises:
        InputError: not `count` of them, or damaged.
    """
    if int.from_bytes(raw[:4], "little") != count:
        raise InputError(f"{where}: holds another number of texts; make the store again")
    try:
        return VLenUTF8().decode(raw).tolist()
    except ValueError as error:
        raise InputError(f"{where}: is damaged ({error}); make the store again") from None


def block_metadata(
    shape: tuple[int, int], rows: int, axes: Sequence[str], meaning: str
) -> dict[str, bytes]:
    """Return the zarr.json of a float32 matrix stored as blocks of `rows`."""
    layout = Layout(shape, "float32", (rows, shape[1]), None)
    return {"zarr.json": _metadata(layout, axes, FAST, {"meaning": meaning})}


def encode_block(values: np.ndarray, rows: int, number: int) -> dict[str, bytes]:
    """Return the file of one block of such a matrix; the last one may have fewer rows."""
    data = _padded(np.asarray(values, np.float32), rows)
    return {_key(2, number): _seal(data, Zstd(FAST))}


def encode_shard(values: np.ndarray, axes: Sequence[str], meaning: str) -> dict[str, bytes]:
    """Return the files of a long array: zarr.json and one shard of chunks along the first axis."""
    rows = chunk_rows(values)
    count = math.ceil(len(values) / rows)
    chunk = (rows, *values.shape[1:])
    layout = Layout(values.shape, values.dtype.name, chunk, (count * rows, *values.shape[1:]))
    codec = Zstd(SMALL)
    chunks = [
        _seal(_padded(values[start : start + rows], rows), codec)
        for start in range(0, len(values), rows)
    ]
    sizes = np.array([len(data) for data in chunks], np.uint64)
    index = np.stack([np.cumsum(sizes) - sizes, sizes], axis=1).astype("<u8").tobytes()
    tail = index + google_crc32c.value(index).to_bytes(_CRC_SIZE, "little")
    return {
        "zarr.json": _metadata(layout, axes, SMALL, {"meaning": meaning}),
        _key(values.ndim): b"".join([*chunks, tail]),
    }


def chunk_rows(values: np.ndarray) -> int:
    """Return how many rows make a chunk: a power of two, near 32 KiB, at least one row."""
    row = max(1, values.nbytes // max(1, len(values)))
    return 1 << max(0, math.floor(math.log2(32768 / row)) if row <= 32768 else 0)


def shard_index(tail: bytes, count: int, where: str) -> list[int]:
    """Return where each chunk of a shard begins, and where the last one ends: count + 1 offsets.

    Raises:
        InputError: the index is damaged, or chunks are not there, all of them, one after another.
    """
    index, crc = tail[:-_CRC_SIZE], tail[-_CRC_SIZE:]
    table = np.frombuffer(index, "<u8").reshape(count, 2)
    ends = np.cumsum(table[:, 1])
    whole = google_crc32c.value(index) == int.from_bytes(crc, "little")
    if not whole or (table[:, 0] != ends - table[:, 1]).any():
        raise InputError(f"{where}: is damaged (index); make the store again")
    return [0, *ends.tolist()]


def index_size(layout: Layout) -> tuple[int, int]:
    """Return how many chunks a shard of this layout has, and the bytes of its index."""
    count = (layout.shard or layout.chunk)[0] // layout.chunk[0]
    return count, 16 * count + _CRC_SIZE
