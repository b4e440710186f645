"""Verify a run: its record, its weights, and the checkpoints of one that is not finished."""

import json
from collections.abc import Iterator
from pathlib import Path

from avkd_cli.errors import AvkdError
from avkd_cli.training import checkpoint
from avkd_cli.training.runs import RUN_FORMAT, read_json, read_model


def is_run(path: Path) -> bool:
    """Return whether a folder is a run, finished or not."""
    return any((path / name).is_file() for name in ("run.json", "model.json"))


def faults_of_run(path: Path) -> Iterator[str]:
    """Yield what is wrong with a run; an unfinished one is a fault, with how far it is."""
    try:
        record = read_json(path / "run.json", RUN_FORMAT)
    except AvkdError as error:
        yield _without(path, error)
        record = {}
    if (path / "model.json").is_file():
        try:
            description, _ = read_model(path)
            if record and description.get("fingerprint") != record.get("fingerprint"):
                yield "model.json is of another plan than run.json (fingerprint)"
        except AvkdError as error:
            yield _without(path, error)
    else:
        yield f"not finished ({_stands(path)}); the command that began it goes on"
    for folder in checkpoint.folders(path):
        try:
            checkpoint.read(folder)
        except AvkdError as error:
            yield _without(path, error)


def _stands(path: Path) -> str:
    try:
        status = json.loads((path / "status.json").read_text("utf-8"))
    except (OSError, ValueError):
        return "of unknown status"
    step, total = status.get("step"), status.get("total")
    of = f" of {total:,}" if isinstance(total, int) else ""
    return status.get("state", "") + (f", step {step:,}{of}" if isinstance(step, int) else "")


def _without(path: Path, error: AvkdError) -> str:
    """Return what an error says, without the run's path before it."""
    return str(error).removeprefix(f"{path}: ").removeprefix(f"{path}/")
