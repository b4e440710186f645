"""The one training loop: teachers, fusions and students all pass through `fit`.

Read from top to bottom. Progress is one integer, the step: which rows it trains on, every random
number, the learning rate and the margin are functions of it. So a checkpoint holds weights and
optimizer state, and a run that was killed ends with the same weights as one left alone.
"""

import math
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass

import torch
from accelerate import Accelerator
from accelerate.utils import broadcast_object_list
from torch import Tensor, nn

from avkd_cli import keyed
from avkd_cli.config import TrainConfig
from avkd_cli.losses.moment import Moment
from avkd_cli.training import nonfinite
from avkd_cli.training.batches import Arrays, Batches, read_ahead
from avkd_cli.training.combinations import check_batch
from avkd_cli.training.device import suit, to_device
from avkd_cli.training.faults import machine_faults
from avkd_cli.training.objective import Objective
from avkd_cli.training.optimizers import make_optimizers, set_rates
from avkd_cli.training.runs import Run
from avkd_cli.training.signals import StopSignals
from avkd_cli.training.state import State
from avkd_cli.training.watch import Watch


@dataclass
class TrainingSetup:
    """What to train on what.

    Attributes:
        objective: from a batch and a moment to losses; drawn from the seed already.
        batches: batch k for a rank.
        n_rows: size of the training set.
        ids: utterance of each training row, to name those of a bad batch.
        validate: from the objective to figures such as {"eer": 0.1}, called after each epoch on
            the first process; the smallest "eer" is kept as best.
    """

    objective: Objective
    batches: Batches
    n_rows: int
    ids: list[str]
    validate: Callable[[Objective], dict[str, float]] | None = None


@machine_faults()
def fit(
    training: TrainingSetup, settings: TrainConfig, run: Run, *, quiet: bool = False
) -> Objective:
    """Train until the last step; return the objective with its final (or best) weights.

    Raises:
        DivergedError: numbers stayed non-finite; the last good checkpoint is kept.
        InputError: no checkpoint of the run can be used, or a setting does not fit the data.
        TemporaryError: another process was lost, or memory is out.
        KeyboardInterrupt: a signal asked to stop; a checkpoint was written first.
    """
    accelerator = make_accelerator(settings, run)
    check_batch(settings, accelerator.num_processes)
    suit(training.objective.network, accelerator.device, compiled=settings.compile)
    optimizers = make_optimizers(training.objective, settings)
    objective, *prepared = accelerator.prepare(training.objective, *optimizers.values())
    state = State(accelerator, objective, dict(zip(optimizers, prepared, strict=True)), run)
    state.resume()
    total, epoch = total_steps(settings, training.n_rows), epoch_steps(settings, training.n_rows)
    save_every = settings.checkpoint_every or epoch
    batches = training.batches.for_rank(accelerator.process_index, accelerator.num_processes)
    progress = state.progress
    with (
        read_ahead(batches, progress.step, total, settings.workers) as next_batch,
        StopSignals(state) as signals,
        Watch(state, settings, total, training.n_rows, quiet) as watch,
    ):
        state.objective.train()
        watch.say_resumed()
        ending = progress.step >= total or out_of_patience(state, settings, epoch)
        while not ending:
            moment = Moment(progress.step, total, epoch)
            rate = set_rates(state.optimizers, settings, moment)
            with watch.waiting():
                arrays = next_batch()
            keyed.reseed_torch(settings.seed, "step", progress.step, accelerator.process_index)
            losses = train_step(state, settings, arrays, moment)
            progress.step += 1
            if losses is None:
                drawn = training.batches.sampler.batch(progress.step - 1)
                ids = [training.ids[row] for row in drawn.rows]
                nonfinite.count_skipped(state, settings, ids, epoch)
            else:
                progress.skipped_in_a_row = 0
                watch.add(losses, rate, state.bare.figures(moment))
            ending = progress.step == total
            if training.validate and (ending or progress.step % epoch == 0):
                watch.say_validation(validate(state, training))
                ending = ending or out_of_patience(state, settings, epoch)
            stopping = signals.agreed()
            if ending or stopping or progress.is_best() or progress.step % save_every == 0:
                nonfinite.check_weights(state)
                state.save(watch.window())
            if stopping and not ending:
                run.status("stopped", step=progress.step, total=total)
                signals.end()
    return state.load_best()


