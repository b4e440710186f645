"""Regions of decisions: by hand, and what must hold for any decisions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avkd_cli.analysis.venn import (
    REGIONS,
    Region,
    decided_right,
    newly_right_of,
    region,
    regions,
    transition,
)

decisions = st.integers(0, 60).flatmap(
    lambda n: st.tuples(*[st.lists(st.booleans(), min_size=n, max_size=n)] * 4)
)


def test_a_score_at_the_threshold_is_accepted():
    score, target = [0.5, 0.5, 0.4, 0.4], [True, False, True, False]
    assert decided_right(score, target, 0.5).tolist() == [True, False, False, True]


def test_the_four_regions_by_hand():
    a = [True, True, True, False, False, False, False]
    b = [True, True, False, True, True, True, False]
    wanted = {"both_right": 2, "newly_wrong": 1, "newly_right": 3, "both_wrong": 1}
    assert transition(a, b) == wanted
    assert [REGIONS[code] for code in region(a, b)] == (
        "both_right both_right newly_wrong newly_right newly_right newly_right both_wrong"
    ).split()


def test_three_systems_by_hand():
    right = {"a": [1, 1, 0, 0], "b": [1, 0, 0, 1], "c": [1, 0, 0, 0]}
    found = {(one.right, one.wrong): one.trials for one in regions(right)}
    assert len(found) == 8
    assert {key: n for key, n in found.items() if n} == {
        (("a", "b", "c"), ()): 1,
        (("a",), ("b", "c")): 1,
        (("b",), ("a", "c")): 1,
        ((), ("a", "b", "c")): 1,
    }


def test_regions_go_from_all_right_to_all_wrong():
    found = regions({"a": [True], "b": [False]})
    assert found[0] == Region(("a", "b"), (), 0)
    assert found[1] == Region(("a",), ("b",), 1)
    assert found[-1] == Region((), ("a", "b"), 0)


@given(decisions)
def test_regions_sum_to_the_number_of_trials(four):
    for k in (2, 3, 4):
        systems = dict(zip("abcd"[:k], four, strict=False))
        assert sum(one.trials for one in regions(systems)) == len(four[0])


@given(decisions)
def test_the_regions_of_two_are_the_transition(four):
    a, b = four[:2]
    found = transition(a, b)
    by_right = {one.right: one.trials for one in regions({"a": a, "b": b})}
    assert by_right == {
        ("a", "b"): found["both_right"],
        ("a",): found["newly_wrong"],
        ("b",): found["newly_right"],
        (): found["both_wrong"],
    }


@given(decisions)
def test_swapping_the_systems_swaps_corrected_and_broken(four):
    a, b = four[:2]
    there, back = transition(a, b), transition(b, a)
    assert there["newly_right"] == back["newly_wrong"]
    assert there["newly_wrong"] == back["newly_right"]
    assert (there["both_right"], there["both_wrong"]) == (back["both_right"], back["both_wrong"])


@given(decisions)
def test_a_system_against_itself_corrects_and_breaks_nothing(four):
    found = transition(four[0], four[0])
    assert found["newly_right"] == found["newly_wrong"] == 0


@given(decisions)
def test_the_newly_right_that_a_third_has_right_are_a_region_of_three(four):
    a, b, c = four[:3]
    by_right = {one.right: one.trials for one in regions({"a": a, "b": b, "c": c})}
    assert newly_right_of(a, b, c) == by_right["b", "c"]


@pytest.mark.parametrize("number", [1, 5])
def test_a_diagram_of_one_or_five_systems_is_refused(number):
    with pytest.raises(ValueError, match="two to four"):
        regions({str(i): [True] for i in range(number)})


@pytest.mark.parametrize(
    ("score", "target", "threshold"),
    [([0.1], [True, False], 0.5), ([np.nan], [True], 0.5), ([0.1], [True], np.nan)],
)
def test_unequal_lengths_and_nan_are_refused(score, target, threshold):
    with pytest.raises(ValueError):
        decided_right(score, target, threshold)


def test_decisions_of_unequal_length_are_refused():
    with pytest.raises(ValueError, match="one length"):
        transition([True], [True, False])
    with pytest.raises(ValueError, match="one length"):
        regions({"a": [True], "b": [True, False]})
    with pytest.raises(ValueError, match="one length"):
        newly_right_of([True], [True], [True, False])
