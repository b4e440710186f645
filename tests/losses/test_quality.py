"""Weights by quality: mean 1, no gradient, nothing where all are alike."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from avkd_cli.losses import Moment, Taught
from avkd_cli.losses.quality import OwnCosine, QualityWeights, RunningQuality, stacked

figures = st.lists(st.floats(-1e3, 1e3, width=32), min_size=1, max_size=16)
quick = settings(max_examples=60, deadline=None)


def test_two_samples_by_hand():
    # The first batch as it is: mean 2, deviation 1, so z is -1 and 1; sigmoid(-1) + sigmoid(1) = 1.
    weights = QualityWeights()(torch.tensor([1.0, 3.0]))
    high = 1 / (1 + math.exp(-1))
    assert weights.tolist() == pytest.approx([2 * (1 - high), 2 * high])


@quick
@given(st.lists(figures, min_size=1, max_size=4))
def test_weights_have_mean_one_and_no_gradient(batches):
    module = QualityWeights()
    for batch in batches:
        quality = torch.tensor(batch, requires_grad=True)
        weights = module(quality)
        assert not weights.requires_grad
        assert (weights >= 0).all()
        assert weights.mean().item() == pytest.approx(1, abs=1e-4)


@quick
@given(st.floats(-1e3, 1e3, width=32), st.integers(1, 33), figures)
def test_equal_qualities_change_nothing_at_all(value, batch, before):
    module = QualityWeights()
    module(torch.tensor(before))
    assert torch.equal(module(torch.full((batch,), value)), torch.ones(batch))


@quick
@given(figures)
def test_a_better_sample_never_counts_less(values):
    quality = torch.tensor(values)
    weights = QualityWeights()(quality)
    order = quality.argsort()
    assert (weights[order].diff() >= -1e-6).all()


def test_statistics_run_on_and_unit_and_offset_of_the_quality_do_not_matter():
    one, other = QualityWeights(), QualityWeights()
    for seed in range(5):
        quality = torch.randn(8, generator=torch.Generator().manual_seed(seed))
        torch.testing.assert_close(one(quality), other(1000 * quality + 50))
    assert one.batches.tolist() == [5]


def test_two_processes_hold_the_statistics_and_weights_of_one():
    quality = torch.randn(8, generator=torch.Generator().manual_seed(1))
    alone, first, second = QualityWeights(), QualityWeights(), QualityWeights()
    whole = alone(quality)
    halves = [first(quality[:4], quality), second(quality[4:], quality)]
    assert torch.equal(torch.cat(halves), whole)
    for name, value in alone.state_dict().items():
        assert torch.equal(first.state_dict()[name], value)
        assert torch.equal(second.state_dict()[name], value)


def test_a_stopped_run_goes_on_with_its_statistics():
    batches = [torch.randn(6, generator=torch.Generator().manual_seed(k)) for k in range(4)]
    straight = QualityWeights()
    for batch in batches[:3]:
        straight(batch)
    resumed = QualityWeights()
    resumed.load_state_dict(straight.state_dict())
    assert torch.equal(resumed(batches[3]), straight(batches[3]))


def test_validation_moves_no_statistics():
    module = QualityWeights()
    module(torch.tensor([0.0, 1.0]))
    before = {name: value.clone() for name, value in module.state_dict().items()}
    module.eval()(torch.tensor([5.0, 9.0]))
    assert all(torch.equal(before[name], value) for name, value in module.state_dict().items())


def test_a_product_counts_what_is_good_in_both():
    both = stacked([torch.tensor([0.0, 0.0, 1.0, 1.0]), torch.tensor([0.0, 1.0, 0.0, 1.0])])
    weights = QualityWeights(qualities=2)(both)
    low, high = (1 / (1 + math.exp(-z)) for z in (-1, 1))
    wanted = [low * low, low * high, high * low, high * high]
    assert weights.tolist() == pytest.approx([4 * one / sum(wanted) for one in wanted])


def test_what_is_not_known_counts_as_the_mean_and_moves_nothing():
    module, plain = QualityWeights(), QualityWeights()
    known = torch.tensor([1.0, 3.0, 5.0])
    weights = module(torch.cat([known, torch.tensor([torch.nan])]))
    plain(known)
    for name, value in plain.state_dict().items():
        assert torch.equal(module.state_dict()[name], value)
    assert weights[3].item() == pytest.approx(weights[1].item())  # 3 is the mean
    assert weights.mean().item() == pytest.approx(1)
    nothing = QualityWeights()
    assert torch.equal(nothing(torch.full((4,), torch.nan)), torch.ones(4))
    assert nothing.batches.tolist() == [0]


def test_a_student_that_is_watched_learns_nothing_from_it_and_is_remembered():
    running = RunningQuality(6)
    watch = OwnCosine(Taught(4, 4), running)
    scores = torch.tensor([[0.1, 0.9], [0.4, 0.2]], requires_grad=True)
    batch = {"label": torch.tensor([1, 0]), "row": torch.tensor([5, 2])}
    found = watch({"embedding": torch.zeros(2, 4), "person.scores": scores}, batch, Moment(0, 10))
    assert found.item() == pytest.approx(0.65)
    assert not found.requires_grad
    assert running(torch.arange(6)).nan_to_num(-1).tolist() == pytest.approx(
        [-1, -1, 0.4, -1, -1, 0.9]
    )
    assert not watch.state_dict()  # it is saved once, where it is read
    watch.eval()(
        {"embedding": torch.zeros(2, 4), "person.scores": 0 * scores}, batch, Moment(0, 10)
    )
    assert running.table[5].item() == pytest.approx(0.9)


def test_voices_at_other_speeds_are_not_the_person():
    running = RunningQuality(6)
    watch = OwnCosine(Taught(4, 4), running)
    scores = torch.tensor([[0.1, 0.9], [0.4, 0.2]])
    batch = {
        "label": torch.tensor([1, 0]),
        "row": torch.tensor([5, 2]),
        "speed": torch.tensor([0, 1]),
    }
    levels = {"embedding": torch.zeros(2, 4), "person.scores": scores}
    assert watch(levels, batch, Moment(0, 10)).item() == pytest.approx(0.9)
    assert running.seen.tolist() == [False] * 5 + [True]
    batch["speed"] = torch.tensor([1, 1])
    assert watch(levels, batch, Moment(0, 10)).item() == 0
    assert running.table[5].item() == pytest.approx(0.9)


def test_a_table_averages_what_a_sample_had_each_time():
    table = RunningQuality(4, momentum=0.5)
    table.take_in(torch.tensor([0, 2]), torch.tensor([0.2, 0.8]))
    table.take_in(torch.tensor([2, 3, 3]), torch.tensor([0.4, 0.1, 0.3]))
    found = table(torch.tensor([0, 2, 3]))
    assert found.tolist() == pytest.approx([0.2, 0.6, 0.2])
    assert table(torch.tensor([1])).isnan().all()


def test_a_table_is_the_same_in_whatever_order_the_processes_stand():
    rows, figure = torch.tensor([3, 1, 0, 3]), torch.tensor([0.1, 0.2, 0.3, 0.5])
    one, other = RunningQuality(5), RunningQuality(5)
    turned = torch.tensor([2, 0, 3, 1])
    one.take_in(rows, figure)
    other.take_in(rows[turned], figure[turned])
    assert torch.equal(one.table, other.table)
    assert set(one.state_dict()) == {"table", "seen"}
    assert all(torch.isfinite(value).all() for value in one.state_dict().values())  # it is saved
