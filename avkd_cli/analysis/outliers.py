"""Which recordings lie far from their own person's others. Pure."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from avkd_cli.analysis.correlation import by_person, unit

DEVIATIONS = 2.0
RULE = (
    "distance of the unit embedding from the mean of its person's beyond mean + 2 standard "
    "deviations of all such distances, in the space of the embeddings, not in the picture"
)


def distances_to_own_mean(x: ArrayLike, persons: Sequence[str]) -> NDArray[np.float64]:
    """Return how far each unit embedding is from the mean of its person's, shape (n,).

    NaN for the only recording of a person, which is its own mean.

    Args:
        x: embeddings, shape (n, d).
        persons: who is heard or seen in each.

    Raises:
        ValueError: if there are not as many persons as embeddings, or one is all zeros.
    """
    x = unit(x)
    who, sums, sizes = by_person(x, persons)
    distance = np.linalg.norm(x - (sums / sizes[:, None])[who], axis=1)
    return np.where(sizes[who] > 1, distance, np.nan)


def outliers(distance: ArrayLike) -> NDArray[np.bool_]:
    """Return which distances exceed their mean by more than `DEVIATIONS` deviations, shape (n,).

    The deviation is that of the population; NaN is no outlier and counts for neither.

    Reference:
        P. Sun et al. draw such a picture of about 20 hard samples without stating a rule; this
        one is ours.
    """
    distance = np.asarray(distance, np.float64)
    known = distance[~np.isnan(distance)]
    if not len(known):
        return np.zeros(distance.shape, bool)
    return distance > known.mean() + DEVIATIONS * known.std()
