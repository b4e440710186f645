"""What the machine does to a run is worth another try; what we did is not."""

import pytest
import torch

from avkd_cli.errors import TemporaryError
from avkd_cli.training.faults import machine_faults


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (RuntimeError("[/pytorch/third_party/gloo/pair.cc:538] Connection reset by peer"), "lost"),
        (torch.distributed.DistBackendError("NCCL error in: …, remote process exited"), "lost"),
        (torch.distributed.DistNetworkError("failed to recv, got 0 bytes"), "lost"),
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"), "--accumulate"),
        (
            RuntimeError(
                "[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate "
                "memory: you tried to allocate 4 bytes."
            ),
            "out of memory",
        ),
    ],
)
def test_a_fault_of_the_machine_is_temporary(error, said):
    with pytest.raises(TemporaryError, match=said), machine_faults():
        raise error


def test_any_other_error_is_what_it_was():
    with pytest.raises(RuntimeError, match="shapes"), machine_faults():
        raise RuntimeError("shapes cannot be multiplied")


def test_memory_that_is_really_out_is_recognised():
    with pytest.raises(TemporaryError, match="out of memory"), machine_faults():
        torch.empty(2**60, dtype=torch.uint8)
