import pytest
import torch

from avkd_cli.models import build
from avkd_cli.models.spectrogram import Halve, ThinResNet, scaled


@pytest.mark.parametrize("frames", [100, 500])
def test_the_thin_resnet_has_the_printed_map(frames):
    model = ThinResNet(width=16).eval()
    with torch.no_grad():
        maps = model.frames(torch.randn(1, frames, 257))
    assert maps.shape[2:] == (8, {100: 3, 500: 15}[frames])


def test_an_embedding_comes_out_of_a_relu():
    torch.manual_seed(0)
    for name in ("vgg", "thin-resnet", "thin-se-resnet"):
        found = build("audio", name, n_mels=24, width=16).eval()(torch.randn(4, 50, 24))
        assert (found["embedding"] >= 0).all()
        assert (found["embedding"] > 0).any()


def test_frequencies_can_be_kept_apart():
    torch.manual_seed(0)
    sound = torch.randn(1, 64, 32)
    low, high = sound.clone(), sound.clone()
    low[:, :, 24:], high[:, :, :8] = 0, 0
    model = build("audio", "vgg", n_mels=32, width=16, freq_flatten=True).eval()
    assert model.embed[1].in_features == 32 * (32 // 4)
    assert not torch.allclose(model(low)["embedding"], model(high)["embedding"])


def test_an_axis_of_one_is_not_halved_away():
    assert Halve()(torch.zeros(1, 2, 5, 1)).shape == (1, 2, 2, 1)
    assert Halve()(torch.zeros(1, 2, 1, 9)).shape == (1, 2, 1, 4)


def test_narrow_networks_keep_16_channels():
    assert [scaled(channels, 16) for channels in (48, 64, 128, 512)] == [16, 16, 32, 128]
    assert scaled(48, 64) == 48
