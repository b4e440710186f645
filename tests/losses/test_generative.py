import math

import pytest
import torch

from avkd_cli.losses.generative import (
    apart,
    bridge,
    cycle_loss,
    deceit,
    judgement,
    locations,
    mapping_loss,
    noise_levels,
    patch_nce,
    standardised,
)
from avkd_cli.models.generators import Discriminator, Generator, NoiseModel, resampled


def same(series):
    return series


def orthonormal(count):
    return torch.eye(count, dtype=torch.float64)[None]


def test_orthonormal_features_by_hand():
    # Four locations at right angles, temperature 1: ln(e + 3) - 1 = ln(1 + 3 / e).
    one = patch_nce(orthonormal(4), orthonormal(4), 1.0)
    assert one.tolist() == [pytest.approx(0.7436683806, abs=1e-9)]
    assert patch_nce(orthonormal(4), orthonormal(4)).item() == pytest.approx(1.8746e-6, rel=1e-4)


def test_equal_features_everywhere_can_only_be_guessed():
    alike = torch.ones(1, 8, 3, dtype=torch.float64)
    assert patch_nce(alike, alike).item() == pytest.approx(math.log(8))


def test_locations_may_be_permuted_together():
    torch.manual_seed(0)
    query, key, order = torch.randn(2, 6, 3), torch.randn(2, 6, 3), torch.randperm(6)
    torch.testing.assert_close(patch_nce(query[:, order], key[:, order]), patch_nce(query, key))


def test_keys_get_no_gradient_unless_asked():
    query, key = torch.randn(2, 4, 3), torch.randn(2, 4, 3, requires_grad=True)
    query.requires_grad_()
    patch_nce(query, key).sum().backward()
    assert key.grad is None and query.grad.abs().sum() > 0
    patch_nce(query, key, detach=False).sum().backward()
    assert key.grad.abs().sum() > 0


def test_a_series_that_maps_to_itself_costs_nothing():
    series = torch.rand(3, 64)
    zero = torch.zeros(3)
    torch.testing.assert_close(mapping_loss(series, series, same, same), zero, atol=1e-6, rtol=0)
    torch.testing.assert_close(cycle_loss(series, series, same, same), zero, atol=1e-6, rtol=0)


def test_series_at_right_angles_cost_two_to_map_and_nothing_to_cycle():
    audio, visual = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]])
    assert mapping_loss(audio, visual, same, same).item() == 2
    assert mapping_loss(audio, visual, same, same, "a2v").item() == 1
    assert mapping_loss(audio, visual, same, same, "v2a").item() == 1
    assert cycle_loss(audio, visual, same, same).item() == 0
    opposite = mapping_loss(audio, -audio, same, same)
    assert opposite.item() == 4  # the most there is


def test_a_direction_trains_its_own_generator_alone():
    torch.manual_seed(0)
    to_visual, to_audio = Generator(), Generator()
    mapping_loss(torch.rand(2, 64), torch.rand(2, 64), to_visual, to_audio, "a2v").sum().backward()
    assert all(p.grad is not None for p in to_visual.parameters())
    assert all(p.grad is None for p in to_audio.parameters())


def test_every_layer_of_a_generator_has_sixteen_locations():
    cut = locations(Generator().features(torch.rand(3, 64)))
    assert [tuple(one.shape) for one in cut] == [(3, 16, 4), (3, 16, 16), (3, 16, 16), (3, 16, 4)]


def test_least_squares_by_hand():
    real, made = torch.tensor([[1.0], [0.0]]), torch.tensor([[0.0], [0.5]])
    assert deceit(made).tolist() == [1, 0.25]
    assert judgement(real, made).tolist() == [0, 1.25]
    assert Discriminator()(torch.rand(2, 64)).shape == (2, 1)


def gaussian(mean, deviation):
    """The exact noise of a noisy Gaussian number."""

    def noise(noisy, level):
        level = level.unsqueeze(1)
        spread = level * deviation**2 + 1 - level
        return (1 - level).sqrt() * (noisy - level.sqrt() * mean) / spread

    return noise


@pytest.mark.parametrize(("steps", "most"), [(50, 0.35), (100, 0.15), (1000, 0.05)])
def test_a_bridge_of_exact_gaussians_moves_mean_and_deviation(steps, most):
    # From mean 0.5, deviation 0.7 to mean -1, deviation 1.5: x -> -1 + 1.5 / 0.7 (x - 0.5).
    x = torch.tensor([[-1.0], [0.0], [0.5], [1.0], [2.0]], dtype=torch.float64)
    levels = noise_levels(1000, 1e-4, 0.02)
    one, other = gaussian(0.5, 0.7), gaussian(-1.0, 1.5)
    wanted = -1 + 1.5 / 0.7 * (x - 0.5)
    assert (bridge(x, levels, steps, one, other) - wanted).abs().max() < most
    assert (bridge(x, levels, steps, one, one) - x).abs().max() < most  # there and back


def test_twice_the_steps_are_clearly_nearer():
    x = torch.tensor([[-1.0], [2.0]], dtype=torch.float64)
    levels, ends = noise_levels(1000, 1e-4, 0.02), (gaussian(0.5, 0.7), gaussian(-1.0, 1.5))
    wanted = -1 + 1.5 / 0.7 * (x - 0.5)
    error = [(bridge(x, levels, n, *ends) - wanted).abs().max() for n in (50, 100)]
    assert error[1] < 0.6 * error[0]


def test_a_bridge_of_networks_lets_gradients_through():
    torch.manual_seed(0)
    nets = NoiseModel(), NoiseModel()
    ends = [lambda x, level, net=net: net(x, 100 * (1 - level)) for net in nets]
    series = torch.rand(3, 64, requires_grad=True)
    moved = bridge(standardised(series), noise_levels(100, 1e-3, 0.2), 10, *ends)
    assert moved.shape == (3, 64) and torch.isfinite(moved).all()
    moved.square().sum().backward()
    assert torch.isfinite(series.grad).all() and series.grad.abs().sum() > 0


@pytest.mark.parametrize("points", [1, 2, 50, 64, 200])
def test_series_of_any_length_are_resampled_by_straight_lines(points):
    series = torch.linspace(0, 1, points)[None]
    found = resampled(series)
    assert found.shape == (1, 64)
    if points > 1:
        torch.testing.assert_close(found, torch.linspace(0, 1, 64)[None])
    assert torch.equal(resampled(found), found)


def test_standardised_series_have_mean_zero_and_deviation_one():
    found = standardised(torch.rand(4, 64) * 9 + 3)
    torch.testing.assert_close(found.mean(dim=1), torch.zeros(4), atol=1e-5, rtol=0)
    torch.testing.assert_close(found.square().mean(dim=1), torch.ones(4), atol=1e-4, rtol=0)
    assert torch.equal(standardised(torch.full((1, 64), 2.0)), torch.zeros(1, 64))


def test_what_points_apart_by_angle():
    one = torch.tensor([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0]])
    other = torch.tensor([[2.0, 0.0], [0.0, 5.0], [-1.0, 0.0]])
    assert apart(one, other).tolist() == [0, 1, 2]
