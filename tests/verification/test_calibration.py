import json
import math

import numpy as np
import pytest
from scipy.special import expit

from avkd_cli.errors import InputError
from avkd_cli.verification.calibration import (
    Calibration,
    bayes_threshold,
    from_json,
    probability,
    train,
    z_sum_fusion,
)
from avkd_cli.verification.metrics import cllr, equal_error_rate, min_cllr
from avkd_cli.verification.skill import SkillBand

LIST = {"name": "dev", "digest": "sha256:0"}


def gaussian(seed=0, n=20_000, shift=0.0):
    rng = np.random.default_rng(seed)
    score = np.concatenate([rng.normal(2, 1, n), rng.normal(0, 1, 3 * n)]) + shift
    return score[:, None], np.repeat([1, 0], [n, 3 * n])


def test_gaussian_scores_get_their_true_ratios():
    # N(2, 1) against N(0, 1): log-likelihood ratio 2 s - 2, whatever the share of targets.
    score, label = gaussian()
    for prior in (0.5, 0.1):
        model = train(score, label, ["cosine"], LIST, prior=prior)
        assert model.weights[0] == pytest.approx(2, abs=0.1)
        assert model.offset == pytest.approx(-2, abs=0.1)


def test_training_finds_the_least_cross_entropy():
    score, label = gaussian(1, 500)
    model = train(score, label, ["cosine"], LIST)
    best = entropy(model, score, label)
    for d_weight, d_offset in ((0.05, 0), (-0.05, 0), (0, 0.05), (0, -0.05)):
        other = Calibration(
            ("cosine",), (model.weights[0] + d_weight,), model.offset + d_offset, 0.5, LIST
        )
        assert entropy(other, score, label) > best


def entropy(model, score, label):
    ratio = model.apply(score)
    return cllr(ratio[label == 1], ratio[label == 0])


def test_calibration_moves_cllr_near_its_least_and_keeps_the_eer():
    score, label = gaussian(2, 2000, shift=7.0)
    ratio = train(score, label, ["x"], LIST).apply(score)
    target, nontarget = ratio[label == 1], ratio[label == 0]
    assert cllr(target, nontarget) == pytest.approx(min_cllr(target, nontarget), abs=0.01)
    before = equal_error_rate(score[label == 1], score[label == 0])
    assert equal_error_rate(target, nontarget) == pytest.approx(before)


def test_scale_and_shift_of_the_scores_do_not_matter():
    score, label = gaussian(3, 500)
    plain = train(score, label, ["x"], LIST).apply(score)
    moved = train(1e-3 * score + 40, label, ["x"], LIST).apply(1e-3 * score + 40)
    np.testing.assert_allclose(plain, moved, atol=1e-3)


def test_fusion_of_independent_systems_is_better_than_each():
    first, label = gaussian(4, 5000)
    second, _ = gaussian(5, 5000)
    both = np.hstack([first, second])
    model = train(both, label, ["voice", "face"], LIST)
    assert model.weights == pytest.approx((2, 2), abs=0.15)
    fused = model.apply(both)
    alone = equal_error_rate(first[label == 1], first[label == 0])
    assert equal_error_rate(fused[label == 1], fused[label == 0]) < alone - 0.04


def test_quality_takes_off_the_offset_that_it_causes():
    # Bad recordings score 3 higher, targets or not: the weight of badness must undo it.
    score, label = gaussian(6, 5000)
    bad = np.random.default_rng(7).random((len(label), 1)) < 0.5
    model = train(score + 3 * bad, label, ["x"], LIST, quality=bad, qualities=["bad"])
    assert model.quality_weights[0] == pytest.approx(-3 * model.weights[0], rel=0.05)
    with pytest.raises(ValueError, match="1 scores and qualities, trained on 2"):
        model.apply(score)


def test_classes_that_do_not_overlap_give_finite_weights():
    model = train(np.array([[0.0], [1.0]]), np.array([0, 1]), ["x"], LIST)
    assert np.isfinite((*model.weights, model.offset)).all()
    assert model.apply(np.array([[1.0]])) > 0 > model.apply(np.array([[0.0]]))


@pytest.mark.parametrize(
    ("scores", "label", "complaint"),
    [
        ([[1.0], [2.0]], [1, 1], "no nontarget"),
        ([[1.0], [np.nan]], [1, 0], "NaN"),
        ([[1.0], [np.inf]], [1, 0], "finite"),
        ([[1.0], [1.0]], [1, 0], "are all equal"),
    ],
)
def test_what_cannot_be_trained_on_is_refused(scores, label, complaint):
    with pytest.raises(ValueError, match=complaint):
        train(np.array(scores), np.array(label), ["x"], LIST)


