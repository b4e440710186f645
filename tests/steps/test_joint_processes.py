"""Both senses trained in two real processes: the losses are those of one."""

import json
import shlex
from pathlib import Path

import pytest

from tests.steps.test_train_joint import make_clips
from tests.steps.together import train_in

WORDS = (
    "train-teacher --modality joint {audio} {film} --init-from {hear} --init-from {watch} -q "
    "--embedding-size 8 --batch-size 8 --per-person 2 --clip 0.4 --nce 1 --cycle 0.5 "
    "--audio-head 0.5 --max-steps 1"
)


def trained(count: int, output: Path, words: str) -> dict[str, float]:
    """Train a step in so many processes over gloo; return its losses."""
    train_in(count, [*shlex.split(words), "-o", output])
    lines = map(json.loads, (output / "log.jsonl").read_text().splitlines())
    return next(line["losses"] for line in lines if "losses" in line)


@pytest.mark.slow
def test_one_and_two_processes_agree_in_every_loss_and_in_the_gradient(tmp_path):
    # Of pairs, too: a process has a share of the batch, and all have all its pairs.
    words = WORDS.format(**make_clips(tmp_path))
    one, two = (trained(count, tmp_path / f"of{count}", words) for count in (1, 2))
    assert {"aam", "orthogonal", "cycle", "nce", "audio.aam", "grad_norm"} <= set(one)
    assert two == pytest.approx(one, rel=1e-5, abs=1e-6)
