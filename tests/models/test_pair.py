import pytest
import torch
from torch import nn

from avkd_cli.models.pair import PAIRS


def count(module):
    return sum(weight.numel() for weight in module.parameters())


@pytest.mark.parametrize(
    ("name", "alone", "with_classifier"),
    [("gated", 640_256, 756_485), ("linear", 590_594, 706_823)],
)
def test_counts_are_those_of_the_released_code_with_its_901_classes(name, alone, with_classifier):
    pair = PAIRS[name]()
    assert count(pair) == alone
    assert count(pair) + count(nn.Linear(128, 901)) == with_classifier


@pytest.mark.parametrize("name", PAIRS)
class TestEveryPair:
    def made(self, name, **settings):
        torch.manual_seed(0)
        return PAIRS[name](visual_size=20, audio_size=12, embedding_size=32, **settings)

    def test_gives_two_directions_and_their_fusion(self, name):
        levels = self.made(name)(torch.randn(6, 20), torch.randn(6, 12))
        assert {key: tuple(level.shape) for key, level in levels.items()} == {
            "embedding": (6, 32),
            "visual": (6, 32),
            "audio": (6, 32),
        }
        for sense in ("visual", "audio"):
            torch.testing.assert_close(levels[sense].norm(dim=1), torch.ones(6))
            assert (levels[sense] >= 0).all()

    def test_one_side_alone_is_the_level_of_both(self, name):
        pair = self.made(name).eval()
        visual, audio = torch.randn(6, 20), torch.randn(6, 12)
        levels = pair(visual, audio)
        assert torch.equal(pair.side("visual", visual), levels["visual"])
        assert torch.equal(pair.side("audio", audio), levels["audio"])

    def test_gradients_reach_every_weight(self, name):
        pair = self.made(name, dropout=0.0)
        pair(torch.randn(64, 20), torch.randn(64, 12))["embedding"].square().sum().backward()
        for weight_name, weight in pair.named_parameters():
            assert weight.grad is not None, weight_name
            assert weight.grad.abs().sum() > 0, weight_name

    def test_a_row_alone_is_a_row_of_the_batch(self, name):
        pair = self.made(name).eval()
        visual, audio = torch.randn(5, 20), torch.randn(5, 12)
        together = pair(visual, audio)["embedding"]
        torch.testing.assert_close(pair(visual[2:3], audio[2:3])["embedding"], together[2:3])

    def test_other_widths_are_refused(self, name):
        with pytest.raises(ValueError, match=r"takes audio \(batch, 12\), got \(5, 20\)"):
            self.made(name)(torch.randn(5, 20), torch.randn(5, 20))

    def test_layers_begin_as_in_the_released_code(self, name):
        pair = PAIRS[name]()
        for module in pair.modules():
            if isinstance(module, nn.Linear):
                assert (module.bias == 0.01).all()
                bound = (6 / sum(module.weight.shape)) ** 0.5
                assert module.weight.abs().max() <= bound
                assert module.weight.abs().max() > 0.99 * bound

    def test_directions_are_of_length_one_under_autocast(self, name):
        pair = self.made(name).eval()
        with torch.autocast("cpu", torch.bfloat16):
            levels = pair(torch.randn(6, 20), torch.randn(6, 12))
        torch.testing.assert_close(levels["audio"].norm(dim=1), torch.ones(6))


def test_a_gate_that_is_open_takes_the_face_and_one_that_is_shut_the_voice():
    pair = PAIRS["gated"](visual_size=20, audio_size=12, embedding_size=32).eval()
    visual, audio = torch.randn(6, 20), torch.randn(6, 12)
    for bias, sense in ((60.0, "visual"), (-60.0, "audio")):
        nn.init.constant_(pair.gate[-1].bias, bias)
        levels = pair(visual, audio)
        torch.testing.assert_close(levels["embedding"], levels[sense].tanh())


def test_the_linear_pair_weighs_two_directions():
    pair = PAIRS["linear"](visual_size=20, audio_size=12, embedding_size=32).eval()
    assert ((pair.share >= 0) & (pair.share <= 1)).all()
    levels = pair(torch.randn(6, 20), torch.randn(6, 12))
    expected = pair.share[0] * levels["visual"] + pair.share[1] * levels["audio"]
    torch.testing.assert_close(levels["embedding"], expected)
