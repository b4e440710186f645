"""What both senses through time cost: a joint step, each generator, precision, waiting, processes.

The printed networks (ECAPA-TDNN of 1,024 channels, IResNet18 on 50 grey faces of 128 pixels, SSA)
at batch 4. Steps take turns and the best of a few rounds counts, so that a busy moment hurts
nobody alone; --cpu-time counts processor time, for a machine that is shared.

    python benchmarks/joint.py [--only step] [--rounds 1] [--width 1024] [--cpu-time]

On a CPU a step of the printed networks takes a minute, and all of it hours, so `make bench` leaves
it out; --width 64 --face-width 16 --seconds 0.4 takes minutes.

`step`: a joint step against the two encoders' own steps (at most 1.05), and each generator on top
(at most 10 % more). `bf16`: losses of 50 steps against float32 (at most 2 % apart). `waiting`: the
share of a training's time that waits for data (under 5 %). `processes`: the losses of one process
and of two (GLOO_SOCKET_IFNAME=lo where there is no net; at most 1e-5 apart).
"""

import argparse
import functools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch
from accelerate.state import AcceleratorState

from avkd_cli.config import JointConfig
from avkd_cli.inputs.clip import Clips
from avkd_cli.inputs.networks import Description, build
from avkd_cli.losses import AamSoftmax
from avkd_cli.recipes.joint import heads_of, terms_of
from avkd_cli.training.batches import Batches, Labels
from avkd_cli.training.loop import TrainingSetup, fit
from avkd_cli.training.objective import Objective
from avkd_cli.training.plan import RunPlan
from avkd_cli.training.runs import open_run
from avkd_cli.training.sampler import PersonSampler
from avkd_cli.training.training_set import TrainingSet

BATCH, PEOPLE, ROWS, BANDS, PIXELS = 4, 8, 32, 80, 128
CLASSES = 5994  # of VoxCeleb2
GENERATORS = {"cycle": {"cycle": 0.5}, "nce": {"nce": 1.0}, "diffusion": {"diffusion": 0.5}}
JOINT, GENERATOR, PRECISION, WAITING, PROCESSES = 1.05, 0.10, 0.02, 0.05, 1e-5


@dataclass(frozen=True)
class Options:
    """How much is measured, and by which clock."""

    width: int
    face_width: int
    seconds: float
    rounds: int
    steps: int
    clock: Callable[[], float]


class Drawn:
    """A ragged store of random numbers in memory."""

    def __init__(self, long_name: str, length: int, shape: tuple[int, ...]) -> None:
        self.long_name, self.lengths = long_name, np.full(ROWS, length)
        self.row_of = {str(row): row for row in range(ROWS)}
        random, size = np.random.default_rng(len(shape)), (length, *shape)
        one = random.integers(0, 256, (ROWS, *size), np.uint8)
        self.rows = one if long_name == "crops" else (one / 128 - 1).astype(np.float16)

    def crops(self, rows: np.ndarray, starts: np.ndarray, length: int) -> np.ndarray:
        """Return a stretch of each."""
        pairs = zip(rows, starts, strict=True)
        return np.stack([self.rows[row][at : at + length] for row, at in pairs])


@functools.cache
def media(options: Options) -> SimpleNamespace:
    """Return sound and films a second longer than a clip, as `inputs.clip.Clip` has them."""
    longer = options.seconds + 1
    sound = Drawn("frames", round(100 * longer), (BANDS,))
    faces = Drawn("crops", round(25 * longer), (PIXELS, PIXELS, 1))
    return SimpleNamespace(audio=sound, faces=faces, fps=25.0)


