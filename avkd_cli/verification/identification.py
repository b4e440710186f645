"""Closed-set identification and matching: accuracy, macro recall, rank-k, 1:N.

Where the right answer ties with others, the chance of picking it at random counts, so that
a system which says nothing scores at chance, whatever the order of the gallery.
"""

import numpy as np
from numpy.typing import ArrayLike


def identification_accuracy(predicted: ArrayLike, truth: ArrayLike) -> float:
    """Return the share of right labels.

    Args:
        predicted: labels, shape (n,).
        truth: labels of the same kind, shape (n,).

    Raises:
        ValueError: if the shapes differ or there are none.
    """
    predicted, truth = _pair(predicted, truth)
    return float(np.mean(predicted == truth))


def macro_recall(predicted: ArrayLike, truth: ArrayLike) -> float:
    """Return the recall averaged over the classes present in `truth` (unweighted accuracy)."""
    predicted, truth = _pair(predicted, truth)
    classes, code = np.unique(truth, return_inverse=True)
    right = np.bincount(code, weights=predicted == truth, minlength=len(classes))
    return float(np.mean(right / np.bincount(code)))


def _pair(predicted: ArrayLike, truth: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    predicted, truth = np.asarray(predicted), np.asarray(truth)
    if predicted.shape != truth.shape or truth.ndim != 1 or truth.size == 0:
        raise ValueError(
            f"labels of shapes {predicted.shape} and {truth.shape}: wanted one (n,), n > 0"
        )
    return predicted, truth


def rank_k_rate(similarity: ArrayLike, correct: ArrayLike, k: int = 1) -> float:
    """Return how often the right person is among the `k` most similar (CMC at rank k).

    Args:
        similarity: of each probe to each person of the gallery, shape (n_probes, n_gallery).
        correct: column of each probe's person, shape (n_probes,).
        k: how many best matches are looked at.

    Raises:
        ValueError: if shapes do not fit, any similarity is NaN, or k < 1.
    """
    similarity, correct = np.asarray(similarity), np.asarray(correct)
    if similarity.ndim != 2 or correct.shape != similarity.shape[:1] or not similarity.size:
        raise ValueError(
            f"similarity {similarity.shape} and correct {correct.shape}: wanted (n, m), (n,)"
        )
    if k < 1 or np.isnan(similarity).any():
        raise ValueError("k must be at least 1 and no similarity NaN")
    own = np.take_along_axis(similarity, correct[:, None], axis=1)
    above = np.sum(similarity > own, axis=1)
    tied = np.sum(similarity == own, axis=1)  # with itself
    return float(np.mean(np.clip((k - above) / tied, 0, 1)))


def matching_accuracy(scores: ArrayLike) -> float:
    """Return how often the first of N candidates scores highest (1:N matching).

    Args:
        scores: of each probe to its N candidates, the right one first, shape (n_probes, N).
    """
    scores = np.asarray(scores)
    return rank_k_rate(scores, np.zeros(len(scores), dtype=np.int64))
