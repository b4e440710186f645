"""The one training loop: teachers, fusions and students all pass through `fit`.

Read from top to bottom. Progress is one integer, the step: which rows it trains on, every random
number, the learning rate and the margin are functions of it. So a checkpoint holds weights and
optimizer state, and a run that was killed ends with the same weights as one left alone.
"""

import math
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from avkd_cli.config import TrainConfig
from avkd_cli.errors import DivergedError, InputError
from avkd_cli.training import checkpoint, keyed
from avkd_cli.training.batches import Batches, read_ahead
from avkd_cli.training.networks import to_device
from avkd_cli.training.runs import Run
from avkd_cli.training.schedule import learning_rate, margin
from avkd_cli.training.signals import StopSignals
from avkd_cli.training.watch import Watch

NONFINITE_IN_A_ROW, NONFINITE_AN_EPOCH = 3, 10

Validate = Callable[[nn.Module], dict[str, float]]


@dataclass
class Task:
    """What to train on what.

    Attributes:
        objective: from a batch and a margin to losses; drawn from the seed already.
        batches: batch k for a rank.
        n_rows: size of the training set.
        ids: utterance of each training row, to name those of a bad batch.
        validate: from the network to figures such as {"eer": 0.1}, called after each epoch on
            the first process; the smallest "eer" is kept as best.
    """

    objective: nn.Module
    batches: Batches
    n_rows: int
    ids: list[str]
    validate: Validate | None = None


@dataclass
class Progress:
    """What a checkpoint keeps beside tensors."""

    step: int = 0
    world: int = 1
    window: dict[str, float] = field(default_factory=dict)
    best: dict[str, float] | None = None
    skipped_in_a_row: int = 0
    skipped: dict[str, int] = field(default_factory=dict)
    scaler: dict[str, Any] = field(default_factory=dict)


def fit(task: Task, settings: TrainConfig, run: Run, *, quiet: bool = False) -> nn.Module:
    """Train until the last step; return the objective with its final (or best) weights.

    Raises:
        DivergedError: numbers stayed non-finite; the last good checkpoint is kept.
        InputError: no checkpoint of the run can be used, or a setting does not fit the data.
        KeyboardInterrupt: a signal asked to stop; a checkpoint was written first.
    """
    accelerator = make_accelerator(settings)
    check_batch(settings, accelerator.num_processes)
    optimizer = make_optimizer(task.objective, settings)
    objective, optimizer = accelerator.prepare(task.objective, optimizer)
    total, epoch = total_steps(settings, task.n_rows), epoch_steps(settings, task.n_rows)
    progress = resume(run, accelerator, objective, optimizer)
    watch = Watch(run, settings, total, task.n_rows, accelerator, progress.window, quiet)
    every = settings.checkpoint_every or epoch
    batches = task.batches.for_rank(accelerator.process_index, accelerator.num_processes)
    with (
        read_ahead(batches, progress.step, total, settings.workers) as next_batch,
        StopSignals(accelerator) as signals,
        watch,
    ):
        objective.train()
        while progress.step < total:
            step = progress.step
            rate, width = schedules(settings, step, total)
            began = time.perf_counter()
            arrays = next_batch()
            watch.waited(time.perf_counter() - began)
            keyed.reseed_torch(settings.seed, "step", step, accelerator.process_index)
            losses = train_step(accelerator, objective, optimizer, arrays, rate, width, settings)
            progress.step = step + 1
            if losses is None:
                skip_step(task, settings, run, progress, epoch)
            else:
                progress.skipped_in_a_row = 0
                watch.add(progress.step, losses, rate, width)
            last = progress.step == total
            stopping = signals.agreed()
            if task.validate and (progress.step % epoch == 0 or last):
                validate(task, run, accelerator, objective, progress)
                last = last or out_of_patience(progress, settings, epoch)
            if progress.step % every == 0 or last or stopping or is_best(progress):
                save(run, accelerator, objective, optimizer, progress, watch)
            if stopping:
                run.status("stopped", step=progress.step, total=total)
                signals.end()
            if last:
                break
    return finish(run, accelerator, objective, progress)


def make_accelerator(settings: TrainConfig) -> Accelerator:
    """Return Accelerate's view of the machine: GPUs where there are, else the CPU."""
    if settings.deterministic:
        torch.use_deterministic_algorithms(True)
        torch.backends.cudnn.benchmark = False
    trackers = [settings.tracker] if settings.tracker else None
    return Accelerator(
        cpu=not torch.cuda.is_available(),
        mixed_precision=settings.mixed_precision,
        log_with=trackers,
        project_dir=None,
    )


