import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from avkd_cli.losses.relations import batch_posterior_loss


def angles(*degrees):
    found = torch.deg2rad(torch.tensor(degrees, dtype=torch.float64))
    return torch.stack([found.cos(), found.sin()], dim=1)


def test_three_by_hand():
    # The teacher's first resembles the second wholly (cosine 1) and the third not at all (0).
    teacher, student = angles(0, 0, 90), angles(0, 90, 180)
    found = batch_posterior_loss(student, teacher, temperature=1.0)
    wanted = [math.e / (math.e + 1), 1 / (math.e + 1)]  # cosines 1 and 0
    given = [1 / (1 + math.exp(-1)), math.exp(-1) / (1 + math.exp(-1))]  # cosines 0 and -1
    first = sum(p * math.log(p / q) for p, q in zip(wanted, given, strict=True))
    assert found[0].item() == pytest.approx(first, abs=1e-9)
    second = sum(p * math.log(p / 0.5) for p in wanted)  # the student's has cosines 0 and 0
    assert found[1].item() == pytest.approx(second, abs=1e-9)
    third = sum(0.5 * math.log(0.5 / q) for q in given)  # the teacher's third resembles both alike
    assert found[2].item() == pytest.approx(third, abs=1e-9)


@given(st.integers(0, 2**31), st.floats(0.05, 2))
def test_it_is_a_divergence_blind_to_turning_length_and_size(seed, temperature):
    torch.manual_seed(seed)
    student, teacher = torch.randn(5, 4).double(), torch.randn(5, 7).double()
    found = batch_posterior_loss(student, teacher, temperature)
    assert (found >= -1e-9).all()
    turned = student @ torch.linalg.qr(torch.randn(4, 4).double())[0] * 3
    assert torch.allclose(batch_posterior_loss(turned, teacher, temperature), found, atol=1e-9)


@pytest.mark.parametrize("batch", [1, 2])
def test_who_has_one_other_or_none_has_nothing_to_choose(batch):
    student = torch.randn(batch, 4, requires_grad=True)
    found = batch_posterior_loss(student, torch.randn(batch, 3))
    found.sum().backward()
    assert found.tolist() == [0.0] * batch and not student.grad.any()
