import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from avkd_cli.errors import TemporaryError
from avkd_cli.storage import build, workers
from avkd_cli.storage.verify import faults_of_store


def rejects_of(store):
    lines = (store / "rejects.jsonl").read_text().splitlines()
    return [(r["id"], r["code"], r["detail"]) for r in map(json.loads, lines)]


@pytest.mark.parametrize(
    ("fault", "reject"),
    [
        ("segfault", ("decoder_crash", "signal 11, twice")),
        ("exit:3", ("decoder_crash", "exit code 3, twice")),
        ("hang", ("decode_timeout", "> 1 s, twice")),
        ("hungry", ("decoder_oom", "> 3 GiB, twice")),
        ("killed", ("decoder_oom", "killed three times")),
    ],
)
def test_a_record_that_kills_its_worker_is_rejected_alone(
    corpus, tmp_path, monkeypatch, fault, reject
):
    monkeypatch.setattr(build, "RECORD_SECONDS", 1.0)
    corpus.add("d7", fault)
    corpus.add("d8", "1 2")
    manifest = corpus.build(tmp_path / "out", workers=2, size=5)
    assert manifest["counts"]["utterances"] == 8
    assert rejects_of(tmp_path / "out") == [("d7", *reject)]


def test_a_worker_killed_from_outside_costs_nothing_but_time(corpus, tmp_path, digests):
    marker = tmp_path / "marker"
    corpus.add("d7", f"1 once:{marker} 2")
    corpus.build(tmp_path / "out", workers=1)
    marker.unlink()
    marker.touch()
    corpus.build(tmp_path / "again", workers=0)
    assert digests(tmp_path / "out") == digests(tmp_path / "again")


def test_what_a_killed_worker_left_half_written_is_not_published(corpus, tmp_path):
    # Found by tests/campaigns/kill.py: only a run that was itself killed tidied up.
    corpus.add("d7", f"1 litter:{tmp_path}/out.wip/parts/.00001.index.tmp-0123")
    corpus.build(tmp_path / "out", workers=1)
    assert list(faults_of_store(tmp_path / "out")) == []


def test_workers_that_die_at_changing_places_end_the_run(corpus, tmp_path):
    for number in range(7, 14):
        corpus.add(f"d{number}", f"1 once:{tmp_path / str(number)}")
    with pytest.raises(TemporaryError, match="signal 9 4 times; less --workers or more memory"):
        corpus.build(tmp_path / "out", workers=1, size=20)


def test_a_bug_is_no_reject_and_says_where(corpus, tmp_path):
    corpus.add("d7", "bug")
    with pytest.raises(KeyError) as error:
        corpus.build(tmp_path / "out", workers=1)
    assert "commit_fault" in "".join(error.value.__notes__)


def test_what_workers_print_does_not_reach_standard_output(corpus, tmp_path, capfd):
    corpus.build(tmp_path / "out", workers=1)
    assert capfd.readouterr().out == ""


def children_of(pid):
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in path.read_text().split()]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_workers_do_not_outlive_their_parent(corpus, tmp_path, number):
    corpus.add("d7", "hang")
    code = (
        "import signal, sys; sys.path.insert(0, sys.argv[1]); from pathlib import Path\n"
        # A shell starts its background jobs with SIGINT ignored, and children inherit that.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from conftest import Corpus; corpus = Corpus(Path(sys.argv[2]))\n"
        "corpus.build(Path(sys.argv[3]), workers=2, size=20)\n"
    )
    folders = [Path(__file__).parent, corpus.folder, tmp_path / "out"]
    with subprocess.Popen(
        [sys.executable, "-c", code, *folders], stderr=subprocess.DEVNULL
    ) as parent:
        deadline = time.monotonic() + 60
        while not (children := children_of(parent.pid)) and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.3)
        parent.send_signal(number)
        parent.wait(10)
    assert children
    for _ in range(400):  # 2 s, were nothing else running
        alive = [pid for pid in children if Path(f"/proc/{pid}").exists()]
        if not alive:
            break
        time.sleep(0.05)
    assert not alive


def test_a_worker_whose_parent_is_gone_before_it_starts_ends_at_once():
    code = workers._START.format(parent=1 << 30, descriptor=0)
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 1


def test_no_tasks_start_no_workers(monkeypatch):
    monkeypatch.setattr(workers.Pool, "_start", lambda self: pytest.fail())
    with workers.Pool(2) as pool:
        assert list(pool.make([])) == []


def test_threads_of_libraries_are_kept_to_one_in_a_worker(corpus, tmp_path):
    with workers.Pool(1) as pool:
        worker = pool._start()
        environment = Path(f"/proc/{worker.process.pid}/environ")
        for _ in range(100):  # until exec
            if b"OMP_NUM_THREADS=1" in environment.read_bytes().split(b"\0"):
                break
            time.sleep(0.02)
        else:
            pytest.fail("OMP_NUM_THREADS is not 1")
        assert worker.process.pid != os.getpid()
