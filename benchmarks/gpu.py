"""What training reaches on a GPU, and that its results are those of the CPU; one table.

    python benchmarks/gpu.py                          on the first GPU; where none is, a line
    python benchmarks/gpu.py --device cpu --quick     a rehearsal: the same code, tiny, on the CPU

Times are of whole steps with the device waited for; both sides of a ratio take turns.
"""

import argparse
import dataclasses
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from bench_training import NOW, Sounds, baseline, best, student
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from avkd_cli.config import AudioConfig, ExtractConfig
from avkd_cli.inputs.crops import AudioCrops
from avkd_cli.inputs.networks import Description, build
from avkd_cli.inputs.passing import Passage
from avkd_cli.inputs.sound import Sound
from avkd_cli.models.levels import Levels
from avkd_cli.storage import places
from avkd_cli.training import checkpoint
from avkd_cli.training.batches import Batches, Labels
from avkd_cli.training.device import suit, to_device
from avkd_cli.training.loop import TrainingSetup, fit
from avkd_cli.training.plan import RunPlan
from avkd_cli.training.runs import open_run
from avkd_cli.training.sampler import ShuffleSampler

MELS, SIZE = 40, 512
FACES = (112, 96, 3)  # height, width, channels


@dataclasses.dataclass
class Bench:
    """The device and how large everything is; the defaults are the paper's."""

    device: torch.device
    folder: Path
    batch: int = 128
    frames: int = 300
    persons: int = 5_994
    width: int = 32
    steps: int = 20
    rounds: int = 3
    recordings: int = 512

    def wait(self) -> None:
        """Wait until the device has done all it was given."""
        if self.device.type == "cuda":
            torch.cuda.synchronize()

    def seconds(self, work: Callable[[], object]) -> Callable[[], float]:
        """Return a function that times one call among `steps`, after three for warming up."""

        def timed() -> float:
            for _ in range(3):
                work()
            self.wait()
            began = time.perf_counter()
            for _ in range(self.steps):
                work()
            self.wait()
            return (time.perf_counter() - began) / self.steps

        return timed


def network(bench: Bench, sense: str) -> nn.Module:
    """Return the ResNet34 of a sense, drawn from one seed."""
    torch.manual_seed(0)
    model = {"width": bench.width, "embedding_size": SIZE}
    if sense == "audio":
        front = {"features": "fbank", "n_mels": MELS}
        return build(Description("audio", "resnet34", model | {"n_mels": MELS}, front))
    model |= {"in_channels": FACES[2]}
    return build(Description("visual", "resnet34", model))


def batch_of(bench: Bench, sense: str) -> dict[str, Tensor]:
    """Return a batch in the device's memory."""
    chance = np.random.default_rng(0)
    arrays = {
        "label": chance.integers(0, bench.persons, bench.batch),
        "teacher": chance.standard_normal((bench.batch, SIZE)).astype(np.float32),
    }
    if sense == "audio":
        shape = bench.batch, bench.frames, MELS
        arrays["audio"] = chance.standard_normal(shape).astype(np.float32)
    else:
        arrays["faces"] = chance.integers(0, 256, (bench.batch, *FACES)).astype(np.uint8)
    return to_device(arrays, bench.device)


def stepper(
    bench: Bench, objective: nn.Module, batch: dict[str, Tensor], precision: str = "fp32"
) -> Callable[[], None]:
    """Return a plain PyTorch step: forward, backward, Nesterov."""
    objective = objective.to(bench.device).train()
    sgd = torch.optim.SGD(objective.parameters(), lr=0.01, momentum=0.9, nesterov=True)
    half = precision == "bf16"

    def step() -> None:
        torch.set_float32_matmul_precision("high" if precision == "tf32" else "highest")
        torch.backends.cudnn.allow_tf32 = precision == "tf32"
        with torch.autocast(bench.device.type, torch.bfloat16, enabled=half):
            loss = objective(batch, NOW)["loss"]
        sgd.zero_grad()
        loss.backward()
        sgd.step()

    return step


