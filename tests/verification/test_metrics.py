import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import norm

from avkd_cli.verification import metrics
from avkd_cli.verification.metrics import (
    EER_MODES,
    act_dcf,
    cllr,
    convex_hull,
    equal_error_rate,
    error_rates,
    min_cllr,
)


def of_scores(metric):
    """Return a metric of error rates as one of the scores that they are of."""

    def measured(target, nontarget, *args, **kwargs):
        return metric(error_rates(target, nontarget), *args, **kwargs)

    return measured


area_under_roc, eer_threshold = of_scores(metrics.area_under_roc), of_scores(metrics.eer_threshold)
fnmr_at_fmr, min_dcf = of_scores(metrics.fnmr_at_fmr), of_scores(metrics.min_dcf)
threshold_at_fmr = of_scores(metrics.threshold_at_fmr)

# Every rate is a quarter.
QUARTER = [0.9, 0.8, 0.7, 0.3], [0.6, 0.4, 0.2, 0.1]
THIRD = [0.9, 0.8, 0.55, 0.3], [0.7, 0.6, 0.5, 0.4, 0.2, 0.1]

# Few distinct values, so that ties within and across the classes are common.
scores = st.lists(st.integers(-5, 5).map(float), min_size=1, max_size=20)


@pytest.mark.parametrize("mode", [mode for mode in EER_MODES if mode != "rocch"])
def test_eer_is_a_quarter_in_every_mode_but_the_hull(mode):
    assert equal_error_rate(*QUARTER, mode=mode) == pytest.approx(0.25)


def test_eer_on_the_convex_hull_is_where_its_edge_meets_the_diagonal():
    # Corners (false alarm, miss) (1/2, 0) and (0, 1/4): false alarm = 1/2 - 2 miss, so 1/6.
    assert equal_error_rate(*QUARTER, mode="rocch") == pytest.approx(1 / 6)


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("interp", 1 / 3),
        ("nist", 1 / 3),
        ("vgg", 1 / 3),
        ("fop", 1 / 3),
        ("mean", (1 / 3 + 1 / 4) / 2),  # at 0.55 one in four is missed, two in six accepted
    ],
)
def test_eer_of_unequal_counts_by_hand(mode, expected):
    assert equal_error_rate(*THIRD, mode=mode) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("target", "nontarget", "expected"),
    [
        pytest.param([0.8, 0.9], [0.1, 0.2], 0.0, id="separable"),
        pytest.param([0.5] * 4, [0.5] * 3, 0.5, id="all tied"),
        pytest.param([0.1, 0.2], [0.8, 0.9], 1.0, id="upside down"),
        # Up to 1 nothing is missed and 1/3 accepted; above, 1/2 is missed: they cross at 1/3.
        pytest.param([1, 3], [0, 0, 2], 1 / 3, id="unequal counts"),
    ],
)
def test_eer_by_hand(target, nontarget, expected):
    assert equal_error_rate(target, nontarget) == pytest.approx(expected)


def test_ties_are_one_threshold_whatever_their_order():
    # A sort that splits ties gives 0, 1/2 or 1 here, by the order of the list.
    assert equal_error_rate([1, 1, 1, 1], [1, 1, 1, 1]) == 0.5
    assert area_under_roc([1, 1, 1], [1, 1]) == 0.5


def test_nist_mode_rejects_tied_targets_before_tied_nontargets():
    assert equal_error_rate([1, 1], [1, 1], mode="nist") == 1.0


def test_negative_zero_ties_with_zero():
    assert equal_error_rate([0.0], [-0.0]) == 0.5


@pytest.mark.parametrize("p_target", [0.01, 0.05])
def test_min_dcf_by_hand(p_target):
    # Missing one target in four and accepting nobody: cost 1/4, normalised.
    assert min_dcf(*QUARTER, p_target) == pytest.approx(0.25)
    assert min_dcf(*THIRD, p_target) == pytest.approx(0.5)


