"""Kill training at every moment, go on, and compare every byte with a run left alone.

Three small trainings: a voice teacher (waveforms disturbed by noise, rooms and speeds, dropout,
masks, Nesterov momentum, micro-batches, P x K batches), a fusion (a sense corrupted at random,
Adam, poisoned rows that are skipped) and a face student (all terms, a projection, dropout, flips,
AdamW, clipping, a loss scale). All have warm-up, a growing margin, validation and a kept best.

A run is killed before any micro-batch of its 20 steps, at any file operation of its saves, or in
a validation; then it is started again. Weights, optimizer, checkpoints, log lines (without times)
and file names must be those of the run left alone. Mutants leave out one part of what a run goes
on from; the comparison must see each.

    python tests/campaigns/resume.py                      everything, minutes
    python tests/campaigns/resume.py --every 9            a ninth of the moments
    python tests/campaigns/resume.py --chimera DATA       real commands on real recordings
    … --record                                            and into docs/reliability.md
"""

import argparse
import contextlib
import dataclasses
import importlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import figures
import numpy as np
import torch

from avkd_cli.config import AudioConfig, DistillVisualConfig, FusionConfig, TrainConfig
from avkd_cli.steps import training_run
from avkd_cli.steps.training_run import Job
from avkd_cli.steps.training_set import TrainingSet
from avkd_cli.storage import durable
from avkd_cli.training import checkpoint, keyed, loop
from avkd_cli.training.batches import AudioCrops, Embeddings, Faces, OtherOfPerson
from avkd_cli.training.disturbance import Disturbances, SpeedClasses
from avkd_cli.training.networks import Description, build
from avkd_cli.training.objectives import Classify, Corrupted, Distill, Terms
from avkd_cli.training.runs import Run
from avkd_cli.training.state import State

PERSONS, EACH, STEPS = 6, 8, 20
LABELS = np.repeat(np.arange(PERSONS), EACH)
ROWS = np.arange(len(LABELS))
CHOSEN = TrainingSet([f"u{row}" for row in ROWS], LABELS, [f"p{i}" for i in range(PERSONS)])
# An epoch is 6 steps of 8: neither the log's 3, the checkpoints' 4 nor patience meet it always.
COMMON = {
    "embedding_size": 8, "batch_size": 8, "max_steps": STEPS, "log_every": 3, "workers": 1,
    "checkpoint_every": 4, "warmup": 0.3, "margin_from": 0.1, "margin_to": 0.9, "patience": 2.5,
}  # fmt: skip


class Pieces:
    """A store of ragged random numbers in memory, such as waveforms or faces."""

    def __init__(self, long_name: str, lengths: list[int], shape: tuple, seed: int) -> None:
        chance = np.random.default_rng(seed)
        self.long_name, self.lengths = long_name, np.array(lengths)
        high = 256 if long_name == "crops" else 3000
        kind = np.uint8 if long_name == "crops" else np.int16
        self.pieces = [chance.integers(0, high, (n, *shape)).astype(kind) for n in lengths]

    def read(self, rows: np.ndarray) -> list[np.ndarray]:
        """Return whole pieces."""
        return [self.pieces[row] for row in rows]

    def crops(self, rows: np.ndarray, starts: np.ndarray, length: int) -> np.ndarray:
        """Return a stretch of each."""
        pairs = zip(rows, starts, strict=True)
        return np.stack([self.pieces[row][at : at + length] for row, at in pairs])

    def gather(self, rows: np.ndarray, places: np.ndarray) -> np.ndarray:
        """Return one place of each."""
        return np.stack([self.pieces[row][at] for row, at in zip(rows, places, strict=True)])


def job(modality: str, step: str, sources: list, description: Description, make: Callable) -> Job:
    """Return a training of the 48 utterances."""
    return Job(step, modality, CHOSEN, sources, description, [], make, {"store": "sha256:0"})


