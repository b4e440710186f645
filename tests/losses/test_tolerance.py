"""Golden 6.10: the hinge, and what holds of it for any distances."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from avkd_cli.losses.tolerance import beyond, share_within, tolerance_at, weighted_mean

distances = st.lists(st.floats(0, 4, width=32), min_size=1, max_size=12)
tolerances = st.floats(0, 5)


def test_the_hinge_by_hand():
    distance = torch.tensor([0.1, 0.4, 0.7, 1.0], requires_grad=True)
    loss = weighted_mean(beyond(distance, 0.4), torch.tensor([1.0, 1.0, 0.5, 1.5]))
    # (0 + 0 + 0.5 * 0.3 + 1.5 * 0.6) / 4
    assert loss.item() == pytest.approx(0.2625)
    loss.backward()
    assert distance.grad.tolist() == pytest.approx([0, 0, 0.125, 0.375])
    assert share_within(distance, 0.4).item() == 0.5


def test_no_tolerance_is_the_hard_loss_bit_for_bit():
    # Rounding may put a distance below 0: the hinge would change it.
    distance = torch.tensor([-1e-8, 0.0, 0.3], requires_grad=True)
    assert beyond(distance, 0.0) is distance


def test_a_tolerance_above_every_distance_gives_no_loss_and_no_gradient():
    distance = torch.tensor([0.1, 0.5], requires_grad=True)
    loss = beyond(distance, 0.6).mean()
    loss.backward()
    assert loss.item() == 0
    assert distance.grad.tolist() == [0, 0]


@given(distances, tolerances, tolerances)
def test_the_loss_never_rises_with_the_tolerance(values, one, other):
    distance = torch.tensor(values)
    low, high = sorted((one, other))
    assert beyond(distance, low).mean() >= beyond(distance, high).mean()
    assert share_within(distance, low) <= share_within(distance, high)


def test_the_scalar_of_a_batch_is_hinged_as_it_is():
    assert beyond(torch.tensor(1.5), 0.5).item() == 1.0
    assert beyond(torch.tensor(0.3), 0.5).item() == 0.0


@pytest.mark.parametrize("tolerance", [-0.1, float("nan")])
def test_a_tolerance_that_is_none_is_refused(tolerance):
    with pytest.raises(ValueError, match="at least 0"):
        beyond(torch.zeros(2), tolerance)


def test_no_gradient_reaches_the_weights():
    weights = torch.ones(2, requires_grad=True)
    weighted_mean(torch.ones(2, requires_grad=True), weights).backward()
    assert weights.grad is None


def test_a_tolerance_narrows_over_its_share_of_the_run():
    found = [tolerance_at(k, 100, 0.4, wide=1.0, share=0.2) for k in (0, 10, 20, 99)]
    assert found == pytest.approx([1.0, 0.7, 0.4, 0.4])
    assert tolerance_at(0, 100, 0.4) == 0.4
    assert tolerance_at(0, 100, 0.4, wide=1.0) == 0.4


@given(st.floats(0, 2), st.floats(0, 2), st.floats(0, 1), st.integers(0, 50), st.integers(0, 50))
def test_a_schedule_never_widens_and_stays_between_its_ends(narrow, more, share, one, other):
    early, late = sorted((one, other))
    ends = {"wide": narrow + more, "share": share}
    first, second = (tolerance_at(k, 50, narrow, **ends) for k in (early, late))
    assert narrow + more + 1e-9 >= first >= second >= narrow


@pytest.mark.parametrize("wrong", [{"wide": 0.1}, {"wide": 1.0, "share": 1.5}])
def test_a_schedule_that_does_not_narrow_is_refused(wrong):
    with pytest.raises(ValueError, match="does not narrow"):
        tolerance_at(0, 10, 0.4, **wrong)