def test_min_dcf_is_at_most_one_and_zero_when_separable():
    assert min_dcf([0.0], [1.0], 0.01) == 1.0
    assert min_dcf([1.0], [0.0], 0.5) == 0.0


def test_min_dcf_weighs_costs():
    # p 1/2, a miss costs 1, a false alarm 10: reject all but the three best, 1/4 missed.
    assert min_dcf(*QUARTER, 0.5, c_fa=10) == pytest.approx(0.25)
    # A miss costs 10: accept 0.3 and above, half of the nontargets.
    assert min_dcf(*QUARTER, 0.5, c_miss=10) == pytest.approx(0.5)


@pytest.mark.parametrize("bad", [{"p_target": 0}, {"p_target": 1}, {"p_target": 0.1, "c_fa": 0}])
def test_min_dcf_refuses_what_is_no_prior_or_cost(bad):
    with pytest.raises(ValueError, match="p_target"):
        min_dcf(*QUARTER, **bad)


def test_gaussian_scores_come_near_the_closed_forms():
    rng = np.random.default_rng(0)
    target, nontarget = rng.normal(2, 1, 200_000), rng.normal(0, 1, 200_000)
    assert equal_error_rate(target, nontarget) == pytest.approx(norm.cdf(-1), abs=0.003)
    assert area_under_roc(target, nontarget) == pytest.approx(0.92135040, abs=0.003)
    assert min_dcf(target, nontarget, 0.01) == pytest.approx(0.95105749, abs=0.003)
    assert min_dcf(target, nontarget, 0.05) == pytest.approx(0.80917813, abs=0.01)  # sd 0.005
    for mode in set(EER_MODES) - {"fop"}:
        assert equal_error_rate(target, nontarget, mode) == pytest.approx(0.1587, abs=0.003)


def test_fop_mode_refuses_what_is_no_cosine():
    with pytest.raises(ValueError, match="cosines"):
        equal_error_rate([3.0], [0.1], mode="fop")


def test_fop_mode_averages_the_folds_of_consecutive_trials():
    # Ten folds of one target and one nontarget each: the average is the plain share.
    target = np.linspace(0.99, 0.09, 10)
    nontarget = np.linspace(0.5, -0.4, 10)
    grid = np.arange(400) / 100
    accept = [(2 - 2 * target < t).mean() for t in grid]
    alarm = np.array([(2 - 2 * nontarget < t).mean() for t in grid])
    expected = alarm[np.argmin(np.abs(1 - np.array(accept) - alarm))]
    assert equal_error_rate(target, nontarget, mode="fop") == pytest.approx(expected)


def test_unknown_mode_names_the_known_ones():
    with pytest.raises(ValueError, match="interp, nist, vgg, mean, fop, rocch"):
        equal_error_rate(*QUARTER, mode="eer")


@pytest.mark.parametrize(
    "metric", [equal_error_rate, area_under_roc, cllr, min_cllr, eer_threshold]
)
@pytest.mark.parametrize(
    ("target", "nontarget", "complaint"),
    [([], [1], "no target"), ([1], [], "no nontarget"), ([math.nan, 1], [0], "1 target.*NaN")],
)
def test_metrics_refuse_a_missing_class_and_nan(metric, target, nontarget, complaint):
    with pytest.raises(ValueError, match=complaint):
        metric(target, nontarget)


def brute_rates(target, nontarget):
    thresholds = [*sorted(set(target) | set(nontarget)), math.inf]
    miss = [np.mean([s < t for s in target]) for t in thresholds]
    alarm = [np.mean([s >= t for s in nontarget]) for t in thresholds]
    return miss, alarm, thresholds


@given(scores, scores)
def test_error_rates_are_those_of_counting_at_every_threshold(target, nontarget):
    found = error_rates(target, nontarget)
    for ours, brute in zip(found, brute_rates(target, nontarget), strict=True):
        np.testing.assert_allclose(ours, brute)


