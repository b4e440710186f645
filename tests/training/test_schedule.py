import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avkd_cli.config import SCHEDULES as NAMES
from avkd_cli.losses.moment import Moment, growing
from avkd_cli.training.schedule import SCHEDULES, learning_rate

MARGIN = {"full": 0.2, "start": 0.2, "end": 0.4}


def rate(step, total, **settings):
    return learning_rate(Moment(step, total, settings.pop("epoch", 1)), **settings)


def margin(step, total, **settings):
    return growing(**settings)(Moment(step, total))


def test_learning_rate_by_hand():
    # Half way from 0.1 to 0.001, geometrically, is 0.01.
    assert rate(50, 100, peak=0.1, final=0.001) == pytest.approx(0.01)
    assert rate(0, 100, peak=0.1, final=0.001) == pytest.approx(0.1)
    # First of ten warm-up steps: a tenth.
    assert rate(0, 100, peak=0.1, final=0.1, warmup=0.1) == pytest.approx(0.01)
    assert rate(9, 100, peak=0.1, final=0.1, warmup=0.1) == pytest.approx(0.1)


@given(st.integers(1, 10_000), st.floats(0, 1), st.sampled_from(NAMES), st.integers(1, 99))
def test_learning_rate_stays_between_nothing_and_peak(total, warmup, kind, epoch):
    for step in (0, total // 3, total // 2, total):
        found = rate(
            step, total, peak=0.1, final=1e-5, warmup=warmup, kind=kind, period=1.5, epoch=epoch
        )
        assert 0 < found <= 0.1


def test_the_settings_name_every_schedule():
    assert set(NAMES) == set(SCHEDULES)


def test_a_triangle_by_hand():
    # Epochs of 10 steps, up in 2 epochs, down in 2: 20 steps to the peak.
    found = [
        rate(step, 999, peak=1.0, final=0.2, kind="triangular", period=2, epoch=10)
        for step in (0, 10, 20, 30, 40, 50)
    ]
    assert found == pytest.approx([0.2, 0.6, 1.0, 0.6, 0.2, 0.6])


def test_halving_by_hand():
    # Halved after every 5 epochs of 2 steps, but not below the final rate.
    found = [
        rate(step, 999, peak=1.0, final=0.3, kind="halving", epoch=2) for step in (0, 9, 10, 19, 20)
    ]
    assert found == pytest.approx([1.0, 1.0, 0.5, 0.5, 0.3])


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
