import torch

from avkd_cli.models.ecapa_tdnn import EcapaTdnn, Res2Conv, SeRes2Block, SqueezeExcite


def test_each_group_of_channels_sees_the_groups_before_it():
    torch.manual_seed(0)
    module, frames = Res2Conv(16, dilation=2).eval(), torch.randn(1, 16, 12)
    before = module(frames).chunk(8, dim=1)
    assert torch.equal(before[0], frames[:, :2])  # the first passes unchanged
    for group in range(8):
        changed = frames.clone()
        changed[:, 2 * group : 2 * group + 2] += 1
        after = module(changed).chunk(8, dim=1)
        moved = [not torch.equal(a, b) for a, b in zip(after, before, strict=True)]
        # The first group is not added to the second; from there on each reaches all later ones.
        reached = [i == group or (0 < group < i) for i in range(8)]
        assert moved == reached


def test_squeeze_and_excitation_weighs_a_channel_at_all_times_alike():
    torch.manual_seed(0)
    frames = torch.randn(2, 4, 9)
    weights = SqueezeExcite(4)(frames) / frames
    torch.testing.assert_close(weights, weights[..., :1].expand(-1, -1, 9))
    assert ((weights > 0) & (weights < 1)).all()


def test_a_block_adds_its_input():
    block, frames = SeRes2Block(16, dilation=3).eval(), torch.randn(2, 16, 9)
    torch.nn.init.zeros_(block.residual[-2].weight)  # the normalisation before the excitation
    assert torch.equal(block(frames), frames)


def test_the_attention_sees_the_whole_utterance_with_global_context_only():
    # 4608 inputs, as printed: each frame, the mean and the deviation, 1536 each.
    with torch.device("meta"):
        assert EcapaTdnn().pool.attention[0].in_channels == 4608
        assert EcapaTdnn(global_context=False).pool.attention[0].in_channels == 1536
