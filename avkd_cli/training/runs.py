"""The run folder: what was asked for, what happens, and what came of it.

`run.json` (settings, inputs and how they were prepared, persons, seed, versions) is written first
and never changes; `log.jsonl` grows; `status.json` says where the run stands and, after a failure,
the exit code and why; `model.safetensors` and, last, `model.json` are the finished thing.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from avkd_cli.errors import InputError, MissingInputError, OutputError
from avkd_cli.storage import durable, manifest, places
from avkd_cli.storage.clutter import is_left_by_system
from avkd_cli.storage.making import Making
from avkd_cli.training.plan import RunPlan

if TYPE_CHECKING:
    from torch import Tensor

RUN_FORMAT, MODEL_FORMAT, VERSION = "avkd.run", "avkd.model", 2
ROUNDS = "rounds"
"""Folder of a run that holds the students of earlier rounds, which the run goes on from."""
READS = (1, VERSION)
"""Version 1 does not say how its stores were prepared; its persons are its classes."""


@dataclass
class Run:
    """An open run folder.

    Attributes:
        plan: the same goes on, another is refused.
    """

    path: Path
    plan: RunPlan

    @property
    def finished(self) -> bool:
        """Whether the model of this plan is there."""
        path = self.path / "model.json"
        return path.is_file() and (
            read_json(path, MODEL_FORMAT).get("fingerprint") == self.plan.fingerprint
        )

    def log(self, line: dict[str, Any]) -> None:
        """Add one line to log.jsonl."""
        durable.append_line(self.path / "log.jsonl", json.dumps(line))

    def cut_log(self, step: int) -> None:
        """Forget log lines after a step: a resumed run writes them again."""
        path = self.path / "log.jsonl"
        if not path.exists():
            return
        kept = [
            line for line in path.read_text().splitlines(keepends=True) if line_step(line) <= step
        ]
        durable.write_text(path, "".join(kept))

    def status(self, state: str, **more: Any) -> None:
        """Say where the run stands: running, stopped, failed or complete."""
        durable.write_json(self.path / "status.json", {"state": state, **more})

    def publish(self, tensors: "dict[str, Tensor]", description: dict[str, Any]) -> dict[str, Any]:
        """Write the finished model; `model.json` comes last and lists the weights' digest."""
        from avkd_cli.training import checkpoint  # torch, which reading a description does without

        entry = checkpoint.save_tensors(self.path / "model.safetensors", tensors)
        durable.write_json(
            self.path / "model.json",
            {
                "format": MODEL_FORMAT,
                "version": VERSION,
                **self.plan.told(description),
                "names": self.plan.names,
                "fingerprint": self.plan.fingerprint,
                "inputs": dict(self.plan.inputs),
                "files": {"model.safetensors": entry},
            },
        )
        return self.line()

    def line(self) -> dict[str, Any]:
        """Return what a training step prints: one JSON line."""
        return {
            "format": RUN_FORMAT,
            "path": str(self.path),
            "step": self.plan.step,
            "fingerprint": self.plan.fingerprint,
        }


def line_step(line: str) -> float:
    """Return the step of a log line; a cut line belongs to no step."""
    try:
        return json.loads(line)["step"]
    except (ValueError, KeyError, TypeError):
        return float("inf")


def open_run(path: Path, plan: RunPlan, *, overwrite: bool = False) -> Run:
    """Make a run folder, or open one of the same plan to go on.

    Raises:
        OutputError: the folder holds another plan that came to something, or no run at all.
    """
    making = making_of(path)
    record = path / making.first
    making.tidy()
    if path.exists() and not record.is_file() and (not path.is_dir() or others_than_ours(path)):
        raise OutputError(f"{path}: exists and is not a run of avkd; choose another output")
    if record.is_file():
        differs = differences(read_json(record, RUN_FORMAT), plan)
        if differs and not overwrite and not came_to_nothing(path):
            raise OutputError(
                f"{path} was started with {'; '.join(differs)}. "
                "Go on with those settings, choose another output, or pass --overwrite"
            )
        if differs:
            clear(path)
    said = {"format": RUN_FORMAT, "version": VERSION, **plan.to_json()}
    making.begin(durable.json_text(said | {"made_by": manifest.made_by()}))
    tidy_steps(path)
    return Run(path, plan)