def descriptions(options: Options) -> dict[str, Description]:
    """Return the printed networks: of sound, of films, of both."""
    ear = {"embedding_size": 192, "width": options.width, "n_mels": BANDS, "pooling": "weasp-safe"}
    eye = {
        "embedding_size": 512,
        "width": options.face_width,
        "in_channels": 1,
        "height": PIXELS,
        "width_px": PIXELS,
    }
    audio = Description("audio", "ecapa-tdnn", ear, {"features": "fbank", "n_mels": BANDS})
    visual = Description("visual", "iresnet18", eye, {})
    sizes = {"audio_size": 192, "visual_size": 512, "embedding_size": 512}
    both = {"audio": asdict(audio), "visual": asdict(visual)}
    film = replace(visual, modality="clips", model=eye | {"pooling": "weasp-safe"})
    joint = Description("joint", "ssa", sizes | {"pooling": "weasp-safe"}, both)
    return {"audio": audio, "visual": film, "joint": joint}


def objective(name: str, options: Options, settings: JointConfig) -> Objective:
    """Return what is trained: audio or visual alone, or both."""
    torch.manual_seed(0)
    described, sizes = descriptions(options)[name], {"audio": 192, "visual": 512}
    names = [f"p{n}" for n in range(CLASSES)]
    chosen = TrainingSet([], np.zeros(0, np.int64), names, names)
    network = build(described)
    if name != "joint":
        return Objective(network, {"person": AamSoftmax(names, sizes[name])}, {})
    runs = {sense: SimpleNamespace(head=SimpleNamespace(size=n)) for sense, n in sizes.items()}
    return Objective(network, heads_of(chosen, settings, runs), terms_of(chosen, settings))


def trained(
    name: str, options: Options, settings: JointConfig, folder: Path
) -> tuple[list[float], list[dict]]:
    """Train by `fit`; return the moments at which steps began, and the log lines."""
    clips = media(options)
    labels = np.arange(ROWS) % PEOPLE
    names = [f"p{n}" for n in range(PEOPLE)]
    chosen = TrainingSet(list(clips.audio.row_of), labels, names, names)
    sources = [Labels(labels), Clips(clips, chosen, options.seconds, 0)]
    sampler = PersonSampler(labels, BATCH, 2, 0)
    made, times = objective(name, options, settings), []
    made.register_forward_pre_hook(lambda *_: times.append(options.clock()))
    task = TrainingSetup(made, Batches(sampler, sources), ROWS, chosen.ids)
    opened = open_run(folder / f"{name}-{time.time_ns()}", RunPlan("bench", {}, {}))
    AcceleratorState._reset_state()  # of another precision
    fit(task, settings, opened, quiet=True)
    log = opened.path / "log.jsonl"  # the first process's alone
    lines = log.read_text().splitlines() if log.exists() else []
    return times, [json.loads(line) for line in lines if "losses" in line]


def settings_of(options: Options, **told: object) -> JointConfig:
    """Return the settings of a training of a few steps."""
    usual = {"max_steps": options.steps, "log_every": 1, "checkpoint_every": 10**6, "workers": 1}
    return JointConfig(**usual | {"clip": options.seconds, "batch_size": BATCH} | told)


def step(options: Options, folder: Path) -> bool:
    """Print a joint step against those of both encoders, and each generator on top of it."""
    ways = {"audio": ("audio", {}), "visual": ("visual", {}), "joint": ("joint", {})}
    ways |= {name: ("joint", told) for name, told in GENERATORS.items()}
    best = dict.fromkeys(ways, np.inf)
    for _ in range(options.rounds):
        for way, (name, told) in ways.items():
            times, _ = trained(name, options, settings_of(options, **told), folder)
            best[way] = min(best[way], *np.diff(times))
            print(f"{way:10} {best[way]:8.3f} s a step", flush=True)
    alone, joint = best["audio"] + best["visual"], best["joint"]
    held = said("joint against both alone", joint / alone, JOINT)
    more = {name: (best[name] - joint) / joint for name in GENERATORS}
    return all([held, *(said(f"more by {n}", share, GENERATOR) for n, share in more.items())])


