"""What a training says at its end, and beforehand of what it would be (--dry-run)."""

import dataclasses
import resource
import tempfile
from pathlib import Path
from typing import Any

import torch
from torch import nn

from avkd_cli.config import TrainConfig
from avkd_cli.recipes.job import Job
from avkd_cli.steps import card_facts
from avkd_cli.steps.analyze.curves import log_lines
from avkd_cli.storage.progress import duration
from avkd_cli.training.loop import TrainingSetup, fit, total_steps
from avkd_cli.training.plan import RunPlan
from avkd_cli.training.runs import Run

TRIED = 3  # steps of a dry run; the first is slower than the others


def ending(job: Job, run: Run, seconds: float) -> str:
    """Return how a training of so many seconds ended, and what may be done next."""
    steps = [line for line in log_lines(run.path / "log.jsonl") if "losses" in line]
    last = steps[-1]["losses"] if steps else {}
    said = [f"{name} {last[name]:.3g}" for name in ("loss", "accuracy") if name in last]
    if best := card_facts.best_of(run.path):
        at = f"{100 * best['eer']:.2f} % at step {best['step']}"
        said.append(f"validation EER {at}, whose weights are kept")
    stores = " ".join(str(store.path) for store in job.prepared.values()) or "STORE"
    return (
        f"{run.path}: {steps[-1]['step'] if steps else 0:,} steps, {duration(seconds)}, "
        f"{', '.join(said)}. Next: avkd extract-embeddings {run.path} {stores} "
        f"-o {run.path.name}-emb.zarr"
    )


def trial(job: Job, training: TrainingSetup, settings: TrainConfig, output: Path) -> dict[str, Any]:
    """Return what a training would be, by a few steps of it; nothing of it is kept."""
    steps = total_steps(settings, training.n_rows)
    few = dataclasses.replace(
        settings, max_steps=min(TRIED, steps), log_every=1, checkpoint_every=2**31, tracker=""
    )
    with tempfile.TemporaryDirectory(prefix="avkd-dry-run-") as folder:
        run = Run(Path(folder), RunPlan(job.step, {}, {}))
        fit(dataclasses.replace(training, validate=None), few, run, quiet=True)
        *_, last = log_lines(run.path / "log.jsonl")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    if torch.cuda.is_available():  # whose memory is the one that runs out
        peak = torch.cuda.max_memory_allocated()
    step = settings.batch_size / max(last["utterances_per_s"], 1e-9)
    objective = training.objective
    network = weights_of(objective.network)
    return {
        "dry_run": True,
        "path": str(output),
        "utterances": training.n_rows,
        "classes": {name: len(head.classes) for name, head in objective.heads.items()},
        "network_weights": network,
        "other_weights": weights_of(objective) - network,
        "steps": steps,
        "epochs": round(steps * settings.batch_size / training.n_rows, 2),
        "seconds_a_step": round(step, 4),
        "expected_seconds": round(step * steps, 1),
        "peak_bytes": peak,
    }


def told(found: dict[str, Any]) -> str:
    """Return a trial in words."""
    classes = ", ".join(f"{count:,} classes ({name})" for name, count in found["classes"].items())
    return (
        f"{found['path']}: would be trained on {found['utterances']:,} utterances of {classes}: "
        f"{found['network_weights']:,} weights in the network and {found['other_weights']:,} "
        f"beside it; {found['steps']:,} steps ({found['epochs']} epochs) of "
        f"{1000 * found['seconds_a_step']:.0f} ms, {duration(found['expected_seconds'])} in all "
        f"without validation; {found['peak_bytes'] / 1e9:.1f} GB of memory"
    )


def weights_of(module: nn.Module) -> int:
    """Return the number of weights."""
    return sum(weights.numel() for weights in module.parameters())
