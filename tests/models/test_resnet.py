import pytest
import torch

from avkd_cli.models.resnet import (
    AudioResNet34,
    Block,
    Bottleneck,
    FaceResNet34,
    FaceSeResNet50,
    SqueezeExcite,
    four_stages,
)


@pytest.mark.parametrize(("frames", "final"), [(200, 25), (203, 26), (300, 38), (400, 50)])
def test_the_final_map_of_the_voice_network(frames, final):
    # 40 bins become 5 rows, 256 channels (here 8 times 4): the pooling sees 2560 as printed.
    model = AudioResNet34(width=4)
    maps = model.trunk(model.stem(torch.randn(1, 1, 40, frames)))
    assert maps.shape == (1, 32, 5, final)
    with torch.device("meta"):
        assert AudioResNet34().pool.output_size == 2560
        assert AudioResNet34(n_mels=80).pool.output_size == 5120


def test_bins_that_eight_does_not_divide_are_rounded_up():
    assert AudioResNet34(n_mels=41, width=4)(torch.randn(2, 20, 41))["embedding"].shape == (2, 512)


def test_time_and_frequency_are_not_mixed_up():
    # A tone that moves in frequency is another input than one that moves in time.
    torch.manual_seed(0)
    model = AudioResNet34(n_mels=16, width=4).eval()
    features = torch.randn(1, 16, 16)
    assert not torch.allclose(
        model(features)["embedding"], model(features.transpose(1, 2))["embedding"]
    )


def test_the_final_map_of_the_face_network():
    model = FaceResNet34(width=4)
    assert model.trunk(model.stem(torch.zeros(1, 3, 112, 96))).shape == (1, 32, 4, 3)


def test_stages_of_resnet50_end_four_times_as_wide():
    trunk = four_stages(Bottleneck, 4, (3, 4, 6, 3), squeeze_excite=False)
    assert trunk(torch.zeros(1, 4, 16, 16)).shape == (1, 128, 2, 2)
    assert FaceSeResNet50(width=4).embed.in_features == 128


def test_squeeze_and_excitation_by_hand():
    # Two channels with means 1 and 3; down sums them (4), up gives 4 and -4.
    module = SqueezeExcite(2)
    with torch.no_grad():
        module.down.weight.fill_(1)
        module.down.bias.zero_()
        module.up.weight.copy_(torch.tensor([[1.0], [-1.0]]))
        module.up.bias.zero_()
    maps = torch.tensor([[[[0.0, 2.0]], [[3.0, 3.0]]]])
    weights = torch.tensor([4.0, -4.0]).sigmoid()
    torch.testing.assert_close(module(maps), maps * weights[:, None, None])


@pytest.mark.parametrize("squeeze_excite", [True, False])
def test_a_block_whose_residual_is_zero_passes_its_input(squeeze_excite):
    block = Block(4, 4, stride=1, squeeze_excite=squeeze_excite).eval()
    for module in block.residual:
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.zeros_(module.weight)
    maps = torch.rand(2, 4, 5, 5)
    assert torch.equal(block(maps), maps)
