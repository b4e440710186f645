from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avkd_cli.corpora.divide import apportion, deal, folds, natural

sizes = st.lists(st.integers(0, 9), min_size=1, max_size=30)
shares = st.lists(st.sampled_from([0.0, 0.1, 0.2, 0.3, 0.7, 1.0]), min_size=2, max_size=5).filter(
    lambda parts: sum(parts) > 0
)


@given(sizes, shares)
def test_every_stratum_is_dealt_out_whole_and_the_sums_are_near_the_shares(sizes, shares):
    dealt = apportion(sizes, shares)
    assert [sum(counts) for counts in dealt] == sizes
    assert all(count >= 0 for counts in dealt for count in counts)
    for part, share in enumerate(shares):
        got, wanted = sum(counts[part] for counts in dealt), sum(sizes) * share / sum(shares)
        assert abs(got - wanted) < 2
        assert share or not got


@pytest.mark.parametrize(
    ("sizes", "shares", "expected"),
    [
        # 7 and 3 of ten; of two strata of five, 3.5 and 1.5: the half is carried on.
        pytest.param([10], [0.7, 0.3], [[7, 3]], id="ten"),
        pytest.param([5, 5], [0.7, 0.3], [[4, 1], [3, 2]], id="carried"),
        # Each stratum of one alone would round to train: carried on, the fourth is test.
        pytest.param([1] * 4, [0.75, 0.25], [[1, 0], [1, 0], [0, 1], [1, 0]], id="ones"),
        pytest.param([6], [1, 1, 1], [[2, 2, 2]], id="folds"),
        pytest.param([0], [1, 1], [[0, 0]], id="nobody"),
    ],
)
def test_apportion_by_hand(sizes, shares, expected):
    assert apportion(sizes, shares) == expected


@given(st.lists(st.integers(1, 4), min_size=1, max_size=20))
def test_each_person_has_something_in_train_where_that_is_asked(sizes):
    dealt = apportion(sizes, (0.2, 0.4, 0.4), first_of_each=True)
    assert all(counts[0] >= 1 for counts in dealt)
    assert [sum(counts) for counts in dealt] == sizes


@pytest.mark.parametrize("shares", [[0, 0], [-0.1, 1.1]])
def test_shares_that_mean_nothing_are_refused(shares):
    with pytest.raises(ValueError, match="at least 0"):
        apportion([3], shares)


PEOPLE = {f"p{n}": "fm"[n % 2] for n in range(1, 21)}


def test_both_strata_are_dealt_in_the_same_shares():
    parts = deal(PEOPLE, (0.7, 0.3), seed=0)
    assert Counter((PEOPLE[p], part) for p, part in parts.items()) == {
        ("f", 0): 7,
        ("m", 0): 7,
        ("f", 1): 3,
        ("m", 1): 3,
    }


def test_the_order_of_the_list_does_not_matter_and_the_seed_does():
    backwards = dict(reversed(PEOPLE.items()))
    assert deal(PEOPLE, (0.5, 0.5), 3) == deal(backwards, (0.5, 0.5), 3)
    assert len({tuple(sorted(deal(PEOPLE, (0.5, 0.5), s).items())) for s in range(8)}) == 8


@given(st.integers(2, 20), st.integers(0, 3), st.sampled_from([0.0, 0.2]))
def test_everybody_is_test_in_one_fold_and_never_absent(count, seed, validation):
    made = folds(PEOPLE, count, seed, validation=validation)
    assert len(made) == count
    assert all(fold.keys() == PEOPLE.keys() for fold in made)
    tested = Counter(person for fold in made for person, part in fold.items() if part == "test")
    assert tested == Counter(list(PEOPLE))
    sizes = [sum(part == "test" for part in fold.values()) for fold in made]
    assert max(sizes) - min(sizes) <= 2
    for fold in made:
        train, held = (list(fold.values()).count(name) for name in ("train", "validation"))
        assert abs(held - validation * (train + held)) < 1


def test_leaving_one_out_goes_in_the_order_that_people_expect():
    made = folds(dict.fromkeys(["a10", "a2", "a1"], ""), None, 0)
    tested = [next(p for p, part in fold.items() if part == "test") for fold in made]
    assert tested == ["a1", "a2", "a10"]


def test_folds_draw_other_people_for_validation():
    made = folds(PEOPLE, 4, 0, validation=0.2)
    held = [frozenset(p for p, part in fold.items() if part == "validation") for fold in made]
    assert len(set(held)) == 4


@pytest.mark.parametrize("count", [1, 21])
def test_too_few_or_too_many_folds_are_refused(count):
    with pytest.raises(ValueError, match="folds of 20 groups"):
        folds(PEOPLE, count, 0)


@given(st.lists(st.text(max_size=6)))
def test_any_names_can_be_sorted(names):
    assert sorted(names, key=natural)[:0] == []
    assert sorted(["p10", "p9", "10", "9", "q"], key=natural) == ["9", "10", "p9", "p10", "q"]
