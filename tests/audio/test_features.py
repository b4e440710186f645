"""The module for training computes what preparation stores, in batches and with gradients."""

import numpy as np
import pytest
import torch

from avkd_cli.audio import kaldi
from avkd_cli.audio.features import Fbank


def noise(*shape: int, level: float = 0.1) -> torch.Tensor:
    return level * torch.randn(*shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("n_mels", [40, 80])
def test_the_module_is_kaldis_fbank(compliance, n_mels):
    samples = noise(16_000)
    found = Fbank(n_mels)(samples[None])[0]
    expected = compliance.fbank(samples[None] * 32768, num_mel_bins=n_mels, dither=0.0)
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize("n_mels", [40, 80])
def test_the_module_computes_what_is_stored(n_mels):
    samples = noise(3, 16_000)
    batch = Fbank(n_mels)(samples)
    assert batch.shape == (3, 98, n_mels)
    for row, sound in zip(batch, samples, strict=True):
        error = np.abs(kaldi.fbank(sound.numpy(), n_mels) - row.numpy())
        assert np.quantile(error, 0.99) < 1e-4


def test_a_batch_is_its_rows():
    samples, module = noise(3, 4000), Fbank(80)
    for row, sound in zip(module(samples), samples, strict=True):
        torch.testing.assert_close(module(sound[None])[0], row, atol=1e-5, rtol=0)


def test_the_batch_may_be_larger_than_what_is_computed_at_once():
    samples = noise(11, 4_000).requires_grad_()
    module = Fbank(40)
    assert torch.equal(module(samples), module.energies(samples))
    module(samples).sum().backward()
    assert samples.grad.any(dim=1).all()


def test_the_module_has_no_weights_and_passes_gradients():
    module = Fbank(40)
    samples = noise(2, 2000).requires_grad_()
    module(samples).sum().backward()
    assert samples.grad is not None
    assert samples.grad.isfinite().all()
    assert samples.grad[:, :1840].abs().sum() > 0
    assert list(module.parameters()) == []
    assert module.state_dict() == {}  # nothing of it in a checkpoint


def test_silence_has_a_gradient_that_is_finite():
    samples = torch.zeros(1, 800, requires_grad=True)
    Fbank(40)(samples).sum().backward()
    assert samples.grad.isfinite().all()


def test_modules_do_not_share_their_bands():
    module = Fbank(40)
    module.bands.zero_()
    assert Fbank(40).bands.any()
