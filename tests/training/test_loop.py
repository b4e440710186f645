"""The loop on real processes: a run that was killed ends with the weights of one left alone."""

import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file
from torch import nn

from avkd_cli.config import FusionConfig
from avkd_cli.errors import DivergedError, InputError, OutputError
from avkd_cli.inputs.embeddings import Embeddings, OtherOfPerson
from avkd_cli.inputs.networks import Description
from avkd_cli.losses import Taught, Term
from avkd_cli.recipes.heads import head_for
from avkd_cli.recipes.job import Job
from avkd_cli.steps.training_run import make_training, plan_of, train
from avkd_cli.storage import names
from avkd_cli.training import checkpoint, loop
from avkd_cli.training.loop import fit
from avkd_cli.training.runs import open_run
from avkd_cli.training.training_set import TrainingSet

# Dropout of a sense, momentum, a growing margin and warm-up: a part that a resumed run forgets
# would show.
SETTINGS = {
    "embedding_size": 8,
    "hidden": 4,
    "optimizer": "sgd",
    "lr": 0.1,
    "warmup": 0.2,
    "margin": 0.3,
    "margin_from": 0.2,
    "margin_to": 0.8,
    "max_steps": 20,
    "batch_size": 8,
    "corrupt": 0.3,
    "log_every": 3,
    "checkpoint_every": 5,
    "workers": 1,
    "accumulate": 2,
}


def make_job(poison: int | None = None, **changes) -> Job:
    """A fusion of random embeddings of five persons, twelve utterances each."""
    settings = FusionConfig(**(SETTINGS | changes))
    random = np.random.default_rng(0)
    labels = np.repeat(np.arange(5), 12)
    names = [f"p{i}" for i in range(5)]
    chosen = TrainingSet([f"u{i}" for i in range(60)], labels, names, names)
    voices = random.standard_normal((60, 6)).astype(np.float32)
    faces = random.standard_normal((60, 7)).astype(np.float32)
    if poison is not None:
        voices[poison] = np.nan
    rows = np.arange(60)
    model = {"visual_size": 7, "audio_size": 6, "embedding_size": 8, "hidden": 4}
    description = Description("fusion", "gate", model, {"corrupt": settings.corrupt})
    return Job(
        step="train-teacher",
        modality="fusion",
        chosen=chosen,
        sources=[
            Embeddings("audio", voices, rows),
            OtherOfPerson("visual", faces, rows, labels, seed=0),
        ],
        description=description,
        input=None,
        heads=lambda: {"person": head_for(chosen, settings)},
        inputs={"audio": "sha256:a", "visual": "sha256:b"},
    )


def run(output: Path, poison: int | None = None, quiet: bool = True, **changes) -> dict:
    settings = FusionConfig(**(SETTINGS | changes))
    return train(make_job(poison, **changes), output, settings, quiet=quiet)


def weights(output: Path) -> dict[str, np.ndarray]:
    return load_file(output / "model.safetensors")


def assert_equal_runs(one: Path, other: Path) -> None:
    left, right = weights(one), weights(other)
    assert left.keys() == right.keys()
    for name in left:
        np.testing.assert_array_equal(left[name], right[name], err_msg=name)
    assert losses(one) == losses(other)


def losses(output: Path) -> list:
    lines = [json.loads(line) for line in (output / "log.jsonl").read_text().splitlines()]
    return [(x["step"], x["losses"], x["lr"], x["margin"]) for x in lines if "losses" in x]


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("unbroken") / "run"
    run(path)
    return path


def test_a_run_leaves_its_model_log_and_status(unbroken):
    assert json.loads((unbroken / "status.json").read_text())["state"] == "complete"
    description = json.loads((unbroken / "model.json").read_text())
    people = [f"p{i}" for i in range(5)]
    assert names.resolved(description["heads"]["person"]["classes"], people) == people
    assert [step for step, *_ in losses(unbroken)] == [3, 6, 9, 12, 15, 18, 20]
    assert losses(unbroken)[-1][3] == 0.3  # the margin is full at the end


def test_threads_that_read_ahead_change_nothing(unbroken, tmp_path):
    run(tmp_path / "run", workers=0)
    assert_equal_runs(unbroken, tmp_path / "run")


CHILD = """
import sys; sys.path.insert(0, {here!r})
from pathlib import Path
from test_loop import run
run(Path({output!r}))
"""


def start(output: Path) -> subprocess.Popen:
    code = CHILD.format(here=str(Path(__file__).parent), output=str(output))
    environment = {**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads())}
    return subprocess.Popen([sys.executable, "-c", code], env=environment)


