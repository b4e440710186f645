import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from avkd_cli.models import build
from avkd_cli.models.sequence import (
    Aggregator,
    Segmented,
    count_pieces,
    in_pieces,
    means_of_pieces,
    scale_gradient,
)


def test_the_aggregator_has_the_printed_sizes():
    with torch.device("meta"):
        model = Aggregator()
    assert sum(p.numel() for p in model.lstm.parameters()) == 3_153_920
    assert sum(p.numel() for p in model.attention.parameters()) == 65_793


def test_weights_sum_to_one_and_weigh_what_is_not_negative():
    torch.manual_seed(0)
    model = Aggregator(12, 8).eval()
    found = model(torch.randn(3, 5, 12))
    assert found["embedding"].shape == (3, 8)
    assert found["weights"].shape == (3, 5)
    torch.testing.assert_close(found["weights"].sum(dim=1), torch.ones(3))
    assert (found["embedding"] >= 0).all()


def test_the_aggregator_minds_the_order_and_takes_a_single_piece():
    torch.manual_seed(0)
    model, pieces = Aggregator(12, 8).eval(), torch.randn(2, 5, 12)
    forward, backward = (model(one)["embedding"] for one in (pieces, pieces.flip(1)))
    assert not torch.allclose(forward, backward, atol=1e-4)
    assert torch.isfinite(model(pieces[:, :1])["embedding"]).all()


def test_an_odd_size_has_no_two_directions():
    with pytest.raises(ValueError, match="must be even"):
        Aggregator(12, 7)


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        pytest.param(4, [[0, 1, 2, 3]], id="one piece"),
        pytest.param(8, [[0, 1, 2, 3], [4, 5, 6, 7]], id="two"),
        pytest.param(5, [[0, 1, 2, 3]], id="less than half is dropped"),
        pytest.param(6, [[0, 1, 2, 3], [4, 5, 4, 5]], id="from a half on it is filled"),
        pytest.param(7, [[0, 1, 2, 3], [4, 5, 6, 4]], id="by repeating it"),
        pytest.param(1, [[0, 0, 0, 0]], id="shorter than a piece: filled, however short"),
        pytest.param(3, [[0, 1, 2, 0]], id="shorter than a piece"),
    ],
)
def test_pieces_of_four_by_hand(time, expected):
    features = torch.arange(time)[None, :, None].expand(2, -1, 3)
    found = in_pieces(features, 4)
    assert found[1, :, :, 2].tolist() == expected
    assert count_pieces(time, 4) == len(expected)


@given(st.integers(1, 90), st.integers(1, 30))
def test_pieces_are_as_many_as_counted_and_in_order(time, length):
    found = in_pieces(torch.arange(time)[None, :, None].float(), length)
    assert found.shape == (1, count_pieces(time, length), length, 1)
    assert (np.diff(found[0, :, 0, 0]) == length).all()


def test_five_targets_of_a_clip_are_the_means_of_25_frames_each():
    frames = torch.randn(2, 125, 6, dtype=torch.float64)
    found = means_of_pieces(frames, 25)
    assert found.shape == (2, 5, 6)
    torch.testing.assert_close(found[1, 3], frames[1, 75:100].mean(dim=0))


def segmented(share=1.0):
    torch.manual_seed(0)
    encoder = build("audio", "vgg", n_mels=12, width=16, embedding_size=8)
    model = Segmented(encoder, 20).eval()
    model.labels_share = share
    return model


def test_segments_are_embedded_one_by_one_and_never_mixed():
    model, sound = segmented(), torch.randn(3, 60, 12)
    found = model(sound)
    assert found["segments"].shape == (3, 3, 8)
    alone = model.encoder(sound[1:2, 20:40])["embedding"]
    torch.testing.assert_close(found["segments"][1, 1], alone[0])
    other = torch.cat([sound[:1], sound[1:].roll(1, 0)])
    torch.testing.assert_close(model(other)["embedding"][0], found["embedding"][0])


def gradients(share, level, weight):
    """Return the gradients of encoder and aggregator, of labels and a distance at a level."""
    model = segmented(share)
    torch.manual_seed(1)
    sound, target = torch.randn(3, 60, 12), torch.randn(3, 3, 8)
    head = torch.nn.Linear(8, 4)
    levels = model(sound)
    labels = torch.nn.functional.cross_entropy(head(levels["embedding"]), torch.tensor([0, 1, 2]))
    distance = (levels[level] - target).square().mean()
    (labels + weight * distance).backward()
    return {
        name: torch.cat([p.grad.flatten() for p in part.parameters()])
        for name, part in (
            ("encoder", model.encoder),
            ("aggregator", model.aggregator),
            ("head", head),
        )
    }


def test_at_segments_the_encoder_gets_the_shares_and_the_rest_the_labels_alone():
    # The encoder: (1 - l) labels + l distance; in EM the aggregator knows no l.
    plain = gradients(1.0, "segments", 0.0)
    both = gradients(1.0, "segments", 1.0)
    taught = gradients(0.7, "segments", 0.3)
    distance = both["encoder"] - plain["encoder"]
    torch.testing.assert_close(taught["encoder"], 0.7 * plain["encoder"] + 0.3 * distance)
    for part in ("aggregator", "head"):
        assert torch.equal(taught[part], plain[part])
    only = gradients(0.0, "segments", 0.0)
    assert not only["encoder"].any()


def test_a_scaled_gradient_changes_no_value_and_a_factor_of_one_nothing_at_all():
    values = torch.randn(4, requires_grad=True)
    assert scale_gradient(values, 1.0) is values
    scaled = scale_gradient(values, 0.25)
    assert torch.equal(scaled, values)
    scaled.sum().backward()
    assert torch.equal(values.grad, torch.full((4,), 0.25))
    assert torch.autograd.gradcheck(
        lambda x: scale_gradient(x, 1.0), (torch.randn(3, dtype=torch.float64, requires_grad=True),)
    )