def teacher() -> tuple[Job, TrainConfig]:
    """A voice encoder on disturbed waveforms."""
    settings = AudioConfig(
        **COMMON, model="tdnn", width=4, optimizer="sgd", lr=0.05, accumulate=2, per_person=2,
        augment=0.8, speed_classes=True, dropout=0.2, time_mask=4, freq_mask=4,
    )  # fmt: skip
    sound = Pieces("samples", [4000 + 40 * row for row in ROWS], (), 0)
    crops = AudioCrops(sound, ROWS, 12, 16, 0, speeds=True)
    kinds = {"babble": ROWS[:3], "music": ROWS[3:4], "noise": ROWS[4:6]}
    noise = Pieces("samples", [5000] * 6, (), 1), kinds
    rooms = Pieces("samples", [100, 200], (), 2)
    front = {"features": "waveform", "n_mels": 16, "time_mask": 4, "freq_mask": 4}
    model = {"embedding_size": 8, "width": 4, "n_mels": 16, "dropout": 0.2}
    description = Description("audio", "tdnn", model, front)
    sources = [crops, SpeedClasses(LABELS, PERSONS, 0), Disturbances(crops, 0.8, 0, noise, rooms)]
    make = lambda: Classify(build(description), 3 * PERSONS, 8, 32.0, "a")  # noqa: E731
    return job("audio", "train-teacher", sources, description, make), settings


def fusion() -> tuple[Job, TrainConfig]:
    """A fusion of stored embeddings, of which one in 48 is not a number."""
    settings = FusionConfig(
        **COMMON, hidden=4, optimizer="adam", lr=0.05, accumulate=2, corrupt=0.3,
        on_nonfinite="skip",
    )  # fmt: skip
    chance = np.random.default_rng(3)
    voices, faces = (chance.standard_normal((len(ROWS), n)).astype(np.float32) for n in (6, 7))
    voices[7] = np.nan
    model = {"visual_size": 7, "audio_size": 6, "embedding_size": 8, "hidden": 4}
    description = Description("fusion", "gate", model)
    pairs = OtherOfPerson("visual", faces, ROWS, LABELS, seed=0)
    sources = [Embeddings("audio", voices, ROWS), pairs]
    make = lambda: Corrupted(build(description), PERSONS, 8, 32.0, "a", probability=0.3)  # noqa: E731
    return job("fusion", "train-teacher", sources, description, make), settings


def student() -> tuple[Job, TrainConfig]:
    """A face encoder that learns from embeddings of another size."""
    settings = DistillVisualConfig(
        **COMMON, model="cnn", width=16, optimizer="adamw", lr=0.01, clip_norm=1.0, dropout=0.2,
        flip=True, jitter=0.2, shift=2, erase=0.3, alpha=1.0, beta=1.0, gamma=1.0, projection=True,
    )  # fmt: skip
    chance = np.random.default_rng(4)
    taught = chance.standard_normal((len(ROWS), 10)).astype(np.float32)
    rows = torch.from_numpy(chance.standard_normal((PERSONS, 10)).astype(np.float32))
    model = {"embedding_size": 8, "width": 16, "dropout": 0.2, "in_channels": 3, "emb_bn": True,
             "height": 32, "width_px": 32}  # fmt: skip
    front = {"flip": True, "jitter": 0.2, "shift": 2, "erase": 0.3}
    description = Description("visual", "cnn", model, front)
    faces = Pieces("crops", [1 + row % 3 for row in ROWS], (32, 32, 3), 5)
    sources = [Faces(faces, ROWS, 0), Embeddings("teacher", taught, ROWS)]
    make = lambda: Distill(  # noqa: E731
        build(description), PERSONS, 8, 32.0, "a",
        terms=Terms(alpha=1.0, beta=1.0, gamma=1.0), teacher_classifier=rows, projection_size=10,
    )  # fmt: skip
    return job("visual", "distill", sources, description, make), settings


TRAININGS = {"teacher": teacher, "fusion": fusion, "student": student}


@dataclass(frozen=True)
class Moment:
    """When to kill: before the n-th micro-batch, file operation or validation."""

    event: str
    number: int


class Events:
    """Counts what happens in this process, and kills it when its moment has come."""

    def __init__(self, moment: Moment | None) -> None:
        self.moment, self.counts = moment, {"batch": 0, "file": 0, "validation": 0}

    def __call__(self, event: str) -> None:
        """Say that something is about to happen."""
        if self.moment == Moment(event, self.counts[event]):
            os.kill(os.getpid(), signal.SIGKILL)
        self.counts[event] += 1


