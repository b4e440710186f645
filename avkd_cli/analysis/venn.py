"""Which trials two to four systems decide rightly: the regions of their Venn diagram.

Pure: arrays in, counts and arrays out. A trial is accepted when its score is at least the
threshold, and right when a target trial is accepted or a nontarget trial is not.

Reference:
    L. Zhang, Z. Chen, Y. Qian, "Knowledge distillation from multi-modality to single-modality
    for person verification", Interspeech 2021, section 4.4, figure 2. The paper does not say at
    which threshold it decides; ours is each system's own, at its EER, unless another is given.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import compress, product

import numpy as np
from numpy.typing import ArrayLike, NDArray

REGIONS = ("both_right", "newly_wrong", "newly_right", "both_wrong")  # in the order of `region`


@dataclass(frozen=True)
class Region:
    """The trials that exactly `right` decide rightly and exactly `wrong` wrongly."""

    right: tuple[str, ...]
    wrong: tuple[str, ...]
    trials: int


def decided_right(score: ArrayLike, target: ArrayLike, threshold: float) -> NDArray[np.bool_]:
    """Return which trials are decided rightly, shape (n_trials,).

    Args:
        score: shape (n_trials,), higher is closer.
        target: whether both sides are one person, shape (n_trials,).
        threshold: a trial is accepted when score >= threshold.

    Raises:
        ValueError: if the shapes differ, or a score or the threshold is NaN.
    """
    score, target = np.asarray(score, np.float64), np.asarray(target, bool)
    _of_one_length(score, target)
    if np.isnan(score).any() or np.isnan(threshold):
        raise ValueError("a score or the threshold is NaN, which is neither side of anything")
    return (score >= threshold) == target


def region(right_a: ArrayLike, right_b: ArrayLike) -> NDArray[np.int64]:
    """Return the region of each trial as an index into `REGIONS`, shape (n_trials,).

    Raises:
        ValueError: if the two have not one length.
    """
    right_a, right_b = np.asarray(right_a, bool), np.asarray(right_b, bool)
    _of_one_length(right_a, right_b)
    return 2 * ~right_a + ~right_b


def transition(right_a: ArrayLike, right_b: ArrayLike) -> dict[str, int]:
    """Return how many trials each of `REGIONS` has, by name: what b corrected and broke of a."""
    counts = np.bincount(region(right_a, right_b), minlength=len(REGIONS))
    return dict(sorted(zip(REGIONS, counts.tolist(), strict=True)))


def regions(right: Mapping[str, ArrayLike]) -> list[Region]:
    """Return all 2^k regions of k systems, from all right to all wrong.

    Raises:
        ValueError: if there are fewer than two or more than four systems, or the lengths differ.
    """
    if not 2 <= len(right) <= 4:
        raise ValueError(f"a Venn diagram takes two to four systems, not {len(right)}")
    decisions = [np.asarray(one, bool) for one in right.values()]
    _of_one_length(*decisions)
    code = sum(~one * 2**place for place, one in enumerate(reversed(decisions)))
    counts = np.bincount(code, minlength=2 ** len(right)).tolist()
    found = []
    for pattern, trials in zip(product((True, False), repeat=len(right)), counts, strict=True):
        rightly = tuple(compress(right, pattern))
        found.append(Region(rightly, tuple(one for one in right if one not in rightly), trials))
    return found


def newly_right_of(right_a: ArrayLike, right_b: ArrayLike, right_c: ArrayLike) -> int:
    """Return how many of the trials that b corrected are right for c."""
    corrected = region(right_a, right_b) == REGIONS.index("newly_right")
    right_c = np.asarray(right_c, bool)
    _of_one_length(corrected, right_c)
    return int((corrected & right_c).sum())


def _of_one_length(*columns: NDArray) -> None:
    """Raise ValueError unless columns are of shape (n_trials,), all of one length."""
    shapes = {one.shape for one in columns}
    if len(shapes) != 1 or columns[0].ndim != 1:
        raise ValueError(f"scores, labels and decisions must have one length, not {shapes}")
