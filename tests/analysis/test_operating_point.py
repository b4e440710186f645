"""Where a system decides, and its errors there."""

import numpy as np
import pytest

from avkd_cli.analysis.operating_point import operating_point

SCORE = [0.9, 0.8, 0.7, 0.3, 0.6, 0.4, 0.2, 0.1]
TARGET = [True] * 4 + [False] * 4


def test_a_given_threshold_counts_both_kinds_of_error():
    found = operating_point(SCORE, TARGET, threshold=0.4)
    assert (found.rule, found.misses, found.false_alarms) == ("given", 1, 2)
    assert (found.errors, found.error_rate) == (3, 3 / 8)


def test_the_default_is_the_equal_error_rate():
    found = operating_point(SCORE, TARGET)
    # Systems.md 6.13: EER 1/4, one of four on each side.
    assert (found.rule, found.misses, found.false_alarms) == ("EER", 1, 1)


def test_a_false_match_rate_is_not_exceeded():
    found = operating_point(SCORE, TARGET, fmr=0.25)
    assert found.rule == "FMR 0.25"
    assert (found.false_alarms, found.misses) == (1, 1)
    assert operating_point(SCORE, TARGET, fmr=0).false_alarms == 0


def test_no_false_match_where_the_highest_score_is_a_nontarget_accepts_nothing():
    found = operating_point([0.1, 0.9], [True, False], fmr=0)
    assert np.isinf(found.threshold)
    assert (found.misses, found.false_alarms) == (1, 0)


def test_two_rules_at_once_are_refused():
    with pytest.raises(ValueError, match="both"):
        operating_point(SCORE, TARGET, threshold=0.5, fmr=0.1)
