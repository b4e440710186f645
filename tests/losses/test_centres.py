import pytest
import torch

from avkd_cli.losses.centres import CentreLoss, GitLoss

E = torch.tensor([[1.0, 0.0], [0.0, 2.0], [3.0, 0.0]])
LABEL = torch.tensor([0, 1, 0])


def with_centres(loss, centres):
    loss.centre = torch.tensor(centres)
    return loss


def test_the_centre_loss_by_hand():
    # Half of 0² + 0², of 0² + 1², of 2² + 0².
    loss = with_centres(CentreLoss(2, 2), [[1.0, 0.0], [0.0, 1.0]])
    assert loss(E, LABEL).tolist() == [0.0, 0.5, 2.0]


def test_centres_move_by_half_the_sum_of_differences_over_one_more_than_their_number():
    loss = with_centres(CentreLoss(3, 2), [[1.0, 0.0], [0.0, 1.0], [7.0, 7.0]])
    loss(E, LABEL)
    # Person 0: differences (0, 0) and (2, 0), so + 0.5 * 2 / 3; person 1: 0.5 * 1 / 2.
    expected = torch.tensor([[1 + 1 / 3, 0.0], [0.0, 1.25], [7.0, 7.0]])
    torch.testing.assert_close(loss.centre, expected)


def test_centres_stay_in_evaluation_and_are_part_of_what_is_saved():
    loss = with_centres(CentreLoss(2, 2), [[1.0, 0.0], [0.0, 1.0]]).eval()
    loss(E, LABEL)
    assert loss.state_dict()["centre"].tolist() == [[1.0, 0.0], [0.0, 1.0]]
    assert not list(loss.parameters())


def test_git_adds_a_push_from_the_batchs_other_centres_by_hand():
    # Centres (1, 0), (0, 1), and (9, 9) of somebody who is not in the batch and pushes nobody.
    loss = with_centres(GitLoss(3, 2), [[1.0, 0.0], [0.0, 1.0], [9.0, 9.0]])
    found = loss(E, LABEL)
    pushed = [1 / (1 + 2), 1 / (1 + 5), 1 / (1 + 10)]
    expected = [pull + 0.5 * push for pull, push in zip([0.0, 0.5, 2.0], pushed, strict=True)]
    assert found.tolist() == pytest.approx(expected)
    half = with_centres(GitLoss(3, 2, push=0.0), [[1.0, 0.0], [0.0, 1.0], [9.0, 9.0]])
    assert half(E, LABEL).tolist() == [0.0, 0.5, 2.0]


@pytest.mark.parametrize("kind", [CentreLoss, GitLoss])
class TestBoth:
    def test_the_gradient_is_that_at_the_centres_before_they_moved(self, kind):
        torch.manual_seed(0)
        loss = kind(4, 3).double()
        loss.centre = torch.randn(4, 3, dtype=torch.float64)
        embedding, label = torch.randn(6, 3, dtype=torch.float64), torch.tensor([0, 1, 2, 0, 1, 3])
        still = kind(4, 3).double().eval()
        still.centre = loss.centre.clone()
        assert torch.autograd.gradcheck(lambda e: still(e, label).sum(), embedding.requires_grad_())
        moved, kept = (
            torch.autograd.grad(one(embedding, label).sum(), embedding)[0] for one in (loss, still)
        )
        torch.testing.assert_close(moved, kept)

    def test_centres_come_to_the_means_of_persons_that_stay(self, kind):
        loss = kind(2, 2)
        for _ in range(60):
            loss(E, LABEL)
        torch.testing.assert_close(loss.centre, torch.tensor([[2.0, 0.0], [0.0, 2.0]]))

    def test_is_computed_in_float32_under_autocast(self, kind):
        loss = with_centres(kind(2, 2), [[1.0, 0.0], [0.0, 1.0]]).eval()
        with torch.autocast("cpu", torch.bfloat16):
            found = loss(E.bfloat16(), LABEL)
        assert found.dtype == torch.float32
        assert torch.equal(found, loss(E, LABEL))

    def test_a_batch_of_one_and_embeddings_of_zeros_are_finite(self, kind):
        embedding = torch.zeros(1, 2, requires_grad=True)
        kind(2, 2)(embedding, LABEL[:1]).sum().backward()
        assert torch.isfinite(embedding.grad).all()
