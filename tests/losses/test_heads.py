"""What every head of the dict must do, on the day it is listed."""

import json
import math

import pytest
import torch

from avkd_cli.losses import HEADS, Moment, Softmax, head_of

NOW = Moment(0, 1)
EVERY = list(HEADS)
NAMES = ["anna", "bo", "cem"]


def make(kind, **settings):
    torch.manual_seed(0)
    return HEADS[kind](NAMES, 4, **settings)


@pytest.mark.parametrize("kind", EVERY)
class TestEveryHead:
    def test_gives_scores_and_a_loss_for_each_sample(self, kind):
        head, label = make(kind), torch.tensor([0, 2, 1, 1, 0])
        scores = head({"embedding": torch.randn(5, 4)})
        assert scores.shape == (5, 3)
        losses = head.losses(scores, label, NOW)
        assert losses.shape == (5,) and (losses >= 0).all()

    def test_is_made_again_of_its_record_and_weights(self, kind):
        head = make(kind, norm=True)
        head({"embedding": torch.randn(8, 4)})  # moves the running statistics
        again = head_of(json.loads(json.dumps(head.to_json())))
        again.load_state_dict(head.state_dict())
        level = {"embedding": torch.randn(5, 4)}
        assert torch.equal(again.eval()(level), head.eval()(level))
        assert again.classes == NAMES and again.scale == head.scale

    def test_forgets_the_copies_of_its_classes(self, kind):
        head = make(kind, copies=3)
        level = {"embedding": torch.randn(5, 4)}
        scores = head(level)
        assert scores.shape == (5, 9)
        head.forget_copies()
        torch.testing.assert_close(head(level), scores[:, :3])
        again = head_of(head.to_json())
        again.load_state_dict(head.state_dict())

    def test_posteriors_are_its_scores_times_its_scale(self, kind):
        # What stores keep of a head (weight, scale, bias) is enough for its posteriors.
        head = make(kind)
        embedding, label = torch.randn(5, 4), torch.tensor([0, 2, 1, 1, 0])
        if kind == "aam-softmax":
            head.margin = lambda moment: 0.0
        scores = head({"embedding": embedding})
        posteriors = (head.scale * scores).log_softmax(dim=1)
        wanted = -posteriors[torch.arange(5), label]
        torch.testing.assert_close(head.losses(scores, label, NOW), wanted)

    def test_is_computed_in_float32_under_autocast(self, kind):
        head, label = make(kind), torch.tensor([0, 2])
        with torch.autocast("cpu", torch.bfloat16):
            scores = head({"embedding": torch.randn(2, 4).bfloat16()})
            assert head.losses(scores, label, NOW).dtype == torch.float32

    def test_looks_at_the_level_it_was_made_for(self, kind):
        head = make(kind, level="audio")
        level = torch.randn(2, 4)
        assert torch.equal(head({"audio": level, "embedding": -level}), head({"audio": level}))
        with pytest.raises(ValueError, match="no level 'audio'; there are embedding"):
            head({"embedding": level})


@pytest.mark.parametrize("kind", EVERY)
def test_only_the_head_sees_the_normalised_level(kind):
    plain, normed = make(kind), make(kind, norm=True)
    assert torch.equal(plain.weight, normed.weight)  # a norm draws nothing
    embedding = torch.tensor([[1.0, 10, 0, 2], [3.0, 30, 4, 2]])
    seen = normed.norm(embedding)
    wanted = torch.tensor([[-1.0, -1, -1, 0], [1.0, 1, 1, 0]])
    torch.testing.assert_close(seen, wanted, rtol=0, atol=1e-4)
    torch.testing.assert_close(normed.scores(seen), normed({"embedding": embedding}))


def test_the_softmax_by_hand():
    head = Softmax(["a", "b"], 1)
    with torch.no_grad():
        head.weight.copy_(torch.tensor([[0.0], [0.0]]))
        head.bias.copy_(torch.tensor([math.log(3), 0.0]))
    scores = head({"embedding": torch.ones(2, 1)})  # posteriors 3/4 and 1/4
    losses = head.losses(scores, torch.tensor([0, 1]), NOW)
    torch.testing.assert_close(losses, torch.tensor([math.log(4 / 3), math.log(4)]))


def test_an_unknown_kind_is_refused():
    with pytest.raises(KeyError):
        head_of({"kind": "perceptron", "classes": [], "size": 3})
