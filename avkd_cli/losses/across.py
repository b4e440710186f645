"""Losses of pairs and triplets across two senses: a person's face near their voice, others' far.

All pairs of a face and a voice of the batch count, both ways. Embeddings are scaled to length
one; distances are Euclidean, 0 to 2.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from avkd_cli.losses.precision import at_least_float32, without_autocast

SMALLEST_NORM = 1e-6
SMALLEST_SQUARE = 1e-12  # the gradient of a root is infinite at 0


def contrastive_loss(visual: Tensor, audio: Tensor, label: Tensor, margin: float = 0.6) -> Tensor:
    """Return half the mean of d^2 of same-person pairs and of max(0, margin - d)^2 of the others.

    The mean of each kind counts alike, however many there are of it; a kind that the batch does
    not have counts nothing.

    Args:
        visual: shape (batch, size), of any length.
        audio: of the same persons in the same order, shape (batch, size).
        label: person of each, integers of shape (batch,).
        margin: how far others are pushed; 0.6 is avkd's, FOP prints none.

    Raises:
        ValueError: shapes differ.

    Reference:
        R. Hadsell, S. Chopra, Y. LeCun, "Dimensionality reduction by learning an invariant
        mapping", CVPR 2006, eq. 4; across senses as A. Nagrani, S. Albanie, A. Zisserman,
        "Learnable PINs", ECCV 2018.
    """
    distance = distances(visual, audio, label)
    same = label.unsqueeze(1) == label
    near = _mean(distance.square(), same)
    far = _mean((margin - distance).clamp(min=0).square(), ~same)
    return 0.5 * (near + far)


def triplet_loss(visual: Tensor, audio: Tensor, label: Tensor, margin: float = 0.2) -> Tensor:
    """Return the mean of max(0, d(a, p) - d(a, n) + margin) over all triplets of the batch.

    The anchor is of one sense, the same person's p and another's n of the other sense; faces and
    voices are anchors alike. A batch of one person has no triplet: 0.

    Arguments, errors: as `contrastive_loss`; the default margin is avkd's, FOP prints none.

    Reference:
        F. Schroff, D. Kalenichenko, J. Philbin, "FaceNet", CVPR 2015, eq. 1, all triplets.
    """
    distance = distances(visual, audio, label)
    same = label.unsqueeze(1) == label
    return 0.5 * (_triplets(distance, same, margin) + _triplets(distance.T, same, margin))


def _triplets(distance: Tensor, same: Tensor, margin: float) -> Tensor:
    """Return the mean over triplets whose anchors are the rows."""
    anchor, positive = same.nonzero(as_tuple=True)
    excess = distance[anchor, positive].unsqueeze(1) - distance[anchor] + margin
    return _mean(excess.clamp(min=0), ~same[anchor])


def distances(visual: Tensor, audio: Tensor, label: Tensor) -> Tensor:
    """Return the distance of every face to every voice, (batch, batch), in float32 or better.

    Raises:
        ValueError: shapes differ.
    """
    if visual.shape != audio.shape or label.shape != visual.shape[:1]:
        raise ValueError(
            f"visual {tuple(visual.shape)}, audio {tuple(audio.shape)} and label "
            f"{tuple(label.shape)} must be of one batch and one size"
        )
    with without_autocast(visual):
        visual, audio = at_least_float32(visual, audio)
        face, voice = (F.normalize(one, eps=SMALLEST_NORM) for one in (visual, audio))
        lengths = face.square().sum(dim=1, keepdim=True) + voice.square().sum(dim=1)
        squared = torch.addmm(lengths, face, voice.T, alpha=-2)
        return squared.clamp(min=SMALLEST_SQUARE).sqrt()


def _mean(value: Tensor, chosen: Tensor) -> Tensor:
    """Return the mean of the chosen; 0 of none."""
    return (value * chosen).sum() / chosen.sum().clamp(min=1)
