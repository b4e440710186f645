"""What threads cost: a training alone, and beside a process that keeps a core busy.

Each row trains one network by hand in a process of its own, as avkd arranges it (how many threads,
asleep while they wait) and as torch would (all cores, awake), in turns; the best of a few rounds
counts. Ratios below 1 say that avkd's choice is faster. `beside/alone` of avkd's choice says what a
neighbour costs.

    python benchmarks/bench_threads.py [--rounds 2] [--only NAME]
"""

import argparse
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

ROWS = {
    # row: network, its keywords, what it reads, steps
    "tdnn small": ("tdnn", {"width": 64, "embedding_size": 128}, (64, 160, 40), 20),
    "cnn small": ("cnn", {"width": 16, "embedding_size": 128}, (64, 3, 112, 96), 4),
    "ecapa printed": ("ecapa-tdnn", {"n_mels": 40, "embedding_size": 192}, (8, 200, 40), 2),
    "resnet34 printed": ("resnet34", {"n_mels": 40, "embedding_size": 512}, (4, 200, 40), 2),
}

CHILD = """
import sys, time, torch
from avkd_cli import models
from avkd_cli.training import device
name, keywords, shape, steps, ours = {arguments!r}
torch.manual_seed(0)
network = (models.VISUAL if len(shape) == 4 else models.AUDIO)[name](**keywords)
if ours:
    device.suit(network, torch.device("cpu"))
inputs = torch.randn(shape)
optimizer = torch.optim.SGD(network.parameters(), lr=1e-3)
def step():
    network(inputs)["embedding"].square().mean().backward()
    optimizer.step()
    optimizer.zero_grad()
step()
began = time.perf_counter()
for _ in range(steps):
    step()
print((time.perf_counter() - began) / steps, torch.get_num_threads())
"""


def step_time(row: tuple, ours: bool) -> tuple[float, int]:
    """Return seconds a step of a row's network, and how many threads it had."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("OMP_")}
    if ours:
        environment["OMP_WAIT_POLICY"] = "PASSIVE"  # as the command does, `wait_asleep`
    code = CHILD.format(arguments=(*row, ours))
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    seconds, threads = done.stdout.split()
    return float(seconds), int(threads)


def spin() -> None:
    """Keep a core busy for ever."""
    while True:
        pass


@contextmanager
def neighbour(busy: bool) -> Iterator[None]:
    """Run a process beside that keeps a core busy, or none."""
    process = multiprocessing.Process(target=spin, daemon=True)
    if busy:
        process.start()
    try:
        yield
    finally:
        if busy:
            process.kill()
            process.join()


def best(row: tuple, busy: bool, rounds: int) -> tuple[float, float, int]:
    """Return the best seconds a step of avkd's choice and of torch's, and avkd's threads."""
    with neighbour(busy):
        found = [(step_time(row, ours=True), step_time(row, ours=False)) for _ in range(rounds)]
    return min(a[0] for a, _ in found), min(b[0] for _, b in found), found[0][0][1]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--only", choices=ROWS)
    given = parser.parse_args()
    print(f"{len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.1f}")
    print(f"{'row':18}{'threads':>8}{'alone':>8}{'beside':>8}{'beside/alone':>14}   ours / torch's")
    for name, row in ROWS.items():
        if given.only in (None, name):
            ours, torchs, threads = best(row, busy=False, rounds=given.rounds)
            ours_beside, torchs_beside, _ = best(row, busy=True, rounds=given.rounds)
            ratios = f"{ours / torchs:8.2f}{ours_beside / torchs_beside:8.2f}"
            print(f"{name:18}{threads:8}{ratios}{ours_beside / ours:14.2f}", flush=True)


if __name__ == "__main__":
    main()