def throughput(bench: Bench) -> list[str]:
    """Utterances a second of a training step of each sense, and the share of the chip's rate.

    fp32 is as peers train by default; the others are as `fit` does it, channels-last on a GPU,
    and there compiled as well.
    """
    kinds = ["fp32", "tf32", "bf16"] + ["bf16 compiled"] * (bench.device.type == "cuda")
    chip, lines = matrix_rate(bench), []
    lines.append(f"bf16 matrix product|{chip / 1e12:.2f} TFLOP/s|the rate that shares are of")
    for sense in ("audio", "visual"):
        batch, works = batch_of(bench, sense), []
        for kind in kinds:
            objective = baseline(network(bench, sense), bench.persons)
            if kind != "fp32":
                suit(objective.network, bench.device, compiled="compiled" in kind)
            works.append(stepper(bench, objective, batch, kind[:4]))
        counter = FlopCounterMode(display=False)
        with counter:
            works[0]()
        times = best([bench.seconds(work) for work in works], bench.rounds)
        for kind, seconds in zip(kinds, times, strict=True):
            rate, gain = bench.batch / seconds, times[0] / seconds
            share = counter.get_total_flops() / seconds / chip
            figure = f"{rate:.0f} utterances/s"
            lines.append(
                f"{sense} step, {kind}|{figure}|{gain:.2f} of fp32, {share:.0%} of the chip"
            )
    return lines


def matrix_rate(bench: Bench) -> float:
    """Return the operations a second of a large bfloat16 matrix product."""
    size = 8192 if bench.device.type == "cuda" else 512
    one = torch.randn(size, size, device=bench.device, dtype=torch.bfloat16)
    return 2 * size**3 / best([bench.seconds(lambda: one @ one)], bench.rounds)[0]


def training_of(bench: Bench, dropout: float = 0.0) -> TrainingSetup:
    """Return a training on recordings in memory."""
    store = Sounds(np.full(max(2 * bench.batch, 64), bench.frames + 50))
    rows = np.arange(len(store.lengths))
    crops = AudioCrops(store, rows, bench.frames, bench.frames, seed=0)
    batches = Batches(
        ShuffleSampler(len(rows), bench.batch, seed=0), [Labels(rows % bench.persons), crops]
    )
    net = network(bench, "audio")
    if dropout:
        net.encoder.register_forward_hook(lambda *given: dropped(given[-1], dropout))
    objective = baseline(net, bench.persons)
    return TrainingSetup(objective, batches, len(rows), [str(row) for row in rows])


def dropped(levels: Levels, share: float) -> Levels:
    """Return levels of which the embedding has lost a share, drawn on the device."""
    return levels | {"embedding": nn.functional.dropout(levels["embedding"], share)}


def settings_of(bench: Bench, **more: object) -> AudioConfig:
    """Return settings of `fit` for a short run."""
    return AudioConfig(
        batch_size=bench.batch,
        max_steps=2 * bench.steps,
        log_every=bench.steps,
        checkpoint_every=10**6,
        workers=2,
        **more,
    )


def fitted(bench: Bench) -> dict[str, float]:
    """Return the log line of the later half of a run of `fit`."""
    folder = Path(tempfile.mkdtemp(dir=bench.folder)) / "run"
    fit(
        training_of(bench),
        settings_of(bench),
        open_run(folder, RunPlan("gpu", {}, {})),
        quiet=True,
    )
    return json.loads((folder / "log.jsonl").read_text().splitlines()[-1])


def loop(bench: Bench) -> list[str]:
    """`fit` against a bare loop on one batch in memory, and its share of waiting for data."""
    objective = baseline(network(bench, "audio"), bench.persons)
    bare = bench.seconds(stepper(bench, objective, batch_of(bench, "audio")))
    lines: list[dict[str, float]] = []

    def ours() -> float:
        lines.append(fitted(bench))
        return bench.batch / lines[-1]["utterances_per_s"]

    mine, theirs = best([ours, bare], bench.rounds)
    waiting = min(line["wait_share"] for line in lines)
    return [
        f"fit() against a bare loop|{theirs / mine:.3f}|at least 0.97",
        f"share of time waiting|{waiting:.3f}|at most 0.03",
    ]


