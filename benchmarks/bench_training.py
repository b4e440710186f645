"""Speed of training, as ratios in one run on this machine's CPU; one table at the end.

Both sides of a row take turns, and the best step of a few rounds counts, so that a busy moment
hurts nobody alone. --width 32 is the printed ResNet34; the default is narrower, so that a row takes
seconds, which makes `fit`'s own share of a step larger than it is in earnest.

On a machine that others use, --cpu-time with OMP_NUM_THREADS=1 counts processor time instead of
time; the share of waiting is always time.

    python benchmarks/bench_training.py [--width 8] [--rounds 3] [--steps 8] [--only NAME]
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from avkd_cli.config import (
    AudioConfig,
    DistillAudioConfig,
    Execution,
    PrepAudioConfig,
)
from avkd_cli.inputs.crops import AudioCrops
from avkd_cli.inputs.networks import Description, build
from avkd_cli.inputs.passing import Passage, forward
from avkd_cli.inputs.sound import Sound
from avkd_cli.losses import AamSoftmax, Moment, Taught, Term
from avkd_cli.losses.mmd import mmd_loss
from avkd_cli.losses.moment import constant
from avkd_cli.losses.quality import Weighed
from avkd_cli.losses.tolerance import Loose
from avkd_cli.recipes.terms import make_terms
from avkd_cli.steps.prep_audio import prep_audio
from avkd_cli.storage.builder import Origin, build_store
from avkd_cli.storage.computed import Rows
from avkd_cli.storage.embeddings import Embeddings
from avkd_cli.storage.store import Store, open_store
from avkd_cli.training.batches import Batches, Labels
from avkd_cli.training.bridges import Quality
from avkd_cli.training.device import to_device
from avkd_cli.training.loop import TrainingSetup, fit
from avkd_cli.training.objective import Objective
from avkd_cli.training.plan import RunPlan
from avkd_cli.training.runs import open_run
from avkd_cli.training.sampler import ShuffleSampler
from avkd_cli.training.training_set import Choice, TrainingSet, choose

CPU, NOW = torch.device("cpu"), Moment(0, 1)
MELS, FRAMES, BATCH, PERSONS = 40, 200, 16, 100
CLASSES, SIZE, PAPER_BATCH = 5_994, 512, 128


@dataclass
class Options:
    """How large and how often."""

    width: int
    rounds: int
    steps: int
    rows: int
    folder: Path
    clock: Callable[[], float]


class Sounds:
    """Recordings of fbank in memory, as an audio store gives them."""

    long_name = "frames"

    def __init__(self, lengths: np.ndarray, mels: int = MELS) -> None:
        self.lengths = np.asarray(lengths)
        self.ids = [str(row) for row in range(len(lengths))]
        self.row_of = {one: row for row, one in enumerate(self.ids)}
        starts = np.concatenate([[0], np.cumsum(self.lengths)])
        random = np.random.default_rng(0)
        self.frames = random.normal(size=(starts[-1], mels)).astype(np.float16)
        self.starts = starts[:-1]

    def read(self, rows: np.ndarray) -> list[np.ndarray]:
        """Return whole recordings."""
        return [self.frames[self.starts[r] : self.starts[r] + self.lengths[r]] for r in rows]

    def crops(self, rows: np.ndarray, starts: np.ndarray, length: int) -> np.ndarray:
        """Return a crop of each."""
        first = self.starts[rows] + starts
        return np.stack([self.frames[one : one + length] for one in first])


def best(functions: list[Callable[[], float]], rounds: int) -> list[float]:
    """Return the least that each one returns, run in turns."""
    return [
        min(each) for each in zip(*([f() for f in functions] for _ in range(rounds)), strict=True)
    ]


def seconds(options: Options, work: Callable[[], object], count: int = 1) -> Callable[[], float]:
    """Return a function that gives the least time of `count` calls, after one that is not timed."""

    def timed() -> float:
        work()
        times = [options.clock()]
        for _ in range(count):
            work()
            times.append(options.clock())
        return min(np.diff(times))

    return timed


def network(width: int) -> nn.Module:
    """Return the audio ResNet34."""
    model = {"width": width, "n_mels": MELS, "embedding_size": SIZE}
    return build(Description("audio", "resnet34", model, {"features": "fbank", "n_mels": MELS}))


def baseline(network: nn.Module, persons: int) -> Objective:
    """Return a network with its AAM-softmax."""
    return Objective(network, {"person": AamSoftmax([f"p{i}" for i in range(persons)], SIZE)})


def student(network: nn.Module, persons: int) -> Objective:
    """Return a network with its AAM-softmax, KL, COS and MMD."""
    taught = Taught(SIZE, SIZE, torch.randn(persons, SIZE))
    plain = baseline(network, persons)
    terms = make_terms(DistillAudioConfig(alpha=1.0, beta=1.0, gamma=1.0), taught)
    return Objective(plain.network, plain.heads, terms)


def loose(network: nn.Module, persons: int) -> Objective:
    """Return that student with a tolerance around every term, KL and COS weighed by a quality."""
    taught, plain = Taught(SIZE, SIZE, torch.randn(persons, SIZE)), baseline(network, persons)

    def wrap(name: str, term: Term) -> Term:
        found = Loose(term, constant(0.4))
        return Weighed(found) if term.per_sample else found

    settings = DistillAudioConfig(alpha=1.0, beta=1.0, gamma=1.0)
    terms = make_terms(settings, taught, wrap)
    return Objective(plain.network, plain.heads, terms, [Quality(1)])


def objective(width: int) -> Objective:
    """Return the network with its AAM-softmax."""
    torch.manual_seed(0)
    return baseline(network(width), PERSONS)


def batches_of(store: object) -> Batches:
    """Return batches of one crop length over a store of sound."""
    count = len(store.lengths)
    labels = np.arange(count) % PERSONS
    crops = AudioCrops(store, np.arange(count), FRAMES, FRAMES, seed=0)
    return Batches(ShuffleSampler(count, BATCH, seed=0), [Labels(labels), crops])


def fitted(options: Options, store: object, workers: int) -> dict[str, float]:
    """Run a few steps of `fit`; return `step`, the least time of one, and the last `wait_share`."""
    folder = Path(tempfile.mkdtemp(dir=options.folder))
    settings = AudioConfig(
        width=options.width,
        batch_size=BATCH,
        max_steps=2 * options.steps,
        log_every=options.steps,
        workers=workers,
        checkpoint_every=10**6,
    )
    count = len(store.lengths)
    ids = [str(row) for row in range(count)]
    training, times = TrainingSetup(objective(options.width), batches_of(store), count, ids), []
    training.objective.register_forward_pre_hook(lambda *_: times.append(options.clock()))
    opened = open_run(folder / "run", RunPlan("bench", {}, {}))
    fit(training, settings, opened, quiet=True)
    last = json.loads((folder / "run/log.jsonl").read_text().splitlines()[-1])
    return {"step": min(np.diff(times)), "wait_share": last["wait_share"]}


def bare(options: Options, precision: torch.dtype | None = None) -> Callable[[], float]:
    """Return what times a step of plain PyTorch on a batch in memory."""
    model = objective(options.width).train()
    weights = list(model.parameters())
    sgd = torch.optim.SGD(weights, lr=0.01, momentum=0.9, nesterov=True, weight_decay=1e-4)
    batch = to_device(batches_of(Sounds(np.full(64, 400)))(0), CPU)

    def step() -> None:
        sgd.zero_grad()
        with torch.autocast("cpu", precision, enabled=precision is not None):
            loss = model(batch, NOW)["loss"]
        loss.backward()
        sgd.step()

    return seconds(options, step, options.steps)


def loop(options: Options) -> dict[str, object]:
    """A step in `fit` against a bare loop on one batch in memory."""
    store = Sounds(np.full(256, 400))
    ours = lambda: fitted(options, store, workers=1)["step"]  # noqa: E731
    mine, theirs = best([ours, bare(options)], options.rounds)
    return {"ratio": theirs / mine, "limit": "at least 0.97", "seconds": mine, "peer": theirs}


def waiting(options: Options) -> dict[str, object]:
    """Share of time waiting for data, from a store on disk."""
    store = open_store(sound_store(options.folder), "avkd.audio")
    shares = [fitted(options, store, workers=1)["wait_share"] for _ in range(options.rounds)]
    return {"ratio": min(shares), "limit": "at most 0.03"}


def sound_store(folder: Path) -> Path:
    """Make a store of fbank of four seconds of noise, 64 times."""
    import soundfile

    random, lines = np.random.default_rng(0), []
    for number in range(64):
        soundfile.write(folder / f"{number}.wav", random.normal(0, 0.1, 64_000), 16_000)
        lines.append(json.dumps({"id": str(number), "audio": f"{number}.wav"}))
    (folder / "list.jsonl").write_text("\n".join(lines) + "\n")
    execution = Execution(workers=0, quiet=True, overwrite=True)
    prep_audio(folder / "list.jsonl", folder / "a.zarr", PrepAudioConfig(), execution)
    return folder / "a.zarr"


def bf16(options: Options) -> dict[str, object]:
    """A step in bfloat16 against float32; the gain is the CPU's."""
    half, single = best([bare(options, torch.bfloat16), bare(options)], options.rounds)
    return {"ratio": single / half, "limit": "at least 1.7", "seconds": half, "peer": single}


