"""`avkd check` of runs: whole, unfinished, damaged."""

import json
import shutil

import pytest
from click.testing import CliRunner

from avkd_cli.cli import cli
from avkd_cli.storage import durable
from tests.steps.test_train_teacher import make_store, train


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A finished run, and one that is killed after its first checkpoint."""
    folder = tmp_path_factory.mktemp("runs")
    store = make_store(folder, "audio", [f"p{i % 4}/{i}" for i in range(8)])
    train(store, folder / "whole")
    shutil.copytree(folder / "whole", folder / "half")
    (folder / "half/model.json").unlink()
    durable.write_json(folder / "half/status.json", {"state": "stopped", "step": 2, "total": 4})
    return folder


def checked(*paths):
    result = CliRunner().invoke(cli, ["check", *map(str, paths)])
    return result, result.stdout.splitlines()


def test_a_finished_run_and_its_store_are_whole(made):
    result, faults = checked(made / "whole", made / "audio.zarr")
    assert (result.exit_code, faults) == (0, [])
    assert "1 store and 1 run are whole" in result.stderr


def test_an_unfinished_run_says_how_far_it_is_and_how_it_goes_on(made):
    result, faults = checked(made / "half")
    assert result.exit_code != 0
    assert faults == [
        f"{made}/half: not finished (stopped, step 2 of 4); the command that began it goes on"
    ]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("model.safetensors", "model.safetensors"),
        ("run.json", "run.json"),
        ("step_000004/network.safetensors", "step_000004/network.safetensors"),
    ],
)
def test_a_changed_byte_is_found_wherever_it_is(made, tmp_path, name, said):
    shutil.copytree(made / "whole", tmp_path / "run")
    path = tmp_path / "run" / name
    data = bytearray(path.read_bytes())
    data[0] ^= 0x55
    path.write_bytes(data)
    result, faults = checked(tmp_path / "run")
    assert result.exit_code != 0 and len(faults) == 1
    assert faults[0].startswith(f"{tmp_path}/run: {said}")


def test_a_model_of_another_plan_is_found(made, tmp_path):
    shutil.copytree(made / "whole", tmp_path / "run")
    record = json.loads((tmp_path / "run/run.json").read_text())
    durable.write_json(tmp_path / "run/run.json", record | {"fingerprint": "sha256:other"})
    assert "of another plan than run.json" in checked(tmp_path / "run")[1][0]


def test_a_run_is_not_compared_with_stores(made):
    result, _ = checked(made / "whole", "--against", made / "audio.zarr")
    assert "--against and --source are for stores" in str(result.exception)
