import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from avkd_cli.models.pooling import POOLING, AttentiveStatisticsPooling, StatisticsPooling, pooling


def test_statistics_by_hand():
    # Frames 1, 3, 5: mean 3, unbiased variance (4 + 0 + 4) / 2 = 4.
    pooled = StatisticsPooling(1)(torch.tensor([[[1.0, 3.0, 5.0]]], dtype=torch.float64))["pooled"]
    torch.testing.assert_close(
        pooled, torch.tensor([[3.0, 2.0]], dtype=torch.float64), atol=1e-6, rtol=0
    )


def test_one_frame_deviates_by_the_epsilon():
    pooled = StatisticsPooling(1)(torch.full((1, 1, 1), 7.0))["pooled"]
    torch.testing.assert_close(pooled, torch.tensor([[7.0, 1e-7**0.5]]))


def test_equal_weights_give_the_plain_mean_and_the_biased_deviation():
    pool = AttentiveStatisticsPooling(2, bottleneck=3)
    torch.nn.init.zeros_(pool.attention[-1].weight)
    features = torch.randn(4, 2, 9)
    mean, std = features.mean(dim=2), (features.var(dim=2, correction=0) + 1e-7).sqrt()
    torch.testing.assert_close(pool(features)["pooled"], torch.cat([mean, std], dim=1))


def test_all_the_weight_on_one_frame_gives_that_frame():
    pool = AttentiveStatisticsPooling(1, bottleneck=1)
    with torch.no_grad():  # the score of a frame is 1000 tanh(x): the largest takes all
        pool.attention[0].weight.fill_(1)
        pool.attention[0].bias.zero_()
        pool.attention[2].weight.fill_(1000)
    pooled = pool(torch.tensor([[[0.1, 0.5, -2.0]]]))["pooled"]
    torch.testing.assert_close(pooled, torch.tensor([[0.5, 1e-7**0.5]]))


@pytest.mark.parametrize(
    "pool",
    [
        StatisticsPooling(3),
        AttentiveStatisticsPooling(3, 4),
        AttentiveStatisticsPooling(3, 4, global_context=True),
    ],
)
@pytest.mark.parametrize("half", [torch.bfloat16, torch.float16])
def test_statistics_of_half_precision_are_taken_in_float32(pool, half):
    features = (torch.randn(2, 3, 50) + 100).to(half)  # the mean would drown the deviation
    pooled = pool(features)["pooled"]
    assert pooled.dtype == torch.float32
    torch.testing.assert_close(pooled, pool(features.float())["pooled"])


@pytest.mark.parametrize("name", POOLING)
@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 999))
def test_the_order_of_frames_does_not_matter(name, seed):
    torch.manual_seed(seed)
    pool, features = pooling(name, 3).double(), torch.randn(2, 3, 8, dtype=torch.float64)
    shuffled = features[:, :, torch.randperm(8)]
    torch.testing.assert_close(pool(shuffled)["pooled"], pool(features)["pooled"])


@pytest.mark.parametrize("name", POOLING)
def test_a_constant_channel_has_a_finite_gradient(name):
    features = torch.ones(2, 3, 5, requires_grad=True)
    pooling(name, 3)(features)["pooled"].sum().backward()
    assert torch.isfinite(features.grad).all()
