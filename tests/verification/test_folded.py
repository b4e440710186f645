import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avkd_cli.verification.folded import GridRates, grid_area, grid_eer, grid_rates
from avkd_cli.verification.metrics import area_under_roc, equal_error_rate, error_rates


def released(distance, same, n_folds=10):
    """The released evaluation, as its description says: a loop over folds and thresholds."""
    sizes = [len(distance) // n_folds + (fold < len(distance) % n_folds) for fold in range(n_folds)]
    ends = np.cumsum([0, *sizes])
    hits, alarms = np.zeros((n_folds, 400)), np.zeros((n_folds, 400))
    for fold in range(n_folds):
        part = slice(ends[fold], ends[fold + 1])
        for at in range(400):
            accepted = distance[part] < at / 100
            hits[fold, at] = (accepted & same[part]).sum() / same[part].sum()
            alarms[fold, at] = (accepted & ~same[part]).sum() / (~same[part]).sum()
    hit, alarm = hits.mean(0), alarms.mean(0)
    order = np.arange(400)
    area = sum((alarm[a] - alarm[a - 1]) * (hit[a] + hit[a - 1]) / 2 for a in order[1:])
    return alarm[np.argmin(np.abs(1 - hit - alarm))], area


@pytest.mark.parametrize("n", [40, 87, 123])
def test_the_grid_numbers_are_those_of_the_released_loop(n):
    rng = np.random.default_rng(n)
    same = np.arange(n) % 2 == 0  # labels alternate, as in its lists
    distance = np.clip(rng.normal(1.2 - 0.4 * same, 0.4), 0, 4)
    rates = grid_rates(distance, same)
    eer, area = released(distance, same)
    assert grid_eer(rates) == pytest.approx(eer)
    assert grid_area(rates) == pytest.approx(area)


def test_rates_by_hand():
    # Two trials a kind; below 0.5 the first target, below 1 both and the first nontarget.
    rates = grid_rates([0.49, 0.99, 0.999, 2.0], [True, True, False, False])
    np.testing.assert_allclose(rates.hit[[0, 49, 50, 99, 100]], [0, 0, 0.5, 0.5, 1])
    np.testing.assert_allclose(rates.false_alarm[[99, 100, 200, 201]], [0, 0.5, 0.5, 1])
    # At 0.5 misses are 1/2 and alarms 0, at 1 misses 0 and alarms 1/2: as close; the first counts.
    assert grid_eer(rates) == 0
    assert grid_area(GridRates(np.array([0, 1, 1]), np.array([0, 0, 1]))) == 1


@given(st.integers(0, 99))
def test_many_trials_come_near_the_exact_figures(seed):
    rng = np.random.default_rng(seed)
    same = np.arange(4000) % 2 == 0
    distance = np.clip(rng.normal(1.5 - 0.5 * same, 0.4), 0, 3.9)
    rates = grid_rates(distance, same)
    exact = -distance[same], -distance[~same]
    assert grid_eer(rates) == pytest.approx(equal_error_rate(*exact), abs=0.015)
    assert grid_area(rates) == pytest.approx(area_under_roc(error_rates(*exact)), abs=0.01)


@pytest.mark.parametrize(
    ("distance", "target", "complaint"),
    [
        ([0.1, 4.5], [True, False], "from 0 to 4"),
        ([0.1, float("nan")], [True, False], "from 0 to 4"),
        ([0.1, 0.2], [True, True], "both classes"),
        ([0.1, 0.2, 0.3], [True, False], "3,"),
    ],
)
def test_what_is_no_squared_distance_of_two_kinds_is_refused(distance, target, complaint):
    with pytest.raises(ValueError, match=complaint):
        grid_rates(distance, target)
