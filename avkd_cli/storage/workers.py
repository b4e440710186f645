"""A small pool of processes that make partitions and never outlive their parent.

A worker says which record it is at. One that dies takes its partition's unfinished work with it;
the partition is made again, and a record that kills its worker each time is rejected alone.
"""

import os
import pickle
import resource
import signal
import socket
import subprocess
import sys
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection, wait
from typing import Any

from avkd_cli.config import CropFacesConfig
from avkd_cli.errors import TemporaryError
from avkd_cli.storage import record
from avkd_cli.storage.record import Task

_MEMORY = 3 << 30  # bytes that a worker may map beyond what it has when it starts to decode
_CRASHES = 2  # deaths of a worker at one record before it is rejected
_KILLS = 3  # the same for SIGKILL, which most often is not the record's fault
_ONE_THREAD = dict.fromkeys(
    ["OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS"], "1"
)
# Arrays of some MiB are made and dropped by the thousand: glibc keeps their pages, which costs
# nothing, where it would give them back and have them zeroed anew, a third of the fbank's time.
# Dask's nannies ask for the opposite.
_KEEP_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(1 << 26), "MALLOC_TRIM_THRESHOLD_": str(1 << 28)}


class OutOfMemoryError(Exception):
    """A record needed more memory than a worker may have."""


# The first thing a worker does, before it imports anything slow: die when its parent dies.
_START = """
import ctypes, os
ctypes.CDLL(None).prctl(1, 9)  # PR_SET_PDEATHSIG, SIGKILL
if os.getppid() != {parent}:  # it died before the line above
    os._exit(1)
from avkd_cli.storage.workers import serve
serve({descriptor})
"""


