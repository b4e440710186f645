"""Batches and networks on the device that computes."""

import os
from typing import Any

import torch
from torch import nn

from avkd_cli.models.levels import Batch

SMALL = 1_000_000  # weights of a network that more than two threads make no faster


def here() -> torch.device:
    """Return the device of this process: its GPU where there is one."""
    if torch.cuda.is_available():
        return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
    return torch.device("cpu")


def suit(network: nn.Module, device: torch.device, *, compiled: bool = False) -> None:
    """Arrange a network for a device, in place; names and values of its weights stay.

    On a GPU convolutions are kept channels-last, as its half-precision units want them; without one
    the threads are chosen, a matter of the network and the machine alone, so that a run that is
    gone on with has as many.

    Args:
        compiled: compile the network's `core`, its encoder or fusion, for inputs of any length;
            the front end, which draws random numbers, stays as it is.
    """
    if device.type == "cuda":
        network.to(memory_format=torch.channels_last)
    elif "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(threads_for(network))
    if compiled:
        network.core.compile(dynamic=True)


def threads_for(network: nn.Module) -> int:
    """Return how many threads compute a network: a small one two, others all cores we may use."""
    cores = len(os.sched_getaffinity(0))
    small = sum(weights.numel() for weights in network.parameters()) < SMALL
    return min(cores, 2) if small else cores


def to_device(batch: dict[str, Any], device: torch.device) -> Batch:
    """Return a batch of NumPy arrays as tensors on the device."""
    return {k: torch.as_tensor(v).to(device, non_blocking=True) for k, v in batch.items()}
