from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avkd_cli.verification.identification import (
    Places,
    matching_hits,
    places,
    places_of_each,
    rank_hits,
    resample_hits,
)
from avkd_cli.verification.statistics import interval


def rank_k_rate(similarity, correct, k=1):
    return float(np.mean(rank_hits(places(similarity, correct), k)))


def right_is_first(scores):
    """How often the first candidate of each row scores highest."""
    return rank_k_rate(scores, np.zeros(len(scores), int))


def test_rank_k_by_hand():
    similarity = [[0.9, 0.5, 0.1], [0.9, 0.5, 0.1], [0.9, 0.5, 0.1]]
    correct = [0, 1, 2]
    assert [rank_k_rate(similarity, correct, k) for k in (1, 2, 3)] == [1 / 3, 2 / 3, 1.0]


def test_a_tie_counts_as_the_chance_of_picking_the_right_one():
    assert rank_k_rate([[1, 1, 1, 0]], [0]) == pytest.approx(1 / 3)
    assert rank_k_rate([[1, 1, 1, 0]], [0], 2) == pytest.approx(2 / 3)
    assert right_is_first(np.zeros((5, 4))) == pytest.approx(1 / 4)


def test_matching_takes_the_first_for_right():
    assert right_is_first([[2, 1], [1, 2], [3, 0]]) == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("similarity", "correct", "k"),
    [([1, 2], [0], 1), ([[1, 2]], [0, 1], 1), ([[1, np.nan]], [0], 1), ([[1, 2]], [0], 0)],
)
def test_rank_k_refuses_what_does_not_fit(similarity, correct, k):
    with pytest.raises(ValueError, match=r"wanted|NaN|at least 1"):
        rank_k_rate(similarity, correct, k)


@st.composite
def similarities(draw):
    """Few distinct values, so that ties are common; each probe's own column."""
    n, m = draw(st.integers(1, 5)), draw(st.integers(2, 6))
    cells = draw(st.lists(st.integers(0, 3), min_size=n * m, max_size=n * m))
    return np.reshape(cells, (n, m)), draw(st.lists(st.integers(0, m - 1), min_size=n, max_size=n))


@given(similarities())
def test_the_rate_rises_with_the_rank_and_ends_at_one(found):
    similarity, correct = found
    rates = [rank_k_rate(similarity, correct, k) for k in range(1, similarity.shape[1] + 1)]
    assert np.all(np.diff(rates) >= 0)
    assert rates[-1] == 1


@given(similarities(), st.integers(2, 6))
def test_matching_is_the_mean_over_all_sets_of_candidates(found, n):
    similarity, correct = found
    if n > similarity.shape[1]:
        return
    expected = []
    for row, own in zip(similarity, correct, strict=True):
        others = [value for column, value in enumerate(row) if column != own]
        sets = combinations(others, n - 1)
        expected.append(np.mean([right_is_first([[row[own], *one]]) for one in sets]))
    assert matching_hits(places(similarity, correct), n) == pytest.approx(expected)


@given(similarities())
def test_the_order_of_the_gallery_and_increasing_maps_change_no_rate(found):
    similarity, correct = found
    mirrored = similarity[:, ::-1], similarity.shape[1] - 1 - np.array(correct)
    for other in (mirrored, (np.exp(similarity), correct)):
        for one, same in zip(places(similarity, correct), places(*other), strict=True):
            np.testing.assert_array_equal(one, same)


@pytest.mark.parametrize("n", range(2, 11))
def test_a_system_that_says_nothing_is_at_chance(n):
    nothing = places(np.zeros((3, 50)), [0, 10, 49])
    assert matching_hits(nothing, n) == pytest.approx([1 / n] * 3)
    assert rank_hits(nothing, n) == pytest.approx([n / 50] * 3)


def test_large_galleries_are_exact():
    # The right one is second of 100,000: it wins unless the one above is among the nine others.
    found = Places(np.array([1]), np.array([0]), np.array([100_000]))
    assert matching_hits(found, 10) == pytest.approx([1 - 9 / 99_999], abs=1e-9)


@pytest.mark.parametrize("n", [1, 4])
def test_matching_needs_two_and_no_more_than_there_are(n):
    with pytest.raises(ValueError, match="galleries"):
        matching_hits(places([[1, 2, 3]], [0]), n)


def test_resampled_rates_are_those_of_the_persons_drawn():
    # Person 0 has three probes, two right; person 1 one, wrong.
    hits = {"rank_1": [[1, 1, 0, 0]], "ua": [[1, 1, 0, 0]]}
    found = resample_hits(hits, [0, 0, 0, 1], by_person=["ua"], n_resamples=50)
    assert found.value == {"rank_1": pytest.approx([0.5]), "ua": pytest.approx([1 / 3])}
    seen = set(
        zip(found.samples["rank_1"][:, 0].round(6), found.samples["ua"][:, 0].round(6), strict=True)
    )
    # Both drawn once, the first twice, the second twice.
    assert seen == {(0.5, round(1 / 3, 6)), (round(2 / 3, 6), round(2 / 3, 6)), (0, 0)}


def test_intervals_of_rates_cover_the_truth():
    def covers(seed):
        rng = np.random.default_rng(seed)
        skill = rng.beta(8, 2, 40)  # of each person; 0.8 on average
        person = np.repeat(np.arange(40), 15)
        hits = (rng.random(600) < skill[person]).astype(float)
        drawn = resample_hits({"rank_1": [hits]}, person, n_resamples=200, seed=seed)
        low, high = interval(drawn, "rank_1")[1:]
        return low <= 0.8 <= high

    assert np.mean([covers(seed) for seed in range(200)]) == pytest.approx(0.95, abs=0.05)


@given(st.integers(0, 9999), st.integers(1, 3), st.integers(2, 7))
def test_places_of_each_are_those_of_one_gallery_a_right_candidate(seed, probes, candidates):
    rng = np.random.default_rng(seed)
    similarity = rng.integers(0, 4, (probes, candidates)) / 4  # few values: many ties
    own = rng.random((probes, candidates)) < 0.4
    found, probe = places_of_each(similarity, own)
    rows = []
    for p in range(probes):
        others = similarity[p][~own[p]]
        for mine in similarity[p][own[p]]:
            rows.append((p, (others > mine).sum(), (others == mine).sum(), len(others) + 1))
    assert sorted(zip(probe, *found, strict=True)) == sorted(rows)
    assert (np.diff(probe) >= 0).all()


def test_matching_over_each_is_the_mean_over_all_galleries():
    rng = np.random.default_rng(0)
    similarity, own = rng.normal(size=(1, 9)), np.arange(9)[None] < 3
    found, _ = places_of_each(similarity, own)
    for n in (2, 3, 5):
        won = [
            similarity[0, right] > max(similarity[0, list(rest)])
            for right in range(3)
            for rest in combinations(range(3, 9), n - 1)
        ]
        assert matching_hits(found, n).mean() == pytest.approx(np.mean(won))


@pytest.mark.parametrize(
    ("similarity", "own", "complaint"),
    [([[1.0]], [True], "wanted"), ([[float("nan")]], [[True]], "NaN")],
)
def test_places_of_each_refuse_what_does_not_fit(similarity, own, complaint):
    with pytest.raises(ValueError, match=complaint):
        places_of_each(similarity, own)
