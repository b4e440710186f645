import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from avkd_cli import keyed

numbers = st.lists(st.integers(0, 2**40), min_size=1, max_size=50)


@given(numbers, st.integers(0, 2**62))
def test_a_draw_depends_on_its_own_number_only(draws, seed):
    together = keyed.uniform(seed, "crop", np.array(draws))
    alone = [keyed.uniform(seed, "crop", np.array([n]))[0] for n in draws]
    assert together.tolist() == alone


@given(numbers, st.integers(1, 10_000))
def test_whole_numbers_stay_below_the_bound(draws, bound):
    found = keyed.whole(3, "crop", np.array(draws), bound)
    assert found.min() >= 0 and found.max() < bound


def test_uniform_numbers_are_uniform_and_uncorrelated():
    x = keyed.uniform(0, "crop", np.arange(100_000))
    assert x.mean() == pytest.approx(0.5, abs=0.005)
    assert x.std() == pytest.approx(12**-0.5, abs=0.005)
    assert abs(np.corrcoef(x[:-1], x[1:])[0, 1]) < 0.01


def test_other_purpose_other_numbers():
    n = np.arange(1000)
    a, b = keyed.uniform(0, "crop", n), keyed.uniform(0, "flip", n)
    assert abs(np.corrcoef(a, b)[0, 1]) < 0.1
    assert keyed.key(1, 23) != keyed.key(12, 3)


def test_reseeding_gives_the_same_dropout():
    keyed.reseed_torch(0, 7, 1)
    first = torch.rand(5)
    keyed.reseed_torch(0, 7, 1)
    assert torch.equal(first, torch.rand(5))


def test_numbers_of_earlier_versions_come_again():
    # Batches, spoilt copies and stand-in people of 0.1 hang on these.
    assert keyed.key(3, "crop") == 5824560947924229700
    assert keyed.permutation(0, "epoch 0", 5).tolist() == [0, 4, 2, 1, 3]
    spoilt = keyed.generator(3, "babble", "a/b").integers(10**9, size=2)
    assert spoilt.tolist() == [55216347, 583729258]
    person = keyed.generator_of(repr((3, "voice", 7))).integers(10**9, size=2)
    assert person.tolist() == [393064231, 474532156]
