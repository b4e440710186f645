"""What happens when a number is not finite: the step is left out or the run ends, on all
processes alike; nothing of it is ever saved.

When each applies: docs/reliability.md, "Numbers that are not finite".
"""

import torch
from torch import Tensor

from avkd_cli.config import TrainConfig
from avkd_cli.errors import DivergedError
from avkd_cli.training import checkpoint
from avkd_cli.training.state import State

IN_A_ROW, AN_EPOCH = 3, 10  # as many steps that are not finite end a run that skips them
LEAST_SCALE = 1.0  # of fp16: a gradient that overflows even so is not the scale's fault


def kept_buffers(state: State, settings: TrainConfig) -> list[Tensor]:
    """Return copies of what a forward pass with NaN spoils before the loss is known: the running
    means of BatchNorm. None where a bad step ends the run."""
    skipping = settings.on_nonfinite == "skip"
    return [buffer.clone() for buffer in state.objective.buffers()] if skipping else []


def undo(state: State, kept: list[Tensor]) -> None:
    """Leave a step out: buffers as before it, the loss scale of fp16 halved."""
    for buffer, value in zip(state.objective.buffers(), kept, strict=False):
        buffer.copy_(value)
    scaler = state.accelerator.scaler
    if scaler is not None:
        scaler.update(scaler.get_scale() * scaler.get_backoff_factor())


def overflowed(state: State, losses: dict[str, float]) -> bool:
    """Return whether only fp16's scale was too large: losses are finite, gradients are not."""
    scaler = state.accelerator.scaler
    return (
        scaler is not None
        and torch.isfinite(torch.tensor(list(losses.values()))).all().item()
        and scaler.get_scale() >= LEAST_SCALE
    )


def count_skipped(state: State, settings: TrainConfig, ids: list[str], epoch: int) -> None:
    """Note the utterances of a step that was left out; end the run when it is one too many.

    Args:
        ids: of the step's batch. epoch: steps of one.

    Raises:
        DivergedError: on all processes.
    """
    progress = state.progress
    step = progress.step - 1
    if state.first:
        state.run.log({"step": progress.step, "nonfinite": True, "utterances": ids})
    progress.skipped_in_a_row += 1
    number = str(step // epoch)
    progress.skipped[number] = progress.skipped.get(number, 0) + 1
    few = progress.skipped_in_a_row < IN_A_ROW and progress.skipped[number] < AN_EPOCH
    if settings.on_nonfinite == "skip" and few:
        return
    named = f"utterances {', '.join(ids[:3])} …"
    end(state, f"loss or gradient is not finite at step {step} ({named})")


def check_weights(state: State) -> None:
    """End the run if weights or optimizer state are not finite: a checkpoint may not hold them.

    Raises:
        DivergedError: on all processes.
    """
    bad = spoilt(state)
    if state.on_any_process(bool(bad)):
        where = f" ({bad})" if bad else ""
        end(state, f"weights are not finite after step {state.progress.step - 1}{where}")


def spoilt(state: State) -> str:
    """Return the name of the first tensor that a checkpoint may not hold, "" for none."""
    named = ((name, t) for part in state.tensors().values() for name, t in part.items())
    return next(
        (name for name, t in named if t.is_floating_point() and not torch.isfinite(t).all()), ""
    )


def end(state: State, what: str) -> None:
    """Raise DivergedError on all processes, once the first has said so in status.json.

    Launchers end the other processes as soon as one fails, so all wait for it.
    """
    run = state.run
    good = next((folder.name for folder in checkpoint.folders(run.path)), "none yet")
    error = DivergedError(
        f"{run.path}: {what}; last good checkpoint: {good}; "
        "lower --lr or --margin, set --clip-norm, or look at those utterances"
    )
    if state.first:
        run.status("failed", code=error.exit_code, reason=str(error))
    state.accelerator.wait_for_everyone()
    raise error
