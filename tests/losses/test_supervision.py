"""What every term of generative supervision must do, on the day it is listed."""

import pytest
import torch

from avkd_cli.losses import Moment
from avkd_cli.losses.supervision import DIRECTIONS, GENERATIVE

NOW = Moment(0, 10)
EVERY = list(GENERATIVE)


def make(name, direction="both"):
    torch.manual_seed(0)
    return GENERATIVE[name](direction)


def levels(audio=200, visual=50, batch=4):
    torch.manual_seed(1)
    found = {"audio.weights": torch.rand(batch, audio), "visual.weights": torch.rand(batch, visual)}
    return {name: one.requires_grad_() for name, one in found.items()}


@pytest.mark.parametrize("name", EVERY)
class TestEverySupervision:
    def test_gives_a_loss_for_each_sample_of_series_of_other_lengths(self, name):
        loss = make(name)(levels(), {}, NOW)
        assert loss.shape == (4,) and torch.isfinite(loss).all()

    def test_its_gradient_reaches_both_senses(self, name):
        found = levels()
        make(name)(found, {}, NOW).sum().backward()
        assert all(one.grad.abs().sum() > 0 for one in found.values())

    def test_adversaries_and_the_network_learn_apart(self, name):
        # What the network is pulled by moves no adversary, and the other way round.
        term, found = make(name), levels()
        term(found, {}, NOW)
        adversaries = {id(weight) for weight in term.adversaries()}
        torch.manual_seed(2)
        own = [part for key, part in parts_of(term, found).items() if is_adversarys(key)]
        for part in own:
            reached = torch.autograd.grad(
                part.sum(),
                [*found.values(), *term.parameters()],
                allow_unused=True,
                retain_graph=True,
            )
            named = zip([*found.values(), *term.parameters()], reached, strict=True)
            assert {id(p) for p, g in named if g is not None} <= adversaries
        assert bool(own) == bool(adversaries)

    def test_the_rest_moves_no_adversary(self, name):
        term, found = make(name), levels()
        rest = [part for key, part in parts_of(term, found).items() if not is_adversarys(key)]
        if term.adversaries():
            reached = torch.autograd.grad(
                torch.stack(rest).sum(), term.adversaries(), allow_unused=True
            )
            assert all(g is None for g in reached)

    def test_every_weight_of_its_own_is_moved(self, name):
        term = make(name)
        term(levels(), {}, NOW).sum().backward()
        assert all(p.grad is not None for p in term.parameters())

    def test_a_still_has_nothing_to_say_of_time(self, name):
        found = levels(visual=1)
        loss = make(name)(found, {}, NOW)
        loss.sum().backward()
        assert torch.equal(loss, torch.zeros(4))

    @pytest.mark.parametrize("direction", DIRECTIONS)
    def test_says_the_loss_of_each_direction_that_is_on(self, name, direction):
        term = make(name, direction)
        term(levels(), {}, NOW)
        ways = {"a2v", "v2a"} if direction == "both" else {direction}
        assert {key for key in term.said() if key in ("a2v", "v2a")} == ways

    def test_samples_may_be_permuted(self, name):
        if name == "diffusion":
            pytest.skip("its models learn from noise that is drawn for the place in the batch")
        found, order = levels(), torch.tensor([2, 0, 3, 1])
        moved = {key: one[order] for key, one in found.items()}
        torch.testing.assert_close(make(name)(moved, {}, NOW), make(name)(found, {}, NOW)[order])

    def test_does_not_grow_with_the_width_of_a_network(self, name):
        # A weight of a moment is a sum over channels.
        found = levels()
        wide = {key: 1500 * one for key, one in found.items()}
        torch.manual_seed(3)
        narrow = make(name)(found, {}, NOW)
        torch.testing.assert_close(make(name)(wide, {}, NOW), narrow, rtol=1e-4, atol=1e-5)

    def test_is_finite_in_bfloat16(self, name):
        with torch.autocast("cpu", torch.bfloat16):
            loss = make(name)(levels(), {}, NOW)
        assert torch.isfinite(loss.float()).all()


def parts_of(term, found):
    """The parts of a term's loss with their gradients, as `keep` is handed them."""
    caught = {}
    keep = term.keep

    def catching(**parts):
        caught.update(parts)
        return keep(**parts)

    term.keep = catching
    term(found, {}, NOW)
    return caught


def is_adversarys(part):
    return part.endswith((".judge", ".noise"))


def test_learning_to_map_brings_the_senses_together():
    # The two series share their shape: the cycle's generators find the way in some steps.
    torch.manual_seed(0)
    term, shape = make("cycle"), torch.rand(16, 50)
    found = {"audio.weights": shape.repeat_interleave(4, dim=1), "visual.weights": shape.flip(1)}
    moves = torch.optim.Adam(term.parameters(), lr=1e-3)
    losses = []
    for _ in range(60):
        loss = term(found, {}, NOW).mean()
        moves.zero_grad()
        loss.backward()
        moves.step()
        losses.append(loss.item())
    assert losses[-1] < 0.25 * losses[0]


def test_an_unknown_direction_is_refused():
    with pytest.raises(ValueError, match="no direction 'up'; there are both, a2v, v2a"):
        GENERATIVE["cycle"]("up")
