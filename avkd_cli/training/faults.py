"""What the machine does to a run, said so that a scheduler tries again (exit code 75)."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from avkd_cli.errors import TemporaryError

# How torch says that another process is gone: gloo by its source file, NCCL by its name.
LOST = ("/gloo/", "NCCL")
FULL = "DefaultCPUAllocator: can't allocate memory"


@contextmanager
def machine_faults() -> Iterator[None]:
    """Turn a lost process and memory that is out into TemporaryError; also a decorator.

    Raises:
        TemporaryError: the last checkpoint is whole, so that the same command goes on.
    """
    try:
        yield
    except RuntimeError as error:
        if isinstance(error, torch.OutOfMemoryError) or FULL in str(error):
            raise TemporaryError(
                "out of memory; make room, or raise --accumulate, then run again"
            ) from error
        if isinstance(error, torch.distributed.DistError) or any(x in str(error) for x in LOST):
            raise TemporaryError(
                "another process of this training is lost (killed, or its machine); run the same "
                "line again to go on from the last checkpoint"
            ) from error
        raise
