import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from avkd_cli.models import FUSION, build
from avkd_cli.models.fusion import (
    Gate,
    SimpleSoftAttention,
    circular_convolution,
    count_sketch,
    count_sketch_hash,
    make_orthogonal,
)

SIZES = {"visual_size": 6, "audio_size": 6, "embedding_size": 5}


def pair(seed=0, batch=4, size=6):
    torch.manual_seed(seed)
    return torch.randn(batch, size), torch.randn(batch, size)


def gate(**settings):
    torch.manual_seed(2)
    return Gate(**SIZES, hidden=3, **settings).eval()


@pytest.mark.parametrize(("bias", "sense"), [(40.0, 0), (-40.0, 1)])
@pytest.mark.parametrize("tanh", [True, False])
def test_a_gate_wide_open_gives_one_sense(bias, sense, tanh):
    model, (visual, audio) = gate(tanh=tanh), pair()
    torch.nn.init.constant_(model.gate[-1].bias, bias)
    projections = model.visual(F.normalize(visual)), model.audio(F.normalize(audio))
    wanted = projections[sense]
    torch.testing.assert_close(model(visual, audio)["embedding"], wanted.tanh() if tanh else wanted)


def test_the_gate_formula_step_by_step():
    model, (visual, audio) = gate(), pair()
    visual, audio = F.normalize(visual), F.normalize(audio)
    first, norm, _, second = model.gate
    hidden = F.linear(torch.cat([visual, audio], dim=1), first.weight, first.bias)
    hidden = hidden / math.sqrt(1 + norm.eps)  # untrained statistics: mean 0, variance 1
    z = torch.sigmoid(F.linear(F.relu(hidden), second.weight, second.bias))
    assert ((z > 0) & (z < 1)).all()
    wanted = z * model.visual(visual).tanh() + (1 - z) * model.audio(audio).tanh()
    torch.testing.assert_close(model(visual, audio)["embedding"], wanted)


def test_swapping_the_senses_and_the_gate_changes_nothing():
    model, mirror, (visual, audio) = gate(), gate(), pair()
    with torch.no_grad():
        mirror.visual.load_state_dict(model.audio.state_dict())
        mirror.audio.load_state_dict(model.visual.state_dict())
        mirror.gate[0].weight.copy_(model.gate[0].weight.roll(6, dims=1))
        mirror.gate[-1].weight.neg_()  # sigmoid(-x) = 1 - sigmoid(x)
        mirror.gate[-1].bias.neg_()
    torch.testing.assert_close(
        mirror(audio, visual)["embedding"], model(visual, audio)["embedding"]
    )


def test_soft_attention_without_a_preference_averages():
    model, (visual, audio) = SimpleSoftAttention(**SIZES), pair()
    torch.nn.init.zeros_(model.attention.weight)
    torch.nn.init.zeros_(model.attention.bias)
    both = model.visual(F.normalize(visual)), model.audio(F.normalize(audio))
    torch.testing.assert_close(model(visual, audio)["embedding"], (both[0] + both[1]) / 2)


def test_soft_attention_weights_sum_to_one():
    # With both projections at the constant 1, the result is the sum of the two weights.
    model, (visual, audio) = SimpleSoftAttention(**SIZES), pair()
    for projection in (model.visual, model.audio):
        torch.nn.init.zeros_(projection.weight)
        torch.nn.init.ones_(projection.bias)
    torch.testing.assert_close(model(visual, audio)["embedding"], torch.ones(4, 5))


def test_linear_adds_the_projections_by_its_two_numbers():
    model, (visual, audio) = build("fusion", "linear", **SIZES), pair()
    with torch.no_grad():
        model.weights.copy_(torch.tensor([2.0, -0.5]))
    wanted = 2 * model.visual(F.normalize(visual)) - 0.5 * model.audio(F.normalize(audio))
    torch.testing.assert_close(model(visual, audio)["embedding"], wanted)


def test_average_by_hand():
    model = build("fusion", "average", visual_size=2, audio_size=2, embedding_size=2)
    fused = model(torch.tensor([[3.0, 4.0]]), torch.tensor([[0.0, 9.0]]))["embedding"]
    torch.testing.assert_close(fused, torch.tensor([[0.3, 0.9]]))