def distillation(bench: Bench) -> list[str]:
    """A student's step against the baseline's."""
    batch = batch_of(bench, "audio")
    taught = student(network(bench, "audio"), bench.persons)
    plain = baseline(network(bench, "audio"), bench.persons)
    works = [bench.seconds(stepper(bench, one, batch)) for one in (taught, plain)]
    mine, theirs = best(works, bench.rounds)
    return [f"distillation step, KL + COS + MMD|{mine / theirs:.3f}|at most 1.08"]


def extraction(bench: Bench) -> list[str]:
    """Whole recordings in buckets of equal length against one at a time."""
    lengths = bench.frames + np.random.default_rng(0).integers(0, 40, bench.recordings)
    store = Sounds(lengths)
    net, sound = network(bench, "audio").to(bench.device).eval(), Sound([store])
    works = [
        lambda frames=frames: sound.embed(
            Passage(net, ExtractConfig(batch_frames=frames)), store.ids
        )
        for frames in (20_000, 1)
    ]
    once = dataclasses.replace(bench, steps=1)
    mine, theirs = best([once.seconds(work) for work in works], 1)
    off = float(np.abs(works[0]() - works[1]()).max())
    return [
        f"extraction in buckets|{theirs / mine:.2f} of one at a time|at least 4 on a GPU",
        f"largest difference of an element|{off:.1e}|at most 1e-5",
    ]


def equality(bench: Bench) -> list[str]:
    """Loss and gradient of one step here against the CPU, in float32."""
    found = []
    small = dataclasses.replace(bench, batch=8)
    for device in (torch.device("cpu"), bench.device):
        here = dataclasses.replace(small, device=device)
        objective = baseline(network(here, "audio"), here.persons).to(device)
        loss = objective(batch_of(here, "audio"), NOW)["loss"]
        loss.backward()
        gradients = [p.grad.flatten().cpu() for p in objective.parameters()]
        found.append((loss.item(), torch.cat(gradients)))
    (loss, gradient), (other, its) = found
    off = ((gradient - its).norm() / gradient.norm()).item()
    return [
        f"loss against the CPU|{abs(other / loss - 1):.1e} relative|at most 1e-4",
        f"gradient against the CPU|{off:.1e} relative|at most 1e-2",
    ]


def resume(bench: Bench) -> list[str]:
    """A run stopped in the middle and gone on with, against one left alone."""
    settings = dataclasses.replace(settings_of(bench), checkpoint_every=bench.steps)
    folder = Path(tempfile.mkdtemp(dir=bench.folder)) / "run"
    weights = []
    for _ in range(2):
        opened = open_run(folder, RunPlan("gpu", {}, {}))
        weights.append(fit(training_of(bench, 0.2), settings, opened, quiet=True).state_dict())
        weights[-1] = {name: value.cpu().clone() for name, value in weights[-1].items()}
        places.remove_tree(checkpoint.folders(folder)[0])  # back to the middle
    off = max((weights[0][k].double() - weights[1][k].double()).abs().max() for k in weights[0])
    return [f"resumed against unbroken, largest weight|{off:.1e}|0 on a CPU"]


ROWS = (throughput, loop, distillation, extraction, equality, resume)


def main() -> int:
    """Print the table, line by line as it comes."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--quick", action="store_true", help="tiny sizes, to see that it starts")
    given = parser.parse_args()
    if given.device == "cuda" and not torch.cuda.is_available():
        print("gpu.py: no GPU here; --device cpu --quick rehearses", file=sys.stderr)
        return 1
    device = torch.device(given.device)
    name = torch.cuda.get_device_name() if given.device == "cuda" else "CPU"
    print(f"{name}, torch {torch.__version__}{', quick' if given.quick else ''}")
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(device, Path(folder))
        if given.quick:
            bench = Bench(
                device,
                Path(folder),
                batch=8,
                frames=40,
                persons=20,
                width=16,
                steps=2,
                rounds=1,
                recordings=12,
            )
        for row in ROWS:
            for line in row(bench):
                what, figure, beside = line.split("|")
                print(f"{what:42}{figure:>26}  {beside}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
