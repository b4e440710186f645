"""How far a long job is, on stderr: a bar on a terminal, else a line every 30 seconds."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

SECONDS_BETWEEN_LINES = 30.0


def say(step: str, text: str, *, quiet: bool = False) -> None:
    """Tell a person on stderr; what a program reads goes to stdout."""
    if not quiet:
        print(f"avkd {step}: {text}", file=sys.stderr)


class Advance(Protocol):
    """Tell how many records were accepted and rejected since the last call."""

    def __call__(self, accepted: int, rejected: int = 0) -> None: ...  # noqa: D102


@contextmanager
def progress(title: str, total: int, *, quiet: bool = False, done: int = 0) -> Iterator[Advance]:
    """Give a function to call as records are finished.

    Args:
        title: what is done.
        total: records in all.
        quiet: show nothing.
        done: records that an earlier run has finished: not part of the rate.
    """
    if quiet or total == 0 or sys.stderr is None:
        yield lambda accepted, rejected=0: None
    elif sys.stderr.isatty():
        with _bar(title, total, done) as advance:
            yield advance
    else:
        yield _Lines(title, total, done)


class _Lines:
    """One line every 30 seconds, none for a short job."""

    def __init__(self, title: str, total: int, done: int) -> None:
        self.title, self.total, self.earlier = title, total, done
        self.accepted = self.rejected = 0
        self.began = self.last = time.monotonic()

    def __call__(self, accepted: int, rejected: int = 0) -> None:
        self.accepted += accepted
        self.rejected += rejected
        now = time.monotonic()
        if now - self.last >= SECONDS_BETWEEN_LINES:
            self.last = now
            print(self.line(now - self.began), file=sys.stderr, flush=True)

    def line(self, seconds: float) -> str:
        """Return what is said after so many seconds."""
        new = self.accepted + self.rejected
        finished = self.earlier + new
        rate = new / seconds
        left = (self.total - finished) / rate if rate else float("inf")
        return (
            f"avkd {self.title}: {finished} of {self.total} ({100 * finished / self.total:.0f} %), "
            f"{rate:.1f} a second, {duration(left)} left, {self.rejected} rejected"
        )


def duration(seconds: float) -> str:
    """Return seconds as a person says them: 45 s, 12 min, 3 h 5 min."""
    if seconds == float("inf"):
        return "unknown time"
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def size_in_words(count: float) -> str:
    """Return bytes as a person says them: 12 bytes, 3.4 MB."""
    if count < 1000:
        return f"{count:.0f} bytes"
    for unit in ("kB", "MB", "GB"):
        count /= 1000
        if count < 1000:
            return f"{count:.1f} {unit}"
    return f"{count / 1000:.1f} TB"


@contextmanager
def _bar(title: str, total: int, done: int) -> Iterator[Advance]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns: list[Any] = [
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]} a second, {task.fields[rejected]} rejected"),
        TimeElapsedColumn(),
        TextColumn("left:"),
        TimeRemainingColumn(),
    ]
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        bar.add_task(title, total=total, completed=done, rate="–", rejected=0)
        [task], began = bar.tasks, time.monotonic()

        def advance(accepted: int, rejected: int = 0) -> None:
            task.fields["rejected"] += rejected
            finished = task.completed + accepted + rejected
            rate = (finished - done) / max(time.monotonic() - began, 1e-9)
            bar.update(task.id, completed=finished, rate=f"{rate:.1f}")

        yield advance
