import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avkd_cli.training.sampler import PersonSampler, ShuffleSampler

sizes = st.integers(1, 40)


@given(sizes, sizes, st.integers(0, 5))
def test_each_row_comes_once_an_epoch(n, batch_size, seed):
    sampler = ShuffleSampler(n, batch_size, seed)
    steps = -(-3 * n // batch_size)
    rows = np.concatenate([sampler.batch(k).rows for k in range(steps)])[: 3 * n]
    for epoch in rows.reshape(3, n):
        assert sorted(epoch) == list(range(n))


@given(sizes, sizes, st.integers(0, 20))
def test_batch_k_does_not_depend_on_the_batches_before(n, batch_size, k):
    sampler = ShuffleSampler(n, batch_size, 1)
    for earlier in range(k):
        sampler.batch(earlier)
    assert sampler.batch(k).rows.tolist() == ShuffleSampler(n, batch_size, 1).batch(k).rows.tolist()


@given(st.integers(1, 4), st.integers(0, 9))
def test_ranks_share_a_batch_without_loss_or_repeat(world, k):
    batch = ShuffleSampler(50, 12, 0).batch(k)
    shares = [batch.share(rank, world) for rank in range(world)]
    numbers = sorted(n for share in shares for n in share.numbers)
    assert numbers == batch.numbers.tolist()
    assert [s.rows.tolist() for s in shares] == [
        batch.rows[rank::world].tolist() for rank in range(world)
    ]


def test_epochs_differ_and_seeds_differ():
    sampler = ShuffleSampler(100, 100, 0)
    assert sampler.batch(0).rows.tolist() != sampler.batch(1).rows.tolist()
    assert sampler.batch(0).rows.tolist() != ShuffleSampler(100, 100, 1).batch(0).rows.tolist()


@given(st.lists(st.integers(0, 3), min_size=8, max_size=40), st.integers(0, 9))
def test_person_batches_hold_k_utterances_of_each_person(labels, k):
    labels = np.unique(np.array(labels), return_inverse=True)[1]
    sampler = PersonSampler(labels, 6, 3, 0)
    rows = sampler.batch(k).rows
    for group in rows.reshape(3, 2).T:
        assert len(set(labels[group])) == 1
        have = (labels == labels[group[0]]).sum()
        assert len(set(group)) == min(3, have)


@given(st.integers(0, 9), st.sampled_from([(1, 2), (2, 1), (2, 2), (4, 1)]))
def test_shares_of_a_person_batch_have_their_persons_whole(k, split):
    world, parts = split  # processes, and micro-batches of each
    labels = np.repeat(np.arange(16), 3)
    for rank in range(world):
        share = PersonSampler(labels, 16, 2, 0).batch(k).share(rank, world).rows
        for part in range(parts):
            counts = np.unique(labels[share[part::parts]], return_counts=True)[1]
            assert set(counts) == {2}


def test_a_batch_that_k_does_not_divide_is_refused():
    with pytest.raises(ValueError, match="multiple"):
        PersonSampler(np.zeros(4, np.int64), 5, 2, 0)