def test_count_sketch_by_hand():
    # Dimensions 0 and 2 share bin 1, the second with a minus: 5 - 7 = -2.
    values = torch.tensor([[5.0, 6.0, 7.0]])
    sketch = count_sketch(values, torch.tensor([1, 0, 1]), torch.tensor([1.0, 1.0, -1.0]), 4)
    torch.testing.assert_close(sketch, torch.tensor([[6.0, -2.0, 0.0, 0.0]]))


@given(st.integers(1, 9), st.integers(0, 999))
@settings(max_examples=30, deadline=None)
def test_convolution_by_fft_equals_the_plain_loop(n, seed):
    torch.manual_seed(seed)
    left, right = torch.randn(2, 3, n, dtype=torch.float64)
    plain = torch.zeros_like(left)
    for i in range(n):
        for j in range(n):
            plain[:, (i + j) % n] += left[:, i] * right[:, j]
    torch.testing.assert_close(circular_convolution(left, right), plain, rtol=0, atol=1e-9)


def test_compact_bilinear_keeps_inner_products_on_average():
    # E over hashes of <cbp(x, y), cbp(x', y')> is <x, x'> <y, y'>, by 1000 draws.
    torch.manual_seed(0)
    draws = 1000
    x, y = torch.randn(2, 2, 6, dtype=torch.float64)
    products = torch.empty(draws, dtype=torch.float64)
    for draw in range(draws):
        sketches = [count_sketch(v, *count_sketch_hash(6, 16), 16) for v in (x, y)]
        fused = circular_convolution(*sketches)
        products[draw] = fused[0] @ fused[1]
    error = products.mean() - (x[0] @ x[1]) * (y[0] @ y[1])
    assert error.abs() < 3 * products.std() / math.sqrt(draws)


def test_the_hashes_travel_with_the_weights():
    first, second = (build("fusion", "cbp", **SIZES) for _ in range(2))
    visual, audio = pair()
    fused = first(visual, audio)["embedding"]
    assert not torch.equal(fused, second(visual, audio)["embedding"])
    second.load_state_dict(first.state_dict())
    assert torch.equal(fused, second(visual, audio)["embedding"])


@pytest.mark.parametrize("name", FUSION)
def test_the_length_of_an_embedding_does_not_matter(name):
    model = build("fusion", name, visual_size=6, audio_size=6, embedding_size=6).eval()
    visual, audio = pair()
    torch.testing.assert_close(
        model(7 * visual, 0.2 * audio)["embedding"], model(visual, audio)["embedding"]
    )


@pytest.mark.parametrize("name", FUSION)
def test_an_embedding_of_zeros_stays_finite(name):
    model = build("fusion", name, visual_size=6, audio_size=6, embedding_size=6).eval()
    visual, audio = torch.zeros(2, 6, requires_grad=True), pair(batch=2)[1]
    fused = model(visual, audio)["embedding"]
    fused.sum().backward()
    assert torch.isfinite(fused).all()
    assert torch.isfinite(visual.grad).all()
    assert visual.grad.abs().max() < 1e7


@pytest.mark.parametrize("name", FUSION)
def test_senses_that_do_not_pair_are_refused(name):
    model = build("fusion", name, visual_size=6, audio_size=6, embedding_size=6)
    with pytest.raises(ValueError, match=r"takes visual \(batch, 6\) and audio \(batch, 6\)"):
        model(torch.randn(3, 6), torch.randn(2, 6))


def test_rotations_keep_the_angles_of_a_sense():
    torch.manual_seed(3)
    model = Gate(visual_size=6, audio_size=6, embedding_size=8, tanh=False)
    make_orthogonal(model)
    visual, _ = pair(batch=5)
    wanted = F.cosine_similarity(visual[:, None], visual[None], dim=2)
    turned = model.visual(visual)
    found = F.cosine_similarity(turned[:, None], turned[None], dim=2)
    torch.testing.assert_close(found, wanted)


def test_a_fusion_without_projections_stays_as_it_is():
    torch.manual_seed(3)
    model = build("fusion", "concat", **SIZES)
    before = [weight.clone() for weight in model.parameters()]
    make_orthogonal(model)
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))