def bf16(options: Options, folder: Path) -> bool:
    """Print how far the losses of 50 steps are apart in bf16 and float32."""
    told = {"max_steps": 50, "nce": 1.0, "lr": 0.01 * BATCH / 320}  # 0.01 is for 320 clips
    _, whole = trained("joint", options, settings_of(options, **told), folder)
    _, half = trained(
        "joint", options, settings_of(options, **told, mixed_precision="bf16"), folder
    )
    pairs = [(a["losses"]["loss"], b["losses"]["loss"]) for a, b in zip(whole, half, strict=True)]
    apart = max(abs(a - b) / abs(a) for a, b in pairs)
    mean = np.mean([abs(a - b) / abs(a) for a, b in pairs])
    print(f"bf16 against float32: mean {mean:.4f} of the loss over {len(pairs)} steps")
    return said("bf16 against float32, worst step", apart, PRECISION)


def waiting(options: Options, folder: Path) -> bool:
    """Print the share of time that waits for data, after the first step."""
    _, lines = trained("joint", options, settings_of(options, nce=1.0), folder)
    shares = [line["wait_share"] for line in lines[1:]]
    return said("waiting for data", float(np.mean(shares)), WAITING)


def processes(options: Options, folder: Path) -> bool:
    """Print how far the losses of one process and of two are apart."""
    found = []
    for count in (1, 2):
        output = folder / f"of{count}"
        words = [
            sys.executable,
            __file__,
            "--losses",
            output,
            "--width",
            options.width,
            "--face-width",
            options.face_width,
            "--seconds",
            options.seconds,
        ]
        launch = (
            []
            if count == 1
            else [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node", "2"]
        )
        command = [str(word) for word in (*launch, *(words[1:] if launch else words))]
        subprocess.run(command, check=True, env=os.environ | {"OMP_NUM_THREADS": "1"})
        found.append(json.loads(output.read_text()))
    apart = max(abs(a - b) / abs(a) for a, b in zip(*found, strict=True))
    return said("one process against two", apart, PROCESSES)


def losses(options: Options, output: Path) -> None:
    """Train in this process, or as one of those launched together; write its losses.

    Statistics of half a batch are other ones, so batch norms take theirs as in evaluation.
    """
    from avkd_cli.training.processes import rank

    for kind in (torch.nn.BatchNorm1d, torch.nn.BatchNorm2d):
        kind.forward = as_in_evaluation
    with tempfile.TemporaryDirectory() as folder:
        told = settings_of(options, nce=1.0, cycle=0.5)
        _, lines = trained("joint", options, told, Path(folder))
    if rank() == 0:
        output.write_text(json.dumps([line["losses"]["loss"] for line in lines]))


def as_in_evaluation(norm: torch.nn.Module, x: torch.Tensor) -> torch.Tensor:
    """Normalise a batch by the running statistics."""
    moments = norm.running_mean, norm.running_var
    return torch.nn.functional.batch_norm(x, *moments, norm.weight, norm.bias, eps=norm.eps)


def said(what: str, found: float, limit: float) -> bool:
    """Print a figure beside its limit; return whether it is within."""
    print(f"{what}: {found:.3g} (at most {limit:g})", flush=True)
    return found <= limit


PARTS = {one.__name__: one for one in (step, bf16, waiting, processes)}


def main() -> None:
    """Measure, print, and fail where a limit is passed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=PARTS, nargs="+", default=list(PARTS))
    parser.add_argument("--width", type=int, default=1024, help="channels of ECAPA-TDNN")
    parser.add_argument("--face-width", type=int, default=64, help="of IResNet18's first stage")
    parser.add_argument("--seconds", type=float, default=2.0, help="of a clip")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument(
        "--steps", type=int, default=3, help="of a training, of which all but one are timed"
    )
    parser.add_argument("--cpu-time", action="store_true", help="processor time, not time")
    parser.add_argument("--losses", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    clock = time.process_time if given.cpu_time else time.perf_counter
    options = Options(
        given.width, given.face_width, given.seconds, given.rounds, given.steps, clock
    )
    if given.losses:
        losses(options, given.losses)
        return
    with tempfile.TemporaryDirectory() as folder:
        held = [PARTS[name](options, Path(folder)) for name in given.only]
    raise SystemExit(0 if all(held) else 1)


if __name__ == "__main__":
    main()
