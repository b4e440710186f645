"""What a run is made of while it runs, and how it is saved and found again."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.optimizer import AcceleratedOptimizer
from torch import nn

from avkd_cli.errors import InputError
from avkd_cli.said import warn
from avkd_cli.training import checkpoint
from avkd_cli.training.objective import Objective
from avkd_cli.training.runs import Run


@dataclass
class Progress:
    """What a checkpoint keeps beside tensors; the step says nearly all.

    Attributes:
        step: steps taken.
        world: processes that train together.
        window: sums of the unfinished log line.
        best: figures and step of the best validation so far.
        skipped_in_a_row, skipped: steps that were not finite, now and by epoch.
        scaler: state of the fp16 loss scale.
    """

    step: int = 0
    world: int = 1
    window: dict[str, float] = field(default_factory=dict)
    best: dict[str, float] | None = None
    skipped_in_a_row: int = 0
    skipped: dict[str, int] = field(default_factory=dict)
    scaler: dict[str, Any] = field(default_factory=dict)

    def is_best(self) -> bool:
        """Return whether the step just taken is the best so far."""
        return self.best is not None and self.best["step"] == self.step


@dataclass
class State:
    """A run in memory: Accelerate's wrappers, the folder, and how far it is."""

    accelerator: Accelerator
    objective: nn.Module
    optimizers: dict[str, AcceleratedOptimizer]
    run: Run
    progress: Progress = field(default_factory=Progress)

    @property
    def bare(self) -> Objective:
        """The objective without wrappers."""
        return self.accelerator.unwrap_model(self.objective)

    @property
    def first(self) -> bool:
        """Whether this is the process that writes."""
        return self.accelerator.is_main_process

    def tensors(self) -> checkpoint.Parts:
        """Return the tensors that a checkpoint holds, by part."""
        moved = {name: checkpoint.optimizer_tensors(one) for name, one in self.optimizers.items()}
        return {"network": self.bare.state_dict(), **moved}

    def on_any_process(self, number: float) -> float:
        """Return the largest of a number over all processes, the same answer on all."""
        if self.accelerator.num_processes == 1:
            return number
        asked = torch.tensor(float(number), device=self.accelerator.device)
        torch.distributed.all_reduce(asked, torch.distributed.ReduceOp.MAX)
        return asked.item()

    def save(self, window: dict[str, float]) -> None:
        """Write a checkpoint from the first process; the others wait for it."""
        if self.first:
            self.progress.window, self.progress.world = window, self.accelerator.num_processes
            if self.accelerator.scaler is not None:
                self.progress.scaler = self.accelerator.scaler.state_dict()
            state = {name: value for name, value in vars(self.progress).items() if name != "step"}
            checkpoint.write(self.run.path, self.progress.step, self.tensors(), state)
            self.prune()
            self.run.status("running", step=self.progress.step, best=self.progress.best)
        self.accelerator.wait_for_everyone()

    def prune(self) -> None:
        """Keep the last checkpoint, the one before, and the best."""
        best = self.progress.best
        checkpoint.prune(self.run.path, {int(best["step"])} if best else set())

    def resume(self) -> None:
        """Go on from the newest checkpoint that verifies; from the start when there is none.

        Raises:
            InputError: there are checkpoints but none can be used, or they were made by
                another number of processes.
        """
        for found in checkpoint.newest(self.run.path):
            if len(found) == 2:
                warn(self.run.plan.step, f"{found[1]}; the one before is tried")
                continue
            folder, parts, state = found
            self.load(folder, parts, Progress(**state))
            break
        else:
            if checkpoint.folders(self.run.path):
                raise InputError(
                    f"{self.run.path}: no checkpoint verifies; pass --overwrite to start again"
                )
        if self.first:
            self.prune()
            self.run.cut_log(self.progress.step)

    def load(self, folder: Path, parts: checkpoint.Parts, progress: Progress) -> None:
        """Put a checkpoint in place."""
        world = self.accelerator.num_processes
        if progress.world != world:
            raise InputError(
                f"{self.run.path} was started with {progress.world} processes, now there are "
                f"{world}; go on with --num-processes {progress.world}"
            )
        try:
            self.bare.load_state_dict(parts["network"])
            for name, optimizer in self.optimizers.items():
                checkpoint.load_optimizer(optimizer, parts[name])
        except (RuntimeError, KeyError, ValueError) as error:
            raise InputError(f"{folder}: does not fit this network: {error}") from None
        if self.accelerator.scaler is not None and progress.scaler:
            self.accelerator.scaler.load_state_dict(progress.scaler)
        self.progress = progress

    def load_best(self) -> Objective:
        """Return the bare objective, with the best step's weights where there is a best."""
        best = self.progress.best
        if best and best["step"] != self.progress.step:
            folder = self.run.path / f"step_{int(best['step']):06d}"
            self.bare.load_state_dict(checkpoint.read(folder)[0]["network"])
        return self.bare
