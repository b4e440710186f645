"""Golden 6.10: the hinge, and what holds of it for any distances."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from avkd_cli.losses import TERMS, Moment, Taught
from avkd_cli.losses.moment import constant
from avkd_cli.losses.quality import Weighed
from avkd_cli.losses.tolerance import Loose, beyond, narrowing, share_within

distances = st.lists(st.floats(0, 4, width=32), min_size=1, max_size=12)
tolerances = st.floats(0, 5)


def test_the_hinge_by_hand():
    distance = torch.tensor([0.1, 0.4, 0.7, 1.0], requires_grad=True)
    loss = (torch.tensor([1.0, 1.0, 0.5, 1.5]) * beyond(distance, 0.4)).mean()
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


def test_a_tolerance_narrows_over_its_share_of_the_run():
    schedule = narrowing(0.4, 1.0, 0.2)
    found = [schedule(Moment(k, 100)) for k in (0, 10, 20, 99)]
    assert found == pytest.approx([1.0, 0.7, 0.4, 0.4])
    assert narrowing(0.4)(Moment(0, 100)) == 0.4
    assert narrowing(0.4, 1.0)(Moment(0, 100)) == 0.4


@given(st.floats(0, 2), st.floats(0, 2), st.floats(0, 1), st.integers(0, 50), st.integers(0, 50))
def test_a_schedule_never_widens_and_stays_between_its_ends(narrow, more, share, one, other):
    schedule = narrowing(narrow, narrow + more, share)
    first, second = (schedule(Moment(k, 50)) for k in sorted((one, other)))
    assert narrow + more + 1e-9 >= first >= second >= narrow


@pytest.mark.parametrize("wrong", [(0.1, 0.0), (1.0, 1.5)])
def test_a_schedule_that_does_not_narrow_is_refused(wrong):
    with pytest.raises(ValueError, match="does not narrow"):
        narrowing(0.4, *wrong)


def made(name):
    torch.manual_seed(3)
    return TERMS[name](Taught(8, 8, torch.randn(5, 8)))


def step(seed=0):
    torch.manual_seed(seed)
    student, teacher = torch.randn(2, 6, 8)
    batch = {"teacher": teacher, "label": torch.arange(6) % 5}
    weights = torch.tensor([2.0, 0.5, 0.5, 1.0, 1.0, 1.0])
    return {
        "embedding": student.requires_grad_(),
        "person.scores": student[:, :5],
        "quality": weights,
    }, batch


NOW = Moment(0, 10)


@pytest.mark.parametrize("name", TERMS)
def test_any_term_can_be_loose_and_without_a_tolerance_it_is_itself_bit_for_bit(name):
    levels, batch = step()
    term = made(name)
    plain = term(levels, batch, NOW)
    assert torch.equal(Loose(term, constant(0.0))(levels, batch, NOW), plain)
    middle = plain.detach().mean().item()
    loose = Loose(term, constant(middle))
    found = loose(levels, batch, NOW)
    assert torch.equal(found, (plain - middle).clamp(min=0))
    said = loose.said()
    assert said["distance"].item() == pytest.approx(middle)
    assert said["within"].item() == pytest.approx((plain <= middle).float().mean().item())
    assert (loose.per_sample, loose.level) == (term.per_sample, term.level)


@pytest.mark.parametrize("name", TERMS)
def test_samples_of_any_term_that_has_some_can_be_weighed(name):
    levels, batch = step()
    term = made(name)
    if not term.per_sample:
        with pytest.raises(ValueError, match="one loss for a batch"):
            Weighed(term)
        return
    each = term(levels, batch, NOW)
    assert torch.equal(Weighed(term)(levels, batch, NOW), levels["quality"] * each)
    levels["quality"] = torch.ones(6)
    assert torch.equal(Weighed(term)(levels, batch, NOW), each)


def test_weighed_and_loose_is_the_mean_of_weight_times_what_is_beyond():
    levels, batch = step()
    term = made("cos")
    each = term(levels, batch, NOW)
    both = Weighed(Loose(term, constant(0.6)))
    wanted = sum(w * max(0.0, d - 0.6) for w, d in zip(levels["quality"], each, strict=True)) / 6
    assert both(levels, batch, NOW).mean().item() == pytest.approx(wanted.item(), rel=1e-6)
    assert "within" in both.said()
