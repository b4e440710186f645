import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from avkd_cli.losses.across import contrastive_loss, triplet_loss

# Faces at 0 and 90 degrees, voices at 60 and 90: distances 2 sin(half the angle).
FACE = torch.tensor([[1.0, 0.0], [0.0, 1.0]], dtype=torch.float64)
VOICE = torch.tensor([[0.5, 3**0.5 / 2], [0.0, 1.0]], dtype=torch.float64)
LABEL = torch.tensor([0, 1])
ROOT2 = 2**0.5
D30 = (2 - 3**0.5) ** 0.5  # of directions 30 degrees apart


def test_the_contrastive_loss_by_hand():
    # Same: 1² and 0². Others: face 0 - voice 1 at sqrt 2, beyond the margin; 1 - 0 at 30 degrees.
    expected = 0.5 * (1 / 2 + (0.6 - D30) ** 2 / 2)
    assert contrastive_loss(FACE, VOICE, LABEL).item() == pytest.approx(expected)
    wide = 0.5 * (1 / 2 + ((2 - D30) ** 2 + (2 - ROOT2) ** 2) / 2)
    assert contrastive_loss(FACE, VOICE, LABEL, margin=2).item() == pytest.approx(wide)


def test_the_triplet_loss_by_hand():
    # Anchors face 0 and 1: 1 - sqrt 2 + 0.2 < 0 and 0 - D30 + 0.2 < 0; voice 0: 1 - D30 + 0.2;
    # voice 1: 0 - sqrt 2 + 0.2 < 0.
    assert triplet_loss(FACE, VOICE, LABEL).item() == pytest.approx((1.2 - D30) / 4)


def by_loops(visual, audio, label, margin, triplets):
    """Both losses as their formulas say, pair by pair."""
    n, d = (
        len(label),
        torch.cdist(torch.nn.functional.normalize(visual), torch.nn.functional.normalize(audio)),
    )
    if not triplets:
        same = [d[i, j] ** 2 for i in range(n) for j in range(n) if label[i] == label[j]]
        other = [
            max(torch.zeros(()), margin - d[i, j]) ** 2
            for i in range(n)
            for j in range(n)
            if label[i] != label[j]
        ]
        return 0.5 * (sum(same) / len(same) + (sum(other) / len(other) if other else 0))
    total = 0.0
    for table in (d, d.T):
        found = [
            max(0.0, (table[a, p] - table[a, o]).item() + margin)
            for a, p, o in itertools.product(range(n), repeat=3)
            if label[a] == label[p] and label[a] != label[o]
        ]
        total += 0.5 * sum(found) / len(found) if found else 0.0
    return total


@pytest.mark.parametrize("loss", [contrastive_loss, triplet_loss])
@given(seed=st.integers(0, 99), persons=st.integers(1, 4))
def test_they_equal_the_loops(loss, seed, persons):
    torch.manual_seed(seed)
    visual, audio = torch.randn(2, 6, 3, dtype=torch.float64)
    label = torch.randint(persons, (6,))
    expected = by_loops(visual, audio, label, 0.5, loss is triplet_loss)
    assert float(loss(visual, audio, label, 0.5)) == pytest.approx(float(expected), abs=1e-6)


@pytest.mark.parametrize("loss", [contrastive_loss, triplet_loss])
class TestBoth:
    def test_is_nothing_where_persons_agree_and_lie_apart(self, loss):
        eye = torch.eye(3).repeat(2, 1)
        label = torch.tensor([0, 1, 2] * 2)
        assert loss(eye, eye, label).item() == pytest.approx(0, abs=1e-6)
        assert loss(eye, eye.roll(1, 0), label).item() > 0.2

    def test_length_order_and_senses_do_not_matter(self, loss):
        torch.manual_seed(0)
        visual, audio = torch.randn(2, 6, 4, dtype=torch.float64)
        label, order = torch.tensor([0, 0, 1, 1, 2, 3]), torch.randperm(6)
        expected = loss(visual, audio, label)
        torch.testing.assert_close(
            loss(3 * visual[order], audio[order] / 7, label[order]), expected
        )
        torch.testing.assert_close(loss(audio, visual, label), expected)

    def test_going_down_its_gradient_brings_persons_together(self, loss):
        torch.manual_seed(0)
        visual, audio = (torch.randn(6, 4, requires_grad=True) for _ in range(2))
        label = torch.tensor([0, 0, 1, 1, 2, 3])
        optimizer = torch.optim.Adam([visual, audio], lr=0.05)
        for _ in range(100):
            optimizer.zero_grad()
            loss(visual, audio, label).backward()
            optimizer.step()
        cosine = torch.nn.functional.normalize(visual) @ torch.nn.functional.normalize(audio).T
        same = label.unsqueeze(1) == label
        assert cosine[same].min() > cosine[~same].max()

    def test_is_computed_in_float32_under_autocast(self, loss):
        visual, audio = (part.bfloat16() for part in torch.randn(2, 6, 4))
        label = torch.tensor([0, 0, 1, 1, 2, 3])
        with torch.autocast("cpu", torch.bfloat16):
            found = loss(visual, audio, label)
        assert torch.equal(found, loss(visual.float(), audio.float(), label))

    def test_extremes_have_a_finite_gradient(self, loss):
        for value in (torch.zeros(4, 8), torch.ones(4, 8), 1e20 * torch.ones(4, 8)):
            visual = value.clone().requires_grad_()
            loss(visual, value, torch.tensor([0, 0, 1, 1])).backward()
            assert torch.isfinite(visual.grad).all()
        one = torch.randn(1, 8, requires_grad=True)
        loss(one, one.detach(), torch.tensor([0])).backward()
        assert torch.isfinite(one.grad).all()

    def test_other_shapes_are_refused(self, loss):
        with pytest.raises(ValueError, match="one batch and one size"):
            loss(torch.ones(3, 2), torch.ones(3, 3), torch.zeros(3))
