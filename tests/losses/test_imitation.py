import math

import pytest
import torch
from torch import nn

from avkd_cli.inputs.senses import Sense
from avkd_cli.losses import Imitation, Moment, Multitask, SoftLabels, Softmax, Taught
from avkd_cli.losses.imitation import vector_distance
from avkd_cli.losses.moment import constant
from avkd_cli.training.objective import Objective

NOW = Moment(0, 10)


@pytest.mark.parametrize(
    ("kind", "expected"), [("mse", 12.5), ("l2", 5.0), ("l1", 3.5), ("cosine", 1.0)]
)
def test_distances_of_two_vectors_by_hand(kind, expected):
    # From (3, 0) to (0, 4): squares 9 and 16.
    student, teacher = torch.tensor([[3.0, 0.0]]), torch.tensor([[0.0, 4.0]])
    assert vector_distance(student, teacher, kind).item() == pytest.approx(expected)
    assert vector_distance(student, student, kind).item() == pytest.approx(0, abs=1e-5)


def test_an_unknown_distance_and_other_shapes_are_refused():
    with pytest.raises(ValueError, match="no distance 'l3'"):
        vector_distance(torch.zeros(1, 2), torch.zeros(1, 2), "l3")
    with pytest.raises(ValueError, match="one shape"):
        vector_distance(torch.zeros(1, 2), torch.zeros(1, 3))


def test_segments_without_a_picture_do_not_count():
    term = Imitation(Taught(2, 2))
    term.level = "segments"
    student = torch.tensor([[[1.0, 1.0], [5.0, 5.0]], [[2.0, 2.0], [0.0, 0.0]]])
    batch = {"teacher": torch.zeros(2, 2, 2), "known": torch.tensor([[1.0, 0.0], [1.0, 1.0]])}
    assert term({"segments": student}, batch, NOW).tolist() == [1.0, 2.0]
    batch["known"] = torch.zeros(2, 2)
    assert term({"segments": student}, batch, NOW).tolist() == [0.0, 0.0]


def test_soft_labels_by_hand():
    # Teacher's scores 0 and ln 3: posteriors 1/4, 3/4. Student's 1/2, 1/2: cross entropy ln 2.
    taught = Taught(1, 2, torch.tensor([[0.0], [math.log(3)]]), bias=torch.zeros(2))
    term = SoftLabels(taught)
    levels = {"embedding": torch.zeros(1, 2), "person.scores": torch.zeros(1, 2)}
    found = term(levels, {"teacher": torch.tensor([[1.0]])}, NOW)
    assert found.item() == pytest.approx(math.log(2))
    levels["person.scores"] = torch.tensor([[0.0, math.log(3)]])
    entropy = -(0.25 * math.log(0.25) + 0.75 * math.log(0.75))
    assert term(levels, {"teacher": torch.tensor([[1.0]])}, NOW).item() == pytest.approx(entropy)


class Nothing(nn.Module):
    takes = ()

    def forward(self, values):
        return values


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.map = nn.Linear(4, 3)

    def forward(self, values):
        return {"embedding": self.map(values).tanh()}


def gradients(share, weight, head_share=1.0):
    """Return gradients of encoder and header: labels at `share`, the distance at `weight`."""
    torch.manual_seed(0)
    network, head = Sense("audio", Nothing(), Encoder()).double(), Softmax(["a", "b"], 3).double()
    network.labels_share = share
    head.share = constant(head_share)
    term = Imitation(Taught(3, 3))
    term.level, term.weight = ("embedding" if share == 1 else "imitated"), constant(weight)
    torch.manual_seed(1)
    batch = {
        "audio": torch.randn(5, 4).double(),
        "teacher": torch.randn(5, 3).double(),
        "label": torch.tensor([0, 1, 0, 1, 1]),
    }
    Objective(network, {"person": head}, {"imitation": term})(batch, NOW)["loss"].backward()
    return network.encoder.map.weight.grad, head.weight.grad


@pytest.mark.parametrize("share", [0.0, 0.3, 0.5, 1.0])
def test_the_rule_of_gradients(share):
    # The header: the labels alone, unscaled; the encoder: (1 - l) labels + l distance.
    labels, header = gradients(1.0, 0.0)
    both, _ = gradients(1.0, 1.0)
    distance = both - labels
    encoder, taught_header = gradients(1 - share, share)
    torch.testing.assert_close(encoder, (1 - share) * labels + share * distance)
    torch.testing.assert_close(taught_header, header)


def test_a_share_of_one_changes_no_bit_and_of_none_no_label_reaches_the_encoder():
    plain, shared = gradients(1.0, 0.0), gradients(1.0, 0.0)
    assert all(torch.equal(a, b) for a, b in zip(plain, shared, strict=True))
    assert not gradients(0.0, 0.0)[0].any()


def test_multitask_looks_at_what_the_decoder_made():
    term = Multitask(Taught(2, 5))
    term.level = "decoded"
    levels = {"embedding": torch.zeros(1, 5), "decoded": torch.tensor([[1.0, 3.0]])}
    assert term(levels, {"teacher": torch.zeros(1, 2)}, NOW).tolist() == [5.0]
