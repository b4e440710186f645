"""What workers make of the text files of the test corpus: numbers become frames.

A word in the file instead of a number is a fault to commit.
"""

import errno
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from avkd_cli.errors import Rejected
from avkd_cli.storage.record import Record


@dataclass(frozen=True)
class Settings:
    scale: float = 1.0


def frames(utterance, resolve, settings):
    words = resolve(utterance.audio).read_text().split()
    for word in words:
        if not word[0].isdigit():
            commit_fault(word)
    numbers = np.array([float(word) for word in words if word[0].isdigit()], np.float32)
    return Record(
        columns={"duration_s": len(numbers) / 100, "level_dbfs": -numbers.max()},
        long=settings.scale * np.stack([numbers, numbers + 0.5, -numbers], axis=1),
        warnings=("odd",) if "odd" in words else (),
    )


def faces(utterance, resolve, settings):
    """A file with the one word none has no face."""
    text = resolve(utterance.audio).read_text()
    numbers = [] if text == "none" else [int(word) for word in text.split()]
    count = len(numbers)
    values = np.array(numbers, np.float32)
    items = dict.fromkeys(
        ["time_s", "detection_score", "sharpness", "brightness", "face_size", "yaw", "roll"], values
    )
    items["held"] = np.zeros(count, np.uint8)
    shape = np.ones((1, 5, 2), np.float32)
    return Record(
        columns={},
        long=np.full((count, 4, 3, 3), 0, np.uint8)
        + np.array(numbers, np.uint8).reshape(-1, 1, 1, 1),
        items=items
        | {"landmarks": values[:, None, None] * shape, "box": values[:, None] * shape[0, :4, 0]},
    )


def commit_fault(word):
    name, _, argument = word.partition(":")
    FAULTS[name](argument)


def reject(code):
    raise Rejected(code, "as the file says")


def kill_once(path):
    """Kill this process by signal 9, the first time."""
    if not Path(path).exists():
        Path(path).touch()
        os.kill(os.getpid(), signal.SIGKILL)


def raise_error(number):
    raise OSError(getattr(errno, number), "as the file says")


def litter(path):
    """Leave a half-written file, as a worker that is killed does."""
    Path(path).write_text("half")


FAULTS = {
    "litter": litter,
    "odd": lambda _: None,
    "reject": reject,
    "segfault": lambda _: os.kill(os.getpid(), signal.SIGSEGV),
    "exit": lambda code: os._exit(int(code)),
    "hang": lambda _: time.sleep(1000),
    "slow": lambda seconds: time.sleep(float(seconds)),
    "once": kill_once,
    "killed": lambda _: os.kill(os.getpid(), signal.SIGKILL),
    "hungry": lambda _: np.ones(1 << 36),
    "oserror": raise_error,
    "bug": lambda _: {}["bug"],
}
