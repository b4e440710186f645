"""Two real processes over gloo: a number that is not finite in one, or its death, ends both."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from avkd_cli.training import checkpoint, processes

# One start of two processes serves all cases, since it costs seconds.
CHILD = """
import dataclasses, os, signal, sys
from pathlib import Path
import click, torch
sys.path.insert(0, {here!r})
from test_loop import SETTINGS, make_job
from avkd_cli import __main__ as entry
from avkd_cli.config import FusionConfig
from avkd_cli.errors import DivergedError
from avkd_cli.steps.training_run import train

POISONED = int(os.environ["RANK"]) == 1
NAN = float("nan")

def spoilt(case, objective):
    "Return the objective, whose sixth step goes wrong in one of the processes."
    calls = []
    def before(module, inputs):
        if POISONED and case == "killed" and len(calls) == 5:
            os.kill(os.getpid(), signal.SIGKILL)
    objective.register_forward_pre_hook(before)
    def after(module, inputs, losses):
        calls.append(0)
        if POISONED and case == "loss" and len(calls) == 6:
            losses["loss"] = losses["loss"] * NAN
    objective.register_forward_hook(after)
    if POISONED and case == "gradient":
        weight = next(objective.parameters())
        weight.register_hook(lambda gradient: gradient * (NAN if len(calls) == 6 else 1))
    return objective

def run(case):
    job = make_job(poison=7 if case == "input" else None)
    plain = job.objective
    job.objective = lambda: spoilt(case, plain())
    more = {{"accumulate": 1, "checkpoint_every": 2, "corrupt": 0.0}}
    more |= {{"lr": 3e38, "lr_final": 3e38, "warmup": 0.0}} if case == "weights" else {{}}
    train(job, Path({output!r}) / case, FusionConfig(**(SETTINGS | more)), quiet=True)

@click.command()
def all_cases():
    *first, last = {cases!r}
    for case in first:
        try:
            run(case)
        except DivergedError:
            pass
        else:
            sys.exit(f"{{case}}: nothing happened")
    run(last)

entry.cli = all_cases
sys.argv = ["avkd"]
entry.main()
"""


def run_in_two(output: Path, *cases: str) -> tuple[list[int], str]:
    """Run cases in two processes; return their exit codes and what they said."""
    code = CHILD.format(here=str(Path(__file__).parent), output=str(output), cases=cases)
    port = processes.free_port()
    children = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            stderr=subprocess.PIPE,
            text=True,
            env=processes.environment(i, 2, port) | {"OMP_NUM_THREADS": "1"},
        )
        for i in range(2)
    ]
    said = "".join(child.communicate(timeout=120)[1] for child in children)
    return [child.returncode for child in children], said


@pytest.fixture(scope="module")
def ended(tmp_path_factory) -> tuple[Path, list[int], str]:
    """The runs, the exit codes of both processes, and what they said."""
    output = tmp_path_factory.mktemp("nan")
    return output, *run_in_two(output, "input", "loss", "gradient", "weights")


@pytest.mark.slow
def test_a_process_that_is_killed_in_a_step_is_worth_another_try(tmp_path):
    codes, said = run_in_two(tmp_path, "killed")
    assert codes == [75, -9], said
    assert "error: another process of this training is lost" in said and "Traceback" not in said
    status = json.loads((tmp_path / "killed/status.json").read_text())
    assert (status["state"], status["code"]) == ("failed", 75)
    assert [f.name for f in checkpoint.folders(tmp_path / "killed")] == [
        "step_000004",
        "step_000002",
    ]


@pytest.mark.slow
def test_both_processes_end_with_the_code_of_divergence(ended):
    _, codes, said = ended
    assert codes == [79, 79], said
    assert "Traceback" not in said


@pytest.mark.slow
@pytest.mark.parametrize("case", ["input", "loss", "gradient", "weights"])
def test_a_nan_in_one_process_is_told_and_never_saved(ended, case):
    run = ended[0] / case
    status = json.loads((run / "status.json").read_text())
    assert (status["state"], status["code"]) == ("failed", 79), ended[2]
    assert "not finite" in status["reason"] and "last good checkpoint" in status["reason"]
    assert not (run / "model.json").exists()
    for folder in checkpoint.folders(run):
        parts, _ = checkpoint.read(folder)  # raises on anything that is not finite
        assert all(torch.isfinite(t).all() for t in parts["network"].values())
    if case in ("loss", "gradient"):
        assert [folder.name for folder in checkpoint.folders(run)] == ["step_000004", "step_000002"]
        assert "at step 5" in status["reason"]
