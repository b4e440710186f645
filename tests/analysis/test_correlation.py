"""Likeness of embedding spaces: by hand, against NumPy, and what leaves it unchanged."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avkd_cli.analysis import correlation
from avkd_cli.analysis.correlation import (
    alignment,
    linear_cka,
    mean_cosine_distance,
    pearson_per_dimension,
    pearson_per_segment,
    pearson_pooled,
    spread,
    uniformity,
)

seeds = st.integers(0, 10**6)


def drawn(seed, n=12, d=5, e=5):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)), rng.normal(size=(n, e)), rng


def rotation(rng, d):
    return np.linalg.qr(rng.normal(size=(d, d)))[0]


def test_correlations_by_hand():
    x, y = [[1, 2, 3], [1, 2, 3]], [[2, 4, 6], [3, 2, 1]]
    assert pearson_per_segment(x, y) == pytest.approx([1, -1])
    # Over two segments a dimension rises or falls: 1 or -1, and constant here on one side.
    assert np.isnan(pearson_per_dimension(x, y)).all()
    assert pearson_per_dimension([[0, 0], [1, 1]], [[5, 9], [6, 2]]) == pytest.approx([1, -1])


@given(seeds)
def test_correlations_are_numpys(seed):
    x, y, _ = drawn(seed)
    segment = [np.corrcoef(a, b)[0, 1] for a, b in zip(x, y, strict=True)]
    dimension = [np.corrcoef(a, b)[0, 1] for a, b in zip(x.T, y.T, strict=True)]
    assert pearson_per_segment(x, y) == pytest.approx(segment)
    assert pearson_per_dimension(x, y) == pytest.approx(dimension)
    assert pearson_pooled(x, y) == pytest.approx(np.corrcoef(x.ravel(), y.ravel())[0, 1])


@given(seeds)
def test_a_space_correlates_fully_with_itself(seed):
    x, _, _ = drawn(seed)
    assert pearson_per_segment(x, 3 * x + 2) == pytest.approx(np.ones(len(x)))
    assert pearson_pooled(x, 3 * x + 2) == pytest.approx(1)
    assert linear_cka(x, x) == pytest.approx(1)
    assert mean_cosine_distance(x, 3 * x) == pytest.approx(0, abs=1e-12)


@given(seeds)
def test_cka_keeps_under_rotation_scale_and_shift_and_a_correlation_does_not(seed):
    x, y, rng = drawn(seed)
    turned = 2.5 * y @ rotation(rng, 5) + 1
    assert linear_cka(x, turned) == pytest.approx(linear_cka(x, y))
    assert linear_cka(y, x) == pytest.approx(linear_cka(x, y))
    assert abs(pearson_per_segment(y, turned).mean()) < 0.999  # though the space is the same


@given(seeds)
def test_cka_is_between_zero_and_one_for_any_widths(seed):
    x, y, _ = drawn(seed, d=3, e=7)
    assert 0 <= linear_cka(x, y) <= 1 + 1e-12


def test_cka_of_unrelated_directions_is_zero():
    x, y = [[1.0], [-1], [1], [-1]], [[1.0], [1], [-1], [-1]]
    assert linear_cka(x, y) == pytest.approx(0)


def test_what_is_constant_has_no_correlation():
    x = np.ones((3, 4))
    assert np.isnan(pearson_per_segment(x, np.eye(3, 4))).all()
    assert math.isnan(pearson_pooled(x, np.eye(3, 4)))
    assert math.isnan(linear_cka(x, np.eye(3, 4)))


def test_cosine_distance_by_hand():
    assert mean_cosine_distance([[1, 0], [1, 0]], [[0, 2], [-3, 0]]) == pytest.approx((1 + 2) / 2)


def test_alignment_and_uniformity_by_hand():
    x = [[1, 0], [0, 1], [2, 0]]
    # Person p has the first two: at a right angle, squared distance 2. q has one recording.
    assert alignment(x, ["p", "p", "q"]) == pytest.approx(2)
    assert math.isnan(alignment(x, ["p", "q", "r"]))
    # Squared distances of the three pairs: 2, 0, 2.
    assert uniformity(x) == pytest.approx(math.log((2 * math.exp(-4) + 1) / 3))
    assert math.isnan(uniformity(x[:1]))


@given(seeds)
def test_alignment_is_the_plain_loop_over_pairs(seed):
    x, _, rng = drawn(seed)
    persons = rng.choice(list("pqr"), len(x)).tolist()
    u = x / np.linalg.norm(x, axis=1, keepdims=True)
    pairs = [
        ((u[i] - u[j]) ** 2).sum()
        for i in range(len(u))
        for j in range(i)
        if persons[i] == persons[j]
    ]
    assert alignment(x, persons) == pytest.approx(np.mean(pairs))


@given(seeds)
def test_variance_within_and_between_add_up(seed):
    x, _, rng = drawn(seed)
    within, between = spread(x, rng.choice(list("pqr"), len(x)).tolist())
    u = x / np.linalg.norm(x, axis=1, keepdims=True)
    assert within + between == pytest.approx(((u - u.mean(axis=0)) ** 2).sum(axis=1).mean())


def test_people_who_never_vary_have_no_variance_within():
    within, between = spread([[1, 0], [2, 0], [0, 1]], ["p", "p", "q"])
    assert within == pytest.approx(0)
    assert between == pytest.approx(1 - (2 / 3) ** 2 - (1 / 3) ** 2)


def test_many_embeddings_are_sampled_by_seed(monkeypatch):
    monkeypatch.setattr(correlation, "MOST_ROWS", 50)
    x, _, _ = drawn(0, n=400)
    assert uniformity(x, seed=1) == uniformity(x, seed=1) != uniformity(x, seed=2)
    monkeypatch.setattr(correlation, "MOST_ROWS", 400)
    assert uniformity(x) == pytest.approx(uniformity(x, seed=2), abs=0.2)


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(lambda: pearson_per_segment([[1, 2]], [[1, 2, 3]]), id="widths"),
        pytest.param(lambda: linear_cka([[1, 2]], [[1, 2], [3, 4]]), id="segments"),
        pytest.param(lambda: linear_cka([[np.nan]], [[1.0]]), id="not finite"),
        pytest.param(lambda: linear_cka([1, 2], [1, 2]), id="no matrix"),
        pytest.param(lambda: mean_cosine_distance([[0, 0]], [[1, 2]]), id="all zeros"),
        pytest.param(lambda: spread([[1, 2]], ["p", "q"]), id="persons"),
    ],
)
def test_what_does_not_belong_together_is_refused(wrong):
    with pytest.raises(ValueError):
        wrong()