@dataclass
class Figures:
    """Stands for a validation: a figure that depends on the weights and little else."""

    events: Events
    digest: str = "sha256:figures"

    def __call__(self, network: torch.nn.Module) -> dict[str, float]:
        """Return a number in [0, 1)."""
        self.events("validation")
        total = sum(p.detach().double().sum() for p in network.parameters())
        return {"eer": float((1e3 * total) % 1)}


def train(name: str, output: Path, events: Events) -> None:
    """Train in this process, which must be a fresh one."""
    made, settings = TRAININGS[name]()
    make_task, make_accelerator = training_run.make_task, loop.make_accelerator

    def watched_task(*arguments: object) -> loop.Task:
        task = make_task(*arguments)
        task.objective.register_forward_pre_hook(lambda *_: events("batch"))
        return dataclasses.replace(task, validate=Figures(events))

    def scaled_accelerator(*arguments: object) -> object:
        accelerator = make_accelerator(*arguments)
        if name == "student":  # as fp16 has on a GPU; it grows every three steps
            accelerator.scaler = torch.amp.GradScaler("cpu", init_scale=8.0, growth_interval=3)
        return accelerator

    training_run.make_task, loop.make_accelerator = watched_task, scaled_accelerator
    durable.hook = lambda *_: events("file")
    training_run.train(made, output, settings, quiet=True)


def in_child(work: Callable[[], object]) -> int:
    """Do something in a forked process; return its wait status."""
    sys.stdout.flush()
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    code = 1
    with contextlib.suppress(BaseException):
        try:
            work()
            code = 0
        except BaseException:
            traceback.print_exc()
            raise
    sys.stderr.flush()
    os._exit(code)


def started(name: str, output: Path, moment: Moment | None = None, mutant: str = "") -> int:
    """Train in a child; return its wait status."""

    def work() -> None:
        if mutant:
            MUTANTS[mutant]()
        train(name, output, Events(moment))

    return in_child(work)


def counted(name: str, output: Path) -> dict[str, int]:
    """Train unbroken; return how often each event came."""
    counts = output.with_suffix(".counts")

    def work() -> None:
        events = Events(None)
        train(name, output, events)
        counts.write_text(json.dumps([events.counts, sorted(sys.modules)]))

    if in_child(work):
        raise SystemExit(f"{name}: the run left alone fails")
    counted, modules = json.loads(counts.read_text())
    for module in modules:  # so that the next children need not
        with contextlib.suppress(ImportError):
            importlib.import_module(module)
    return counted


TIMES = {"utterances_per_s", "wait_share", "made_by"}


def picture(run: Path) -> dict[str, object]:
    """Return all that a run leaves: files, log lines and records without times."""
    files = {str(p.relative_to(run)): p for p in run.rglob("*") if p.is_file()}
    found: dict[str, object] = {"empty": [p for p in run.iterdir() if p.name.endswith(".wip")]}
    for name, path in files.items():
        found[name] = path.read_bytes()
        if path.suffix in (".json", ".jsonl"):
            lines = path.read_text().splitlines() if path.suffix == ".jsonl" else [found[name]]
            records = [json.loads(line) for line in lines]
            found[name] = [{k: v for k, v in x.items() if k not in TIMES} for x in records]
    return found


def differences(one: Path, other: Path) -> list[str]:
    """Return the names of files in which two runs differ."""
    left, right = picture(one), picture(other)
    return sorted(name for name in left | right if left.get(name) != right.get(name))


# Mutants: each leaves out one part of what a run goes on from.
def lacks(part: str, wanted: Callable[[str], bool] = lambda name: True) -> Callable[[], None]:
    """Return a mutant that keeps the new run's tensors instead of the saved ones."""

    def install() -> None:
        load = State.load

        def blind(self: State, folder: Path, parts: checkpoint.Parts, progress: object) -> None:
            fresh = self.bare.state_dict() if part == "network" else {}
            kept = {k: v for k, v in parts[part].items() if not wanted(k)}
            put = {k: fresh[k] for k in parts[part] if wanted(k) and k in fresh}
            load(self, folder, parts | {part: kept | put}, progress)

        State.load = blind

    return install


