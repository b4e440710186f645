"""Trainings in one real process or several over gloo, whose losses may be held together."""

import subprocess
import sys
from collections.abc import Sequence

from avkd_cli.training import processes

# The mean of half a batch is not that of all of it, so batch norms take theirs as in evaluation:
# whatever differs then is another thing's doing.
CHILD = """
import torch
def as_in_evaluation(self, x):
    moments = self.running_mean, self.running_var
    return torch.nn.functional.batch_norm(x, *moments, self.weight, self.bias, training=False)
torch.nn.BatchNorm1d.forward = torch.nn.BatchNorm2d.forward = as_in_evaluation
from avkd_cli.__main__ import main
main()
"""


def train_in(count: int, words: Sequence[object]) -> None:
    """Run a command line of avkd in so many processes; all must end well."""
    port = processes.free_port()
    children = [
        subprocess.Popen(
            [sys.executable, "-c", CHILD, *map(str, words)],
            stderr=subprocess.PIPE,
            text=True,
            env=processes.environment(rank, count, port) | {"OMP_NUM_THREADS": "1"},
        )
        for rank in range(count)
    ]
    said = [child.communicate(timeout=300)[1] for child in children]
    assert [child.returncode for child in children] == [0] * count, said
