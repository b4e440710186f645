"""What `make lupi` would do, and what would stop it, said before it begins."""

import re
import subprocess
from pathlib import Path

import pytest

from avkd_cli.papers.s1 import PAPER

ROOT = Path(__file__).parents[1]


def make(*words: str) -> subprocess.CompletedProcess:
    words = [*words, "WORK=nowhere/out", "AVKD=avkd", "READY=LICENSE"]
    return subprocess.run(["make", "-C", ROOT, *words], capture_output=True, text=True, check=False)


def planned(*variables: str) -> str:
    found = make("-n", "lupi-all", *variables)
    assert found.returncode == 0, found.stderr
    return found.stdout


def runs(text: str, task: str) -> set[str]:
    """Return the trainings of a task."""
    return set(re.findall(rf"-o nowhere/out/lupi/runs/{task}/([\w-]+) ", text))


def test_the_default_is_what_the_issue_names():
    text = planned()
    students = set(
        (
            "plain sequence plain-l50 segments-l50 aggregate-l50 plain-soft-l50 plain-multitask-l50"
        ).split()
    )
    wanted = {f"resnet-{name}" for name in {*students, "plain-teacher", "sequence-teacher"}}
    for task in ("who", "mood1", "mood2", "mood3"):
        assert runs(text, task) == wanted
    assert "mood4" not in text
    assert text.count("analyze classify") == 2
    assert len(re.findall(r"score nowhere/out/lupi/standin/veri_test.txt", text)) == len(students)


def test_full_is_three_networks_and_ten_shares():
    text = planned("FULL=1")
    found = runs(text, "mood2")
    assert len(found) == 3 * (4 + 5 * 10)
    assert found <= {system.name for system in PAPER.systems}
    assert "--imitation 1 " in text and "--imitation 0.10 " in text


def test_a_corpus_by_folder_has_its_own_folds_and_the_printed_settings(tmp_path):
    text = planned(f"RAVDESS={tmp_path}")
    assert "runs/mood24/" in text and "runs/who/" not in text
    assert "--config lupi " in text and "--mode centre-224" in text
    assert "emotion.systems.json" in text
    text = planned(f"IEMOCAP={tmp_path}", "DETECTOR_WEIGHTS=Makefile")
    assert "runs/mood5/" in text and "mood6" not in text
    assert "--group x-fold" in text and "--left marked" in text
    assert "iemocap.systems.json" in text
    (tmp_path / "veri_test.txt").touch()
    text = planned(f"VOXCELEB1={tmp_path}", "DETECTOR_WEIGHTS=Makefile")
    assert "runs/who/" in text and "runs/mood" not in text
    assert "--shares 70,10,20" in text


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        (["RAVDESS=.", "IEMOCAP=."], "one at a time"),
        (["RAVDESS=gone"], "gone: no such folder"),
        (["IEMOCAP=."], "need DETECTOR_WEIGHTS"),
        (["VOXCELEB1=."], "veri_test.txt: no such trial list"),
        (["LUPI_NETS=a;b"], "would misread"),
    ],
)
def test_what_would_stop_it_is_said_before_it_begins(variables, said):
    found = make("lupi-inputs", *variables)
    assert found.returncode != 0
    assert said in found.stderr
