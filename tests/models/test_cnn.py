import pytest
import torch

from avkd_cli.models.cnn import Cnn


@pytest.mark.parametrize(
    ("height", "width_px", "cells"),
    [(112, 96, 7 * 6), (112, 112, 49), (128, 128, 64), (50, 33, 12)],
)
def test_the_last_map_is_a_sixteenth_of_the_crop(height, width_px, cells):
    model = Cnn(height=height, width_px=width_px, embedding_size=5)
    assert model.embed[-1].in_features == 128 * cells
    assert model(torch.rand(2, 3, height, width_px) - 0.5)["embedding"].shape == (2, 5)


def test_place_in_the_face_matters():
    # A mark moved by a whole cell of the last map: an average over cells would not tell.
    torch.manual_seed(0)
    model = Cnn(in_channels=1, embedding_size=5).eval()
    left, right = torch.zeros(2, 1, 1, 112, 96)
    left[..., 48:64, 32:48] = 0.5
    right[..., 48:64, 48:64] = 0.5
    assert not torch.allclose(model(left)["embedding"], model(right)["embedding"], atol=1e-4)


def test_dropout_acts_in_training_only():
    torch.manual_seed(0)
    model, images = Cnn(height=32, width_px=32, dropout=0.5), torch.rand(4, 3, 32, 32)
    assert not torch.equal(model(images)["embedding"], model(images)["embedding"])
    model.eval()
    assert torch.equal(model(images)["embedding"], model(images)["embedding"])