def distillation(options: Options) -> dict[str, object]:
    """A student's whole step (KL + COS + MMD) against the baseline's: batch 128, 5,994 classes."""
    plain = baseline(network(options.width), CLASSES).train()
    taught = student(plain.network, CLASSES).train()
    batch = {"label": torch.arange(PAPER_BATCH), "teacher": torch.randn(PAPER_BATCH, SIZE)}
    batch["audio"] = torch.randn(PAPER_BATCH, FRAMES, MELS)

    def step(of: Objective) -> Callable[[], float]:
        return seconds(options, lambda: of(batch, NOW)["loss"].backward())  # noqa: PLW0108

    mine, theirs = best([step(taught), step(plain)], options.rounds)
    return {"ratio": mine / theirs, "limit": "at most 1.08", "seconds": mine, "peer": theirs}


def tolerance(options: Options) -> dict[str, object]:
    """A student's whole step with tolerance and quality against the plain student's."""
    plain = student(network(options.width), CLASSES).train()
    let_off = loose(plain.network, CLASSES).train()
    batch = {"label": torch.arange(PAPER_BATCH), "teacher": torch.randn(PAPER_BATCH, SIZE)}
    batch["audio"] = torch.randn(PAPER_BATCH, FRAMES, MELS)
    batch["quality"] = torch.randn(PAPER_BATCH, 1)

    def step(of: Objective) -> Callable[[], float]:
        return seconds(options, lambda: of(batch, NOW)["loss"].backward())  # noqa: PLW0108

    mine, theirs = best([step(let_off), step(plain)], options.rounds)
    return {"ratio": mine / theirs, "limit": "at most 1.05", "seconds": mine, "peer": theirs}


