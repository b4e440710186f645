"""Which labels are believed: the mixture of losses, the gate, and labels put right."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.mixture import GaussianMixture

from avkd_cli.losses.gate import LossGate, TwoParts, two_parts
from avkd_cli.losses.moment import Moment


def losses(seed: int, small: int = 300, large: int = 100) -> torch.Tensor:
    random = np.random.default_rng(seed)
    parts = random.normal(1, 0.3, small), random.normal(6, 1.5, large)
    return torch.tensor(random.permutation(np.concatenate(parts)))


def gate(n: int = 4, doubtful: list[int] | None = None, **more) -> LossGate:
    settings = {"sure": 0.5, "correction": 0.0, "begins": 0.0} | more
    which = torch.tensor(doubtful if doubtful is not None else [1] * n)
    return LossGate(torch.arange(n), which, **settings)


def test_two_parts_are_found_as_scikit_learn_finds_them():
    values = losses(0)
    found = two_parts(values)
    other = GaussianMixture(2, tol=1e-9, max_iter=500, random_state=0).fit(values[:, None])
    order = other.means_[:, 0].argsort()
    assert found.means == pytest.approx(other.means_[order, 0], abs=1e-3)
    assert found.deviations == pytest.approx(other.covariances_[order, 0, 0] ** 0.5, abs=1e-3)
    assert found.shares == pytest.approx(other.weights_[order], abs=1e-3)
    likely = other.predict_proba(values[:, None])[:, order[0]]
    above = values > found.means[0]
    assert found.of_small(values)[above].numpy() == pytest.approx(likely[above], abs=1e-3)


def test_the_posterior_of_the_small_part_by_hand():
    # Shares and deviations alike: half way it is 1/2; at 1.5 the squares differ by 4, over 2.
    found = TwoParts((0.0, 4.0), (1.0, 1.0), (0.5, 0.5))
    values = torch.tensor([2.0, 1.5, -9.0])
    assert found.of_small(values) == pytest.approx([0.5, 1 / (1 + math.exp(-2)), 1.0])


def test_however_small_a_loss_is_it_is_of_the_small_part():
    # The large part is so wide that far below both means it is the denser one.
    found = TwoParts((1.0, 3.0), (0.1, 4.0), (0.5, 0.5))
    assert found.of_small(torch.tensor([-3.0])) == 1


@given(st.integers(0, 1000))
def test_the_order_of_losses_is_no_matter(seed):
    values = losses(seed, 20, 10)
    assert two_parts(values) == two_parts(values[torch.randperm(30)])


@pytest.mark.parametrize("values", [[], [1.0, 2.0, 3.0], [2.0] * 9])
def test_where_there_are_no_two_parts_nobody_is_left_out(values):
    assert two_parts(torch.tensor(values)) is None
    one = gate(9)
    n = len(values)
    one.take_in(torch.arange(n), torch.tensor(values), torch.zeros(n).long(), torch.ones(n))
    one.close()
    assert one.counts.tolist() == [1.0] * 9


def test_large_losses_do_not_count_but_labelled_people_always_do():
    one = gate(7, [1, 1, 1, 1, 1, 1, 0])
    loss = torch.tensor([0.1, 0.2, 0.3, 5.0, 5.1, 5.2, 9.0])
    one.take_in(torch.arange(7), loss, torch.zeros(7).long(), torch.ones(7))
    one.close()
    counts, label = one(torch.tensor([0, 3, 6, 3]), torch.tensor([0, 3, 6, 3]))
    assert counts.tolist() == [1, 0, 1, 0] and label.tolist() == [0, 3, 6, 3]


def test_who_the_student_is_sure_of_takes_that_person_also_at_another_speed():
    one = gate(6, correction=0.9)
    loss, guess = torch.tensor([0.1, 0.2, 0.3, 5.0, 5.1, 5.2]), torch.tensor([5, 5, 5, 1, 2, 0])
    one.take_in(torch.arange(6), loss, guess, torch.tensor([1, 1, 1, 0.95, 0.89, 0.9]))
    one.close()
    rows = torch.tensor([0, 3, 4, 5, 3])
    counts, label = one(rows, torch.tensor([0, 3, 4, 5, 3 + 6]))  # the last one is faster
    assert counts.tolist() == [1, 1, 0, 1, 1] and label.tolist() == [0, 1, 4, 0, 1 + 6]
    one.loss.zero_()  # the next epoch all are alike, and have their clusters' labels again
    one.close()
    assert one(rows, rows)[1].tolist() == rows.tolist()


def test_of_a_row_that_comes_twice_the_smaller_loss_is_kept_whatever_the_order():
    for order in ([0, 1, 2], [2, 0, 1]):
        one, at = gate(3), torch.tensor(order)
        rows, loss = torch.tensor([1, 2, 1])[at], torch.tensor([3.0, 4.0, 2.0])[at]
        one.take_in(rows, loss, torch.tensor([0, 1, 2])[at], torch.tensor([0.3, 0.4, 0.2])[at])
        assert one.loss.tolist() == [0, 2, 4] and one.seen.tolist() == [False, True, True]
        assert one.guess.tolist() == [0, 2, 1]


def test_a_loss_that_is_not_finite_is_not_taken_in():
    one = gate(2)
    one.take_in(
        torch.tensor([0, 1]),
        torch.tensor([math.nan, math.inf]),
        torch.zeros(2).long(),
        torch.ones(2),
    )
    assert not one.seen.any() and one.loss.isfinite().all()


def test_it_decides_at_the_first_step_of_an_epoch_from_its_time_on():
    one = gate(6, begins=0.5)
    one.take_in(
        torch.arange(6),
        torch.tensor([0.1, 0.2, 0.3, 5.0, 5.1, 5.2]),
        torch.zeros(6).long(),
        torch.ones(6),
    )
    closed = []
    for step in range(12):
        one.begin(Moment(step, 12, 3))
        closed.append(bool((one.counts == 0).any()))
    assert closed == [step >= 6 for step in range(12)]