def check_batch(settings: TrainConfig, world: int) -> None:
    """Raise InputError unless ranks and micro-batches divide the batch, two rows at least."""
    parts = world * settings.accumulate
    if settings.batch_size % parts or settings.batch_size // parts < 2:
        raise InputError(
            f"batch size {settings.batch_size} cannot be split into {world} processes times "
            f"{settings.accumulate} micro-batches of two or more; change --batch-size"
        )


def make_optimizer(objective: nn.Module, settings: TrainConfig) -> torch.optim.Optimizer:
    """Return the optimizer over all weights that are trained."""
    weights = [p for p in objective.parameters() if p.requires_grad]
    common = {"lr": settings.lr, "weight_decay": settings.weight_decay}
    if settings.optimizer == "sgd":
        nesterov = settings.momentum > 0
        return torch.optim.SGD(weights, momentum=settings.momentum, nesterov=nesterov, **common)
    kind = torch.optim.Adam if settings.optimizer == "adam" else torch.optim.AdamW
    return kind(weights, **common)


def epoch_steps(settings: TrainConfig, n_rows: int) -> int:
    """Return the steps of one pass over the training set, at least 1."""
    return max(1, math.ceil(n_rows / settings.batch_size))


def total_steps(settings: TrainConfig, n_rows: int) -> int:
    """Return the steps of the run, by --max-steps or --epochs."""
    if settings.max_steps:
        return settings.max_steps
    return max(1, math.ceil(settings.epochs * n_rows / settings.batch_size))


def schedules(settings: TrainConfig, step: int, total: int) -> tuple[float, float]:
    """Return learning rate and margin of a step."""
    rate = learning_rate(
        step, total, peak=settings.lr, final=settings.lr_final, warmup=settings.warmup
    )
    width = margin(
        step, total, full=settings.margin, start=settings.margin_from, end=settings.margin_to
    )
    return rate, width


def train_step(
    accelerator: Accelerator,
    objective: nn.Module,
    optimizer: Any,
    arrays: dict[str, Any],
    rate: float,
    width: float,
    settings: TrainConfig,
) -> dict[str, float] | None:
    """Take one step over all micro-batches; return mean losses, or None if not finite."""
    for group in optimizer.param_groups:
        group["lr"] = rate
    # A forward pass with NaN spoils the running means of BatchNorm before the loss is known.
    kept = [b.clone() for b in objective.buffers()] if settings.on_nonfinite == "skip" else []
    batch = to_device(arrays, accelerator.device)
    parts = settings.accumulate
    sums: dict[str, Tensor] = {}
    for part in range(parts):
        micro = {name: values[part::parts] for name, values in batch.items()}
        syncing = part == parts - 1
        with nullcontext() if syncing else accelerator.no_sync(objective):
            losses = objective(micro, width)
            accelerator.backward(losses["loss"] / parts)
        for name, value in losses.items():
            sums[name] = sums.get(name, 0.0) + value.detach().float() / parts
    norm = clip(accelerator, objective, optimizer, settings.clip_norm)
    values = agreed_values(accelerator, {**sums, "grad_norm": norm})
    if not all(math.isfinite(value) for value in values.values()):
        optimizer.zero_grad()
        for buffer, value in zip(objective.buffers(), kept, strict=False):
            buffer.copy_(value)
        return None
    optimizer.step()
    optimizer.zero_grad()
    return values


def clip(accelerator: Accelerator, objective: nn.Module, optimizer: Any, limit: float) -> Tensor:
    """Return the gradient norm; clip to the limit where there is one."""
    accelerator.unscale_gradients(optimizer)
    weights = [p for p in objective.parameters() if p.grad is not None]
    return nn.utils.clip_grad_norm_(weights, limit or math.inf, foreach=True)


def agreed_values(accelerator: Accelerator, values: dict[str, Tensor]) -> dict[str, float]:
    """Return figures averaged over the processes, so that all see the same ones.

    A mean with one NaN or infinity is not finite on every process.
    """
    together = torch.stack([v.detach().float().reshape(()) for v in values.values()])
    if accelerator.num_processes > 1:
        together = accelerator.reduce(together, reduction="mean")
    return dict(zip(values, together.tolist(), strict=True))


