"""The short form of tests/campaigns/resume.py."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

CAMPAIGN = Path(__file__).parents[1] / "campaigns" / "resume.py"


@pytest.mark.slow
def test_a_run_killed_at_any_moment_ends_with_the_same_bytes():
    """Teacher, fusion and student at a few moments; every part left out once must show."""
    done = subprocess.run(
        [sys.executable, CAMPAIGN, "--every", "61"], capture_output=True, text=True, check=False
    )
    summary = done.stdout.strip().splitlines()[-1]
    found = re.fullmatch(r"resume: (\d+) kills, 0 faults, mutants not seen: none", summary)
    assert found and int(found[1]) >= 25, done.stdout + done.stderr