def making_of(path: Path) -> Making:
    """Return how a run is made: under its name, as people watch it."""
    return Making(path, "run.json", "model.json", in_place=True)


def clear(path: Path) -> None:
    """Remove a run; the students of earlier rounds, which have plans of their own, stay."""
    if not (path / ROUNDS).exists():
        places.remove_tree(path)
        return
    kept = path.with_name(f"{path.name}.{ROUNDS}")
    places.publish(path / ROUNDS, kept, overwrite=True)
    places.remove_tree(path)
    durable.make_directory(path)
    places.publish(kept, path / ROUNDS, overwrite=False)


def came_to_nothing(path: Path) -> bool:
    """Return whether a run failed before it had anything to go on from."""
    try:
        state = json.loads((path / "status.json").read_bytes()).get("state")
    except (OSError, ValueError, AttributeError):
        return False
    return state == "failed" and not any(path.glob("step_*")) and not (path / "model.json").exists()


def others_than_ours(path: Path) -> bool:
    """Return whether a folder holds more than a run killed at its very beginning leaves."""
    names = [entry.name for entry in path.iterdir()]
    return any(
        not (n.startswith(".run.json.tmp-") or n == ROUNDS or is_left_by_system(n)) for n in names
    )


def tidy_steps(path: Path) -> None:
    """Remove the checkpoints that killed processes left half-written or half-removed."""
    for work in path.glob("step_*.wip"):
        places.remove_tree(work)
    for doomed in path.glob("step_*.deleting-*"):
        places.remove_remains(doomed.with_name(doomed.name.partition(".deleting-")[0]))


def differences(old: dict[str, Any], new: RunPlan) -> list[str]:
    """Return one phrase for each thing in which two plans differ, at most five."""
    found = []
    for part in ("config", "inputs"):
        before, after = old.get(part, {}), getattr(new, part)
        for name in sorted(before.keys() | after.keys()):
            if before.get(name) != after.get(name):
                found.append(f"{name} {before.get(name)!r}, now it is {after.get(name)!r}")
    if old.get("step") != new.step:
        found.insert(0, f"step {old.get('step')}, now it is {new.step}")
    return found[:5]


def read_json(path: Path, wanted: str) -> dict[str, Any]:
    """Return a JSON file of a run, its format checked."""
    try:
        value = json.loads(path.read_bytes())
        found, version = value.get("format"), value.get("version")
    except FileNotFoundError:
        raise MissingInputError(f"{path}: no such file") from None
    except (ValueError, AttributeError, RecursionError) as error:
        raise InputError(f"{path}: damaged: {error}") from None
    if found != wanted or version not in READS:
        versions = " or ".join(map(str, READS))
        raise InputError(f"{path}: wanted {wanted} version {versions}, this is {found} {version}")
    return value


def read_model(path: Path) -> tuple[dict[str, Any], "dict[str, Tensor]"]:
    """Return the description and the weights of a finished run.

    Raises:
        MissingInputError, InputError: as `read_description`; damaged weights.
    """
    description = read_description(path)
    entry = description.get("files", {}).get("model.safetensors")
    if not isinstance(entry, dict):
        raise InputError(f"{path / 'model.json'}: damaged: no digest of the weights")
    from avkd_cli.training import checkpoint

    return description, checkpoint.load_tensors(path / "model.safetensors", entry)


def read_description(path: Path) -> dict[str, Any]:
    """Return the description of a finished run: its model.json.

    Raises:
        MissingInputError: no such folder. InputError: unfinished, damaged, or not a run.
    """
    if not path.exists():
        raise MissingInputError(f"{path}: no such run; give the folder that train-teacher made")
    if path.is_dir() and not (path / "model.json").exists():
        what = "an unfinished run" if (path / "run.json").exists() else "not a run of avkd"
        raise InputError(f"{path}: {what} (no model.json); finish the training, or name its folder")
    if not path.is_dir():
        raise InputError(f"{path}: not a run folder; pickled or single files are not loaded")
    return read_json(path / "model.json", MODEL_FORMAT)
