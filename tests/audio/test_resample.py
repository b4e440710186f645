"""Resampling without torchaudio is that of torchaudio, and serves where that does not load."""

import math
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from avkd_cli.audio import resample

SPEEDS = [(9, 10), (11, 10)]
BROKEN = "raise OSError('Could not load this library: libtorchaudio.so')\n"
ASK = """
import sys, torch
from avkd_cli.audio import augment, resample
print(augment.change_speed(torch.ones(2, 900), 0.9).shape[1], resample._best().__module__)
"""


def noise(*shape: int) -> torch.Tensor:
    """Full scale, where a difference is largest."""
    return 2 * torch.rand(*shape, generator=torch.Generator().manual_seed(0)) - 1


@pytest.mark.parametrize(("old", "new"), SPEEDS)
@pytest.mark.parametrize("length", [1, 8, 160, 16_000, 48_001])
def test_our_resampling_is_torchaudios(torchaudio, old, new, length):
    samples = noise(2, length)
    found = resample.windowed_sinc(samples, 160 * old, 160 * new)
    expected = torchaudio.functional.resample(samples, 160 * old, 160 * new)
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=0)


@pytest.mark.parametrize(("old", "new"), SPEEDS)
def test_a_tone_comes_out_as_itself_at_the_other_rate(old, new):
    # 1/50 of a cycle an input sample is old / (50 new) of one an output sample.
    tone = torch.cos(2 * math.pi / 50 * torch.arange(4000, dtype=torch.float64))
    found = resample.windowed_sinc(tone, old, new)
    expected = torch.cos(2 * math.pi / 50 * old / new * torch.arange(len(found)))
    assert len(found) == math.ceil(4000 * new / old)
    torch.testing.assert_close(found[50:-50], expected.double()[50:-50], atol=2e-3, rtol=0)


def test_what_the_lower_rate_cannot_hold_is_taken_away():
    # 0.49 of a cycle a sample, when 10/22 is the most that 10 of 11 samples can hold.
    high = torch.cos(2 * math.pi * 0.49 * torch.arange(4000, dtype=torch.float64))
    found = resample.windowed_sinc(high, 11, 10)[50:-50]
    assert found.square().mean() < 0.1 * high.square().mean()


def test_leading_axes_are_kept_and_gradients_flow():
    samples = noise(2, 3, 100).requires_grad_()
    found = resample.windowed_sinc(samples, 9, 10)
    assert found.shape == (2, 3, 112)
    found.sum().backward()
    assert (samples.grad != 0).all()


def test_a_torchaudio_that_does_not_load_is_done_without(tmp_path):
    # As torchaudio 2.11.1 beside torch 2.11.0.
    (tmp_path / "torchaudio").mkdir()
    (tmp_path / "torchaudio/__init__.py").write_text(BROKEN)
    root = Path(resample.__file__).parents[2]
    result = subprocess.run(
        [sys.executable, "-c", ASK],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{root}"},
    )
    assert result.stdout == "1000 avkd_cli.audio.resample\n"


def test_torchaudio_is_used_where_it_loads(torchaudio):
    assert resample._best() is torchaudio.functional.resample
