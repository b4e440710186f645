import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from avkd_cli.models.weasp import MODES, WeightEnhancedPooling, attention_weights, enhanced

# Four moments, two channels: lambda = 2, 3, 4, 2.
SCORES = torch.tensor([[[1.0, 1, 2, 1], [1.0, 2, 2, 1]]], dtype=torch.float64)
WANTED = [0.77412939, 3.55491149, 5.24288737, 0.77412939]


def test_the_worked_example():
    alpha, weights = attention_weights(SCORES, "safe")
    assert weights[0].tolist() == pytest.approx(WANTED, abs=1e-7)
    assert alpha[0, 0].tolist() == pytest.approx([0.073738, 0.163763, 0.688761, 0.073738], abs=1e-6)
    assert alpha[0, 1].tolist() == pytest.approx([0.053751, 0.390426, 0.502071, 0.053751], abs=1e-6)


def test_without_enhancement_it_is_the_softmax_of_the_scores():
    alpha, weights = attention_weights(SCORES, "off")
    assert alpha[0, 0].tolist() == pytest.approx([0.174878, 0.174878, 0.475367, 0.174878], abs=1e-6)
    assert alpha[0, 1].tolist() == pytest.approx([0.134471, 0.365529, 0.365529, 0.134471], abs=1e-6)
    assert weights[0].tolist() == [2, 3, 4, 2]


def test_safe_and_printed_agree_where_the_mean_is_positive():
    for safe, printed in zip(
        *(attention_weights(SCORES, m) for m in ("safe", "printed")), strict=True
    ):
        torch.testing.assert_close(safe, printed)


def test_a_negative_mean_reverses_the_ranking_as_printed_and_not_when_safe():
    negative = -SCORES  # lambda = -2, -3, -4, -2: the third moment counts least
    weights = {mode: attention_weights(negative, mode)[1][0] for mode in ("safe", "printed")}
    assert weights["printed"].argmax() == 2 and weights["printed"].argmin() in (0, 3)
    assert weights["safe"].argmin() == 2 and weights["safe"].argmax() in (0, 3)


def test_a_weight_near_zero_explodes_as_printed_and_not_when_safe():
    scores = SCORES.clone()
    scores[0, :, 0] = torch.tensor([1.0, -1.0 + 1e-12], dtype=torch.float64)
    alpha = {mode: attention_weights(scores, mode)[0] for mode in ("printed", "safe", "shift")}
    assert alpha["printed"][0, 0, 0] == pytest.approx(1)  # one moment takes all, for no reason
    for mode in ("safe", "shift"):
        assert torch.isfinite(alpha[mode]).all()
    assert alpha["shift"][0, 0, 0] < 0.5


@pytest.mark.parametrize("mode", MODES)
def test_equal_scores_weigh_all_moments_alike_with_finite_gradients(mode):
    for value in (0.7, -0.7):
        scores = torch.full((1, 3, 5), value, requires_grad=True)
        alpha, weights = attention_weights(scores, mode)
        torch.testing.assert_close(alpha, torch.full_like(alpha, 0.2))
        (alpha.square().sum() + weights.square().sum()).backward()
        assert torch.isfinite(scores.grad).all()
    alpha, _ = attention_weights(torch.zeros(1, 3, 5), "safe")
    torch.testing.assert_close(alpha, torch.full_like(alpha, 0.2))


@pytest.mark.parametrize("mode", MODES)
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 999))
def test_weights_sum_to_one_over_time_and_moments_may_be_shuffled(mode, seed):
    torch.manual_seed(seed)
    scores, order = torch.randn(2, 4, 9, dtype=torch.float64), torch.randperm(9)
    alpha, weights = attention_weights(scores, mode)
    torch.testing.assert_close(alpha.sum(dim=-1), torch.ones(2, 4, dtype=torch.float64))
    again = attention_weights(scores[:, :, order], mode)
    torch.testing.assert_close(again[0], alpha[:, :, order])
    torch.testing.assert_close(again[1], weights[:, order])


@pytest.mark.parametrize("mode", ["safe", "shift"])
def test_the_channels_of_a_moment_sum_to_its_enhanced_weight(mode):
    # The softmax of moved scores is known but for a constant: undo it by the sum over channels.
    torch.manual_seed(0)
    scores = torch.rand(1, 3, 6, dtype=torch.float64) + 0.5
    alpha, wanted = attention_weights(scores, mode)
    moved = alpha.log()
    free = moved.sum(dim=1) - wanted  # one constant for each channel, so one over time
    torch.testing.assert_close(free, free.mean().expand_as(free))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 999), shift=st.floats(-3, 3))
def test_the_safe_rule_never_reverses_a_ranking(seed, shift):
    torch.manual_seed(seed)
    weights = torch.randn(1, 12, dtype=torch.float64) + shift
    assert torch.equal(enhanced(weights).argsort(), weights.argsort())


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("context", [False, True])
def test_pooling_gives_statistics_and_one_weight_a_moment(mode, context):
    torch.manual_seed(0)
    pool = WeightEnhancedPooling(6, mode, bottleneck=4, global_context=context)
    levels = pool(torch.randn(3, 6, 11))
    assert levels["pooled"].shape == (3, 12) and levels["weights"].shape == (3, 11)
    (levels["pooled"].sum() + levels["weights"].sum()).backward()
    assert all(torch.isfinite(p.grad).all() for p in pool.parameters())


@pytest.mark.parametrize("mode", MODES)
def test_a_fresh_pooling_has_weights_above_nothing_so_that_no_ratio_explodes(mode):
    torch.manual_seed(0)
    features = torch.randn(8, 64, 100, requires_grad=True)
    pool = WeightEnhancedPooling(64, mode, global_context=True)
    assert (pool(features)["weights"].mean(dim=1) > 0).all()

    def pull(mode: str) -> float:
        pool.mode = mode
        (grad,) = torch.autograd.grad(pool(features)["pooled"].square().sum(), features)
        return grad.norm().item()

    assert pull(mode) < 3 * pull("off")


@pytest.mark.parametrize("mode", MODES)
def test_one_frame_takes_all_the_weight(mode):
    pool = WeightEnhancedPooling(2, mode, bottleneck=3)
    pooled = pool(torch.tensor([[[3.0], [4.0]]]))["pooled"]
    torch.testing.assert_close(pooled, torch.tensor([[3.0, 4.0, 1e-7**0.5, 1e-7**0.5]]))


def test_an_unknown_mode_is_refused():
    with pytest.raises(ValueError, match="no weight enhancement 'on'; there are safe, printed"):
        WeightEnhancedPooling(3, "on")