@pytest.mark.parametrize("folder", ["step_000005", "step_000015"])
def test_killed_and_resumed_equals_unbroken(unbroken, tmp_path, folder):
    output = tmp_path / "run"
    child = start(output)
    deadline = time.monotonic() + 120
    while not (output / folder).exists() and child.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.001)
    child.send_signal(signal.SIGKILL)
    child.wait()
    run(output)
    assert_equal_runs(unbroken, output)


def test_sigterm_saves_and_the_next_start_goes_on(unbroken, tmp_path):
    output = tmp_path / "run"
    child = start(output)
    deadline = time.monotonic() + 120
    while not (output / "step_000005").exists() and child.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.001)
    child.terminate()
    child.wait()
    run(output)
    assert_equal_runs(unbroken, output)


def test_a_damaged_checkpoint_falls_back_to_the_one_before(unbroken, tmp_path, capsys):
    output = tmp_path / "run"
    run(output)
    (output / "model.json").unlink()
    newest = checkpoint.folders(output)[0] / "optimizer.safetensors"
    data = bytearray(newest.read_bytes())
    data[-1] ^= 1
    newest.write_bytes(data)
    run(output)
    said = capsys.readouterr().err
    assert said.startswith("avkd train-teacher: warning: ") and "SHA-256 differs" in said
    assert_equal_runs(unbroken, output)


def test_no_checkpoint_that_verifies_is_refused(tmp_path):
    output = tmp_path / "run"
    run(output)
    (output / "model.json").unlink()
    for folder in checkpoint.folders(output):
        (folder / "network.safetensors").unlink()
    with pytest.raises(InputError, match="--overwrite"):
        run(output)


def test_a_finished_run_is_left_alone(unbroken, tmp_path, capsys):
    output = tmp_path / "run"
    run(output)
    before = (output / "model.safetensors").stat().st_mtime_ns
    run(output)
    assert capsys.readouterr().err == ""
    run(output, quiet=False)
    assert capsys.readouterr().err == f"avkd train-teacher: {output}: already complete\n"
    assert (output / "model.safetensors").stat().st_mtime_ns == before


def test_other_settings_are_refused_by_name_and_replaced_on_request(tmp_path):
    output = tmp_path / "run"
    run(output, max_steps=2)
    with pytest.raises(OutputError, match=r"max_steps 2, now it is 3"):
        run(output, max_steps=3)
    settings = FusionConfig(**(SETTINGS | {"max_steps": 3}))
    train(make_job(), output, settings, overwrite=True, quiet=True)
    assert [f.name for f in checkpoint.folders(output)] == ["step_000003"]


def test_a_folder_that_is_not_a_run_is_never_touched(tmp_path):
    (tmp_path / "photo.jpg").write_text("mine")
    with pytest.raises(OutputError, match="not a run"):
        run(tmp_path)
    assert (tmp_path / "photo.jpg").exists()


def test_nan_stops_with_step_and_utterance_and_saves_nothing_bad(tmp_path):
    output = tmp_path / "run"
    with pytest.raises(DivergedError, match=r"step \d+ \(utterances u"):
        run(output, poison=7, checkpoint_every=1)
    assert json.loads((output / "status.json").read_text())["code"] == 79
    for folder in checkpoint.folders(output):
        checkpoint.read(folder)  # raises on anything that is not finite


class Spoilt(Term):
    """An adversary whose gradient is no number at step 7, though every loss stays finite."""

    def __init__(self) -> None:
        super().__init__(Taught(8, 8))
        self.weight_of_own = nn.Parameter(torch.ones(1))

    def adversaries(self) -> list[nn.Parameter]:
        return [self.weight_of_own]

    def forward(self, levels, batch, moment):
        own = 0 * self.weight_of_own
        return (own.sqrt() if moment.step == 7 else own).expand(len(levels["embedding"]))


def test_a_gradient_that_is_no_number_in_an_adversary_alone_ends_the_step_it_comes_in(tmp_path):
    job = make_job()
    job.terms = lambda: {"spoilt": Spoilt()}
    with pytest.raises(DivergedError, match=r"step 7 .*last good checkpoint: step_000005"):
        train(job, tmp_path / "run", FusionConfig(**SETTINGS), quiet=True)
    parts, _ = checkpoint.read(checkpoint.folders(tmp_path / "run")[0])
    assert "adversary" in parts


