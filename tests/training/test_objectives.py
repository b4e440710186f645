import pytest
import torch

from avkd_cli.losses.margin import AamSoftmax
from avkd_cli.training.networks import Description, build
from avkd_cli.training.objectives import Classify, Corrupted, Distill, Terms

TDNN = Description("audio", "tdnn", {"n_mels": 8, "embedding_size": 6, "width": 16}, {"n_mels": 8})
EVERY_TERM = Terms(alpha=1.0, beta=1.0, gamma=1.0, similarity=1.0, relational=1.0)


def batch(size=6, seed=0):
    draw = torch.Generator().manual_seed(seed)
    return {
        "audio": torch.randn(size, 40, 8, generator=draw),
        "label": torch.arange(size) % 3,
        "teacher": torch.randn(size, 6, generator=draw),
    }


def student(terms, seed=0, **more):
    torch.manual_seed(seed)
    teacher = torch.randn(3, 6, generator=torch.Generator().manual_seed(9))
    return Distill(build(TDNN), 3, 6, 32.0, "a", terms=terms, teacher_classifier=teacher, **more)


def baseline(seed=0):
    torch.manual_seed(seed)
    return Classify(build(TDNN), 3, 6, 32.0, "a")


def test_a_student_without_terms_is_the_baseline_bit_for_bit():
    plain, taught = baseline(), student(Terms())
    losses = plain(batch(), 0.2), taught(batch(), 0.2)
    assert torch.equal(losses[0]["loss"], losses[1]["loss"])
    for one in losses:
        one["loss"].backward()
    for (name, p), q in zip(plain.named_parameters(), taught.parameters(), strict=True):
        assert torch.equal(p, q), name
        assert torch.equal(p.grad, q.grad), name


def test_the_loss_is_the_weighted_sum_of_its_terms():
    terms = Terms(alpha=0.5, beta=2.0, gamma=3.0)
    losses = student(terms)(batch(), 0.2)
    expected = losses["aam"] + 0.5 * losses["kl"] + 2 * losses["cos"] + 3 * losses["mmd"]
    assert losses["loss"].item() == pytest.approx(expected.item(), rel=1e-6)


@pytest.mark.parametrize("name", ["kl", "cos", "mmd", "similarity", "relational"])
def test_each_term_reaches_student_weights_only(name):
    objective = student(EVERY_TERM)
    data = batch()
    data["teacher"].requires_grad_()
    objective(data, 0.2)[name].backward()
    assert data["teacher"].grad is None or not data["teacher"].grad.any()
    assert not objective.teacher_classifier.requires_grad
    reached = [p.grad is not None for p in objective.network.parameters()]
    assert all(reached)


def test_the_teacher_is_no_part_of_the_student_that_is_saved():
    assert "teacher_classifier" not in student(EVERY_TERM).state_dict()


def test_teacher_size_may_differ_with_a_projection():
    objective = student(Terms(beta=1.0, gamma=1.0), projection_size=4)
    data = batch() | {"teacher": torch.randn(6, 4)}
    objective(data, 0.2)["loss"].backward()
    assert objective.projection.weight.grad.abs().sum() > 0


def test_kl_against_the_teachers_own_classes():
    objective = student(Terms(alpha=1.0, kl_student_head="teacher"))
    data = batch()
    objective(data, 0.2)["kl"].backward()
    assert objective.head.weight.grad is None  # the student's own classes take no part


def test_the_head_sees_the_margin_of_the_step():
    objective = baseline()
    losses = [objective(batch(), m)["loss"].item() for m in (0.0, 0.2, 0.5)]
    assert losses == sorted(losses) and losses[0] < losses[2]


def test_corruption_spoils_one_sense_of_a_pair_and_none_in_evaluation():
    torch.manual_seed(0)
    model = {"visual_size": 4, "audio_size": 5, "embedding_size": 6}
    fusion = build(Description("fusion", "gate", model))
    objective = Corrupted(fusion, 2, 6, 32.0, "a", probability=1.0)
    clean = {
        "visual": torch.randn(64, 4),
        "audio": torch.randn(64, 5),
        "label": torch.zeros(64, dtype=torch.long),
    }
    spoilt = objective.spoil(clean)
    changed = [(spoilt[s] != clean[s]).any(dim=1) for s in ("visual", "audio")]
    assert (changed[0] ^ changed[1]).all()
    objective.eval()
    assert torch.equal(objective(clean, 0.1)["loss"], objective(clean, 0.1)["loss"])


def test_the_head_is_the_aam_softmax_of_the_embedding():
    objective = baseline().eval()
    data = batch()
    embedding = objective.network(data)
    head = AamSoftmax(3, 6, margin=0.2)
    head.load_state_dict(objective.head.state_dict())
    assert torch.equal(objective(data, 0.2)["aam"], head(embedding, data["label"]))


def at_speeds(speed):
    """Six voices of three persons, some at other speeds, which are persons 3 to 8."""
    torch.manual_seed(0)
    teacher = torch.randn(3, 6, generator=torch.Generator().manual_seed(9))
    objective = Distill(build(TDNN), 9, 6, 32.0, "a", terms=EVERY_TERM,
                        teacher_classifier=teacher, n_taught=3)  # fmt: skip
    data, speed = batch(), torch.tensor(speed)
    return objective, data | {"speed": speed, "label": data["label"] + 3 * speed}


def test_terms_are_of_voices_at_their_own_speed_and_persons_the_teacher_knows():
    objective, data = at_speeds([0, 1, 0, 2, 0, 1])
    embedding = torch.randn(6, 6, generator=torch.Generator().manual_seed(4))
    losses = objective.from_embedding(embedding, data, 0.2)
    own = embedding[::2], objective.cosines(embedding)[::2, :3], data["teacher"][::2]
    for term in ("kl", "cos", "mmd", "similarity", "relational"):
        torch.testing.assert_close(losses[term], getattr(objective, term)(*own))
    assert torch.equal(losses["aam"], objective.head.loss(
        objective.cosines(embedding), data["label"], 0.2))  # fmt: skip


@pytest.mark.parametrize("speed", [[1, 2, 1, 2, 1, 2], [1, 2, 0, 2, 1, 2]])
def test_a_batch_with_nothing_to_be_taught_has_the_aam_softmax_alone(speed):
    objective, data = at_speeds(speed)
    losses = objective(data, 0.2)
    assert losses["loss"] == losses["aam"] and losses["mmd"] == 0
    losses["loss"].backward()
    assert all(torch.isfinite(p.grad).all() for p in objective.network.parameters())
