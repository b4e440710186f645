"""Groups of trials and their errors."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avkd_cli.analysis.breakdown import breakdown, quartiles, trial_groups


def test_a_trial_belongs_to_the_value_that_both_sides_have():
    enrol, test = ["f", "m", "f", ""], ["f", "f", "m", "f"]
    assert trial_groups(enrol, test).tolist() == ["f", "different", "different", "unknown"]
    assert trial_groups(enrol, test, pairs=True).tolist() == ["f", "f / m", "f / m", "unknown"]


def test_rates_by_hand_at_one_threshold_for_all():
    score = [0.9, 0.2, 0.6, 0.1, 0.8, 0.7]
    target = [True, True, False, False, True, False]
    group = ["f", "f", "f", "f", "m", "different"]
    found = {
        one.name: one
        for one in breakdown(score, target, group, [0, 0, 0, 1, 2, 2], [0, 0, 1, 0, 2, 1], 0.5)
    }
    assert (found["f"].miss, found["f"].false_alarm, found["f"].persons) == (0.5, 0.5, 2)
    assert found["f"].eer == 0.5
    assert (found["m"].miss, found["m"].false_alarm, found["m"].eer) == (0, None, None)
    assert (found["different"].miss, found["different"].false_alarm) == (None, 1)


def test_a_score_at_the_threshold_is_accepted():
    (found,) = breakdown([0.5, 0.5], [True, False], ["a", "a"], [0, 0], [0, 1], 0.5)
    assert (found.miss, found.false_alarm) == (0, 1)


@given(st.integers(0, 10**6))
def test_groups_add_up_to_all_trials(seed):
    rng = np.random.default_rng(seed)
    n = 40
    score, target = rng.normal(size=n), rng.random(n) < 0.5
    person = rng.integers(5, size=n)
    group = rng.choice(["a", "b", "c"], n)
    found = breakdown(score, target, group, person, person, 0.0)
    assert sum(one.targets for one in found) == target.sum()
    missed = sum((one.miss or 0) * one.targets for one in found)
    assert missed == pytest.approx((score[target] < 0).sum())


def test_quarters_hold_about_as_many_and_are_named_by_their_limits():
    names = quartiles(range(1, 101))
    assert names[0] == names[24] == "1 to 25"
    assert names[25] == "25 to 50"
    assert names[99] == "75 to 100"
    assert {name: names.count(name) for name in names} == dict.fromkeys(names, 25)


def test_few_distinct_numbers_are_groups_of_their_own_and_nan_is_unknown():
    assert quartiles([1, 2, 2, math.nan]) == ["1", "2", "2", ""]
    assert quartiles([1, 2, 3, 4, 5, math.nan])[-1] == ""


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=60))
def test_equal_numbers_are_in_one_quarter(values):
    names = quartiles([*values, *values])
    assert names[: len(values)] == names[len(values) :]
    assert "" not in names


def test_unequal_lengths_are_refused():
    with pytest.raises(ValueError):
        trial_groups(["a"], ["a", "b"])
    with pytest.raises(ValueError):
        breakdown([1.0], [True], ["a"], [0], [0, 1], 0.5)
