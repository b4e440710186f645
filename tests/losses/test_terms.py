"""What every term of the dict must do, on the day it is listed."""

import pytest
import torch

from avkd_cli.losses import TERMS, Moment, OfTaught, Taught
from avkd_cli.losses.geometry import cosines
from avkd_cli.losses.terms import Term

NOW = Moment(0, 10)
EVERY = list(TERMS)


def make(name, size=8, classes=5, seed=2):
    torch.manual_seed(seed)
    taught = Taught(size, size, torch.randn(classes, size), scale=32.0)
    return TERMS[name](taught).train()


def step(batch=6, size=8, classes=5, seed=0):
    """Levels of a student, the class scores of its own head, and what the teacher says."""
    torch.manual_seed(seed)
    student, teacher = torch.randn(2, batch, size)
    student.requires_grad_()
    weight = torch.randn(classes, size)
    label = torch.arange(batch) % classes
    return student, weight, {"teacher": teacher.requires_grad_(), "label": label}


def value(term, student, weight, batch):
    return term({"embedding": student, "person.scores": cosines(student, weight)}, batch, NOW)


@pytest.mark.parametrize("name", EVERY)
class TestEveryTerm:
    def test_says_truly_whether_it_has_a_loss_for_each_sample(self, name):
        term = make(name)
        found = value(term, *step())
        assert found.shape == ((6,) if term.per_sample else ())

    def test_its_gradient_reaches_the_student_and_never_what_is_stored(self, name):
        student, weight, batch = step()
        term = make(name)
        value(term, student, weight, batch).mean().backward()
        assert (student.grad.abs().sum(dim=1) > 0).all()
        assert batch["teacher"].grad is None
        assert all(not buffer.requires_grad for buffer in term.buffers())

    def test_is_least_where_the_student_is_its_target(self, name):
        term = make(name)
        student, weight, batch = step()
        if term.needs_classifier and hasattr(term, "classifier"):
            weight = term.classifier
        match = batch["teacher"].detach()
        if term.target == "label":  # the teacher's classes are what it is held against
            match = term.classifier[batch["label"]]
        same = value(term, match, weight, batch)
        assert value(term, student, weight, batch).mean() > same.mean()
        if term.zero_at_match:
            assert same.mean().item() == pytest.approx(0, abs=2e-3)

    def test_is_computed_in_float32_under_autocast(self, name):
        term = make(name)
        student, weight, batch = step()
        student, teacher = student.detach().bfloat16(), batch["teacher"].detach().bfloat16()
        exact = value(term, student.float(), weight, batch | {"teacher": teacher.float()})
        with torch.autocast("cpu", torch.bfloat16):
            rough = value(term, student, weight, batch | {"teacher": teacher})
        assert rough.dtype == torch.float32
        assert torch.equal(rough, exact)

    def test_a_batch_of_one_is_finite(self, name):
        student, weight, batch = step(batch=1)
        found = value(make(name), student, weight, batch).mean()
        found.backward()
        assert torch.isfinite(found)
        assert torch.isfinite(student.grad).all()

    @pytest.mark.parametrize("size", [0.0, 1e-30, 1e15])
    def test_gradients_are_finite_at_the_extremes(self, name, size):
        if size > 1 and not make(name).blind_to_length:
            pytest.skip("its distance grows with the length, so overflow is the honest answer")
        student, weight, batch = step()
        student = (size * student.detach()).requires_grad_()
        value(make(name), student, weight, batch).mean().backward()
        assert torch.isfinite(student.grad).all()

    def test_its_weights_are_none_or_an_adversary_s(self, name):
        term = make(name)
        adversaries = {id(weight) for weight in term.adversaries()}
        assert adversaries <= {id(weight) for weight in term.parameters()}


class Nothing(Term):
    """A term that tells what it was shown."""

    reads = ("label",)

    def forward(self, levels, batch, moment):
        self.seen = levels, batch
        return levels["embedding"].sum(dim=1)


def test_a_term_of_those_the_teacher_knows_sees_nothing_else():
    inner = Nothing(Taught(8, 8))
    term = OfTaught(inner, "speed", n_classes=3)
    student, _, batch = step()
    batch |= {"speed": torch.tensor([0, 1, 0, 2, 0, 0]), "audio": torch.zeros(6, 99)}
    found = term({"embedding": student, "person.scores": torch.randn(6, 9)}, batch, NOW)
    levels, seen = inner.seen
    assert torch.equal(found, student[[0, 2, 4, 5]].sum(dim=1))
    assert levels["person.scores"].shape == (4, 3)
    assert seen["label"].tolist() == [0, 2, 4, 0] and "audio" not in seen


@pytest.mark.parametrize("speed", [[1, 2, 1, 2, 1, 2], [1, 2, 0, 2, 1, 2]])
def test_of_none_or_one_there_is_nothing_to_learn(speed):
    term = OfTaught(Nothing(Taught(8, 8)))
    student, _, batch = step()
    found = term({"embedding": student}, batch | {"speed": torch.tensor(speed)}, NOW)
    found.mean().backward()
    assert found == 0 and not student.grad.any()


def test_a_level_that_there_is_not_is_named_with_those_there_are():
    student, _, batch = step()
    term = make("cos")
    term.level = "segments"
    with pytest.raises(ValueError, match="no level 'segments'; there are embedding"):
        term({"embedding": student}, batch, NOW)
