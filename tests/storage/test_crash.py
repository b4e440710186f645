"""The short form of tests/campaigns/crash.py; `make campaign` does every operation."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

CAMPAIGN = Path(__file__).parents[1] / "campaigns" / "crash.py"


def campaign(*arguments):
    """Return how many operations were interrupted, and what went wrong."""
    done = subprocess.run(
        [sys.executable, CAMPAIGN, *arguments], capture_output=True, text=True, check=False
    )
    *failures, summary = done.stdout.strip().splitlines()
    found = re.fullmatch(r"\w+: (\d+) operations, (\d+) failures", summary)
    assert found, done.stdout + done.stderr
    return int(found[1]), [failure for failure in failures if failure]


@pytest.mark.parametrize("kind", ["kill", "fail", "power"])
def test_an_interrupted_job_goes_on_to_the_same_bytes(kind):
    operations, failures = campaign(kind, "--seeds", "0", "--step", "6")
    assert operations >= 25
    assert failures == []


@pytest.mark.parametrize("kind", ["kill", "power"])
def test_a_store_is_replaced_whole_or_not(kind):
    operations, failures = campaign(kind, "--seeds", "1", "--last", "12")
    assert operations >= 12
    assert failures == []


@pytest.mark.parametrize(
    ("mutant", "where"),
    [
        ("no-file-sync", ["--step", "6"]),
        ("mark-before-data", ["--step", "3"]),
        ("no-directory-sync", ["--last", "8"]),
        ("name-before-record", ["--last", "8"]),
    ],
)
def test_the_campaign_sees_a_promise_taken_away(mutant, where):
    # A campaign that cannot fail says nothing: each of these must be found.
    _, failures = campaign("power", "--seeds", "0", "--mutant", mutant, "--patience", "1", *where)
    assert failures
