"""What is made once under a name, and may be killed at any moment: stores, runs, the stand-in.

A name is locked while it is made. One file says first what it is to hold, one stands last, when it
is whole: what a killed command has left is gone on with, or thrown away by whoever may say so.
"""

import os
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from avkd_cli.storage import durable, places
from avkd_cli.storage.progress import say


@dataclass(frozen=True)
class Making:
    """A folder in the making.

    Args:
        out: its name.
        first: the file that says what it is to hold.
        last: the file that is there once it is whole.
        in_place: it is made under its name, as what people watch; else beside it.
    """

    out: Path
    first: str
    last: str
    in_place: bool = False

    @property
    def work(self) -> Path:
        """Where it is made."""
        return self.out if self.in_place else self.out.with_name(self.out.name + ".wip")

    def locked(self, *, shared: bool = False) -> AbstractContextManager[None]:
        """Hold the name; TemporaryError if another process does. See `places.lock`."""
        return places.lock(self.out, shared=shared)

    def begin(self, text: str) -> None:
        """Make the folder with its first file, or tidy what a killed command of this one left."""
        durable.make_directory(self.work)
        durable.sweep_below(self.work)
        if not (self.work / self.first).exists():
            durable.write_text(self.work / self.first, text)

    def drop(self) -> None:
        """Throw away what another command has begun."""
        if os.path.lexists(self.work):
            places.remove_tree(self.work)

    def publish(self, *, overwrite: bool) -> None:
        """Give it its name, in one step."""
        places.publish(self.work, self.out, overwrite)
        self.tidy()

    def tidy(self) -> None:
        """Remove what commands killed while they replaced or removed it have left."""
        if not self.in_place and (self.work / self.last).is_file():
            places.remove_tree(self.work)  # it is whole: it has changed places with its successor
        places.remove_remains(self.out)
        places.remove_remains(self.work)

    def is_complete(self, step: str, *, touched: str, quiet: bool = False) -> None:
        """Leave it alone: say so, and renew the time stamp of a file, for `make`."""
        durable.touch(self.out / touched)
        self.tidy()
        say(step, f"{self.out}: already complete", quiet=quiet)