def forgets(**values: object) -> Callable[[], None]:
    """Return a mutant that loses a part of the progress."""

    def install() -> None:
        load = State.load

        def blind(self: State, folder: Path, parts: checkpoint.Parts, progress: object) -> None:
            load(self, folder, parts, dataclasses.replace(progress, **values))

        State.load = blind

    return install


def counts_anew(function: str) -> Callable[[], None]:
    """Return a mutant of the loop in which steps are counted from the restart."""

    def install() -> None:
        real, begun = getattr(loop, function), []

        def schedules(settings: TrainConfig, step: int, total: int) -> tuple[float, float]:
            begun[:] = begun or [step]
            return real(settings, step - begun[0], total)

        def read_ahead(batches: Callable, first: int, last: int, threads: int) -> object:
            return real(lambda k: batches(k - first), first, last, threads)

        setattr(loop, function, locals()[function])

    return install


def reseeds_once() -> None:
    """A mutant whose generators run on, as those of a plain loop do."""
    real, done = keyed.reseed_torch, []

    def once(seed: int, purpose: str, *more: int) -> None:
        if purpose not in done:
            done.append(purpose)
            real(seed, purpose, *more)

    keyed.reseed_torch = once


def keeps_the_log() -> None:
    """A mutant that leaves the log lines of steps that come again."""
    Run.cut_log = lambda self, step: None


MUTANTS = {
    "weights": lacks("network", lambda name: name.endswith("weight") and "head" not in name),
    "classifier": lacks("network", lambda name: name == "head.weight"),
    "projection": lacks("network", lambda name: name == "projection.weight"),
    "running means": lacks("network", lambda name: name.endswith("running_mean")),
    "batches tracked": lacks("network", lambda name: name.endswith("num_batches_tracked")),
    "momentum": lacks("optimizer"),
    "second moments": lacks("optimizer", lambda name: name.endswith("exp_avg_sq")),
    "optimizer's step": lacks("optimizer", lambda name: name.endswith(".step")),
    "open log line": forgets(window={}),
    "best": forgets(best=None),
    "skipped": forgets(skipped={}),
    "loss scale": forgets(scaler={}),
    "schedules": counts_anew("schedules"),
    "order": counts_anew("read_ahead"),
    "reseeding": reseeds_once,
    "log position": keeps_the_log,
}


def moments(counts: dict[str, int], every: int) -> list[Moment]:
    """Return the moments of a run, or every n-th of them."""
    return [Moment(event, n) for event, count in counts.items() for n in range(0, count, every)]


def killed(name: str, kills: Iterable[Moment], folder: Path) -> Path:
    """Return a run that was started and killed at each of these moments."""
    output = Path(tempfile.mkdtemp(dir=folder)) / "run"
    for moment in kills:
        status = started(name, output, moment)
        if not os.WIFSIGNALED(status):
            raise SystemExit(f"{name}: {moment} does not come: status {status}")
    return output


def gone_on(name: str, output: Path, folder: Path, mutant: str = "") -> list[str]:
    """Go on with a run; return how it then differs from the one left alone."""
    if status := started(name, output, mutant=mutant):
        return [f"does not go on: status {status}"]
    return differences(folder / name, output)


def seen(name: str, output: Path, folder: Path, mutant: str) -> bool:
    """Return whether a mutant that goes on with a copy of a run makes a difference."""
    copy = shutil.copytree(output, Path(tempfile.mkdtemp(dir=folder)) / "run")
    return bool(gone_on(name, copy, folder, mutant))