def test_weights_that_are_no_numbers_in_one_net_alone_are_named_and_never_saved(tmp_path):
    job = make_job()
    # A running mean, which training does not look at: losses and gradients stay finite.
    job.finish = lambda network: network.fusion.gate[1].running_mean.fill_(float("inf"))
    said = r"after step 4 \(network\.fusion\.gate\.1\.running_mean\); last good checkpoint: none"
    with pytest.raises(DivergedError, match=f"weights are not finite {said}"):
        train(job, tmp_path / "run", FusionConfig(**SETTINGS), quiet=True)
    assert not checkpoint.folders(tmp_path / "run")


def test_nan_may_be_skipped_while_it_is_rare(tmp_path):
    output = tmp_path / "run"
    run(output, poison=7, on_nonfinite="skip", corrupt=0.0)
    lines = [json.loads(line) for line in (output / "log.jsonl").read_text().splitlines()]
    bad = [line for line in lines if line.get("nonfinite")]
    assert bad and all("u7" in line["utterances"] for line in bad)
    for value in weights(output).values():
        assert np.isfinite(value).all()


def test_a_batch_above_the_training_set_is_said(tmp_path, capsys):
    run(tmp_path / "run", batch_size=90, max_steps=1)
    assert "--batch-size 90 is above the 60 utterances: each is drawn 1.5 times" in (
        capsys.readouterr().err
    )


def test_the_best_epoch_is_kept_told_and_patience_ends_the_run(tmp_path, capsys):
    figures = iter([0.3, 0.1, float("nan"), 0.2, 0.05])
    settings = FusionConfig(**(SETTINGS | {"max_steps": 80, "patience": 2.0}))
    job = make_job()
    training = make_training(job, settings, None)
    training.validate = lambda network: {"eer": next(figures)}
    opened = open_run(tmp_path / "run", plan_of(job, settings, None))
    objective = fit(training, settings, opened)
    told = [line for line in capsys.readouterr().err.splitlines() if "validation" in line]
    assert [line.partition("validation EER ")[2] for line in told] == [
        "30.000 %, best 30.000 % at step 8",
        "10.000 %, best 10.000 % at step 16",
        "nan %, best 10.000 % at step 16",
        "20.000 %, best 10.000 % at step 16",
    ]
    # An epoch is 8 steps: best after the second, given up after the fourth.
    lines = [json.loads(line) for line in (tmp_path / "run/log.jsonl").read_text().splitlines()]
    assert [x["step"] for x in lines if "validation" in x] == [8, 16, 24, 32]
    best, _ = checkpoint.read(tmp_path / "run/step_000016")
    for name, value in objective.state_dict().items():
        assert torch.equal(value, best["network"][name]), name


def scaled_run(output: Path, monkeypatch, scale: float, at: set[int], **changes) -> list:
    """Train with a loss scale on the CPU; gradients overflow in the micro-batches `at`."""
    make, calls = loop.make_accelerator, []

    def with_scaler(*arguments):
        accelerator = make(*arguments)
        accelerator.scaler = torch.amp.GradScaler("cpu", init_scale=scale, growth_interval=1000)
        return accelerator

    def overflowing():
        objective = make_job().objective()
        objective.register_forward_pre_hook(lambda *_: calls.append(0))
        objective.heads["person"].weight.register_hook(
            lambda g: g * (math.inf if len(calls) in at else 1)
        )
        return objective

    monkeypatch.setattr(loop, "make_accelerator", with_scaler)
    job = make_job()
    job.objective = overflowing
    settings = FusionConfig(**(SETTINGS | {"accumulate": 1, "log_every": 1} | changes))
    train(job, output, settings, quiet=True)
    return [json.loads(line) for line in (output / "log.jsonl").read_text().splitlines()]


def test_gradients_that_overflow_halve_the_scale_and_leave_the_step_out(tmp_path, monkeypatch):
    lines = scaled_run(tmp_path / "run", monkeypatch, 8.0, {3}, checkpoint_every=1, max_steps=3)
    assert [line["losses"].get("overflow") for line in lines] == [None, None, 1.0]
    before, after = (checkpoint.read(tmp_path / f"run/step_00000{k}") for k in (2, 3))
    assert (before[1]["scaler"]["scale"], after[1]["scaler"]["scale"]) == (8.0, 4.0)
    weights = dict(make_job().objective().named_parameters())  # BatchNorm saw a good forward pass
    assert all(torch.equal(before[0]["network"][k], after[0]["network"][k]) for k in weights)
    for name, value in before[0]["optimizer"].items():
        assert torch.equal(value, after[0]["optimizer"][name]), name


def test_an_overflow_that_no_scale_can_cure_is_divergence(tmp_path, monkeypatch):
    with pytest.raises(DivergedError, match="at step 2"):  # the third
        scaled_run(tmp_path / "run", monkeypatch, 1.0, set(range(3, 40)))