def train_step(
    state: State, settings: TrainConfig, arrays: Arrays, moment: Moment
) -> dict[str, float] | None:
    """Take one step over all micro-batches; return mean losses, or None if not finite."""
    accelerator, parts = state.accelerator, settings.accumulate
    kept = nonfinite.kept_buffers(state, settings)
    batch = to_device(arrays, accelerator.device)
    sums: dict[str, Tensor] = {}
    for part in range(parts):
        micro = {name: values[part::parts] for name, values in batch.items()}
        syncing = part == parts - 1
        with nullcontext() if syncing else accelerator.no_sync(state.objective):
            losses = state.objective(micro, moment)
            accelerator.backward(losses["loss"] / parts)
        for name, value in losses.items():
            sums[name] = sums.get(name, 0.0) + value.detach().float() / parts
    norm = clip(state, settings.clip_norm)
    values = agreed_values(accelerator, {**sums, "grad_norm": norm})
    if all(math.isfinite(value) for value in values.values()):
        for optimizer in state.optimizers.values():
            optimizer.step()
    else:
        nonfinite.undo(state, kept)
        del values["grad_norm"]
        values = values | {"overflow": 1.0} if nonfinite.overflowed(state, values) else None
    for optimizer in state.optimizers.values():
        optimizer.zero_grad()
    return values


def clip(state: State, limit: float) -> Tensor:
    """Return the gradient norm, each optimizer's gradients clipped to the limit where there is one.

    The norm is that of the network and its heads; not finite where adversaries' gradients are not,
    though every loss is: their weights would be lost with this step.
    """
    norms = []
    for optimizer in state.optimizers.values():
        if state.accelerator.scaler is not None:
            state.accelerator.scaler.unscale_(optimizer.optimizer)
        groups = optimizer.param_groups
        weights = [p for group in groups for p in group["params"] if p.grad is not None]
        norms.append(nn.utils.clip_grad_norm_(weights, limit or math.inf, foreach=True))
    return norms[0] + sum(0 * other for other in norms[1:])


def agreed_values(accelerator: Accelerator, values: dict[str, Tensor]) -> dict[str, float]:
    """Return figures averaged over the processes, so that all decide alike.

    A mean with one NaN or infinity is not finite on every process.
    """
    together = torch.stack([v.detach().float().reshape(()) for v in values.values()])
    if accelerator.num_processes > 1:
        together = accelerator.reduce(together, reduction="mean")
    return dict(zip(values, together.tolist(), strict=True))


def validate(state: State, training: TrainingSetup) -> dict[str, float]:
    """Measure the network on the validation trials; remember the best step.

    Returns:
        The figures, on the first process.
    """
    progress, figures = state.progress, {}
    if state.first:
        objective = state.bare.eval()
        figures = training.validate(objective)
        objective.train()
        told = {name: x if math.isfinite(x) else None for name, x in figures.items()}  # JSON's
        state.run.log({"step": progress.step, "validation": told})
        named = {f"validation/{name}": value for name, value in figures.items()}
        state.accelerator.log(named, step=progress.step)
        best = progress.best["eer"] if progress.best else math.inf
        if figures["eer"] < best:  # never for NaN
            progress.best = {"step": progress.step, **figures}
    if state.accelerator.num_processes > 1:
        progress.best = broadcast_object_list([progress.best])[0]
    return figures


def out_of_patience(state: State, settings: TrainConfig, epoch: int) -> bool:
    """Return whether, at an epoch's end, validation has not improved for `patience` epochs."""
    step, best = state.progress.step, state.progress.best
    if not settings.patience or best is None or step % epoch:
        return False
    return step - best["step"] >= settings.patience * epoch


def make_accelerator(settings: TrainConfig, run: Run) -> Accelerator:
    """Return Accelerate's view of the machine: GPUs where there are, else the CPU.

    Trackers that write files do it in the run folder.

    Raises:
        UsageError: fp16 is asked for without a GPU.
    """
    if settings.deterministic:
        torch.use_deterministic_algorithms(True)
        torch.backends.cudnn.benchmark = False
    return Accelerator(
        cpu=not torch.cuda.is_available(),
        mixed_precision=settings.mixed_precision,
        log_with=[settings.tracker] if settings.tracker else None,
        project_dir=run.path if settings.tracker else None,
    )


def epoch_steps(settings: TrainConfig, n_rows: int) -> int:
    """Return the steps of one pass over the training set, at least 1."""
    return max(1, math.ceil(n_rows / settings.batch_size))


def total_steps(settings: TrainConfig, n_rows: int) -> int:
    """Return the steps of the run, by --max-steps or --epochs."""
    if settings.max_steps:
        return settings.max_steps
    return max(1, math.ceil(settings.epochs * n_rows / settings.batch_size))
