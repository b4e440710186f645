import pytest
import torch

from avkd_cli.models.iresnet import IResNet18, PreNormBlock


@pytest.mark.parametrize(
    ("height", "width_px", "cells"), [(112, 112, 49), (128, 128, 64), (112, 96, 42)]
)
def test_the_last_map_is_flattened(height, width_px, cells):
    with torch.device("meta"):
        model = IResNet18(height=height, width_px=width_px)
    assert model.embed[2].in_features == 512 * cells


def test_the_map_has_the_size_that_the_linear_layer_expects():
    model = IResNet18(height=50, width_px=33, width=4, embedding_size=6).eval()
    assert model(torch.rand(2, 3, 50, 33) - 0.5)["embedding"].shape == (2, 6)


def test_training_moves_the_shift_of_the_embedding_but_not_its_scale():
    torch.manual_seed(0)
    model = IResNet18(height=16, width_px=16, width=4, embedding_size=6)
    model(torch.rand(4, 3, 16, 16))["embedding"].pow(3).sum().backward()
    norm = model.embed[-1]
    assert norm.weight.grad is None
    assert torch.equal(norm.weight, torch.ones(6))
    assert norm.bias.grad.abs().sum() > 0


def test_a_block_has_no_activation_after_the_addition():
    # Pre-norm: with the last normalisation at zero the input passes, negative values too.
    block = PreNormBlock(4, 4, stride=1).eval()
    torch.nn.init.zeros_(block.residual[-1].weight)
    maps = torch.randn(2, 4, 5, 5)
    assert torch.equal(block(maps), maps)