@given(scores, scores)
def test_eer_lies_between_the_rates_of_neighbouring_thresholds(target, nontarget):
    miss, alarm, _ = brute_rates(target, nontarget)
    after = next(i for i in range(len(miss)) if miss[i] >= alarm[i])
    eer = equal_error_rate(target, nontarget)
    assert miss[after - 1] - 1e-12 <= eer <= miss[after] + 1e-12
    assert alarm[after] - 1e-12 <= eer <= alarm[after - 1] + 1e-12


@given(scores, scores, st.randoms())
def test_no_metric_depends_on_the_order_of_the_list(target, nontarget, random):
    shuffled = random.sample(target, len(target)), random.sample(nontarget, len(nontarget))
    for metric in (equal_error_rate, area_under_roc, eer_threshold, min_cllr):
        assert metric(*shuffled) == pytest.approx(metric(target, nontarget), abs=1e-12)


@given(scores, scores)
def test_increasing_maps_change_no_rate(target, nontarget):
    def mapped(values):
        return np.exp(np.asarray(values) / 3) - 7

    for metric in (equal_error_rate, area_under_roc, min_cllr):
        expected = metric(target, nontarget)
        assert metric(mapped(target), mapped(nontarget)) == pytest.approx(expected, abs=1e-12)
    expected = min_dcf(target, nontarget, 0.05)
    assert min_dcf(mapped(target), mapped(nontarget), 0.05) == pytest.approx(expected)


@given(scores, scores)
def test_swapping_the_kinds_and_negating_the_scores_is_the_same_experiment(target, nontarget):
    swapped = [-s for s in nontarget], [-s for s in target]
    assert equal_error_rate(*swapped) == pytest.approx(equal_error_rate(target, nontarget))
    assert area_under_roc(*swapped) == pytest.approx(area_under_roc(target, nontarget))


@given(scores, scores)
def test_flipping_the_labels_gives_one_minus_the_rate(target, nontarget):
    flipped = equal_error_rate(nontarget, target)
    assert flipped == pytest.approx(1 - equal_error_rate(target, nontarget))


@given(scores, scores)
def test_repeating_every_trial_changes_nothing(target, nontarget):
    for metric in (equal_error_rate, area_under_roc, min_cllr):
        expected = metric(target, nontarget)
        assert metric(target * 2, nontarget * 2) == pytest.approx(expected, abs=1e-12)


@given(scores, scores)
def test_area_is_the_share_of_ordered_pairs(target, nontarget):
    pairs = [(t > n) + 0.5 * (t == n) for t in target for n in nontarget]
    assert area_under_roc(target, nontarget) == pytest.approx(np.mean(pairs))


@given(scores, scores, st.sampled_from([0.01, 0.05, 0.5, 0.9]))
def test_min_dcf_is_the_least_over_all_thresholds(target, nontarget, p):
    miss, alarm, _ = brute_rates(target, nontarget)
    cost = [p * m + (1 - p) * a for m, a in zip(miss, alarm, strict=True)]
    assert min_dcf(target, nontarget, p) == pytest.approx(min(cost) / min(p, 1 - p))


@given(scores, scores)
def test_decisions_at_the_eer_threshold_have_the_closest_rates(target, nontarget):
    threshold = eer_threshold(target, nontarget)
    gap = abs(np.mean(np.array(target) < threshold) - np.mean(np.array(nontarget) >= threshold))
    miss, alarm, _ = brute_rates(target, nontarget)
    assert gap == pytest.approx(min(abs(m - a) for m, a in zip(miss, alarm, strict=True)))


def test_the_eer_threshold_lies_between_scores():
    assert eer_threshold(*QUARTER) == pytest.approx(0.5)  # between 0.4 and 0.6
    assert eer_threshold([1.0], [1.0]) > 1.0


