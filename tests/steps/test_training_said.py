"""What a training says: at its end, when it goes on, and beforehand."""

import json

import pytest
from click.testing import CliRunner
from safetensors.numpy import load_file

from avkd_cli.cli import cli
from avkd_cli.training.plan import RunPlan
from avkd_cli.training.runs import Run
from tests.steps.test_train_teacher import TINY, make_store

WORDS = [
    word for name, value in TINY.items() for word in (f"--{name.replace('_', '-')}", str(value))
]


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("said")
    return make_store(folder, "audio", [f"p{i % 4}/{i}" for i in range(16)])


def run(store, output, *more):
    words = ["train-teacher", "--modality", "audio", store, "-o", output, *WORDS, *more]
    result = CliRunner().invoke(cli, list(map(str, words)), prog_name="avkd")
    assert result.exit_code == 0, result.stderr
    return result


def test_a_training_ends_with_what_came_of_it_and_the_next_command(store, tmp_path):
    said = run(store, tmp_path / "run").stderr.splitlines()[-1]
    last = json.loads((tmp_path / "run/log.jsonl").read_text().splitlines()[-1])["losses"]
    assert said.startswith(f"avkd train-teacher: {tmp_path}/run: 4 steps, ")
    assert f"loss {last['loss']:.3g}, accuracy {last['accuracy']:.3g}." in said
    following = said.partition("Next: ")[2]
    assert following == f"avkd extract-embeddings {tmp_path}/run {store} -o run-emb.zarr"
    followed = following.replace("run-emb.zarr", f"{tmp_path}/emb.zarr").split()[1:]
    assert CliRunner().invoke(cli, followed).exit_code == 0


def test_the_best_validation_is_named_with_its_step(store, tmp_path):
    trials = tmp_path / "trials.txt"
    trials.write_text("1 p0/0 p0/4\n0 p0/0 p1/1\n1 p2/2 p2/6\n0 p3/3 p2/6\n")
    said = run(store, tmp_path / "run", "--validation", trials).stderr.splitlines()[-1]
    log = [json.loads(line) for line in (tmp_path / "run/log.jsonl").read_text().splitlines()]
    eers = [(one["validation"]["eer"], one["step"]) for one in log if "validation" in one]
    assert f"validation EER {100 * min(eers)[0]:.2f} % at step {min(eers)[1]}" in said


def test_a_run_that_goes_on_says_from_where_and_a_quiet_one_nothing(store, tmp_path):
    run(store, tmp_path / "run", "-q")
    (tmp_path / "run/model.json").unlink()
    said = run(store, tmp_path / "run").stderr
    assert "run: step 4 of 4: goes on from here" in said
    (tmp_path / "run/model.json").unlink()
    assert run(store, tmp_path / "run", "-q").stderr == ""


def test_a_dry_run_counts_tries_and_leaves_nothing(store, tmp_path):
    result = run(store, tmp_path / "run", "--dry-run")
    found = json.loads(result.stdout)
    assert list(tmp_path.iterdir()) == []
    run(store, tmp_path / "run", "-q")
    held = load_file(tmp_path / "run/model.safetensors")
    moments = ("running_mean", "running_var", "num_batches_tracked")
    names = [n for n in held if n.startswith("network.") and not n.endswith(moments)]
    learnt = sum(held[name].size for name in names)
    assert found["network_weights"] <= learnt <= found["network_weights"] + 10_000
    assert found["other_weights"] == 4 * TINY["embedding_size"]
    assert (found["steps"], found["epochs"], found["utterances"]) == (4, 2.0, 16)
    assert found["expected_seconds"] == pytest.approx(4 * found["seconds_a_step"], abs=0.1)
    assert "would be trained on 16 utterances of 4 classes (person)" in result.stderr


def test_a_dry_run_leaves_a_finished_run_as_it_is(store, tmp_path):
    run(store, tmp_path / "run", "-q")
    before = {p: p.stat().st_mtime_ns for p in (tmp_path / "run").rglob("*")}
    run(store, tmp_path / "run", "--dry-run", "--epochs", "9")
    assert {p: p.stat().st_mtime_ns for p in (tmp_path / "run").rglob("*")} == before
    assert Run(tmp_path / "run", RunPlan("distill", {}, {})).finished is False
