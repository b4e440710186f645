import pytest
import torch

from avkd_cli.inputs.networks import Description, build
from avkd_cli.losses import TERMS, AamSoftmax, Moment, OfTaught, Softmax, Taught
from avkd_cli.losses.moment import constant
from avkd_cli.training.bridges import Projection
from avkd_cli.training.objective import Objective

TDNN = Description("audio", "tdnn", {"n_mels": 8, "embedding_size": 6, "width": 16}, {"n_mels": 8})
NOW = Moment(0, 10)
CLASSES = ["a", "b", "c"]
TAUGHT = Taught(6, 6, torch.randn(3, 6, generator=torch.Generator().manual_seed(9)))


def batch(size=6, seed=0):
    draw = torch.Generator().manual_seed(seed)
    return {
        "audio": torch.randn(size, 40, 8, generator=draw),
        "label": torch.arange(size) % 3,
        "teacher": torch.randn(size, 6, generator=draw),
    }


def terms(taught=TAUGHT, **weights):
    made = {name: TERMS[name](taught) for name in weights}
    for name, term in made.items():
        term.weight = constant(weights[name])
    return made


def objective(seed=0, made=None, bridges=(), **head):
    torch.manual_seed(seed)
    network = build(TDNN)
    heads = {"person": AamSoftmax(CLASSES, 6, **head)}
    return Objective(network, heads, made, bridges)


EVERY = dict.fromkeys(TERMS, 1.0)


def test_a_student_without_terms_is_the_baseline_bit_for_bit():
    plain, taught = objective(), objective(made={}, bridges=[])
    losses = plain(batch(), NOW), taught(batch(), NOW)
    assert torch.equal(losses[0]["loss"], losses[1]["loss"])
    for one in losses:
        one["loss"].backward()
    for (name, p), q in zip(plain.named_parameters(), taught.parameters(), strict=True):
        assert torch.equal(p, q), name
        assert torch.equal(p.grad, q.grad), name


def test_terms_and_bridges_draw_no_weight_of_the_baseline():
    torch.manual_seed(0)
    network, head = build(TDNN), AamSoftmax(CLASSES, 6)
    bridges = [Projection(6, 4)]
    taught = Objective(network, {"person": head}, terms(**EVERY), bridges)
    plain = objective().state_dict()
    assert all(torch.equal(taught.state_dict()[name], value) for name, value in plain.items())


def test_the_loss_is_the_weighted_sum_of_its_terms():
    losses = objective(made=terms(kl=0.5, cos=2.0, mmd=3.0))(batch(), NOW)
    expected = losses["aam"] + 0.5 * losses["kl"] + 2 * losses["cos"] + 3 * losses["mmd"]
    assert losses["loss"].item() == pytest.approx(expected.item(), rel=1e-6)


@pytest.mark.parametrize("name", TERMS)
def test_each_term_reaches_student_weights_only(name):
    taught = objective(made=terms(**EVERY))
    data = batch()
    data["teacher"].requires_grad_()
    taught(data, NOW)[name].backward()
    assert data["teacher"].grad is None
    assert all(p.grad is not None for p in taught.network.parameters())


def test_the_teacher_is_no_part_of_the_student_that_is_saved():
    saved = objective(made=terms(**EVERY)).state_dict()
    assert not [name for name in saved if name.startswith("terms.")]


def test_teacher_size_may_differ_with_a_projection():
    made = terms(Taught(4, 6), cos=1.0, mmd=1.0)
    for term in made.values():
        term.level = "projected"
    taught = objective(made=made, bridges=[Projection(6, 4)])
    data = batch() | {"teacher": torch.randn(6, 4)}
    taught(data, NOW)["loss"].backward()
    assert taught.bridges[0].map.weight.grad.abs().sum() > 0


def test_kl_against_the_teachers_own_classes():
    made = {"kl": TERMS["kl"](TAUGHT, student_head="teacher")}
    taught = objective(made=made)
    taught(batch(), NOW)["kl"].backward()
    assert taught.heads["person"].weight.grad is None  # the student's own classes take no part


def test_schedules_are_functions_of_the_moment_and_logged():
    made = terms(cos=1.0)
    made["cos"].weight = lambda moment: moment.step / moment.total
    taught = objective(made=made, margin=lambda moment: 0.1 * moment.step)
    seen = [taught.eval()(batch(), Moment(step, 10)) for step in (0, 5)]
    assert seen[0]["loss"] == seen[0]["aam"] and seen[0]["aam"] < seen[1]["aam"]
    expected = seen[1]["aam"] + 0.5 * seen[1]["cos"]
    assert seen[1]["loss"].item() == pytest.approx(expected.item())
    assert taught.figures(Moment(5, 10)) == {"margin": 0.5}


def test_a_second_head_has_its_name_before_its_losses_and_its_own_share():
    torch.manual_seed(0)
    heads = {"person": AamSoftmax(CLASSES, 6), "mood": Softmax(["glad", "sad"], 6)}
    heads["mood"].label, heads["mood"].share = "feeling", constant(0.5)
    both = Objective(build(TDNN), heads)
    losses = both(batch() | {"feeling": torch.tensor([0, 1, 0, 1, 1, 0])}, NOW)
    assert list(losses) == ["loss", "aam", "accuracy", "mood.softmax", "mood.accuracy"]
    expected = losses["aam"] + 0.5 * losses["mood.softmax"]
    assert losses["loss"].item() == pytest.approx(expected.item())


def at_speeds(speed):
    """Six voices of three persons, some at other speeds, which are persons 3 to 8."""
    torch.manual_seed(0)
    heads = {"person": AamSoftmax(CLASSES, 6, copies=3)}
    made = {name: OfTaught(term, "speed", 3) for name, term in terms(**EVERY).items()}
    data, speed = batch(), torch.tensor(speed)
    taught = Objective(build(TDNN), heads, made)
    return taught, data | {"speed": speed, "label": data["label"] + 3 * speed}


def test_terms_are_of_voices_at_their_own_speed_and_persons_the_teacher_knows():
    taught, data = at_speeds([0, 1, 0, 2, 0, 1])
    taught.eval()
    losses = taught(data, NOW)
    levels = taught.network(data)
    scores = taught.heads["person"](levels)
    own = {"embedding": levels["embedding"][::2], "person.scores": scores[::2, :3]}
    for name, term in taught.terms.items():
        mine = {name: data[name][::2] for name in ("teacher", "label")}
        alone = term.term(own, mine, NOW).mean()
        torch.testing.assert_close(losses[name], alone)


@pytest.mark.parametrize("speed", [[1, 2, 1, 2, 1, 2], [1, 2, 0, 2, 1, 2]])
def test_a_batch_with_nothing_to_be_taught_has_the_aam_softmax_alone(speed):
    taught, data = at_speeds(speed)
    losses = taught(data, NOW)
    assert losses["loss"] == losses["aam"] and losses["mmd"] == 0
    losses["loss"].backward()
    assert all(torch.isfinite(p.grad).all() for p in taught.network.parameters())
