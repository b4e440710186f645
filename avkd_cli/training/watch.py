"""What a person sees of a run: log.jsonl, a progress line, and trackers on request."""

import sys
import time
from typing import Any

from accelerate import Accelerator

from avkd_cli.config import TrainConfig
from avkd_cli.training.runs import Run

LINE_EVERY = 30.0  # seconds between lines where stderr is not a terminal


class Watch:
    """Averages losses over `log_every` steps and tells them.

    Only the averages are part of what a resumed run must repeat; times are not.

    Args:
        window: sums of an unfinished average, from a checkpoint.
    """

    def __init__(
        self,
        run: Run,
        settings: TrainConfig,
        total: int,
        n_rows: int,
        accelerator: Accelerator,
        window: dict[str, float],
        quiet: bool,
    ) -> None:
        self.run, self.settings, self.total, self.n_rows = run, settings, total, n_rows
        self.accelerator, self.sums, self.quiet = accelerator, dict(window), quiet
        self.waiting, self.began, self.steps, self.said = 0.0, time.perf_counter(), 0, 0.0
        self.bar: Any = None

    def __enter__(self) -> "Watch":
        if self.settings.tracker:
            self.accelerator.init_trackers("avkd", config={"run": str(self.run.path)})
        if self.accelerator.is_main_process and not self.quiet and sys.stderr.isatty():
            self.bar = make_bar(self.total)
            self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            self.bar.stop()
        if self.settings.tracker:
            self.accelerator.end_training()

    def waited(self, seconds: float) -> None:
        """Count time spent waiting for a batch."""
        self.waiting += seconds

    def window(self) -> dict[str, float]:
        """Return the unfinished sums, for a checkpoint."""
        return dict(self.sums)

    def add(self, step: int, losses: dict[str, float], rate: float, margin: float) -> None:
        """Take in one step's losses; log when the window is full or the run ends."""
        for name, value in losses.items():
            self.sums[name] = self.sums.get(name, 0.0) + value
        self.sums["steps"] = self.sums.get("steps", 0) + 1
        self.steps += 1
        if step % self.settings.log_every == 0 or step == self.total:
            self.log(step, rate, margin)
        if self.bar is not None:
            self.bar.update(self.bar.task_ids[0], completed=step, loss=losses["loss"])

    def log(self, step: int, rate: float, margin: float) -> None:
        """Write one line of log.jsonl and start the next window."""
        count = self.sums.pop("steps")
        means = {name: total / count for name, total in self.sums.items()}
        seconds = max(time.perf_counter() - self.began, 1e-9)
        line = {
            "step": step,
            "epoch": round(step * self.settings.batch_size / self.n_rows, 4),
            "losses": means,
            "lr": rate,
            "margin": margin,
            "utterances_per_s": round(self.steps * self.settings.batch_size / seconds, 1),
            "wait_share": round(self.waiting / seconds, 4),
        }
        if self.accelerator.is_main_process:
            self.run.log(line)
            self.say(line)
        if self.settings.tracker:
            self.accelerator.log({**means, "lr": rate, "margin": margin}, step=step)
        self.sums, self.steps = {}, 0
        self.waiting, self.began = 0.0, time.perf_counter()

    def say(self, line: dict[str, Any]) -> None:
        """Print a line on stderr now and then, where there is no bar."""
        now = time.perf_counter()
        if self.quiet or self.bar is not None:
            return
        if now - self.said < LINE_EVERY and line["step"] != self.total:
            return
        self.said = now
        terms = ", ".join(f"{k} {v:.4g}" for k, v in line["losses"].items())
        print(
            f"{self.run.path.name}: step {line['step']} of {self.total}: {terms}, "
            f"lr {line['lr']:.3g}, {line['utterances_per_s']:.0f} utterances/s, "
            f"waiting {100 * line['wait_share']:.0f} %",
            file=sys.stderr,
        )


def make_bar(total: int) -> Any:
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
