"""Kill training at every moment, go on, and compare every byte with a run left alone.

Five small trainings: a voice teacher (waveforms disturbed by noise, rooms and speeds, dropout,
masks, Nesterov momentum, micro-batches, P x K batches), a fusion (a sense corrupted at random,
Adam, poisoned rows that are skipped) and a face student (all terms, a projection, dropout, flips,
AdamW, clipping, a loss scale), a student against a discriminator (two optimizers, two rates, a
triangular schedule), and both senses through time (generators, judges, noise models, three heads,
rates that halve). All have warm-up, a growing margin, validation and a kept best.

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
import torch
from resume_mutants import MUST_BE_SEEN, MUTANTS
from resume_trainings import TRAININGS

from avkd_cli.steps import training_run
from avkd_cli.storage import durable
from avkd_cli.training import loop


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
    make_training, make_accelerator = training_run.make_training, loop.make_accelerator

    def watched_training(*arguments: object) -> loop.TrainingSetup:
        training = make_training(*arguments)
        training.objective.register_forward_pre_hook(lambda *_: events("batch"))
        return dataclasses.replace(training, validate=Figures(events))

    def scaled_accelerator(*arguments: object) -> object:
        accelerator = make_accelerator(*arguments)
        if name == "student":  # as fp16 has on a GPU; it grows every three steps
            accelerator.scaler = torch.amp.GradScaler("cpu", init_scale=8.0, growth_interval=3)
        return accelerator

    training_run.make_training, loop.make_accelerator = watched_training, scaled_accelerator
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
            for mutant in sorted(MUST_BE_SEEN.get(name, ())):
                if not seen(name, stopped, folder, mutant):
                    unseen.add(f"{mutant} of {name}")
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
        run(
            *f"corpus csv {table} --id sample --person identity --audio voice".split(),
            *f"--images face --split split --root {data} -o {people}".split(),
        )
        run("prep-audio", people, "-o", store, "--config", "small", "--quiet")
        train = [
            *f"train-teacher --modality audio {store} --config small --quiet --epochs 12".split(),
            *"--checkpoint-every 4 --log-every 1 -o".split(),
        ]
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
