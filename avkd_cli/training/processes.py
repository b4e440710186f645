"""Several processes on one machine, for CPUs and for people without a launcher.

`avkd distill --num-processes 2 …` starts the same command twice with the variables that
torchrun would set; the first failure ends the others, and its exit code is ours.
"""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from datetime import timedelta

from avkd_cli.errors import TemporaryError

# A process that ended so did not choose to: the same line, run again, may well go on.
KILLED = {-signal.SIGKILL, -signal.SIGSEGV, -signal.SIGBUS, -signal.SIGABRT}
PATIENCE = 2.0  # seconds in which the others may end by themselves, as after a NaN
GRACE = 60.0  # seconds that the first has to save and stop, once told to


def rank() -> int:
    """Return the number of this process among those that train together, 0 for the first."""
    return int(os.environ.get("RANK", "0"))


def world() -> int:
    """Return how many processes work together, 1 for none beside this one."""
    return int(os.environ.get("WORLD_SIZE", "1"))


class Meeting:
    """Where processes of a launcher tell each other how far they are, by no more than its store.

    A process group would do as well, but gloo must find a network and NCCL gives up after ten
    minutes, which an extraction may well take longer in one process than in another.
    """

    def __init__(self) -> None:
        from torch.distributed import rendezvous

        self.store, self.rank, self.world = next(rendezvous("env://"))

    def say(self, what: str) -> None:
        """Tell the others."""
        self.store.set(f"avkd/{what}/{self.rank}", "1")

    def hear(self, what: str, ranks: Iterable[int]) -> None:
        """Wait until each of these has said it; a launcher ends who waits for the dead."""
        self.store.wait([f"avkd/{what}/{rank}" for rank in ranks], timedelta(days=30))


def launched() -> bool:
    """Return whether a launcher (ours, torchrun, accelerate) started this process."""
    return "RANK" in os.environ and "WORLD_SIZE" in os.environ


def launch(count: int) -> int:
    """Run this very command line in `count` processes; return the exit code of the first failure.

    A signal to us is handed on, and every process saves and stops. What the first process says
    on stderr is heard; what another says, only if it failed in another way.

    Raises:
        TemporaryError: a process was killed, and the first has not said so.
    """
    port = free_port()
    said = [None, *(tempfile.TemporaryFile() for _ in range(1, count))]  # noqa: SIM115
    children = [
        subprocess.Popen(
            [sys.executable, "-m", "avkd_cli", *sys.argv[1:]],
            env=environment(i, count, port),
            stderr=said[i],
        )
        for i in range(count)
    ]
    handlers = {n: signal.signal(n, signal.SIG_IGN) for n in (signal.SIGINT, signal.SIGTERM)}
    for number in handlers:
        signal.signal(number, lambda n, _frame: [child.send_signal(n) for child in children])
    try:
        failed = wait(children)
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    if failed is None:
        return 0
    code = children[failed].returncode
    if code in KILLED:
        if children[0].returncode == TemporaryError.exit_code:
            return TemporaryError.exit_code
        raise TemporaryError(
            f"process {failed} of {count} was ended by {signal.Signals(-code).name}, perhaps for "
            "want of memory; run the same line again to go on"
        )
    if children[0].returncode != code:
        said[failed].seek(0)
        sys.stderr.write(said[failed].read().decode(errors="replace"))
    return code


def wait(children: list[subprocess.Popen]) -> int | None:
    """Wait for all; return the place of the first that failed, None if none did.

    When one fails, the others may end by themselves; then they are told to; then killed, at
    once where the first has ended: only it saves.
    """
    first, since, told = None, float("inf"), False
    while None in (codes := [child.poll() for child in children]):
        if first is None and any(codes):
            first, since = next(i for i, code in enumerate(codes) if code), time.monotonic()
        waited = time.monotonic() - since
        if waited > PATIENCE and not told:
            told = True
            for child in children:
                child.terminate()
        if waited > PATIENCE + (GRACE if codes[0] is None else 0):
            for child in children:
                child.kill()
        time.sleep(0.05)
    return first if first is not None else next((i for i, code in enumerate(codes) if code), None)


def environment(index: int, count: int, port: int) -> dict[str, str]:
    """Return the variables of process `index`."""
    more = {
        "RANK": str(index),
        "LOCAL_RANK": str(index),
        "WORLD_SIZE": str(count),
        "LOCAL_WORLD_SIZE": str(count),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "OMP_NUM_THREADS": os.environ.get(
            "OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // count))
        ),
    }
    # gloo looks the host's name up, which fails on many machines; loopback always works here
    return {"GLOO_SOCKET_IFNAME": "lo", **os.environ, **more}


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
