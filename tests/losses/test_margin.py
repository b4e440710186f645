import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from avkd_cli.losses.geometry import cosines
from avkd_cli.losses.heads import AamSoftmax
from avkd_cli.losses.margin import FALLBACKS, additive_angular_margin
from avkd_cli.losses.moment import Moment

margins = st.floats(0, 1)


NOW = Moment(0, 1)


def loss_of(model, embedding, label, margin=None):
    """The mean loss, at the head's own margin or at another one."""
    if margin is not None:
        model.margin = lambda moment: margin
    return model.losses(model({"embedding": embedding}), label, NOW).mean()


def names(count):
    return [f"p{i}" for i in range(count)]


def head(weight, scale=32.0, **options):
    model = AamSoftmax(names(len(weight)), weight.shape[1], scale=scale, **options).double()
    with torch.no_grad():
        model.weight.copy_(weight)
    return model


def random_step(seed=0, batch=6, persons=5, size=4):
    torch.manual_seed(seed)
    weight = torch.randn(persons, size, dtype=torch.float64)
    embedding = torch.randn(batch, size, dtype=torch.float64)
    return weight, embedding, torch.randint(persons, (batch,))


@pytest.mark.parametrize(
    ("margin", "scale", "expected"),
    [
        (0.2, 32, 17.5374337),
        (0.7, 32, 33.3284222),
        (0.5, 30, 25.2728646),
        (0.0, 32, 11.7128211),
        (0.2, 1, 1.00425306),
    ],
)
def test_the_loss_at_sixty_degrees(margin, scale, expected):
    # Two persons at right angles: cosines 1/2 to the first, sqrt(3)/2 to the second.
    embedding = torch.tensor([[0.5, math.sqrt(0.75)]], dtype=torch.float64)
    model = head(torch.eye(2), scale=scale, margin=margin)
    loss = loss_of(model, embedding, torch.tensor([0]))
    assert loss.item() == pytest.approx(expected, rel=1e-7)
    assert loss_of(model, embedding, torch.tensor([0]), margin) == loss


@pytest.mark.parametrize(
    ("fallback", "expected"), [("a", -1.01906857), ("b", -1.03886902), ("c", -0.98747977)]
)
def test_the_target_beyond_pi(fallback, expected):
    cosine = torch.tensor(math.cos(3.1), dtype=torch.float64)
    assert additive_angular_margin(cosine, 0.2, fallback).item() == pytest.approx(
        expected, abs=1e-8
    )


def plain_loop(weight, embedding, label, margin, scale):
    """The formula by angles, one number at a time."""
    total = 0.0
    for e, y in zip(embedding.tolist(), label.tolist(), strict=True):
        logits = []
        for j, w in enumerate(weight.tolist()):
            dot = sum(a * b for a, b in zip(e, w, strict=True))
            theta = math.acos(dot / math.hypot(*e) / math.hypot(*w))
            if j == y and theta + margin < math.pi:
                logits.append(scale * math.cos(theta + margin))
            elif j == y:
                logits.append(scale * (math.cos(theta) - 1 + math.cos(margin)))
            else:
                logits.append(scale * math.cos(theta))
        total += math.log(sum(math.exp(x) for x in logits)) - logits[y]
    return total / len(label)


@given(st.integers(0, 999), margins, st.sampled_from([1.0, 32.0]))
@settings(max_examples=40, deadline=None)
def test_the_loss_equals_the_plain_loop(seed, margin, scale):
    weight, embedding, label = random_step(seed)
    loss = loss_of(head(weight, scale=scale), embedding, label, margin)
    assert loss.item() == pytest.approx(plain_loop(weight, embedding, label, margin, scale))


@given(st.integers(0, 999), margins, st.floats(0.01, 100), st.sampled_from(FALLBACKS))
@settings(max_examples=40, deadline=None)
def test_lengths_do_not_matter(seed, margin, factor, fallback):
    weight, embedding, label = random_step(seed)
    loss = loss_of(head(weight, fallback=fallback), embedding, label, margin)
    scaled = loss_of(head(weight / factor, fallback=fallback), factor * embedding, label, margin)
    assert scaled.item() == pytest.approx(loss.item())


