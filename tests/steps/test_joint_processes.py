"""Both senses trained in two real processes: the losses are those of one."""

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from avkd_cli.training import processes
from tests.steps.test_train_joint import make_clips

# The mean of half a batch is not that of all of it, so batch norms take theirs as in evaluation.
CHILD = """
import torch
def as_in_evaluation(self, x):
    moments = self.running_mean, self.running_var
    return torch.nn.functional.batch_norm(x, *moments, self.weight, self.bias, training=False)
torch.nn.BatchNorm1d.forward = torch.nn.BatchNorm2d.forward = as_in_evaluation
from avkd_cli.__main__ import main
main()
"""
WORDS = (
    "train-teacher --modality joint {audio} {film} --init-from {hear} --init-from {watch} -q "
    "--embedding-size 8 --batch-size 8 --per-person 2 --clip 0.4 --nce 1 --cycle 0.5 "
    "--audio-head 0.5 --max-steps 1"
)


def trained(count: int, output: Path, words: str) -> dict[str, float]:
    """Train a step in so many processes over gloo; return its losses."""
    port = processes.free_port()
    children = [
        subprocess.Popen(
            [sys.executable, "-c", CHILD, *shlex.split(words), "-o", output],
            stderr=subprocess.PIPE,
            text=True,
            env=processes.environment(rank, count, port) | {"OMP_NUM_THREADS": "1"},
        )
        for rank in range(count)
    ]
    said = [child.communicate(timeout=300)[1] for child in children]
    assert [child.returncode for child in children] == [0] * count, said
    lines = map(json.loads, (output / "log.jsonl").read_text().splitlines())
    return next(line["losses"] for line in lines if "losses" in line)


@pytest.mark.slow
def test_one_and_two_processes_agree_in_every_loss_and_in_the_gradient(tmp_path):
    # Of pairs, too: a process has a share of the batch, and all have all its pairs.
    words = WORDS.format(**make_clips(tmp_path))
    one, two = (trained(count, tmp_path / f"of{count}", words) for count in (1, 2))
    assert {"aam", "orthogonal", "cycle", "nce", "audio.aam", "grad_norm"} <= set(one)
    assert two == pytest.approx(one, rel=1e-5, abs=1e-6)