def mmd(options: Options) -> dict[str, object]:
    """MMD with five kernels of 512 against 512, against one distance matrix and one exp."""
    student, teacher = torch.randn(512, SIZE), torch.randn(512, SIZE)

    def one_pass() -> Tensor:
        both = torch.cat([student, teacher])
        return torch.cdist(both, both).square().neg().exp().sum()

    ours = seconds(options, lambda: mmd_loss(student, teacher), 10)
    mine, theirs = best([ours, seconds(options, one_pass, 10)], options.rounds)
    return {"ratio": mine / theirs, "limit": "at most 1.5", "seconds": mine, "peer": theirs}


def start(options: Options) -> dict[str, object]:
    """From a store's index to the rows of the first batch, against reading the index once."""
    persons = [f"id{10_000 + row % CLASSES}" for row in range(options.rows)]
    ids = [f"{one}/video{row // CLASSES:06d}/00001" for row, one in enumerate(persons)]
    path = options.folder / "index.zarr"
    content = Embeddings.of(Rows(ids, persons), np.ones((len(ids), 2), np.float32))
    execution = Execution(quiet=True, overwrite=True, partition_size=options.rows)
    build_store(path, content, Origin("bench"), execution)
    del ids, persons

    def reading() -> Store:
        store = open_store(path)
        for name in ("id", "person", "split"):
            store.column(name)
        return store

    def ours() -> TrainingSet:
        store = open_store(path)
        chosen = choose([store], Choice())
        chosen.rows(store)[ShuffleSampler(len(chosen.ids), PAPER_BATCH, 0).batch(0).rows]
        return chosen

    theirs, mine = (measured(options, work) for work in (reading, ours))
    return {
        "ratio": mine[0] / theirs[0],
        "limit": "under 20 s",
        "seconds": mine[0],
        "peer": theirs[0],
        "rows": options.rows,
        "MiB": mine[1],
        "peer MiB": theirs[1],
    }


