"""Stopping when asked: finish the step, save, then end as the signal would have."""

import signal
from types import FrameType

from avkd_cli.training.state import State

WATCHED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Stopped(KeyboardInterrupt):
    """A signal asked the run to stop and a checkpoint is written; `number` is the signal."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class StopSignals:
    """Remembers SIGTERM, SIGINT and SIGHUP until the step is done; a second one stops at once."""

    def __init__(self, state: State) -> None:
        self.state, self.number = state, 0
        self.before: dict[int, object] = {}

    def __enter__(self) -> "StopSignals":
        for number in WATCHED:
            if signal.getsignal(number) is not signal.SIG_IGN:
                self.before[number] = signal.signal(number, self.remember)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self.before.items():
            signal.signal(number, handler)

    def remember(self, number: int, _frame: FrameType | None) -> None:
        """Handle a signal: the first is kept for the step's end."""
        if self.number:
            raise Stopped(number)
        self.number = number

    def agreed(self) -> bool:
        """Return whether any process was asked to stop, the same answer on all."""
        self.number = int(self.state.on_any_process(self.number))
        return bool(self.number)

    def end(self) -> None:
        """Raise what ends the process by the signal."""
        raise Stopped(self.number)
