"""From draws to arrays: what a batch holds, read from stores ahead of time by threads.

A source answers `(k, draws) -> dict of arrays` for rows of the training set. It is a pure
function of its arguments, so threads, ranks and interruptions cannot change a batch.
"""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Protocol

import numpy as np

from avkd_cli.training.sampler import Draws

Arrays = dict[str, np.ndarray]


class Source(Protocol):
    """Reads one thing of each drawn row."""

    def __call__(self, k: int, draws: Draws) -> Arrays:
        """Return arrays whose first axis is the batch."""


class Sampler(Protocol):
    """Says which rows make batch k."""

    def batch(self, k: int) -> Draws:
        """Return the draws of batch k, over all ranks."""


class Labels:
    """The person of each row: `label`, shape (batch,), int64."""

    def __init__(self, labels: np.ndarray) -> None:
        self.labels = labels

    def __call__(self, k: int, draws: Draws) -> Arrays:
        """Return the labels."""
        return {"label": self.labels[draws.rows]}


class Batches:
    """Batch k for one rank: its share of the draws, read from every source.

    Args:
        sampler: of rows of the training set. sources: what reads each thing of them.
    """

    def __init__(
        self, sampler: Sampler, sources: list[Source], rank: int = 0, world: int = 1
    ) -> None:
        self.sampler, self.sources, self.rank, self.world = sampler, sources, rank, world

    def for_rank(self, rank: int, world: int) -> "Batches":
        """Return the same batches, seen from one of several processes."""
        return Batches(self.sampler, self.sources, rank, world)

    def __call__(self, k: int) -> Arrays:
        """Return batch k."""
        draws = self.sampler.batch(k).share(self.rank, self.world)
        arrays: Arrays = {}
        for source in self.sources:
            arrays |= source(k, draws)
        return arrays


@contextmanager
def read_ahead(
    batches: Callable[[int], Arrays], first: int, last: int, threads: int
) -> Iterator[Callable[[], Arrays]]:
    """Give a function that returns batches first .. last - 1 in order, read ahead by threads.

    With 0 threads each batch is read when it is asked for; the batches are the same.
    """
    if threads == 0:
        numbers = iter(range(first, last))
        yield lambda: batches(next(numbers))
        return
    pool = ThreadPoolExecutor(threads, thread_name_prefix="avkd-batches")
    waiting: deque[Future[Arrays]] = deque()
    todo = iter(range(first, last))

    def ahead() -> None:
        while len(waiting) < 2 * threads + 1 and (k := next(todo, None)) is not None:
            waiting.append(pool.submit(batches, k))

    def take() -> Arrays:
        ahead()
        batch = waiting.popleft().result()
        ahead()
        return batch

    try:
        yield take
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
