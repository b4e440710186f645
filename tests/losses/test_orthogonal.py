import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from avkd_cli.losses.orthogonal import FORMS, orthogonal_loss, orthogonal_projection_loss

LITERAL = {"neg_weight": 1, "neg_abs": "outer", "reduction": "sum", "include_diag": True}
CROSS = torch.tensor([[1, 0], [0, 1], [1, 0], [0, -1]], dtype=torch.float64)
SLANTED = torch.tensor([[1, 0], [0.6, 0.8], [0, 1], [-0.6, 0.8]], dtype=torch.float64)
LABEL = torch.tensor([0, 0, 1, 1])


@pytest.mark.parametrize(
    ("embedding", "options", "expected"),
    [
        (CROSS, {}, 1.35),
        (CROSS, {"neg_weight": 1}, 1.5),
        (CROSS, {"neg_weight": 1, "neg_abs": "outer"}, 1.0),
        (CROSS, {"neg_weight": 0.5, "neg_abs": "none"}, 1.0),
        (CROSS, LITERAL, -3.0),
        (SLANTED, {}, 0.594),
        (SLANTED, {"neg_weight": 1}, 0.72),
        (SLANTED, {"neg_weight": 1, "neg_abs": "outer"}, 0.42),
        (SLANTED, LITERAL, -4.84),
    ],
)
def test_four_embeddings_by_hand(embedding, options, expected):
    loss = orthogonal_projection_loss(embedding, LABEL, **options)
    assert loss.item() == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("form", "cross", "slanted"),
    # Of SLANTED without absolute values: 1 - (0.6 + 0.8) / 2 + 0.5 * (0 - 0.6 + 0.8 + 0.28) / 4.
    [("released", 1.35, 0.594), ("printed", -3.0, -4.84), ("opl", 1.0, 0.36)],
)
def test_the_three_forms_by_name(form, cross, slanted):
    assert orthogonal_loss(CROSS, LABEL, form).item() == pytest.approx(cross, abs=1e-9)
    assert orthogonal_loss(SLANTED, LABEL, form).item() == pytest.approx(slanted, abs=1e-9)


def test_the_released_form_is_the_default_and_other_names_are_refused():
    assert orthogonal_loss(SLANTED, LABEL) == orthogonal_loss(SLANTED, LABEL, next(iter(FORMS)))
    with pytest.raises(ValueError, match="released, printed, opl"):
        orthogonal_loss(CROSS, LABEL, "fop")


@pytest.mark.parametrize("neg_abs", ["elementwise", "outer", "none"])
@pytest.mark.parametrize("include_diag", [True, False])
def test_orthogonal_clusters_are_perfect(neg_abs, include_diag):
    embedding = torch.eye(3, dtype=torch.float64).repeat(2, 1)
    loss = orthogonal_projection_loss(
        embedding, torch.tensor([0, 1, 2] * 2), neg_abs=neg_abs, include_diag=include_diag
    )
    assert loss.item() == pytest.approx(0, abs=1e-12)


@given(st.integers(0, 999), st.sampled_from(["elementwise", "outer", "none"]), st.booleans())
@settings(max_examples=40, deadline=None)
def test_the_loss_equals_the_plain_loop(seed, neg_abs, include_diag):
    torch.manual_seed(seed)
    embedding, label = torch.randn(7, 3, dtype=torch.float64), torch.randint(3, (7,))
    same, other = [], []
    for i in range(7):
        for j in range(7):
            cosine = torch.cosine_similarity(embedding[i], embedding[j], dim=0).item()
            if label[i] != label[j]:
                other.append(abs(cosine) if neg_abs == "elementwise" else cosine)
            elif include_diag or i != j:
                same.append(cosine)
    pulled = sum(same) / len(same) if same else 0
    pushed = sum(other) / len(other) if other else 0
    wanted = 1 - pulled + 0.7 * (abs(pushed) if neg_abs == "outer" else pushed)
    loss = orthogonal_projection_loss(embedding, label, neg_abs=neg_abs, include_diag=include_diag)
    assert loss.item() == pytest.approx(wanted)


@given(st.integers(0, 999), st.floats(0.01, 100))
@settings(max_examples=30, deadline=None)
def test_length_rotation_order_and_names_of_persons_do_not_matter(seed, factor):
    torch.manual_seed(seed)
    embedding, label = torch.randn(6, 4, dtype=torch.float64), torch.randint(3, (6,))
    loss = orthogonal_projection_loss(embedding, label).item()
    rotation, order = torch.linalg.qr(torch.randn(4, 4, dtype=torch.float64)).Q, torch.randperm(6)
    moved = orthogonal_projection_loss((factor * embedding @ rotation)[order], 9 - label[order])
    assert moved.item() == pytest.approx(loss)


def test_a_batch_without_a_pair_of_one_kind_is_finite():
    embedding = torch.eye(3, requires_grad=True)
    assert orthogonal_projection_loss(embedding, torch.arange(3)).item() == 1  # no same pair
    assert orthogonal_projection_loss(embedding, torch.zeros(3)).item() == 1  # no other pair
    orthogonal_projection_loss(embedding, torch.arange(3)).backward()
    assert torch.isfinite(embedding.grad).all()


def test_gradient_by_differences():
    torch.manual_seed(0)
    embedding = torch.randn(6, 4, dtype=torch.float64, requires_grad=True)
    label = torch.tensor([0, 0, 1, 1, 2, 2])
    assert torch.autograd.gradcheck(lambda e: orthogonal_projection_loss(e, label), embedding)


def test_autocast_does_not_reach_inside():
    embedding = SLANTED.bfloat16()
    exact = orthogonal_projection_loss(embedding.float(), LABEL)
    with torch.autocast("cpu", torch.bfloat16):
        loss = orthogonal_projection_loss(embedding, LABEL)
    assert torch.equal(loss, exact)


@pytest.mark.parametrize("options", [{"neg_abs": "inner"}, {"reduction": "max"}])
def test_unknown_options_are_refused(options):
    with pytest.raises(ValueError, match="neg_abs is one of elementwise, outer, none"):
        orthogonal_projection_loss(CROSS, LABEL, **options)


def test_labels_of_another_batch_are_refused():
    with pytest.raises(ValueError, match=r"\(3,\) labels for 4 embeddings"):
        orthogonal_projection_loss(CROSS, LABEL[:3])
