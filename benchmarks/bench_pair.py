"""What a training step of face-voice association costs, by loss, and against a bare loop.

As in FOP: 4096 values of a face, 512 of a voice, 128 pairs of 901 people a batch. All take turns,
and the best step of a few rounds counts, so that a busy moment hurts nobody alone. On a machine
that is shared, --cpu-time with OMP_NUM_THREADS=1 counts processor time instead of time.

    python benchmarks/bench_pair.py [--rounds 3] [--steps 30] [--cpu-time] [--figures]

--figures prints lines that `analyze table --paper s3` reads, one a loss (table II).
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from avkd_cli.config import PairConfig
from avkd_cli.inputs.embeddings import Embeddings
from avkd_cli.inputs.networks import Description, build
from avkd_cli.losses import Softmax
from avkd_cli.recipes.pair import terms_of
from avkd_cli.training.batches import Batches, Labels
from avkd_cli.training.loop import TrainingSetup, fit
from avkd_cli.training.objective import Objective
from avkd_cli.training.plan import RunPlan
from avkd_cli.training.runs import open_run
from avkd_cli.training.sampler import ShuffleSampler
from avkd_cli.training.training_set import TrainingSet

ROWS, PEOPLE, BATCH = 2_048, 901, 128
SIZES = {"visual_size": 4096, "audio_size": 512}
LOSSES = {  # as examples/systems/fop.mk has them
    "ce": {"orthogonal": 0.0},
    "center": {"orthogonal": 0.0, "centre_loss": 0.01},
    "git": {"orthogonal": 0.0, "git_loss": 0.01},
    "contrastive": {"orthogonal": 0.0, "contrastive": 1.0},
    "triplet": {"orthogonal": 0.0, "triplet": 1.0},
    "opl": {},
}
LIMIT = 1.2


def drawn() -> tuple[dict[str, np.ndarray], TrainingSet]:
    """Return embeddings of both senses and whose they are."""
    random = np.random.default_rng(0)
    arrays = {"visual": random.normal(size=(ROWS, 4096)), "audio": random.normal(size=(ROWS, 512))}
    labels = random.permutation(np.arange(ROWS) % PEOPLE)
    names = [f"p{n}" for n in range(PEOPLE)]
    ids = [str(row) for row in range(ROWS)]
    chosen = TrainingSet(ids, labels, names, names)
    return {name: values.astype(np.float32) for name, values in arrays.items()}, chosen


def ours(
    arrays: dict[str, np.ndarray], chosen: TrainingSet, settings: PairConfig, clock: Callable
) -> float:
    """Return the least time of a step of `fit`, reading included."""
    torch.manual_seed(0)
    network = build(Description("pair", "gated", SIZES | {"dropout": settings.dropout}))
    head = Softmax(chosen.classes, settings.embedding_size)
    objective = Objective(network, {"person": head}, terms_of(chosen, settings))
    rows = np.arange(ROWS)
    sources = [Labels(chosen.labels), *(Embeddings(s, x, rows) for s, x in arrays.items())]
    training = TrainingSetup(
        objective, Batches(ShuffleSampler(ROWS, BATCH, 0), sources), ROWS, chosen.ids
    )
    times: list[float] = []
    objective.register_forward_pre_hook(lambda *_: times.append(clock()))
    with tempfile.TemporaryDirectory() as folder:
        opened = open_run(Path(folder) / "run", RunPlan("bench", {}, {}))
        fit(training, settings, opened, quiet=True)
    return min(np.diff(times))


def bare(arrays: dict[str, np.ndarray], chosen: TrainingSet, steps: int, clock: Callable) -> float:
    """Return the least time of a step of a plain loop of the same arithmetic, avkd's code apart."""
    torch.manual_seed(0)
    sides = {
        sense: nn.Sequential(
            nn.Linear(x.shape[1], 128), nn.BatchNorm1d(128), nn.ReLU(), nn.Dropout(0.5)
        )
        for sense, x in arrays.items()
    }
    gate = nn.Sequential(nn.Linear(256, 128), nn.BatchNorm1d(128), nn.ReLU(), nn.Linear(128, 128))
    classes = nn.Linear(128, PEOPLE)
    whole = nn.ModuleList([*sides.values(), gate, classes])
    adam = torch.optim.Adam(whole.parameters(), lr=1e-5, weight_decay=0.01)
    random, times = np.random.default_rng(0), []
    for _ in range(steps):
        times.append(clock())
        chosen_rows = random.permutation(ROWS)[:BATCH]
        label = torch.from_numpy(chosen.labels[chosen_rows])
        u, v = (F.normalize(sides[s](torch.from_numpy(x[chosen_rows]))) for s, x in arrays.items())
        k = gate(torch.cat([u, v], dim=1)).sigmoid()
        fused = k * u.tanh() + (1 - k) * v.tanh()
        unit = F.normalize(fused)
        cosine, same = unit @ unit.T, label[:, None] == label
        pairs = same & ~torch.eye(BATCH, dtype=torch.bool)
        pulled = (cosine * pairs).sum() / pairs.sum().clamp(min=1)
        pushed = (cosine.abs() * ~same).sum() / (~same).sum().clamp(min=1)
        loss = F.cross_entropy(classes(fused), label) + 1 - pulled + 0.7 * pushed
        adam.zero_grad()
        loss.backward()
        adam.step()
    return min(np.diff(times))


def main() -> None:
    """Measure, print, and fail where a limit is passed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--cpu-time", action="store_true", help="processor time, not time")
    parser.add_argument("--figures", action="store_true", help="lines for analyze table")
    options = parser.parse_args()
    clock = time.process_time if options.cpu_time else time.perf_counter
    arrays, chosen = drawn()
    found: dict[str, list[float]] = {name: [] for name in (*LOSSES, "bare")}
    for _ in range(options.rounds):
        for name, told in LOSSES.items():
            settings = PairConfig(
                max_steps=options.steps, log_every=options.steps, checkpoint_every=10**6, **told
            )
            found[name].append(ours(arrays, chosen, settings, clock))
        found["bare"].append(bare(arrays, chosen, options.steps, clock))
    best = {name: min(times) for name, times in found.items()}
    if options.figures:
        for name in LOSSES:
            print(
                json.dumps(
                    {
                        "system": name,
                        "on": "training",
                        "measure": "step_seconds",
                        "value": best[name],
                    }
                )
            )
        return
    for name, value in best.items():
        print(f"{name:12} {1000 * value:8.2f} ms a step")
    ratio = best["opl"] / best["bare"]
    print(f"opl against the bare loop: {ratio:.2f} (at most {LIMIT})")
    raise SystemExit(0 if ratio <= LIMIT else 1)


if __name__ == "__main__":
    main()
