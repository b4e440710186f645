"""How many threads compute a network, and how they wait."""

import os
import subprocess
import sys

import pytest
import torch
from torch import nn

from avkd_cli import __main__ as entry
from avkd_cli.training import device

CPU = torch.device("cpu")


@pytest.fixture
def sixteen(monkeypatch):
    """A machine of sixteen cores whose environment chooses nothing; what was asked of torch."""
    asked = []
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(16)))
    monkeypatch.setattr(torch, "set_num_threads", asked.append)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    return asked


@pytest.mark.parametrize(("width", "threads"), [(10, 2), (1000, 16)])
def test_a_small_network_gets_two_threads_and_a_large_one_all_cores(sixteen, width, threads):
    device.suit(nn.Linear(width, 1000), CPU)
    assert sixteen == [threads]


def test_one_core_is_one_thread(monkeypatch, sixteen):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3})
    assert device.threads_for(nn.Linear(2, 2)) == device.threads_for(nn.Linear(1000, 1000)) == 1


def test_the_environment_wins(monkeypatch, sixteen):
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    device.suit(nn.Linear(2, 2), CPU)
    assert sixteen == []


@pytest.mark.parametrize(("given", "found"), [(None, "PASSIVE"), ("ACTIVE", "ACTIVE")])
def test_threads_sleep_while_they_wait_unless_the_environment_says(monkeypatch, given, found):
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    if given:
        monkeypatch.setenv("OMP_WAIT_POLICY", given)
    entry.wait_asleep()
    assert os.environ["OMP_WAIT_POLICY"] == found


def test_the_command_says_so_before_torch_is_loaded():
    probe = (
        "import os, sys; import avkd_cli.__main__ as entry\n"
        "entry.run = lambda: print('torch' in sys.modules, os.environ['OMP_WAIT_POLICY']) or 0\n"
        "entry.main()"
    )
    environment = {k: v for k, v in os.environ.items() if k != "OMP_WAIT_POLICY"}
    done = subprocess.run(
        [sys.executable, "-c", probe], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == "False PASSIVE\n"