def serve(descriptor: int) -> None:
    """Make partitions until the connection closes: the main function of a worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # ctrl-c reaches the parent as well, who decides
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # ends us, even inside a decoder
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    connection = Connection(descriptor)
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        sys.path[:] = connection.recv()
        while True:
            connection.send(_answer(connection, connection.recv_bytes()))


_allowed: list[float] = []  # seconds that the record at hand may take without a sign of life


def breathe() -> None:
    """Begin the time of the record at hand anew: it is long, not stuck."""
    if _allowed:
        signal.setitimer(signal.ITIMER_REAL, _allowed[0])


def _answer(connection: Connection, message: bytes) -> tuple[str, Any]:
    """Return ("done", mark) or ("failed", exception) for one task."""

    def begin(index: int) -> None:
        connection.send(("at", index))
        _allowed[:] = [task.seconds]
        breathe()

    def end() -> None:
        _allowed.clear()
        signal.setitimer(signal.ITIMER_REAL, 0)

    try:
        task: Task = pickle.loads(message)
        if not (isinstance(task.settings, CropFacesConfig) and task.settings.device == "cuda"):
            _limit_memory()  # a GPU's driver maps more than there is
        return "done", record.make_partition(task, begin, end)
    except MemoryError:
        return "failed", OutOfMemoryError()
    except Exception as error:
        return "failed", _picklable(error)


def _limit_memory() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    if soft == resource.RLIM_INFINITY:
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123
            mapped = int(file.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (mapped + _MEMORY, hard))


def _picklable(error: Exception) -> Exception:
    """Return the exception itself, or one that says the same and can be sent."""
    import traceback

    error.add_note("in a worker:\n" + traceback.format_exc())
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(traceback.format_exc())
    return error


@dataclass
class _Worker:
    """A worker process as its parent sees it."""

    process: subprocess.Popen
    connection: Connection
    task: Task | None = None
    at: int | None = None


@dataclass
class _History:
    """What a partition has cost so far."""

    deaths: Counter = field(default_factory=Counter)
    kills: int = 0


class Pool:
    """Worker processes; a context manager, as no worker may be left.

    Args:
        count: at most so many processes.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._workers: list[_Worker] = []

    def __enter__(self) -> "Pool":
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.process.kill()
            worker.connection.close()
        for worker in self._workers:
            worker.process.wait()

    def make(self, tasks: Iterable[Task]) -> Iterator[dict[str, Any]]:
        """Do all tasks; yield their marks in the order in which they end.

        Raises:
            TemporaryError: workers are killed again and again.
            Exception: what a worker could not cope with.
        """
        todo, histories = deque(tasks), {}
        while todo or any(worker.task for worker in self._workers):
            self._give(todo)
            busy = {worker.connection: worker for worker in self._workers if worker.task}
            for connection in wait(list(busy)):
                worker = busy[connection]  # type: ignore[index]
                try:
                    kind, value = worker.connection.recv()
                except (EOFError, ConnectionResetError):
                    todo.appendleft(self._bury(worker, histories))
                    continue
                if kind == "at":
                    worker.at = value
                elif kind == "done":
                    worker.task = None
                    yield value
                elif isinstance(value, OutOfMemoryError):
                    todo.appendleft(self._bury(worker, histories, out_of_memory=True))
                else:
                    raise value

    def _give(self, todo: deque[Task]) -> None:
        """Hand a task to every idle worker, starting workers as long as there is work."""
        idle = [worker for worker in self._workers if worker.task is None]
        while todo and (idle or len(self._workers) < self._count):
            worker = idle.pop() if idle else self._start()
            worker.task, worker.at = todo.popleft(), None
            with suppress(BrokenPipeError, ConnectionResetError):  # `make` will see that it died
                worker.connection.send_bytes(pickle.dumps(worker.task))

    def _start(self) -> _Worker:
        ours, theirs = socket.socketpair()
        code = _START.format(parent=os.getpid(), descriptor=theirs.fileno())
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=sys.__stderr__ or subprocess.DEVNULL,  # stdout is for the manifest
            env=os.environ | _KEEP_MEMORY | _ONE_THREAD,
        )
        theirs.close()
        worker = _Worker(process, Connection(ours.detach()))
        self._workers.append(worker)
        with suppress(BrokenPipeError, ConnectionResetError):
            worker.connection.send(sys.path)
        return worker

    def _bury(
        self, worker: _Worker, histories: dict[int, _History], *, out_of_memory: bool = False
    ) -> Task:
        """Return the task of a dead worker, to do again; its culprit marked, if that is clear."""
        self._workers.remove(worker)
        if out_of_memory:
            worker.process.kill()
        number = -worker.process.wait()
        worker.connection.close()
        task = worker.task
        if task is None:  # it never had one
            raise TemporaryError(f"a worker ended by {_cause(number)} before it began; run again")
        history = histories.setdefault(task.partition, _History())
        reject = _blame(history, worker.at, number, out_of_memory, task.seconds)
        if reject is not None and worker.at is not None:
            history.kills = 0
            return replace(task, killers={**task.killers, worker.at: reject})
        history.kills += 1
        if history.kills > _KILLS or (worker.at is None and history.kills >= _KILLS):
            raise TemporaryError(
                f"a worker at partition {task.partition} was ended by {_cause(number)} "
                f"{history.kills} times; less --workers or more memory, then run again"
            )
        return task


def _cause(number: int) -> str:
    return f"signal {number}" if number > 0 else f"exit code {-number}"


def _blame(
    history: _History, at: int | None, number: int, out_of_memory: bool, seconds: float
) -> tuple[str, str] | None:
    """Return the reject of the record that a worker died at, once it is clear that it did it."""
    killed = number == signal.SIGKILL and not out_of_memory
    cause = "memory" if out_of_memory else number
    history.deaths[at, cause] += 1
    if at is None or history.deaths[at, cause] < (_KILLS if killed else _CRASHES):
        return None
    if out_of_memory:
        return "decoder_oom", f"> {_MEMORY >> 30} GiB, twice"
    if number == signal.SIGALRM:
        return "decode_timeout", f"> {seconds:g} s, twice"
    if killed:
        return "decoder_oom", "killed three times"
    return "decoder_crash", f"{_cause(number)}, twice"


def make_here(tasks: Iterable[Task]) -> Iterator[dict[str, Any]]:
    """Do all tasks in this process, without its protection from crashes and hangs."""
    for task in tasks:
        yield record.make_partition(task, lambda index: None, lambda: None)
