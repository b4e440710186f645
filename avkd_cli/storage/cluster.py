"""Make partitions on a Dask cluster: the same tasks, the same bytes.

Each Dask worker thread keeps one worker process of our own, so that crashes, hangs and memory are
dealt with there as on one machine. All machines see the same file system.
"""

import itertools
import threading
from collections.abc import Iterable, Iterator
from typing import Any

from avkd_cli.errors import TemporaryError, UsageError
from avkd_cli.storage import workers
from avkd_cli.storage.record import Task

SECONDS_TO_CONNECT = 30

_here = threading.local()


def make(task: Task) -> dict[str, Any]:
    """Make one partition in this thread's worker process; return its mark. Runs on the cluster."""
    if not hasattr(_here, "pool"):
        _here.pool = workers.Pool(1)
    try:
        [mark] = _here.pool.make([task])
    except BaseException:
        _here.pool.__exit__()
        del _here.pool
        raise
    return mark


def make_all(
    tasks: Iterable[Task], address: str, processes: int | None
) -> Iterator[dict[str, Any]]:
    """Do all tasks on a Dask cluster; yield their marks in the order in which they end.

    Args:
        tasks: what to do.
        address: of a running scheduler, or "local" for processes of this machine.
        processes: how many of those.

    Raises:
        UsageError: Dask is not installed.
        TemporaryError: the scheduler does not answer, or workers die again and again.
    """
    try:
        import distributed
    except ImportError:
        raise UsageError("--dask needs Dask; install it with: pip install 'avkd[dask]'") from None
    cluster = None
    try:
        if address == "local":
            cluster = distributed.LocalCluster(
                n_workers=processes or None, threads_per_worker=1, dashboard_address=None
            )
        client = distributed.Client(cluster or address, timeout=SECONDS_TO_CONNECT)
    except (OSError, TimeoutError, ValueError) as error:
        raise TemporaryError(f"--dask {address}: no scheduler answers ({error})") from None
    try:
        yield from _collect(client, distributed.as_completed, tasks)
    except distributed.KilledWorker as error:
        raise TemporaryError(f"--dask {address}: {error}; run again") from None
    finally:
        client.close()
        if cluster is not None:
            cluster.close()


def _collect(client: Any, as_completed: Any, tasks: Iterable[Task]) -> Iterator[dict[str, Any]]:
    """Keep a few tasks for each thread on the cluster, as each holds a part of the list."""
    submitted = (client.submit(make, task, pure=False) for task in tasks)
    ahead = 3 * max(1, sum(client.nthreads().values()))
    futures = as_completed(list(itertools.islice(submitted, ahead)))
    for future in futures:
        yield future.result()
        for following in itertools.islice(submitted, 1):
            futures.add(following)
