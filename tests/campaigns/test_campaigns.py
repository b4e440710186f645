"""The short forms of the campaigns; those of crash.py and damage.py are in tests/storage."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent


def campaign(script, *arguments):
    """Return the figures that a campaign prints, which must be without faults."""
    done = subprocess.run(
        [sys.executable, FOLDER / script, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip().splitlines()[-1]


def test_mutated_media_lists_and_stores_end_well():
    counts = json.loads(campaign("fuzz.py", "--cases", "100"))
    assert counts["faults"] == 0
    kinds = {"sound", "film", "picture", "list", "trials", "scores", "store"}
    assert kinds <= counts.keys()
    # Mutations that everything survives, or nothing, would say nothing.
    assert counts["sound"].get("accepted", 0) > 0
    assert sum(n for how, n in counts["sound"].items() if how.startswith("rejected")) > 0


def test_a_fuzzed_case_can_be_run_again_by_its_number():
    assert campaign("fuzz.py", "--only", "7") == campaign("fuzz.py", "--only", "7")


def test_nasty_files_are_accepted_or_refused(shared_data):
    counts = json.loads(campaign("nasty.py", "--every", "16"))
    assert counts["runs"] >= counts["files"] == 9
    assert counts["accepted"] >= 3


def test_of_several_runs_on_one_output_one_makes_it():
    counts = json.loads(campaign("rivals.py", "--times", "1", "--only", "extract"))
    assert counts["made it"] == 1
    assert counts["runs"] >= 2


def test_a_full_disk_is_74_and_nothing_is_lost():
    said = campaign("full.py", "--times", "2", "--only", "extract")
    if not said.startswith("{"):
        pytest.skip(said)
    assert json.loads(said)["times"] == 2


@pytest.fixture
def figures(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(FOLDER))
    import figures

    monkeypatch.setattr(figures, "DOCS", tmp_path)
    block = "<!-- campaign figures: begin (keep) -->\nold\n<!-- campaign figures: end -->"
    page = f"# Page\n\n{block}\nrest\n"
    (tmp_path / "reliability.md").write_text(page)
    return figures


def test_figures_replace_the_marked_block_and_nothing_else(figures, tmp_path):
    figures.record("kill", cases=1200, wrong=0, counts={"kills": 1200, "by": {"worker": 3}})
    figures.record("fuzz", cases=10, wrong=1, counts={"seed": 0})
    figures.record("fuzz", cases=20, wrong=0, counts={"seed": 0})
    text = (tmp_path / "reliability.md").read_text()
    assert text.startswith("# Page\n\n<!-- campaign figures: begin (keep) -->\n| campaign |")
    assert text.endswith("<!-- campaign figures: end -->\nrest\n")
    assert "| 1,200 | 0 |" in text
    assert "- kill: kills 1200; by: worker 3\n" in text
    assert text.count("| fuzz |") == 1
    assert list(json.loads((tmp_path / "campaigns.json").read_text())) == ["kill", "fuzz"]
