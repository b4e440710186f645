"""What a person sees of a run: log.jsonl, a progress line, and trackers on request."""

import dataclasses
import difflib
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from accelerate import tracking

from avkd_cli.config import TrainConfig
from avkd_cli.errors import UsageError
from avkd_cli.training.state import State

if TYPE_CHECKING:
    from rich.progress import Progress

LINE_EVERY = 30.0  # seconds between lines where stderr is not a terminal


class Watch:
    """Averages losses over `log_every` steps and tells them.

    Only the averages are part of what a resumed run must repeat; times are not.
    """

    def __init__(
        self, state: State, settings: TrainConfig, total: int, n_rows: int, quiet: bool
    ) -> None:
        self.state, self.settings, self.total, self.n_rows = state, settings, total, n_rows
        self.sums, self.quiet = dict(state.progress.window), quiet or not state.first
        self.waited, self.began, self.steps, self.said = 0.0, time.perf_counter(), 0, 0.0
        self.bar: Progress | None = None

    def __enter__(self) -> "Watch":
        if self.settings.tracker:
            self.start_tracker()
        if not self.quiet and sys.stderr.isatty():
            self.bar = make_bar(self.total)
            self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            self.bar.stop()
        if self.settings.tracker:
            self.state.accelerator.end_training()

    def start_tracker(self) -> None:
        """Start the tracker; of a run that goes on, TensorBoard forgets what comes again."""
        begun = self.state.progress.step
        options = {"tensorboard": {"purge_step": begun + 1}} if begun else {}
        self.state.accelerator.init_trackers(
            "avkd", config=dataclasses.asdict(self.settings), init_kwargs=options
        )

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Count the time inside as waiting for data."""
        began = time.perf_counter()
        yield
        self.waited += time.perf_counter() - began

    def window(self) -> dict[str, float]:
        """Return the unfinished sums, for a checkpoint."""
        return dict(self.sums)

    def add(self, losses: dict[str, float], rate: float, figures: dict[str, float]) -> None:
        """Take in one step's losses; log when the window is full or the run ends.

        Args:
            rate: of learning. figures: what schedules stand at, such as the margin.
        """
        step = self.state.progress.step
        for name, value in {**losses, "steps": 1}.items():
            self.sums[name] = self.sums.get(name, 0.0) + value
        self.steps += 1
        if step % self.settings.log_every == 0 or step == self.total:
            self.log(step, {"lr": rate, **figures})
        if self.bar is not None:
            self.bar.update(self.bar.task_ids[0], completed=step, loss=losses["loss"])

    def log(self, step: int, figures: dict[str, float]) -> None:
        """Write one line of log.jsonl and start the next window."""
        count = self.sums.pop("steps")
        means = {name: total / count for name, total in self.sums.items()}
        seconds = max(time.perf_counter() - self.began, 1e-9)
        line = {
            "step": step,
            "epoch": round(step * self.settings.batch_size / self.n_rows, 4),
            "losses": means,
            **figures,
            "utterances_per_s": round(self.steps * self.settings.batch_size / seconds, 1),
            "wait_share": round(self.waited / seconds, 4),
        }
        if self.state.first:
            self.state.run.log(line)
            self.say(line)
        if self.settings.tracker:
            speed = {name: line[name] for name in ("utterances_per_s", "wait_share")}
            self.state.accelerator.log(means | figures | speed, step=step)
        self.sums, self.steps = {}, 0
        self.waited, self.began = 0.0, time.perf_counter()

    def say(self, line: dict[str, Any]) -> None:
        """Print a line on stderr now and then, where there is no bar."""
        now = time.perf_counter()
        if self.quiet or self.bar is not None:
            return
        if now - self.said < LINE_EVERY and line["step"] != self.total:
            return
        self.said = now
        terms = ", ".join(f"{k} {v:.4g}" for k, v in line["losses"].items())
        self._print(
            line["step"],
            f"{terms}, lr {line['lr']:.3g}, {line['utterances_per_s']:.0f} utterances/s, "
            f"waiting {100 * line['wait_share']:.0f} %",
        )

    def say_resumed(self) -> None:
        """Say from where a run goes on that was begun before."""
        if self.state.progress.step and not self.quiet:
            self._print(self.state.progress.step, "goes on from here")

    def say_validation(self, figures: dict[str, float]) -> None:
        """Print the validation EER of the step just taken, and the best so far."""
        progress = self.state.progress
        if self.quiet or "eer" not in figures:
            return
        best = progress.best
        beside = f", best {100 * best['eer']:.3f} % at step {best['step']}" if best else ""
        self._print(progress.step, f"validation EER {100 * figures['eer']:.3f} %{beside}")

    def _print(self, step: int, text: str) -> None:
        run = self.state.run
        print(
            f"avkd {run.plan.step}: {run.path.name}: step {step} of {self.total}: {text}",
            file=sys.stderr,
        )


def check_tracker(name: str) -> None:
    """Raise UsageError unless Accelerate has the tracker, with what to install.

    Only a package that is there counts: Accelerate itself would go on without a word.
    """
    known = [str(one) for one in tracking.LOGGER_TYPE_TO_CLASS]
    if name not in known:
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean '{close[0]}'?" if close else f"there are {', '.join(known)}"
        raise UsageError(f"--tracker '{name}' is unknown; {hint}")
    if name not in {str(one) for one in tracking.get_available_trackers()}:
        package = name.replace("_", "-")
        raise UsageError(f"--tracker {name} needs a package: pip install {package}")


def make_bar(total: int) -> "Progress":
    """Return a progress bar for a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    bar = Progress(
        BarColumn(),
        TextColumn("{task.completed}/{task.total} steps, loss {task.fields[loss]:.3f}"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    bar.add_task("training", total=total, loss=float("nan"))
    return bar