def test_thresholds_at_a_false_match_rate_by_hand():
    target, nontarget = [0.9, 0.8, 0.35, 0.05], [0.6, 0.4, 0.2, 0.1]
    assert fnmr_at_fmr(target, nontarget, 0.25) == 0.5
    assert threshold_at_fmr(target, nontarget, 0.25) == 0.6  # accepts one in four
    assert fnmr_at_fmr(target, nontarget, 0.5) == 0.25  # at 0.35
    assert fnmr_at_fmr(target, nontarget, 1) == 0.0
    assert fnmr_at_fmr([0.1], [0.2], 0.0) == 1.0
    with pytest.raises(ValueError, match="fraction"):
        fnmr_at_fmr(target, nontarget, 5)


def test_cllr_by_hand():
    assert cllr([0.0, 0.0], [0.0]) == pytest.approx(1.0)  # a ratio of one tells nothing
    # log2(1 + 1/3) for each: ratios of 3 and 1/3.
    assert cllr([math.log(3)], [-math.log(3)]) == pytest.approx(math.log2(4 / 3))
    assert cllr([1000.0], [-1000.0]) == pytest.approx(0.0)


def test_min_cllr_by_hand():
    assert min_cllr([2, 3], [0, 1]) == 0.0
    assert min_cllr([1, 1], [1]) == pytest.approx(1.0)
    # Bins of QUARTER: {.1 .2} nontargets, {.3 .4 .6}: one of four targets, two of four
    # nontargets, {.7 .8 .9} targets. Only the middle one costs: ratio 1/2.
    expected = (0.25 * math.log2(1 + 2) + 0.5 * math.log2(1 + 1 / 2)) / 2
    assert min_cllr(*QUARTER) == pytest.approx(expected)


@given(scores, scores)
def test_min_cllr_is_below_the_cllr_of_any_increasing_map(target, nontarget):
    t, n = np.array(target), np.array(nontarget)
    least = min_cllr(target, nontarget)
    for slope, offset in ((1, 0), (0.3, 1), (2, -1)):
        assert least <= cllr(slope * t + offset, slope * n + offset) + 1e-12


@given(scores, scores)
def test_the_hull_is_convex_and_below_the_roc(target, nontarget):
    miss, alarm = convex_hull(target, nontarget)
    assert (miss[0], alarm[0], miss[-1], alarm[-1]) == (0, 1, 1, 0)
    slope = np.diff(miss) / np.where(np.diff(alarm) == 0, -1e-300, np.diff(alarm))
    assert np.all(np.diff(slope) <= 1e-9 * np.abs(slope[1:]) + 1e-9)
    assert equal_error_rate(target, nontarget, "rocch") <= (
        equal_error_rate(target, nontarget) + 1e-12
    )


def test_actual_cost_decides_by_bayes_rule():
    # p 1/2: threshold 0. One target of two below it, one nontarget of four at or above it.
    assert act_dcf([-1, 2], [-3, -2, -1, 0], 0.5) == pytest.approx(0.5 + 0.25)
    # A score at the threshold is accepted, on both sides.
    assert act_dcf([0.0], [-1.0], 0.5) == 0.0
    assert act_dcf([1.0], [0.0], 0.5) == 1.0
    # p 0.01: threshold log 99 = 4.6; nobody is accepted.
    assert act_dcf([1, 2], [-1], 0.01) == pytest.approx(1.0)


@given(scores, scores)
def test_actual_cost_is_never_below_the_least(target, nontarget):
    assert act_dcf(target, nontarget, 0.2) >= min_dcf(target, nontarget, 0.2) - 1e-12


@settings(max_examples=25)
@given(
    arrays(np.float32, st.integers(1, 50), elements=st.floats(-1, 1, width=32)),
    arrays(np.float32, st.integers(1, 50), elements=st.floats(-1, 1, width=32)),
)
def test_float32_scores_give_what_their_float64_copies_give(target, nontarget):
    doubles = target.astype(np.float64), nontarget.astype(np.float64)
    assert equal_error_rate(target, nontarget) == equal_error_rate(*doubles)


