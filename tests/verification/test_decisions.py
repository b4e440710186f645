import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avkd_cli.verification.decisions import resample_decisions
from avkd_cli.verification.statistics import interval


def people(seed, n_persons=40, per_person=10, spread=0.0):
    """Return decisions, label, enrolled and test person; persons differ in error by `spread`."""
    rng = np.random.default_rng(seed)
    enrol = np.repeat(np.arange(n_persons), per_person)
    other = (enrol + rng.integers(1, n_persons, len(enrol))) % n_persons
    rate = np.clip(0.3 + spread * rng.normal(size=n_persons), 0, 1)
    wrong = rng.random(2 * len(enrol)) < np.tile(rate[enrol], 2)
    return wrong, np.repeat([1, 0], len(enrol)), np.tile(enrol, 2), np.concatenate([enrol, other])


def test_the_rates_are_those_of_the_list_and_lie_in_their_intervals():
    wrong, label, enrol, test = people(0)
    found = resample_decisions(wrong, label, enrol, test, n_resamples=300)
    for name, value in (("miss", 1), ("false_alarm", 0)):
        one = interval(found, name)
        assert one.value == wrong[label == value].mean()
        assert one.low < one.value < one.high


@given(st.integers(0, 2**32 - 1))
def test_a_draw_has_the_rates_of_its_trials_written_out(seed):
    wrong, label, enrol, test = people(seed, n_persons=5, per_person=4)
    found = resample_decisions(wrong, label, enrol, test, n_resamples=1, seed=seed)
    count = np.bincount(np.random.default_rng((seed, 0)).integers(5, size=5), minlength=5)
    weight = np.where(label == 1, count[enrol], count[enrol] * count[test])
    for name, value in (("miss", 1), ("false_alarm", 0)):
        repeated = np.repeat(wrong[label == value], weight[label == value])
        expected = [repeated.mean()] if len(repeated) else []
        assert found.samples[name][:, 0] == pytest.approx(expected)


def test_persons_that_differ_widen_the_interval():
    widths = [
        interval(resample_decisions(*people(1, 100, 20, spread), n_resamples=400), "miss")
        for spread in (0.0, 0.25)
    ]
    assert widths[1].high - widths[1].low > 2 * (widths[0].high - widths[0].low)


def test_the_intervals_of_alike_persons_are_those_of_independent_trials():
    # Binomial: 1.96 sqrt(.3 .7 / 2000) = .02 to either side.
    found = resample_decisions(*people(2, 100, 20), n_resamples=1000)
    for name in ("miss", "false_alarm"):
        one = interval(found, name)
        assert (one.high - one.low) / 2 == pytest.approx(0.0201, rel=0.25)


def test_numbers_of_persons_need_not_be_without_gaps_and_a_class_may_be_absent():
    wrong, label, enrol, test = people(3)
    only = label == 0
    columns = [wrong[only], label[only], 7 * enrol[only], 7 * test[only]]
    found = resample_decisions(*columns, n_resamples=50)
    assert set(found.value) == {"false_alarm"}
    assert found.n_units == 40


def test_labels_that_contradict_persons_and_other_lengths_are_refused():
    with pytest.raises(ValueError, match="disagree"):
        resample_decisions([True], [1], [0], [1])
    with pytest.raises(ValueError, match="unequal length"):
        resample_decisions([True], [1], [0, 0], [0])
