"""Mutants for `resume.py`: each leaves out one part of what a run goes on from."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

from avkd_cli import keyed
from avkd_cli.losses.moment import Moment
from avkd_cli.training import checkpoint, loop
from avkd_cli.training.runs import Run
from avkd_cli.training.state import State


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

        def moment(step: int, total: int, epoch: int) -> Moment:
            begun[:] = begun or [step]
            return real(step - begun[0], total, epoch)

        def read_ahead(batches: Callable, first: int, last: int, threads: int) -> object:
            return real(lambda k: batches(k - first), first, last, threads)

        setattr(loop, function, {"Moment": moment, "read_ahead": read_ahead}[function])

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
    "weights": lacks("network", lambda name: name.endswith("weight") and "network." in name),
    "classifier": lacks("network", lambda name: name.startswith("heads.")),
    "projection": lacks("network", lambda name: name.startswith("bridges.")),
    "running means": lacks("network", lambda name: name.endswith("running_mean")),
    "batches tracked": lacks("network", lambda name: name.endswith("num_batches_tracked")),
    "momentum": lacks("optimizer"),
    "second moments": lacks("optimizer", lambda name: name.endswith("exp_avg_sq")),
    "second optimizer": lacks("adversary"),
    "adversary": lacks("network", lambda name: name.startswith("terms.")),
    "optimizer's step": lacks("optimizer", lambda name: name.endswith(".step")),
    "open log line": forgets(window={}),
    "best": forgets(best=None),
    "skipped": forgets(skipped={}),
    "loss scale": forgets(scaler={}),
    "schedules": counts_anew("Moment"),
    "order": counts_anew("read_ahead"),
    "reseeding": reseeds_once,
    "log position": keeps_the_log,
}
MUST_BE_SEEN = {"joint": ("second optimizer", "adversary")}
"""Tried on these trainings even where another one has shown them."""
