"""The figures of examples/decide, by hand."""

import importlib.util
import math
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "examples/decide/people171.py"


@pytest.fixture(scope="module")
def decide():
    spec = importlib.util.spec_from_file_location("decide", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_distance_and_its_interval_are_over_seeds(decide):
    figures = [{"cllr": 0.5 + x, "min_cllr": 0.4, "eer_percent": 10.0} for x in (-0.01, 0, 0.01)]
    found = decide.summary(figures)
    assert found["distance"] == pytest.approx(0.1)
    assert found["share"] == pytest.approx(0.25)
    half = 4.302653 * 0.01 / math.sqrt(3)  # Student's t of two degrees of freedom
    assert found["interval"] == pytest.approx([0.1 - half, 0.1 + half], rel=1e-6)
    assert "interval" not in decide.summary(figures[:1])


def test_what_is_calibrated_on_is_drawn_within_each_corpus(decide, tmp_path, monkeypatch):
    monkeypatch.setattr(decide, "NONTARGETS", 20)
    study = decide.Study(tmp_path, tmp_path)
    names = [f"{block}{person}" for block in "xy" for person in range(3)]
    lines = [
        {"id": f"{who}/{n}", "person": who, "session": str(n), "audio": f"{who}/{n}.wav"}
        for who in names
        for n in range(3)
    ]
    study.write_dev([one | {"block": one["id"][0]} for one in lines])
    trials = [line.split() for line in study.trials["dev"].read_text().splitlines()]
    assert {one[1][0] for one in trials} == {"x", "y"}
    assert all(one[1][0] == one[2][0] for one in trials)
    assert sorted(one[0] for one in trials) == ["0"] * 20 + ["1"] * 18
