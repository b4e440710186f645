"""Batches and networks on the device that computes."""

from typing import Any

import torch
from torch import nn

from avkd_cli.models.levels import Batch


def suit(network: nn.Module, device: torch.device, *, compiled: bool = False) -> None:
    """Arrange a network for a device, in place; names and values of its weights stay.

    On a GPU convolutions are kept channels-last, as its half-precision units want them.

    Args:
        compiled: compile the network's `core`, its encoder or fusion, for inputs of any length;
            the front end, which draws random numbers, stays as it is.
    """
    if device.type == "cuda":
        network.to(memory_format=torch.channels_last)
    if compiled:
        network.core.compile(dynamic=True)


def to_device(batch: dict[str, Any], device: torch.device) -> Batch:
    """Return a batch of NumPy arrays as tensors on the device."""
    return {k: torch.as_tensor(v).to(device, non_blocking=True) for k, v in batch.items()}
