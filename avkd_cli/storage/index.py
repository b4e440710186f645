"""What stands above the partitions of a store: the index, the items, the rejects."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from avkd_cli.errors import InputError
from avkd_cli.storage import partitions, rejects, repeats
from avkd_cli.storage.specs import GROUP, Array, StoreSpec


def assemble(
    work: Path, spec: StoreSpec, marks: Mapping[int, Mapping], earlier: Sequence[dict] = ()
) -> tuple[dict[str, bytes], dict[str, Any]]:
    """Return the files above the partitions, and what avkd.json says of them.

    Args:
        work: where the partitions are.
        spec: of the store.
        marks: of every partition.
        earlier: rejects of the list itself.
    """
    names = [partitions.name_of(number) for number in sorted(marks)]
    parts = [msgspec.msgpack.decode((work / f"{name}.index").read_bytes()) for name in names]
    long = _long_array(spec, [marks[number]["long"] for number in sorted(marks)])
    files = {"zarr.json": GROUP, "parts/zarr.json": GROUP}
    kept = ("dtype", "shape", "axes", "item")
    arrays = {long["name"]: {key: long[key] for key in kept if key in long}}
    columns: dict[str, Any] = {}
    packed = spec.packed if "item" in long else ()
    for array in (*spec.index, *spec.items, *packed):
        values = columns[array.name] = _joined(array, parts)
        files |= encoded(array, values)
        shape = [len(values)] if isinstance(values, list) else list(values.shape)
        arrays[array.name] = described(array, shape)
    lines = {kind: _lines(work, marks, kind) for kind in ("rejects", "warnings")}
    files["rejects.jsonl"] = rejects.merged(earlier, lines["rejects"])
    repeated = list(repeats.warnings_of(parts, columns["id"], columns["person"]))
    if repeated or lines["warnings"]:
        files["warnings.jsonl"] = rejects.merged(repeated, lines["warnings"])
    counts = {
        "utterances": len(columns["id"]),
        "persons": len(set(columns["person"]) - {""}),
        "rejected": len(earlier) + sum(sum(mark["rejected"].values()) for mark in marks.values()),
        spec.long[0].axes[0] + "s": long["items"],
    }
    counts |= {name: int(columns[name].sum()) for name in spec.counted}
    if spec.counts_empty:
        counts[spec.counts_empty] = sum(mark["empty"] for mark in marks.values())
    return files, {"counts": counts, "long": long["name"], "arrays": arrays}


def encoded(array: Array, values: Any, **place: int) -> dict[str, bytes]:
    """Return the files of a table by their names in the store; `place` as of `tables.encode`."""
    from avkd_cli.storage import tables  # zarr-python, which workers do without

    files = tables.encode(values, array.axes, array.meaning, **place)
    return {f"{array.name}/{file}": data for file, data in files.items()}


def described(array: Array, shape: list[int]) -> dict[str, Any]:
    """Return what avkd.json says of an array."""
    return {"dtype": array.dtype, "shape": shape, "axes": list(array.axes)}


def _lines(work: Path, marks: Mapping[int, Mapping], kind: str) -> list[bytes]:
    """Return what each partition says of its rejects or warnings, where it says any."""
    names = [f"{partitions.name_of(number)}.{kind}.jsonl" for number in sorted(marks)]
    listed = {name for mark in marks.values() for name in mark["files"]}
    return [(work / name).read_bytes() for name in names if name in listed]


def _long_array(spec: StoreSpec, found: list[dict | None]) -> dict[str, Any]:
    """Return name, type, axes and whole shape of the long array of all partitions."""
    parts = [part for part in found if part is not None]
    kinds = {
        (part["name"], part["dtype"], tuple(part["shape"][1:]), tuple(part.get("item", ())))
        for part in parts
    }
    if len(kinds) > 1:
        raise ValueError(f"partitions of {spec.kind} differ: {sorted(kinds)}")
    if not parts:  # no face in any utterance
        raise InputError(f"no utterance has a {spec.long[0].axes[0]}; {spec.why_empty}")
    name, dtype, row, item = kinds.pop()
    axes = next(array.axes for array in spec.long if array.name == name)
    shape = [sum(part["shape"][0] for part in parts), *row]
    found = {"name": name, "dtype": dtype, "axes": list(axes), "shape": shape}
    found["items"] = sum(part.get("items", part["shape"][0]) for part in parts)
    return found | ({"item": list(item)} if item else {})


def _joined(array: Array, parts: list[dict[str, Any]]) -> Any:
    """Return a column of all partitions."""
    if array.dtype == "string":
        return [text for part in parts for text in part[array.name]]
    values = np.frombuffer(b"".join(part.get(array.name, b"") for part in parts), array.dtype)
    shapes = [part.get(f"{array.name}:shape") for part in parts]
    row = next((shape for shape in shapes if shape is not None), [])
    return values.reshape(-1, *row) if row else values
