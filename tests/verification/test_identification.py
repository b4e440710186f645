import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avkd_cli.verification.identification import (
    identification_accuracy,
    macro_recall,
    matching_accuracy,
    rank_k_rate,
)


def confusion(a, b, c, d):
    """Labels whose 2 x 2 confusion is [[a, b], [c, d]], rows the truth."""
    truth = ["x"] * (a + b) + ["y"] * (c + d)
    return ["x"] * a + ["y"] * b + ["x"] * c + ["y"] * d, truth


def test_accuracy_and_macro_recall_by_hand():
    predicted, truth = confusion(9, 1, 1, 1)
    assert identification_accuracy(predicted, truth) == pytest.approx(10 / 12)
    assert macro_recall(predicted, truth) == pytest.approx((9 / 10 + 1 / 2) / 2)


@given(*[st.integers(0, 20)] * 4)
def test_macro_recall_is_the_closed_form_of_the_confusion(a, b, c, d):
    if a + b and c + d:
        predicted, truth = confusion(a, b, c, d)
        assert macro_recall(predicted, truth) == pytest.approx((a / (a + b) + d / (c + d)) / 2)


def test_a_class_that_is_only_predicted_does_not_count():
    assert macro_recall(["z", "y"], ["x", "y"]) == 0.5


@pytest.mark.parametrize("metric", [identification_accuracy, macro_recall])
def test_labels_of_other_shapes_are_refused(metric):
    with pytest.raises(ValueError, match="wanted one"):
        metric([1, 2], [1])
    with pytest.raises(ValueError, match="wanted one"):
        metric([], [])


def test_rank_k_by_hand():
    similarity = [[0.9, 0.5, 0.1], [0.9, 0.5, 0.1], [0.9, 0.5, 0.1]]
    correct = [0, 1, 2]
    assert [rank_k_rate(similarity, correct, k) for k in (1, 2, 3)] == [1 / 3, 2 / 3, 1.0]


def test_a_tie_counts_as_the_chance_of_picking_the_right_one():
    assert rank_k_rate([[1, 1, 1, 0]], [0]) == pytest.approx(1 / 3)
    assert rank_k_rate([[1, 1, 1, 0]], [0], 2) == pytest.approx(2 / 3)
    assert matching_accuracy(np.zeros((5, 4))) == pytest.approx(1 / 4)


def test_matching_takes_the_first_for_right():
    assert matching_accuracy([[2, 1], [1, 2], [3, 0]]) == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("similarity", "correct", "k"),
    [([1, 2], [0], 1), ([[1, 2]], [0, 1], 1), ([[1, np.nan]], [0], 1), ([[1, 2]], [0], 0)],
)
def test_rank_k_refuses_what_does_not_fit(similarity, correct, k):
    with pytest.raises(ValueError, match=r"wanted|NaN"):
        rank_k_rate(similarity, correct, k)