def skip_step(task: Task, settings: TrainConfig, run: Run, progress: Progress, epoch: int) -> None:
    """Count a step whose numbers were not finite; raise when it is one too many.

    Reference:
        reliability.md 4.4.
    """
    step = progress.step - 1
    ids = [task.ids[row] for row in task.batches.describe(step)]
    run.log({"step": progress.step, "nonfinite": True, "utterances": ids[:10]})
    progress.skipped_in_a_row += 1
    number = str(step // epoch)
    progress.skipped[number] = progress.skipped.get(number, 0) + 1
    patient = settings.on_nonfinite == "skip"
    within = (
        progress.skipped_in_a_row < NONFINITE_IN_A_ROW
        and progress.skipped[number] < NONFINITE_AN_EPOCH
    )
    if patient and within:
        return
    good = next((folder.name for folder in checkpoint.folders(run.path)), "none yet")
    raise DivergedError(
        f"{run.path}: loss or gradient is not finite at step {step} (utterances "
        f"{', '.join(ids[:3])} …); last good checkpoint: {good}; "
        "lower --lr or --margin, set --clip-norm, or look at those utterances"
    )


def validate(
    task: Task, run: Run, accelerator: Accelerator, objective: nn.Module, progress: Progress
) -> None:
    """Measure the network on the validation trials; remember the best step."""
    if accelerator.is_main_process:
        network = accelerator.unwrap_model(objective).network
        network.eval()
        with torch.inference_mode():
            figures = task.validate(network)
        network.train()
        run.log({"step": progress.step, "validation": figures})
        if math.isfinite(figures["eer"]) and (
            progress.best is None or figures["eer"] < progress.best["eer"]
        ):
            progress.best = {"step": progress.step, **figures}
    if accelerator.num_processes > 1:
        from accelerate.utils import broadcast_object_list

        progress.best = broadcast_object_list([progress.best])[0]


def is_best(progress: Progress) -> bool:
    """Return whether the step just taken is the best so far."""
    return progress.best is not None and progress.best["step"] == progress.step


def out_of_patience(progress: Progress, settings: TrainConfig, epoch: int) -> bool:
    """Return whether validation has not improved for `patience` epochs."""
    if not settings.patience or progress.best is None:
        return False
    return progress.step - progress.best["step"] >= settings.patience * epoch


def save(
    run: Run,
    accelerator: Accelerator,
    objective: nn.Module,
    optimizer: Any,
    progress: Progress,
    watch: Watch,
) -> None:
    """Write a checkpoint from the first process; others wait for it."""
    if accelerator.is_main_process:
        progress.window, progress.world = watch.window(), accelerator.num_processes
        if accelerator.scaler is not None:
            progress.scaler = accelerator.scaler.state_dict()
        parts = {
            "network": accelerator.unwrap_model(objective).state_dict(),
            "optimizer": checkpoint.optimizer_tensors(optimizer),
        }
        state = {name: value for name, value in vars(progress).items() if name != "step"}
        checkpoint.write(run.path, progress.step, parts, state)
        keep = {progress.best["step"]} if progress.best else set()
        checkpoint.prune(run.path, keep)
        run.status("running", step=progress.step, best=progress.best)
    accelerator.wait_for_everyone()


def resume(run: Run, accelerator: Accelerator, objective: nn.Module, optimizer: Any) -> Progress:
    """Put the newest checkpoint that verifies into place; return where it stands."""
    for found in checkpoint.newest(run.path):
        if len(found) == 2:
            accelerator.print(
                f"avkd: warning: {found[1]}; the one before is tried", file=watch_stream()
            )
            continue
        _, parts, state = found
        progress = Progress(**state)
        if progress.world != accelerator.num_processes:
            raise InputError(
                f"{run.path} was started with {progress.world} processes, now there are "
                f"{accelerator.num_processes}; go on with --num-processes {progress.world}"
            )
        try:
            accelerator.unwrap_model(objective).load_state_dict(parts["network"])
            checkpoint.load_optimizer(optimizer, parts["optimizer"])
        except (RuntimeError, KeyError, ValueError) as error:
            raise InputError(f"{found[0]}: does not fit this network: {error}") from None
        if accelerator.scaler is not None and progress.scaler:
            accelerator.scaler.load_state_dict(progress.scaler)
        if accelerator.is_main_process:
            run.cut_log(progress.step)
        return progress
    if checkpoint.folders(run.path):
        raise InputError(f"{run.path}: no checkpoint verifies; pass --overwrite to start again")
    if accelerator.is_main_process:
        run.cut_log(0)
    return Progress(world=accelerator.num_processes)


def watch_stream() -> Any:
    """Return where warnings go."""
    import sys

    return sys.stderr


def finish(
    run: Run, accelerator: Accelerator, objective: nn.Module, progress: Progress
) -> nn.Module:
    """Return the bare objective, with the best step's weights where there is a best."""
    bare = accelerator.unwrap_model(objective)
    if progress.best and progress.best["step"] != progress.step:
        folder = run.path / f"step_{int(progress.best['step']):06d}"
        bare.load_state_dict(checkpoint.read(folder)[0]["network"])
    return bare
