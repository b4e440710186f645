import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from avkd_cli.losses.distances import (
    class_cosine_distance,
    class_cross_entropy,
    cosine_to_class,
    raw_squared_distance,
    squared_distance,
)
from avkd_cli.losses.distillation import embedding_cosine_loss

BOTH = [squared_distance, raw_squared_distance]
CLASSES = torch.tensor([[2.0, 0.0], [0.0, 0.5], [-1.0, 0.0]])


def test_distances_by_hand():
    student, teacher = torch.tensor([[3.0, 0.0], [0.0, 2.0]]), torch.tensor([[0.0, 1.0], [0, 1.0]])
    assert squared_distance(student, teacher).tolist() == pytest.approx([2, 0])
    assert raw_squared_distance(student, teacher).tolist() == pytest.approx([5, 0.5])


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 9999))
def test_the_squared_distance_is_twice_the_cosine_distance(seed):
    torch.manual_seed(seed)
    student, teacher = torch.randn(2, 5, 4)
    found = squared_distance(student, teacher)
    assert found.mean().item() == pytest.approx(
        2 * embedding_cosine_loss(student, teacher).item(), abs=1e-5
    )
    torch.testing.assert_close(squared_distance(7 * student, teacher), found)


@pytest.mark.parametrize("distance", BOTH)
def test_a_perfect_match_costs_nothing(distance):
    teacher = torch.randn(3, 4)
    assert distance(teacher.clone(), teacher).tolist() == [0, 0, 0]


@pytest.mark.parametrize("distance", BOTH)
def test_other_sizes_are_refused(distance):
    with pytest.raises(ValueError, match="one shape"):
        distance(torch.zeros(2, 3), torch.zeros(2, 4))


def test_classes_of_the_teacher_by_hand():
    student, label = torch.tensor([[1.0, 0.0], [0.0, -3.0]]), torch.tensor([0, 1])
    assert cosine_to_class(student, CLASSES, label).tolist() == pytest.approx([1, -1])
    assert class_cosine_distance(student, CLASSES, label).tolist() == pytest.approx([0, 2])
    # Cosines (1, 0, -1) and (0, -1, 0) at a scale of 1.
    total = math.e + 1 + 1 / math.e
    wanted = [math.log(total) - 1, math.log(2 + 1 / math.e) + 1]
    found = class_cross_entropy(student, CLASSES, label, scale=1.0)
    assert found.tolist() == pytest.approx(wanted)


@pytest.mark.parametrize("term", [class_cross_entropy, class_cosine_distance])
def test_the_teachers_classes_are_frozen(term):
    classes = CLASSES.clone().requires_grad_()
    student = torch.randn(2, 2, requires_grad=True)
    term(student, classes, torch.tensor([0, 2])).sum().backward()
    assert classes.grad is None
    assert student.grad.abs().sum() > 0


def test_a_classifier_of_another_size_is_refused():
    with pytest.raises(ValueError, match="learn a projection"):
        class_cross_entropy(torch.zeros(1, 3), CLASSES, torch.tensor([0]))


def test_half_precision_is_computed_in_float32():
    student = torch.tensor([[1.0, 0.01]], dtype=torch.float16)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = class_cross_entropy(student, CLASSES, torch.tensor([0]))
    assert found.dtype == torch.float32
    assert squared_distance(student, student).dtype == torch.float32