def campaign(names: list[str], every: int, seed: int) -> tuple[dict[str, int], int, list[str]]:
    """Kill everywhere, some runs twice, then try the mutants.

    Returns:
        The kills of each training, how many went wrong, and the mutants that were not seen.
    """
    chance, faults, unseen, kills_of = random.Random(seed), 0, set(MUTANTS), {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for name in names:
            counts = counted(name, folder / name)
            late = Moment("batch", counts["batch"] * 9 // 10)
            once = [[moment] for moment in moments(counts, every)]
            twice = [
                [late, Moment("batch", chance.randrange(2))] for _ in range(-(-len(once) // 20))
            ]
            stopped = killed(name, [late], folder)
            unseen -= {m for m in sorted(unseen) if seen(name, stopped, folder, m)}
            for kills in [[late], *once, *twice]:
                kills_of[name] = kills_of.get(name, 0) + len(kills)
                if found := gone_on(name, killed(name, kills, folder), folder):
                    faults += 1
                    print(f"{name}: {kills}: {found}", flush=True)
            print(f"{name}: {counts}", flush=True)
    return kills_of, faults, sorted(unseen)


def chimera(data: Path, kills: int, seed: int) -> tuple[list[int], list[str]]:
    """Train on real recordings by the real command, killed after steps drawn at random.

    Returns:
        The last step in the log at each kill, and what differs from the run left alone.
    """
    chance, avkd = random.Random(seed), [sys.executable, "-m", "avkd_cli"]

    def run(*words: object) -> None:
        subprocess.run([*avkd, *map(str, words)], check=True, stdout=subprocess.DEVNULL)

    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        people, store = folder / "people.jsonl", folder / "audio.zarr"
        table = data / "chimera" / "chimera54_manifest.csv"
        run("corpus", "csv", table, "--id", "sample", "--person", "identity", "--audio", "voice",
            "--images", "face", "--split", "split", "--root", data, "-o", people)  # fmt: skip
        run("prep-audio", people, "-o", store, "--config", "small", "--quiet")
        train = ["train-teacher", "--modality", "audio", store, "--config", "small", "--quiet",
                 "--epochs", 12, "--checkpoint-every", 4, "--log-every", 1, "-o"]  # fmt: skip
        alone, killed = folder / "alone", folder / "killed"
        run(*train, alone)
        total, reached = logged(alone), []
        for step in sorted(chance.sample(range(total * 9 // 10), kills)):
            child = subprocess.Popen([*avkd, *map(str, train), killed], stdout=subprocess.DEVNULL)
            while logged(killed) < step and child.poll() is None:
                time.sleep(0.01)
            time.sleep(0.2 * chance.random())  # somewhere in the steps that follow
            child.kill()
            if child.wait() != -signal.SIGKILL:
                raise SystemExit(f"chimera54: not killed after step {step}: {child.returncode}")
            reached.append(logged(killed))
        run(*train, killed)
        return reached, differences(alone, killed)


def logged(run: Path) -> int:
    """Return the step of the last whole line of a run's log, 0 where there is none."""
    path = run / "log.jsonl"
    lines = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
    return json.loads(lines[-1])["step"] if lines else 0


def main() -> int:
    """Run a campaign; the last line sums it up."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", nargs="+", choices=TRAININGS, default=list(TRAININGS))
    parser.add_argument("--every", type=int, default=1, help="take every n-th moment")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--chimera", type=Path, metavar="DATA", help="the shared folder data/")
    parser.add_argument("--kills", type=int, default=10, help="of --chimera")
    figures.add_option(parser)
    given = parser.parse_args()
    if given.chimera:
        return main_chimera(given)
    torch.set_num_threads(1)  # a forked process has no other threads
    kills, faults, unseen = campaign(given.only, given.every, given.seed)
    if given.record:
        caught = f"{len(MUTANTS) - len(unseen)} of {len(MUTANTS)}"
        counts = {"every": given.every, "kills": kills, "mutants caught": caught}
        wrong = faults + len(unseen)
        figures.record("resume", cases=sum(kills.values()), wrong=wrong, counts=counts)
    print(
        f"resume: {sum(kills.values())} kills, {faults} faults, "
        f"mutants not seen: {', '.join(unseen) or 'none'}"
    )
    return 1 if faults or unseen else 0


def main_chimera(given: argparse.Namespace) -> int:
    """Run the campaign on real recordings; the last line sums it up."""
    reached, found = chimera(given.chimera.resolve(), given.kills, given.seed)
    if given.record:
        figures.record(
            "resume chimera54",
            cases=len(reached),
            wrong=len(found),
            counts={"killed after the steps": " ".join(map(str, reached))},
        )
    print(f"chimera54: {len(reached)} kills, after the steps {reached}")
    print(f"resume: differences from the run left alone: {found or 'none'}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