def test_no_margin_is_the_softmax_of_scaled_cosines_exactly():
    weight, embedding, label = random_step()
    embedding[0] = weight[label[0]]  # also where the cosine is 1
    model = head(weight)
    wanted = F.cross_entropy(32 * model.scores(embedding), label)
    assert loss_of(model, embedding, label, 0.0).item() == pytest.approx(wanted.item(), abs=1e-12)


@given(margins)
def test_fallback_a_is_continuous_and_all_but_c_never_rise(margin):
    switch = math.pi - margin
    before, after = (
        additive_angular_margin(torch.tensor(math.cos(switch + d), dtype=torch.float64), margin)
        for d in (-1e-9, 1e-9)
    )
    # A small margin puts the switch at pi, where the sine is held up by the clamp: by 0.0015.
    assert before.item() == pytest.approx(-1, abs=2e-3 * margin + 1e-8)
    assert after.item() == pytest.approx(-1, abs=2e-3 * margin + 1e-8)
    theta = torch.linspace(0.01, math.pi - 0.01, 500, dtype=torch.float64)
    for fallback in ("a", "b"):
        logits = additive_angular_margin(theta.cos(), margin, fallback)
        assert (logits.diff() <= 1e-12).all()


@given(margins)
def test_a_margin_never_makes_it_easier(margin):
    weight, embedding, label = random_step()
    model = head(weight)
    assert loss_of(model, embedding, label, margin) >= loss_of(model, embedding, label, 0.0) - 1e-12


@pytest.mark.parametrize("fallback", FALLBACKS)
@pytest.mark.parametrize("sign", [1, -1])
def test_the_gradient_is_finite_where_the_cosine_is_one(fallback, sign):
    model = AamSoftmax(names(3), 4, margin=0.2, fallback=fallback)
    embedding = (sign * model.weight.detach().clone()).requires_grad_()
    loss_of(model, embedding, torch.arange(3)).backward()
    assert torch.isfinite(embedding.grad).all()
    assert torch.isfinite(model.weight.grad).all()


def test_an_embedding_of_zeros_has_a_bounded_gradient():
    model, embedding = AamSoftmax(names(3), 4), torch.zeros(2, 4, requires_grad=True)
    loss_of(model, embedding, torch.tensor([0, 1])).backward()
    assert embedding.grad.abs().max() < 1e9
    assert torch.isfinite(embedding.grad).all()


@pytest.mark.parametrize("fallback", FALLBACKS)
def test_gradients_by_differences(fallback):
    weight, embedding, label = random_step()
    model = head(weight, scale=4.0, fallback=fallback)

    model.margin = lambda moment: 0.3

    def loss(embedding, weight):
        return model.losses(cosines(embedding, weight), label, NOW)

    assert torch.autograd.gradcheck(loss, (embedding.requires_grad_(), weight.requires_grad_()))


def test_autocast_does_not_reach_inside():
    torch.manual_seed(0)
    model, label = AamSoftmax(names(7), 16), torch.tensor([0, 3, 6])
    embedding = torch.randn(3, 16).bfloat16()
    exact = loss_of(model, embedding.float(), label)
    with torch.autocast("cpu", torch.bfloat16):
        rough = loss_of(model, embedding, label)
    assert rough.dtype == torch.float32
    assert torch.equal(rough, exact)


@pytest.mark.parametrize(("size", "weights"), [(512, 3_068_928), (192, 1_150_848)])
def test_the_size_of_the_head_for_voxceleb2(size, weights):
    model = AamSoftmax(names(5994), size)
    assert model.weight.shape == (5994, size)
    assert model.weight.numel() == weights
    bound = math.sqrt(6 / (5994 + size))  # Xavier
    assert 0.99 * bound < model.weight.abs().max() <= bound


def test_an_unknown_fallback_is_refused():
    with pytest.raises(ValueError, match="no fallback 'd'; there are a, b, c"):
        AamSoftmax(names(3), 4, fallback="d")
