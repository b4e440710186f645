"""What is to be made, what is there already, and whether the two are the same."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from avkd_cli.errors import AvkdError, OutputError, UsageError
from avkd_cli.storage import durable, manifest
from avkd_cli.storage.clutter import is_left_by_system
from avkd_cli.storage.making import Making


@dataclass(frozen=True)
class Plan:
    """What is to be made; everything that the bytes of the result depend on.

    Args:
        step: the command.
        kind: of the store.
        version: of the store's kind.
        config: settings of the step.
        inputs: name → fingerprint.
        partitions: how many.
        layout: what else decides where things are stored, such as the size of a partition.
        software: versions of libraries that decide bytes: they matter while a store is made.
    """

    step: str
    kind: str
    version: int
    config: Mapping[str, Any]
    inputs: Mapping[str, str]
    partitions: int
    layout: Mapping[str, Any] = field(default_factory=dict)
    software: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """Names the work."""
        return manifest.fingerprint(self.step, self.version, self.config, self.inputs)

    def to_json(self) -> dict[str, Any]:
        """Return plan.json."""
        return {"format": "avkd.plan", **vars(self)}


def making_of(out: Path) -> Making:
    """Return how a store is made: its plan comes first, its manifest last."""
    return Making(out, "plan.json", manifest.NAME)


def name_of(partition: int) -> str:
    """Return the name of a partition: 42 is parts/00042."""
    return f"parts/{partition:05d}"


def check_output(out: Path) -> None:
    """Refuse an output that no store can be.

    Raises:
        UsageError: no name, or inside a store.
        OutputError: its folder does not exist.
    """
    if out.name in ("", "..") or "\n" in out.name or out.name.startswith("-"):
        raise UsageError(f"{str(out)!r} is no name for a store; choose another with -o")
    parent = Path(os.path.realpath(out.parent))
    if not parent.is_dir():
        raise OutputError(f"{out.parent}: no such folder; make it first")
    for above in (parent, *parent.parents):
        if (above / manifest.NAME).is_file():
            raise UsageError(f"{out}: lies inside the store {above}; choose another output")


def complete(out: Path, plan: Plan, overwrite: bool) -> dict[str, Any] | None:
    """Return the manifest of `out` if it is this plan's, complete.

    Raises:
        OutputError: something else is there, and `overwrite` is not given or cannot be meant.
        UsageError: `out` is one of the inputs.
    """
    if not os.path.lexists(out):
        return None
    whole = _store_at(out)
    if whole is not None and whole["fingerprint"] in plan.inputs.values():
        raise UsageError(f"{out}: is an input of this command; choose another output")
    if overwrite:
        return None
    if whole is None:
        raise OutputError(f"{out}: is a damaged store; --overwrite to make it again")
    old = json.loads((out / "plan.json").read_bytes())
    if different := differences(old, plan.to_json(), ignore={"software"}):
        raise OutputError(
            f"{out}: exists, made otherwise ({'; '.join(different)}); "
            "--overwrite to replace it, or another -o"
        )
    return whole


def begin(store: Making, plan: Plan, overwrite: bool) -> None:
    """Make the working directory with this plan in it, or go on with what a killed run has left.

    Raises:
        OutputError: it was started with another plan, and `overwrite` is not given.
    """
    if os.path.lexists(store.work) and (different := _differences_begun(store, plan)):
        if not overwrite:
            raise OutputError(
                f"{store.work}: was started otherwise ({'; '.join(different)}); "
                "go on with that, or --overwrite to start again"
            )
        store.drop()
    store.begin(manifest.canonical(plan.to_json()))
    durable.make_directory(store.work / "parts")


def _differences_begun(store: Making, plan: Plan) -> list[str]:
    """Return how the work that is there differs from a plan."""
    work = store.work
    if work.is_symlink() or not work.is_dir():
        raise OutputError(f"{work}: is in the way; move it")
    names = {entry.name for entry in work.iterdir() if not is_left_by_system(entry.name)}
    if store.first not in names:  # killed before the plan, or not ours
        if any(name != "parts" and ".tmp-" not in name for name in names):
            raise OutputError(f"{work}: is not what avkd leaves behind; move it")
        return []
    try:
        old = json.loads((work / store.first).read_bytes())
    except ValueError:
        old = {}
    return differences(old, plan.to_json())


def _store_at(out: Path) -> dict[str, Any] | None:
    """Return the manifest of a store; None if it is damaged. What is not avkd's is refused."""
    if out.is_symlink() or not (out / manifest.NAME).is_file():
        raise OutputError(f"{out}: exists and is not a store of avkd; choose another output")
    try:
        whole = manifest.read(out)
    except AvkdError:
        return None
    return None if any(manifest.faults_of_files(out, whole["files"])) else whole


def differences(old: Any, new: Any, *, ignore: set[str] = frozenset(), at: str = "") -> list[str]:  # type: ignore[assignment]
    """Return "key was a, now b" for each leaf that differs."""
    if isinstance(old, dict) and isinstance(new, dict):
        keys = sorted((old.keys() | new.keys()) - ignore)
        pairs = [(key, old.get(key), new.get(key)) for key in keys]
        return [
            text
            for key, before, after in pairs
            for text in differences(before, after, at=f"{at}.{key}" if at else key)
        ]
    return [] if old == new else [f"{at} was {_short(old)}, now {_short(new)}"]


def _short(value: object) -> str:
    text = "absent" if value is None else str(value)
    return text if len(text) <= 24 else text[:20] + "…"
