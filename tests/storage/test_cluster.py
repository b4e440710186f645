import os
import signal
import threading
import time
from pathlib import Path

import pytest

from avkd_cli.errors import TemporaryError

distributed = pytest.importorskip("distributed", reason="the extra avkd[dask]")


@pytest.fixture
def cluster():
    """Two worker processes of Dask on this machine."""
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None
    ) as cluster:
        yield cluster


def test_a_cluster_with_a_killed_worker_makes_the_bytes_of_one_process(
    corpus, tmp_path, digests, cluster
):
    for number in range(7, 15):
        corpus.add(f"d{number}", "1 slow:0.2 2")
    corpus.add("e15", "segfault")
    corpus.add("e16", "reject:silent")
    victims = [worker.pid for worker in cluster.workers.values()]

    def kill_one():
        deadline = time.monotonic() + 60
        while not list(tmp_path.glob("dask.wip/parts/*.done")) and time.monotonic() < deadline:
            time.sleep(0.02)
        os.kill(victims[0], signal.SIGKILL)

    killer = threading.Thread(target=kill_one)
    killer.start()
    corpus.build(tmp_path / "dask", dask=cluster.scheduler_address)
    killer.join()
    corpus.build(tmp_path / "pool", workers=1)
    assert digests(tmp_path / "dask") == digests(tmp_path / "pool")
    assert Path(tmp_path / "dask" / "rejects.jsonl").read_text().count("\n") == 2


def test_a_scheduler_that_is_not_there_is_said_so(corpus, tmp_path, monkeypatch):
    monkeypatch.setattr("avkd_cli.storage.cluster.SECONDS_TO_CONNECT", 0.2)
    with pytest.raises(TemporaryError, match="no scheduler answers"):
        corpus.build(tmp_path / "out", dask="tcp://127.0.0.1:9")


def test_without_dask_the_way_to_get_it_is_said(corpus, tmp_path, monkeypatch):
    import sys

    from avkd_cli.errors import UsageError

    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match=r"pip install 'avkd\[dask\]'"):
        corpus.build(tmp_path / "out", dask="local")
