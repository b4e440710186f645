"""Figures of reweighted lists: equal to those of the list written out, trial by trial."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avkd_cli.verification import weighted
from avkd_cli.verification.figure import figure, values
from avkd_cli.verification.metrics import EER_MODES
from avkd_cli.verification.weighted import SortedScores

NAMES = [
    *(f"eer_{mode}" for mode in EER_MODES if mode != "fop"),  # whose folds move with the list
    *("eer", "auc", "cllr", "min_cllr"),
    *(f"{kind}_{p}" for kind in ("min_dcf", "act_dcf") for p in (0.01, 0.4)),
    *(f"fnmr_at_fmr_{rate}" for rate in (0, 0.01, 0.29, 1)),
]
WANTED = [figure(name, c_miss=2, c_fa=3) for name in NAMES]


def drawn(seed, n=60, persons=5, least=1):
    """Return tied scores with labels and persons, and how often each person was drawn."""
    rng = np.random.default_rng(seed)
    label = np.r_[1, 0, rng.integers(0, 2, n - 2)]
    scores = rng.integers(-4, 5, n) + label
    enrol, test = rng.integers(persons, size=(2, n))
    return scores.astype(float), label, enrol, test, rng.integers(least, 4, persons)


def written_out(scores, label, weight):
    repeated = np.repeat(np.arange(len(label)), weight)
    scores, label = scores[repeated], label[repeated]
    return scores[label == 1], scores[label == 0]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 1))
def test_a_weighted_list_has_the_figures_of_its_trials_written_out(seed, least):
    scores, label, enrol, test, count = drawn(seed, least=least)
    weight = np.where(label == 1, count[enrol], count[enrol] * count[test])
    found = SortedScores(scores, label, [enrol], [enrol, test]).figures(count, count, WANTED)
    sides = written_out(scores, label, weight)
    if not min(map(len, sides)):
        assert np.isnan(found).all()
        return
    assert dict(zip(NAMES, found, strict=True)) == pytest.approx(values(*sides, WANTED))


@pytest.mark.parametrize("seed", range(3))
def test_unweighted_it_is_the_figure_of_the_list_in_the_mode_with_folds_too(seed):
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 2, 200)
    scores = np.clip(rng.normal(0.4 * label, 0.3), -1, 1)
    ones = np.ones(200, int)
    one = SortedScores(scores, label, [np.arange(200)], [np.arange(200)])
    wanted = [*WANTED, figure("eer_fop")]
    expected = values(scores[label == 1], scores[label == 0], wanted)
    assert one.figures(ones, ones, wanted) == pytest.approx(list(expected.values()))


def test_a_fold_of_weight_nothing_is_left_out_as_an_empty_one():
    label = np.repeat([1, 0], 20)  # two trials a fold of each kind
    scores = np.r_[np.linspace(0.2, 0.9, 20), np.linspace(-0.5, 0.4, 20)]
    count = np.r_[0, 0, np.ones(18, int), 0, 0, np.ones(18, int)]
    one = SortedScores(scores, label, [np.arange(40)], [np.arange(40)])
    grid = np.arange(400) / 100

    def shares(side):  # of the nine folds that remain
        return np.mean(
            [np.mean(2 - 2 * side[k : k + 2, None] < grid, axis=0) for k in range(2, 20, 2)], axis=0
        )

    accept, false_alarm = shares(scores[:20]), shares(scores[20:])
    expected = false_alarm[np.argmin(np.abs(1 - accept - false_alarm))]
    assert one.figures(count, count, [figure("eer_fop")]) == pytest.approx([expected])


@pytest.mark.parametrize("block", [2, 7, 512])
def test_costs_of_many_thresholds_are_searched_exactly(monkeypatch, block):
    # More thresholds than a block, so that whole blocks are passed over.
    monkeypatch.setattr(weighted, "_BLOCK", block)
    rng = np.random.default_rng(0)
    label = np.repeat([1, 0], 2500)
    scores = rng.normal(2 * label)
    enrol, test = rng.integers(50, size=(2, 5000))
    count = rng.integers(0, 4, 50)
    wanted = [figure(f"min_dcf_{p}") for p in (0.001, 0.05, 0.5, 0.99)]
    one = SortedScores(scores, label, [enrol], [enrol, test])
    weight = np.where(label == 1, count[enrol], count[enrol] * count[test])
    expected = values(*written_out(scores, label, weight), wanted)
    assert one.figures(count, count, wanted) == pytest.approx(list(expected.values()))


def test_a_class_that_weighs_nothing_has_no_figures():
    one = SortedScores(
        np.array([1.0, 0.0]), np.array([1, 0]), [np.array([0, 1])], [np.array([0, 1])]
    )
    assert np.isnan(one.figures(np.array([0, 1]), np.array([1, 1]), WANTED)).all()


def test_labels_of_another_length_are_refused():
    with pytest.raises(ValueError, match="one shape"):
        SortedScores(np.zeros(3), np.array([1, 0]), [], [])
