import pytest
import torch

from avkd_cli.models.tdnn import Tdnn


@pytest.mark.parametrize(("frames", "steps"), [(1, 1), (2, 1), (199, 100), (200, 100)])
def test_layers_after_the_second_work_on_half_the_frames(frames, steps):
    model = Tdnn(n_mels=8, width=4)
    assert model.layers(torch.randn(2, 8, frames)).shape == (2, 12, steps)


def test_a_step_sees_thirteen_frames_to_each_side():
    # Kernels of 5, 3, then 3 with dilations 2 and 3 on every second frame: 2 + 1 + 4 + 6 = 13.
    model = Tdnn(n_mels=4, width=16).eval()
    features = torch.randn(1, 60, 4, requires_grad=True)
    model.layers(features.transpose(1, 2))[0, :, 15].sum().backward()
    seen = features.grad.abs().sum(dim=(0, 2)).nonzero().flatten()
    assert (seen.min().item(), seen.max().item()) == (30 - 13, 30 + 13)


def test_dropout_acts_in_training_only():
    torch.manual_seed(0)
    model, features = Tdnn(n_mels=8, width=16, dropout=0.5), torch.randn(4, 20, 8)
    assert not torch.equal(model(features)["embedding"], model(features)["embedding"])
    model.eval()
    assert torch.equal(model(features)["embedding"], model(features)["embedding"])
