"""Crashes, damage and full disks; the campaigns here are the short forms of tests/campaigns."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from avkd_cli.errors import WriteError

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
    operations, failures = campaign(kind, "--seeds", "0", "--step", "8", "--turns")
    assert operations >= 20
    assert failures == []


@pytest.mark.parametrize("kind", ["kill", "fail", "power"])
def test_sequences_go_on_to_the_same_bytes(kind):
    operations, failures = campaign(kind, "--sequences", "--seeds", "0", "--step", "8", "--turns")
    assert operations >= 20
    assert failures == []


@pytest.mark.parametrize("mutant", ["no-file-sync", "write-in-place", "no-directory-sync"])
def test_the_campaign_sees_a_promise_to_sequences_taken_away(mutant):
    once = ["--seeds", "0", "--turns", "--patience", "1"]
    _, failures = campaign("power", "--sequences", "--mutant", mutant, *once)
    assert failures


@pytest.mark.parametrize("kind", ["kill", "power"])
def test_a_store_is_replaced_whole_or_not(kind):
    operations, failures = campaign(kind, "--seeds", "1", "--last", "14", "--turns")
    assert operations >= 14
    assert failures == []


@pytest.mark.parametrize(
    ("mutant", "where"),
    [
        ("no-file-sync", []),
        ("sync-after-rename", []),
        ("write-in-place", []),
        ("mark-before-data", []),
        ("no-directory-sync", ["--last", "8"]),
        ("name-before-record", ["--last", "14"]),
    ],
)
def test_the_campaign_sees_a_promise_taken_away(mutant, where):
    # A campaign that cannot fail says nothing: each of these must be found.
    once = ["--seeds", "0", "--turns", "--patience", "1"]
    _, failures = campaign("power", "--mutant", mutant, *once, *where)
    assert failures


def test_damage_is_found_and_lists_of_any_bytes_end_well():
    done = subprocess.run(
        [sys.executable, CAMPAIGN.with_name("damage.py"), "--stores", "70", "--lists", "700"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    counts = json.loads(done.stdout)
    assert counts["stores"]["found by check"] + counts["stores"].get("no damage", 0) == 70
    assert sum(counts["lists"].values()) == 700


JOB = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from conftest import Corpus
corpus = Corpus(Path(sys.argv[2]))
corpus.build(Path(sys.argv[3]), workers=2, quiet=True)
"""


def start(corpus, out):
    """Start a run with two workers as a process group of its own."""
    arguments = [Path(__file__).parent, corpus.folder, out]
    command = [sys.executable, "-c", JOB, *map(str, arguments)]
    return subprocess.Popen(command, start_new_session=True, stderr=subprocess.PIPE, text=True)


def wait_for_marks(out, count):
    """Wait until some partitions are done."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if len(list(out.with_name("out.wip").glob("parts/*.done"))) >= count:
            return
        time.sleep(0.01)
    pytest.fail("no partition was done in a minute")


def test_kill_9_midway_of_the_group_costs_the_partitions_at_work_only(corpus, tmp_path, digests):
    for number in range(7, 30):
        corpus.add(f"d{number}", f"slow:0.05 {number} {number + 1}")
    corpus.build(tmp_path / "whole")
    for count in (1, 4, 8):
        with start(corpus, tmp_path / "out") as run:
            wait_for_marks(tmp_path / "out", count)
            os.killpg(run.pid, signal.SIGKILL)
        assert not (tmp_path / "out").exists()
    finished = {path: path.stat().st_mtime_ns for path in tmp_path.glob("out.wip/parts/*.done")}
    corpus.build(tmp_path / "out", workers=1)
    for path, written in finished.items():
        assert (tmp_path / "out" / "parts" / path.name).stat().st_mtime_ns == written
    assert digests(tmp_path / "out") == digests(tmp_path / "whole")


def test_of_two_runs_at_once_one_works_and_the_other_says_why_not(corpus, tmp_path, digests):
    for number in range(7, 20):
        corpus.add(f"d{number}", f"slow:0.2 {number}")
    with start(corpus, tmp_path / "out") as first:
        wait_for_marks(tmp_path / "out", 1)
        with start(corpus, tmp_path / "out") as second:
            said = second.stderr.read()
        assert second.returncode != 0
        assert f"TemporaryError: {tmp_path}/out: locked by pid {first.pid}" in said
    assert first.returncode == 0
    corpus.build(tmp_path / "whole")
    assert digests(tmp_path / "out") == digests(tmp_path / "whole")


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 400 kB, if this user may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, check=False).returncode:
        pytest.skip("mounting a small tmpfs is not permitted")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("workers", [0, 1])
def test_a_full_disk_stops_the_run_which_goes_on_when_there_is_room(
    corpus, tmp_path, small_disk, digests, workers
):
    corpus.build(tmp_path / "whole")
    ballast = small_disk / "ballast"
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    os.truncate(ballast, ballast.stat().st_size - 90_000)
    with pytest.raises(WriteError, match="no space left on device; make room"):
        corpus.build(small_disk / "out", workers=workers)
    assert not (small_disk / "out").exists()
    assert list(small_disk.glob("out.wip/parts/*.done"))
    ballast.unlink()
    corpus.build(small_disk / "out", workers=workers)
    assert digests(small_disk / "out") == digests(tmp_path / "whole")
