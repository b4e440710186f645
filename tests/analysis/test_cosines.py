import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avkd_cli.analysis import cosines
from avkd_cli.analysis.cosines import mean_cosines


def test_the_golden_four_by_hand():
    # Persons a: (1, 0), (0.6, 0.8); b: (0, 2), (-3, 4). Cosines within 0.6 and 0.8; between 0,
    # -0.6, 0.8 and 0.28.
    found = mean_cosines(np.array([[1, 0], [0.6, 0.8], [0, 2], [-3, 4]]), list("aabb"))
    assert found.within == pytest.approx(0.7)
    assert found.between == pytest.approx(0.12)
    assert found.absolute == pytest.approx(0.42)
    assert (found.same_pairs, found.other_pairs) == (2, 4)


@given(st.integers(0, 999), st.integers(1, 4), st.integers(2, 9))
def test_means_are_those_of_the_loop_over_pairs(seed, people, n):
    rng = np.random.default_rng(seed)
    x, persons = rng.normal(size=(n, 3)), [f"p{k}" for k in rng.integers(0, people, n)]
    same, other = [], []
    for i in range(n):
        for j in range(i):
            cosine = x[i] @ x[j] / np.linalg.norm(x[i]) / np.linalg.norm(x[j])
            (same if persons[i] == persons[j] else other).append(cosine)
    found = mean_cosines(x, persons)
    for mean, values in (
        (found.within, same),
        (found.between, other),
        (found.absolute, np.abs(other)),
    ):
        assert np.isnan(mean) if not len(values) else mean == pytest.approx(np.mean(values))


def test_orthogonal_persons_are_at_one_and_at_zero():
    found = mean_cosines(np.eye(4).repeat(3, axis=0), [f"p{n // 3}" for n in range(12)])
    assert (found.within, found.between, found.absolute) == pytest.approx((1, 0, 0))


def test_nobodys_recordings_belong_to_no_pair():
    x = np.array([[1.0, 0], [0, 1], [0, 0]])
    assert mean_cosines(x, ["a", "b", ""]).other_pairs == 1


def test_of_many_rows_some_are_drawn_for_absolute_values(monkeypatch):
    monkeypatch.setattr(cosines, "MOST_ROWS", 200)
    rng = np.random.default_rng(0)
    x, persons = rng.normal(size=(1000, 8)), [f"p{n % 50}" for n in range(1000)]
    drawn = mean_cosines(x, persons)
    monkeypatch.setattr(cosines, "MOST_ROWS", 5000)
    every = mean_cosines(x, persons)
    assert drawn[:2] == every[:2]
    assert drawn.absolute != every.absolute
    assert drawn.absolute == pytest.approx(every.absolute, abs=0.01)


@pytest.mark.parametrize("x", [[[0.0, 0], [1, 0]], [[np.nan, 0], [1, 0]]])
def test_embeddings_without_direction_are_refused(x):
    with pytest.raises(ValueError, match="zero or not finite"):
        mean_cosines(np.array(x), ["a", "a"])
    with pytest.raises(ValueError, match="wants two"):
        mean_cosines(np.ones((1, 2)), ["a"])
