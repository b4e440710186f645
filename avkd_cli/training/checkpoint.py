"""Checkpoints: safetensors and JSON in a folder that is whole or is not there.

`step_000120/` holds one safetensors file a part (network, optimizer) and `checkpoint.json`,
written last, with the size and SHA-256 of each and everything else that a resumed run needs:
the step is the only progress, since order, randomness, learning rate and margin are functions
of it.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import safetensors
import torch
from safetensors.torch import load_file, save
from torch import Tensor

from avkd_cli.errors import InputError
from avkd_cli.storage import durable, places

Parts = dict[str, dict[str, Tensor]]
MAX_HEADER = 16 << 20
DTYPES = {"F64", "F32", "F16", "BF16", "I64", "I32", "U8", "BOOL"}


def save_tensors(path: Path, tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    """Write tensors as safetensors, durably; return their size and digest.

    Raises:
        ValueError: if a floating tensor is not finite: such weights are never saved.
    """
    plain = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    for name, value in plain.items():
        if value.is_floating_point() and not torch.isfinite(value).all():
            raise ValueError(f"{name} is not finite")
    data = save(plain)
    durable.write_bytes(path, data)
    return {"bytes": len(data), "sha256": durable.sha256_bytes(data)}


def load_tensors(path: Path, entry: Mapping[str, Any]) -> dict[str, Tensor]:
    """Read a safetensors file whose size and digest the entry gives.

    Raises:
        InputError: if the file is missing, cut, altered, not safetensors, or not finite.
    """
    verify_file(path, entry)
    try:
        check_header(path)
        tensors = load_file(path)
    except (safetensors.SafetensorError, ValueError, KeyError, RecursionError) as error:
        raise InputError(f"{path}: not a safetensors file of avkd: {error}") from None
    for name, value in tensors.items():
        if value.is_floating_point() and not torch.isfinite(value).all():
            raise InputError(f"{path}: '{name}' is not finite; take an earlier checkpoint")
    return tensors


def check_header(path: Path) -> None:
    """Refuse a header that is too large or names a type that avkd never writes."""
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        if size > MAX_HEADER:
            raise ValueError(f"its header claims {size} bytes")
        header = json.loads(file.read(size))
    for name, entry in header.items():
        if name != "__metadata__" and entry["dtype"] not in DTYPES:
            raise ValueError(f"'{name}' has type {entry['dtype']}")


def verify_file(path: Path, entry: Mapping[str, Any]) -> None:
    """Raise InputError unless the file is there, as long and as digested as the entry says."""
    if path.is_symlink() or not path.is_file():
        raise InputError(f"{path}: missing; the checkpoint is damaged")
    size = path.stat().st_size
    if size != entry["bytes"]:
        raise InputError(f"{path}: {size} bytes, wanted {entry['bytes']}; it is damaged")
    if durable.sha256_file(path) != entry["sha256"]:
        raise InputError(f"{path}: its content has changed (SHA-256 differs); it is damaged")


def write(run: Path, step: int, parts: Parts, state: dict[str, Any]) -> Path:
    """Write checkpoint `step` of a run: beside, verified, then renamed."""
    final = run / f"step_{step:06d}"
    if final.exists():  # a run that goes on from an older one meets its own later checkpoint
        places.remove_tree(final)
    work = run / f"{final.name}.wip"
    if work.exists():
        places.remove_tree(work)
    durable.make_directory(work)
    files = {
        f"{n}.safetensors": save_tensors(work / f"{n}.safetensors", t) for n, t in parts.items()
    }
    manifest = {
        "format": "avkd.checkpoint",
        "version": 1,
        "step": step,
        "files": files,
        "state": state,
    }
    durable.write_json(work / "checkpoint.json", manifest)
    for name, entry in files.items():
        verify_file(work / name, entry)
    places.publish(work, final, overwrite=False)
    return final


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return a checkpoint's manifest; InputError if it is missing or not one."""
    path = folder / "checkpoint.json"
    try:
        manifest = json.loads(path.read_bytes())
        if manifest["format"] != "avkd.checkpoint" or manifest["version"] != 1:
            raise InputError(f"{path}: not a checkpoint of this avkd")
        manifest["files"].items(), manifest["state"].items(), manifest["step"] + 0
    except FileNotFoundError:
        raise InputError(f"{folder}: no checkpoint.json; the save was cut") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(f"{path}: damaged: {error!r}") from None
    return manifest


def read(folder: Path) -> tuple[Parts, dict[str, Any]]:
    """Return the tensors, by part, and the state of a checkpoint, all digests verified."""
    manifest = read_manifest(folder)
    parts = {
        name.removesuffix(".safetensors"): load_tensors(folder / Path(name).name, entry)
        for name, entry in manifest["files"].items()
    }
    return parts, manifest["state"] | {"step": manifest["step"]}


def folders(run: Path) -> list[Path]:
    """Return the checkpoints of a run, newest first, whatever else lies there."""
    found = [p for p in run.glob("step_*") if p.is_dir() and p.name[5:].isdigit()]
    return sorted(found, key=lambda p: int(p.name[5:]), reverse=True)


def newest(run: Path) -> Iterator[tuple[Path, Parts, dict[str, Any]] | tuple[Path, InputError]]:
    """Yield the newest checkpoint that verifies last; before it, each damaged one and why."""
    for folder in folders(run):
        try:
            parts, state = read(folder)
        except InputError as error:
            yield folder, error
            continue
        yield folder, parts, state
        return


def prune(run: Path, keep: set[int]) -> None:
    """Remove all but the newest two checkpoints and those of the steps to keep."""
    for folder in folders(run)[2:]:
        if int(folder.name[5:]) not in keep:
            places.remove_tree(folder)


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Return an optimizer's state as named tensors: `<parameter number>.<name>`."""
    tensors = {}
    for index, entries in optimizer.state_dict()["state"].items():
        for name, value in entries.items():
            if value is not None:
                tensors[f"{index}.{name}"] = torch.as_tensor(value)
    return tensors


def load_optimizer(optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Put named tensors back into an optimizer of the same parameters."""
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        index, _, name = key.partition(".")
        state.setdefault(int(index), {})[name] = value
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": state, "param_groups": groups})