@pytest.mark.parametrize("seed", range(5))
def test_llreval_agrees(seed):
    rng = np.random.default_rng(seed)
    agrees_with_llreval(rng.normal(2, 1, 300).round(1), rng.normal(0, 1, 500).round(1))


@pytest.mark.parametrize("name", ["dev-1", "test-1", "dev-2", "test-2"])
def test_llreval_agrees_on_the_score_files_of_bob(shared_data, name):
    agrees_with_llreval(*scores_of_bob(shared_data, name))


def agrees_with_llreval(target, nontarget):
    bayes = pytest.importorskip("llreval.pav_rocch", reason="llreval is not installed")
    from llreval import cllr as theirs

    label = np.repeat([1, 0], [len(target), len(nontarget)])
    pav = bayes.PAV(np.concatenate([target, nontarget]), label)
    assert min_cllr(target, nontarget) == pytest.approx(theirs.min_cllr(pav))
    assert cllr(target, nontarget) == pytest.approx(theirs.cllr(target, nontarget))
    hull = equal_error_rate(target, nontarget, "rocch")
    assert hull == pytest.approx(bayes.ROCCH(pav).EER(), abs=1e-6)


def scores_of_bob(shared_data, name):
    """Return the target and nontarget scores of one of bob.measure's files, without its NaN."""
    table = np.loadtxt(shared_data / f"scores/bob_measure/{name}.txt")
    table = table[~np.isnan(table[:, 1])]
    return table[table[:, 0] == 1, 1], table[table[:, 0] == -1, 1]


def array_of_bob(shared_data, name):
    h5py = pytest.importorskip("h5py", reason="h5py is not installed")
    with h5py.File(shared_data / f"scores/bob_measure/{name}.hdf5") as file:
        return file["array"][()]


def test_the_roc_and_the_det_of_bob_lie_on_ours(shared_data):
    sides = [array_of_bob(shared_data, f"nonsep-{side}") for side in ("positives", "negatives")]
    miss, false_alarm, _ = error_rates(*sides)
    ours = set(zip(false_alarm.round(9).tolist(), miss.round(9).tolist(), strict=True))
    theirs = array_of_bob(shared_data, "nonsep-roc").round(9)  # at a hundred thresholds
    assert set(zip(*theirs.tolist(), strict=True)) <= ours
    det = array_of_bob(shared_data, "nonsep-det")
    inside = (theirs > 0) & (theirs < 1)
    assert det[inside] == pytest.approx(norm.ppf(theirs[inside]))


def test_scores_that_bob_calls_separable_have_no_error(shared_data):
    sides = [array_of_bob(shared_data, f"linsep-{side}") for side in ("positives", "negatives")]
    assert equal_error_rate(*sides) == min_dcf(*sides, 0.01) == min_cllr(*sides) == 0


@pytest.mark.parametrize("seed", range(5))
def test_the_sre16_code_agrees_where_nothing_is_tied(seed):
    rng = np.random.default_rng(seed)
    target, nontarget = rng.normal(1, 1, 211), rng.normal(0, 1, 173)
    label = np.repeat([1, 0], [211, 173])[np.argsort(np.concatenate([target, nontarget]))]
    miss = np.cumsum(label) / 211
    alarm = 1 - np.cumsum(1 - label) / 173
    gap = miss - alarm
    x1, x2 = np.flatnonzero(gap >= 0)[0], np.flatnonzero(gap < 0)[-1]
    a = (miss[x1] - alarm[x1]) / (alarm[x2] - alarm[x1] - (miss[x2] - miss[x1]))
    expected = miss[x1] + a * (miss[x2] - miss[x1])
    assert equal_error_rate(target, nontarget, "nist") == pytest.approx(expected)
    assert equal_error_rate(target, nontarget) == pytest.approx(expected)
