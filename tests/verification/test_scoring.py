import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avkd_cli.errors import InputError
from avkd_cli.verification import scoring


def cosines(embedding, enrol, test):
    unit = embedding.astype(np.float64)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    return np.sum(unit[enrol] * unit[test], axis=1)


def test_cosine_by_hand():
    embedding = np.array([[3, 0], [0, 2], [1, 1]], np.float32)
    found = scoring.cosine_scores(embedding, np.array([0, 0, 2]), np.array([1, 2, 2]))
    np.testing.assert_allclose(found, [0, np.sqrt(0.5), 1], atol=1e-7)


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.integers(1, 3000), st.integers(1, 40))
def test_blocks_give_what_one_product_gives(seed, n_trials, dimension):
    rng = np.random.default_rng(seed)
    embedding = (rng.normal(size=(50, dimension)) * 10).astype(np.float32)
    enrol, test = rng.integers(50, size=(2, n_trials))
    found = scoring.cosine_scores(embedding, enrol, test)
    np.testing.assert_allclose(found, cosines(embedding, enrol, test), atol=1e-5)


def test_cosines_do_not_depend_on_lengths_nor_sides_and_stay_within_one():
    rng = np.random.default_rng(0)
    embedding = rng.normal(size=(20, 64)).astype(np.float32)
    scale = np.float32(10) ** rng.integers(-8, 8, (20, 1)).astype(np.float32)
    enrol, test = np.divmod(np.arange(400), 20)
    found = scoring.cosine_scores(embedding * scale, enrol, test)
    np.testing.assert_allclose(found, scoring.cosine_scores(embedding, test, enrol), atol=1e-5)
    assert np.abs(found).max() <= 1.0


@pytest.mark.parametrize("bad", [0.0, np.nan, np.inf])
def test_an_embedding_without_direction_is_refused_where_it_is_used(bad):
    embedding = np.array([[1, 0], [bad, bad], [0, 1]], np.float32)
    with pytest.raises(ValueError, match="no direction"):
        scoring.cosine_scores(embedding, np.array([0]), np.array([1]))
    assert scoring.cosine_scores(embedding, np.array([0]), np.array([2])) == 0


def test_no_trials_give_no_scores():
    none = np.empty(0, np.int64)
    assert len(scoring.cosine_scores(np.ones((2, 3), np.float32), none, none)) == 0


def test_a_model_is_the_mean_of_its_utterances():
    embedding = np.array([[1, 0], [0, 1], [4, 4]], np.float32)
    found = scoring.enrolment_means(embedding, [np.array([0, 1]), np.array([2])])
    np.testing.assert_array_equal(found, [[0.5, 0.5], [4, 4]])


def test_a_cohort_has_one_row_a_person_and_strangers_stand_for_themselves():
    embedding = np.array([[1, 0], [9, 9], [3, 2], [5, 5]], np.float32)
    found = scoring.person_means(embedding, ["a", "", "a", ""])
    np.testing.assert_array_equal(found, [[2, 1], [9, 9], [5, 5]])


def test_missing_ids_are_counted_and_five_are_named():
    with pytest.raises(
        InputError, match=r"'u0' in s\.zarr \(7 ids of 9 trials.*'u4'\).*--skip-mis"
    ):
        scoring.refuse_missing([f"u{n}" for n in range(7)], "s.zarr", 9, "list")
    scoring.refuse_missing([], "s.zarr", 0, "list")
