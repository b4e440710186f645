import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avkd_cli.training.schedule import learning_rate, margin

MARGIN = {"full": 0.2, "start": 0.2, "end": 0.4}


def test_learning_rate_by_hand():
    # Half way from 0.1 to 0.001, geometrically, is 0.01.
    assert learning_rate(50, 100, peak=0.1, final=0.001) == pytest.approx(0.01)
    assert learning_rate(0, 100, peak=0.1, final=0.001) == pytest.approx(0.1)
    # First of ten warm-up steps: a tenth.
    assert learning_rate(0, 100, peak=0.1, final=0.1, warmup=0.1) == pytest.approx(0.01)
    assert learning_rate(9, 100, peak=0.1, final=0.1, warmup=0.1) == pytest.approx(0.1)


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_learning_rate_stays_between_nothing_and_peak(total, warmup):
    for step in (0, total // 2, total):
        assert 0 < learning_rate(step, total, peak=0.1, final=1e-5, warmup=warmup) <= 0.1


def test_margin_starts_at_the_start_and_is_full_at_the_end():
    assert margin(20, 100, **MARGIN) == 0
    assert margin(40, 100, **MARGIN) == 0.2
    assert margin(30, 100, **MARGIN) == pytest.approx(
        0.2 * (1 - math.exp(0.5 * math.log(1e-3))) / (1 - 1e-3)
    )


@given(st.integers(1, 500))
def test_margin_never_falls(total):
    values = [margin(step, total, **MARGIN) for step in range(total + 1)]
    assert values == sorted(values)


def test_margin_without_a_schedule_is_constant():
    assert {margin(k, 9, full=0.7, start=0, end=0) for k in range(10)} == {0.7}
