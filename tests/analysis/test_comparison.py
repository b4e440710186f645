"""Intervals and claims."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avkd_cli.analysis.comparison import claim, differences, holm, intervals, p_text, verdict
from avkd_cli.verification.statistics import Resampled

BETTER = {"value": -0.42, "low": -0.75, "high": -0.10, "p": 0.012}
OPEN = {"value": -0.02, "low": -0.10, "high": 0.06, "p": 0.6}
WORSE = {"value": 0.42, "low": 0.10, "high": 0.75, "p": 0.0001}


def drawn(first, second):
    """Return resamples whose values are known: each metric of two systems."""
    names = ("eer", "min_dcf_0.01", "min_dcf_0.05")
    samples = np.stack([np.asarray(first), np.asarray(second)], axis=1)
    return Resampled(
        {name: np.array([0.1, 0.08]) for name in names},
        dict.fromkeys(names, samples),
        None,
        "person",
        50,
    )


def test_the_eer_is_in_percent_and_the_cost_is_not():
    found = drawn(np.linspace(0.09, 0.11, 101), np.linspace(0.07, 0.09, 101))
    assert intervals(found, 0)["eer_percent"]["value"] == pytest.approx(10)
    assert intervals(found, 0)["min_dcf_0.01"]["value"] == pytest.approx(0.1)
    change = differences(found, 0, 1)
    assert change["eer_percent"]["value"] == pytest.approx(-2)
    assert change["eer_percent"]["low"] == pytest.approx(-2)
    assert change["eer_percent"]["p"] < 0.05


def test_holm_by_hand():
    # Sorted .01 .02 .04 times 3, 2, 1: .03 .04 .04, in the order given.
    assert holm([0.04, 0.01, 0.02]) == pytest.approx([0.04, 0.03, 0.04])
    assert holm([0.9, 0.8]).max() <= 1


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_corrects_upwards_and_keeps_the_order(p):
    corrected = holm(p)
    assert (corrected >= np.array(p) - 1e-15).all()
    order = np.argsort(p, kind="stable")
    assert (np.diff(corrected[order]) >= 0).all()
    assert len(p) > 1 or corrected[0] == p[0]


def test_a_verdict_is_what_the_interval_allows():
    assert [verdict(one) for one in (BETTER, OPEN, WORSE)] == ["better", "open", "worse"]


def test_systems_that_never_differ_are_said_to_be_the_same():
    same = dict(OPEN, value=0.0, low=0.0, high=0.0, p=1.0)
    assert claim("kd", "base", same, 4) == (
        "No difference may be claimed: kd and base have the same EER in every draw of persons "
        "like these 4."
    )


def test_claims_in_words():
    assert claim("kd", "base", BETTER, 40) == (
        "kd is better than base: its EER is 0.42 points lower (95 % interval -0.75 to -0.10, "
        "p 0.012), for persons like these 40."
    )
    assert claim("kd", "base", WORSE, 40).startswith(
        "kd is worse than base: its EER is 0.42 points"
    )
    said = claim("kd", "base", OPEN, 40)
    assert said.startswith("No difference may be claimed")
    assert "below about 0.08 points" in said


def test_one_of_several_is_not_claimed_when_the_correction_forbids_it():
    said = claim("kd", "base", BETTER | {"p_holm": 0.07}, 40)
    assert "as one of several compared it is not" in said
    assert "is better" in claim("kd", "base", BETTER | {"p_holm": 0.03}, 40)


def test_resampled_trials_claim_nothing_about_persons():
    assert "persons" not in claim("kd", "base", BETTER, None)


def test_small_p_values_are_bounds():
    assert (p_text(0.0004), p_text(0.012)) == ("< 0.001", "0.012")