def measured(options: Options, work: Callable[[], object]) -> tuple[float, float]:
    """Return the time of a call, and by how many MiB this process is larger at its end."""
    before, began = resident(), options.clock()
    kept = work()
    found = options.clock() - began, resident() - before
    del kept
    return found


def resident() -> float:
    """Return the MiB that this process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def extraction(options: Options) -> dict[str, object]:
    """Whole recordings in buckets of equal length against one at a time, a `small` net."""
    lengths = 200 + np.random.default_rng(0).integers(0, 40, 400)
    store, rows = Sounds(lengths), np.arange(400)
    model = {"width": 128, "n_mels": MELS, "embedding_size": 128}
    front = {"features": "fbank", "n_mels": MELS}
    net = build(Description("audio", "tdnn", model, front)).eval()
    sound = Sound([store])
    together = lambda: sound.embed(Passage(net), store.ids)  # noqa: E731

    def alone() -> np.ndarray:
        return np.concatenate([forward(net, {"audio": one[None]}) for one in store.read(rows)])

    mine, theirs = best([seconds(options, together), seconds(options, alone)], options.rounds)
    off = float(np.abs(together() - alone()).max())
    return {
        "ratio": theirs / mine,
        "limit": "at least 2",
        "seconds": mine,
        "peer": theirs,
        "difference": off,
    }


ROWS = {
    f.__name__: f for f in (loop, waiting, bf16, distillation, tolerance, mmd, start, extraction)
}


def main() -> None:
    """Run all rows, or one, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--width", type=int, default=8, help="channels of ResNet34's first stage")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=8, help="timed in a round")
    parser.add_argument("--rows", type=int, default=1_092_009, help="utterances of `start`")
    parser.add_argument("--only", choices=ROWS)
    parser.add_argument("--cpu-time", action="store_true", help="count processor time")
    given = parser.parse_args()
    print(f"width {given.width}, {torch.get_num_threads()} threads, torch {torch.__version__}")
    print(f"{'row':14}{'ratio':>8}  {'limit':15}{'ours s':>9}{'peer s':>9}  more")
    with tempfile.TemporaryDirectory() as folder:
        clock = time.process_time if given.cpu_time else time.perf_counter
        options = Options(given.width, given.rounds, given.steps, given.rows, Path(folder), clock)
        for name in [given.only] if given.only else ROWS:
            print(line(name, ROWS[name](options)), flush=True)


def line(name: str, found: dict[str, object]) -> str:
    """Return one line of the table."""
    times = "".join(
        f"{found[key]:>9.4f}" if key in found else " " * 9 for key in ("seconds", "peer")
    )
    shown = {"ratio", "limit", "seconds", "peer"}
    more = ", ".join(f"{key} {value:.3g}" for key, value in found.items() if key not in shown)
    return f"{name:14}{found['ratio']:>8.3f}  {found['limit']:15}{times}  {more}".rstrip()


if __name__ == "__main__":
    main()
