"""Error rates as FOP's code computes them: on a grid of squared distances, averaged over folds.

For figures beside printed ones only. They depend on the order of the list, on ties with the grid,
and on where ten equal parts of the list end; the exact ROC of `metrics` does not.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

FOLDS = 10
FOP_GRID = np.arange(400) / 100  # squared Euclidean distance of unit vectors: 2 - 2 cosine


class GridRates(NamedTuple):
    """Shares of accepted trials at each squared distance of the grid, shape (400,), rising.

    Args:
        hit: of targets.
        false_alarm: of nontargets.
    """

    hit: np.ndarray
    false_alarm: np.ndarray


def grid_rates(squared_distance: ArrayLike, target: ArrayLike) -> GridRates:
    """Return the mean over ten consecutive folds of the shares accepted below each grid point.

    A fold without a kind of trial is left out of that kind's mean (there it would count as 0; in
    lists that alternate, as theirs do, there is none).

    Args:
        squared_distance: of each trial in the order of the list, 0 to 4, shape (n_trials,).
        target: whether it is of one person, shape (n_trials,).

    Raises:
        ValueError: shapes differ, a distance lies outside or is NaN, or a kind is missing.

    Reference:
        M. S. Saeed et al., ICASSP 2022, released code (`calculate_roc`): unshuffled ten-fold
        cross-validation, distance < threshold accepts.
    """
    distance, target = np.asarray(squared_distance, np.float64), np.asarray(target, bool)
    if distance.shape != target.shape or distance.ndim != 1:
        raise ValueError(f"{distance.shape} distances for {target.shape} labels")
    if not ((distance >= -1e-6) & (distance <= 4 + 1e-6)).all():
        raise ValueError("mode fop needs cosines, from -1 to 1, or squared distances, from 0 to 4")
    if target.all() or not target.any():
        raise ValueError("error rates need both classes")
    folds = list(zip(np.array_split(distance, FOLDS), np.array_split(target, FOLDS), strict=True))
    return GridRates(fold_mean([d[t] for d, t in folds]), fold_mean([d[~t] for d, t in folds]))


def fold_mean(folds: Sequence[np.ndarray]) -> np.ndarray:
    """Return the share of distances below each point of `FOP_GRID`, averaged over filled folds."""
    filled = [np.sort(fold) for fold in folds if len(fold)]
    return np.mean([np.searchsorted(fold, FOP_GRID) / len(fold) for fold in filled], axis=0)


def grid_eer(rates: GridRates) -> float:
    """Return the false-alarm rate at the first grid point where it is closest to the miss rate."""
    gap = np.abs(1 - rates.hit - rates.false_alarm)
    return float(rates.false_alarm[np.argmin(gap)])


def grid_area(rates: GridRates) -> float:
    """Return the area under the averaged ROC by trapezoids; what lies beyond the grid is not in it.

    The first point of the grid accepts nothing, so the curve begins at the origin.
    """
    return float(np.trapezoid(rates.hit, rates.false_alarm))
