import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avkd_cli.verification.normalization import cohort_statistics, normalise

AXES = np.array([[1, 0], [0, 1], [-1, 0], [0, -1]], np.float32)
E, T = np.array([[1, 0]], np.float32), np.array([[0.6, 0.8]], np.float32)


def as_norm(enrol, test, cohort, top_n):
    unit = [side / np.linalg.norm(side) for side in (enrol, test)]
    score = np.sum(unit[0] * unit[1], axis=1)
    sides = [cohort_statistics(side, cohort, top_n) for side in (enrol, test)]
    return float(normalise(score, *sides)[0])


@pytest.mark.parametrize(("top_n", "expected"), [(2, -0.4), (4, 0.84852814), (None, 0.84852814)])
def test_as_norm_golden_numbers(top_n, expected):
    # The sample standard deviation would give -0.28284271 for the first.
    assert as_norm(E, T, AXES, top_n) == pytest.approx(expected, abs=1e-6)


def test_z_and_t_norm_use_one_side():
    enrol, test = cohort_statistics(E, AXES), cohort_statistics(T, AXES)
    score = np.array([0.6])
    # Cosines of e: 1, 0, -1, 0: mean 0, deviation sqrt(1/2). Those of t: squares average 1/2.
    assert normalise(score, enrol, None) == pytest.approx(0.6 / np.sqrt(0.5))
    assert normalise(score, None, test) == pytest.approx(0.6 / np.sqrt(0.5))
    with pytest.raises(ValueError, match="a side"):
        normalise(score, None, None)


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.integers(2, 30), st.floats(0.01, 100))
def test_as_norm_is_symmetric_and_knows_no_lengths(seed, top_n, scale):
    rng = np.random.default_rng(seed)
    cohort = rng.normal(size=(30, 8)).astype(np.float32)
    enrol, test = rng.normal(size=(2, 1, 8)).astype(np.float32)
    expected = as_norm(enrol, test, cohort, top_n)
    scaled = as_norm(test, enrol * np.float32(scale), cohort * np.float32(scale), top_n)
    assert scaled == pytest.approx(expected, abs=1e-3 * max(1, abs(expected)))


def test_statistics_are_of_the_largest_cosines_in_every_block():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(2500, 16)).astype(np.float32)  # three blocks
    cohort = rng.normal(size=(40, 16)).astype(np.float32)
    found = cohort_statistics(rows, cohort, 7)
    cosine = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    cosine = cosine @ (cohort / np.linalg.norm(cohort, axis=1, keepdims=True)).T
    largest = np.sort(cosine, axis=1)[:, -7:]
    np.testing.assert_allclose(found.mean, largest.mean(axis=1), atol=1e-6)
    np.testing.assert_allclose(found.deviation, largest.std(axis=1), atol=1e-6)


@pytest.mark.parametrize("top_n", [5, 1])
def test_a_cohort_smaller_than_top_n_is_refused(top_n):
    with pytest.raises(ValueError, match="from 2 to the 4 persons"):
        cohort_statistics(E, AXES, top_n)


def test_a_cohort_of_equal_cosines_is_refused():
    with pytest.raises(ValueError, match="equally close"):
        cohort_statistics(E, np.ones((3, 2), np.float32))
