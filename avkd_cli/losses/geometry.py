"""Distances and cosines between the rows of two sets of embeddings."""

import torch
import torch.nn.functional as F
from torch import Tensor

from avkd_cli.losses.precision import at_least_float32, without_autocast

SMALLEST_NORM = 1e-6  # an embedding of zeros stays zeros, with a bounded gradient


def squared_distances(left: Tensor, right: Tensor) -> Tensor:
    """Return the squared distances (m, n) of (m, size) and (n, size), by one matrix product."""
    lengths = left.square().sum(dim=1, keepdim=True) + right.square().sum(dim=1)
    return torch.addmm(lengths, left, right.T, alpha=-2).clamp(min=0)


def cosines(embedding: Tensor, classifier: Tensor) -> Tensor:
    """Return cosines (batch, classes) of (batch, size) to the rows of (classes, size).

    In float32 or better, also under autocast: times a scale of 32, bfloat16 would be off by 0.1.
    """
    with without_autocast(embedding):
        embedding, classifier = at_least_float32(embedding, classifier)
        return F.linear(
            F.normalize(embedding, eps=SMALLEST_NORM), F.normalize(classifier, eps=SMALLEST_NORM)
        )
