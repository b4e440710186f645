import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    confusion_matrix,
    f1_score,
)

from avkd_cli.verification.classification import (
    FIGURES,
    accuracy,
    confusion,
    confusions_of_persons,
    macro_f1,
    resample_confusions,
    unweighted_accuracy,
)
from avkd_cli.verification.statistics import difference, interval

# Three of four of the first class are right, one of two of the second.
BY_HAND = np.array([[3, 1], [1, 1]])

labels = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 5)), min_size=1, max_size=40
)


def test_figures_of_a_two_by_two_confusion():
    assert accuracy(BY_HAND) == pytest.approx(4 / 6)
    assert unweighted_accuracy(BY_HAND) == pytest.approx((3 / 4 + 1 / 2) / 2)
    assert macro_f1(BY_HAND) == pytest.approx((6 / 8 + 2 / 4) / 2)


def test_a_class_that_is_nowhere_counts_nothing_and_one_that_is_only_guessed_lowers_f1():
    absent = np.array([[3, 1, 0], [1, 1, 0], [0, 0, 0]])
    for figure in FIGURES.values():
        assert figure(absent) == pytest.approx(figure(BY_HAND))
    guessed = np.array([[3, 0, 1], [1, 1, 0], [0, 0, 0]])
    assert unweighted_accuracy(guessed) == pytest.approx((3 / 4 + 1 / 2) / 2)
    assert macro_f1(guessed) == pytest.approx((6 / 8 + 2 / 3 + 0) / 3)


def test_nothing_has_no_figure():
    for figure in FIGURES.values():
        assert np.isnan(figure(np.zeros((2, 2))))


@given(labels)
def test_figures_are_those_of_scikit_learn(rows):
    truth, predicted, _ = map(np.array, zip(*rows, strict=True))
    found = confusion(truth, predicted, 4)
    assert np.array_equal(found, confusion_matrix(truth, predicted, labels=range(4)))
    assert accuracy(found) == pytest.approx(accuracy_score(truth, predicted))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a class that is predicted but never true
        expected = balanced_accuracy_score(truth, predicted)
    assert unweighted_accuracy(found) == pytest.approx(expected)
    assert macro_f1(found) == pytest.approx(
        f1_score(truth, predicted, average="macro", zero_division=0)
    )


@given(labels)
def test_persons_add_up_to_the_whole(rows):
    truth, predicted, person = map(np.array, zip(*rows, strict=True))
    person = np.unique(person, return_inverse=True)[1]
    each = confusions_of_persons(truth, predicted, person, 4)
    assert np.array_equal(each.sum(axis=0), confusion(truth, predicted, 4))
    assert len(each) == person.max() + 1


@pytest.mark.parametrize(
    ("truth", "predicted", "said"), [([0, 1], [0], "one shape"), ([0, 2], [0, 1], "beyond")]
)
def test_classes_that_do_not_fit_are_the_callers_fault(truth, predicted, said):
    with pytest.raises(ValueError, match=said):
        confusion(truth, predicted, 2)


def people(right, seed, persons=40, takes=10):
    """Confusions of people who are right with a probability of their own."""
    chance = np.random.default_rng(seed)
    own = np.clip(right + 0.1 * chance.standard_normal((persons, 1)), 0, 1)
    hit = chance.random((persons, takes)) < own
    truth = np.tile(np.arange(takes) % 4, (persons, 1))
    predicted = np.where(hit, truth, (truth + 1) % 4)
    person = np.repeat(np.arange(persons), takes)
    return confusions_of_persons(truth.ravel(), predicted.ravel(), person, 4)


def test_intervals_hold_the_truth_and_differences_are_paired():
    held = 0
    for seed in range(60):
        found = resample_confusions([people(0.7, seed)], n_resamples=300)
        one = interval(found, "unweighted_accuracy")
        held += one.low <= 0.7 <= one.high
    assert held >= 53  # of 60 at 95 %
    same = people(0.7, 1)
    twins = difference(resample_confusions([same, same], n_resamples=200), "accuracy")
    assert (twins.low, twins.value, twins.high) == (0, 0, 0)
    better = difference(
        resample_confusions([same, people(0.9, 1)], n_resamples=200), "unweighted_accuracy"
    )
    assert better.low > 0
    assert better.p < 0.05


def test_draws_do_not_depend_on_how_many_there_are():
    systems = [people(0.7, 3)]
    few, many = (resample_confusions(systems, n_resamples=n).samples["accuracy"] for n in (20, 50))
    assert np.array_equal(few, many[:20])


def test_systems_of_other_persons_are_not_compared():
    with pytest.raises(ValueError, match="one shape"):
        resample_confusions([people(0.7, 0), people(0.7, 0, persons=9)])