MODEL = Calibration(
    ("a", "b"),
    (0.1, 1 / 3),
    -2.5,
    0.05,
    LIST,
    ("duration_s",),
    (0.25,),
    (1.0, 2.0),
    "sha256:run",
    ((-1.0, 1.0), (0.0, 2.5)),
    (SkillBand("speech_s", 0.5, 1.5, 20, 40, 0.25),),
)


def test_a_model_survives_json_exactly():
    assert from_json(json.loads(json.dumps(MODEL.to_json())), "m.json") == MODEL


@pytest.mark.parametrize(
    "change",
    [
        {"format": "avkd.run"},
        {"version": 3},
        {"weights": [1.0]},
        {"weights": ["x", 1]},
        {"offset": float("nan")},
        {"trained_on": None},
        {"costs": [1.0, 0.0]},
        {"costs": [1.0]},
        {"prior": 1.0},
        {"seen": [[0.0, 1.0]]},
        {"skill": [{"measure": "speech_s"}]},
        {"system": None, "seen": None},
    ],
)
def test_what_is_no_model_is_refused(change):
    with pytest.raises(InputError, match=r"m\.json: is (no|a damaged) calibration"):
        from_json(MODEL.to_json() | change, "m.json")
    with pytest.raises(InputError, match="no calibration"):
        from_json([1], "m.json")


def test_a_model_of_version_1_has_no_costs_but_equal_ones_and_no_run():
    old = {
        k: v for k, v in MODEL.to_json().items() if k not in ("costs", "system", "seen", "skill")
    }
    found = from_json(old | {"version": 1}, "m.json")
    assert (found.costs, found.system, found.seen, found.skill) == ((1.0, 1.0), "", (), ())
    assert found.weights == MODEL.weights


def test_a_threshold_is_where_both_errors_cost_the_same_by_hand():
    # At a prior of 1/4 and a false alarm that costs 3 misses, ratios must reach 9: ln 9 nats.
    assert bayes_threshold(0.25, 1.0, 3.0) == pytest.approx(math.log(9))
    assert bayes_threshold(0.5, 1.0, 1.0) == 0
    # A ratio of 3 at even odds is a probability of 3/4; at a prior of 1/4 it is 1/2.
    assert probability(math.log(3), 0.5) == pytest.approx(0.75)
    assert probability(math.log(3), 0.25) == pytest.approx(0.5)
    assert (probability(1e9, 0.5), probability(-1e9, 0.5)) == (1.0, pytest.approx(0, abs=1e-300))


def test_training_remembers_the_range_of_its_scores_and_whose_they_are():
    score, label = gaussian(9, 200)
    model = train(score, label, ["x"], LIST, costs=(1.0, 10.0), system="sha256:run")
    assert model.seen == ((score.min(), score.max()),)
    assert (model.system, model.costs) == ("sha256:run", (1.0, 10.0))
    assert model.threshold == pytest.approx(math.log(10))
    said = model.to_json()
    assert said["unit"] == "natural-log likelihood ratio"
    assert said["threshold"] == model.threshold


def test_a_model_is_refused_on_scores_of_another_type():
    MODEL.require(["a", "b"], "m.json")
    with pytest.raises(InputError, match=r"type a, b \(list dev\), these are a, c"):
        MODEL.require(["a", "c"], "m.json")


def test_z_sum_by_hand():
    scores = np.array([[1.0, 10], [3, 30], [5, 20]])
    z = np.sqrt(1.5)  # each column is -1, 0, 1 in steps; deviation sqrt(2/3)
    np.testing.assert_allclose(z_sum_fusion(scores), [-2 * z, z, z])
    with pytest.raises(ValueError, match="all scores"):
        z_sum_fusion(np.array([[1.0, 2], [1, 3]]))


def test_posteriors_of_a_trained_model_match_the_prior_on_average():
    # A property of logistic regression with an offset: mean posterior = prior.
    score, label = gaussian(8, 1000)
    model = train(score, label, ["x"], LIST, prior=0.3)
    posterior = expit(model.apply(score) + np.log(0.3 / 0.7))
    mean = 0.3 * posterior[label == 1].mean() + 0.7 * posterior[label == 0].mean()
    assert mean == pytest.approx(0.3, abs=1e-3)
