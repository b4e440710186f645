"""What every distillation term of the dicts must do, on the day it is listed."""

import pytest
import torch

from avkd_cli.losses import EMBEDDING_LEVEL, LABEL_LEVEL

EVERY = {**EMBEDDING_LEVEL, **LABEL_LEVEL}


def two_sets(batch=6, size=8):
    torch.manual_seed(0)
    student, teacher = torch.randn(2, batch, size)
    return student.requires_grad_(), teacher.requires_grad_()


@pytest.mark.parametrize("name", EVERY)
class TestEveryTerm:
    def test_is_a_scalar_whose_gradient_reaches_the_student_only(self, name):
        student, teacher = two_sets()
        loss = EVERY[name](student, teacher)
        loss.backward()
        assert loss.shape == ()
        assert (student.grad.abs().sum(dim=1) > 0).all()
        assert teacher.grad is None

    def test_is_least_where_the_student_is_the_teacher(self, name):
        student, teacher = two_sets()
        assert EVERY[name](student, teacher) > EVERY[name](teacher, teacher)
        assert EVERY[name](teacher, teacher).item() == pytest.approx(0, abs=2e-3)

    def test_is_computed_in_float32_under_autocast(self, name):
        student, teacher = (part.detach().bfloat16() for part in two_sets())
        exact = EVERY[name](student.float(), teacher.float())
        with torch.autocast("cpu", torch.bfloat16):
            loss = EVERY[name](student, teacher)
        assert loss.dtype == torch.float32
        assert torch.equal(loss, exact)

    def test_a_batch_of_one_is_finite(self, name):
        student, teacher = two_sets(batch=1)
        loss = EVERY[name](student, teacher)
        loss.backward()
        assert torch.isfinite(loss)
        assert torch.isfinite(student.grad).all()

    def test_embeddings_of_zeros_have_a_finite_gradient(self, name):
        student, teacher = torch.zeros(4, 8, requires_grad=True), two_sets(batch=4)[1]
        EVERY[name](student, teacher).backward()
        assert torch.isfinite(student.grad).all()

    def test_going_down_its_gradient_approaches_the_teacher(self, name):
        student, teacher = two_sets()
        optimizer = torch.optim.Adam([student], lr=0.02)
        first = EVERY[name](student, teacher).item()
        for _ in range(60):
            optimizer.zero_grad()
            EVERY[name](student, teacher).backward()
            optimizer.step()
        assert EVERY[name](student, teacher).item() < 0.5 * first


@pytest.mark.parametrize("name", ["similarity", "relational"])
def test_terms_within_each_set_allow_another_size_but_not_another_batch(name):
    teacher = torch.randn(6, 5)
    assert torch.isfinite(EVERY[name](torch.randn(6, 8), teacher))
    with pytest.raises(ValueError, match="4 student and 6 teacher embeddings differ"):
        EVERY[name](torch.randn(4, 8), teacher)
