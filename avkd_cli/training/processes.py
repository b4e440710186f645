"""Several processes on one machine, for CPUs and for people without a launcher.

`avkd distill --num-processes 2 …` starts the same command twice with the variables that
torchrun would set; the first failure ends the others, and its exit code is ours.
"""

import os
import signal
import socket
import subprocess
import sys
import time

GRACE = 60.0  # seconds that the other processes have to stop


def rank() -> int:
    """Return the number of this process among those that train together, 0 for the first."""
    return int(os.environ.get("RANK", "0"))


def launched() -> bool:
    """Return whether a launcher (ours, torchrun, accelerate) started this process."""
    return "RANK" in os.environ and "WORLD_SIZE" in os.environ


def launch(count: int) -> int:
    """Run this very command line in `count` processes; return the exit code of the first failure.

    A signal to us is handed on, and every process saves and stops.
    """
    port = free_port()
    children = [
        subprocess.Popen(
            [sys.executable, "-m", "avkd_cli", *sys.argv[1:]], env=environment(i, count, port)
        )
        for i in range(count)
    ]
    handlers = {n: signal.signal(n, signal.SIG_IGN) for n in (signal.SIGINT, signal.SIGTERM)}
    for number in handlers:
        signal.signal(number, lambda n, _frame: [child.send_signal(n) for child in children])
    try:
        return wait(children)
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def wait(children: list[subprocess.Popen]) -> int:
    """Wait for all; when one fails, give the others time, then end them."""
    code, deadline = 0, float("inf")
    while None in (codes := [child.poll() for child in children]):
        failed = next((c for c in codes if c), 0)
        if failed and not code:
            code, deadline = failed, time.monotonic() + GRACE
            for child in children:
                child.terminate()
        if time.monotonic() > deadline:
            for child in children:
                child.kill()
        time.sleep(0.05)
    return code or next((c for c in codes if c), 0)


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
