"""How sure a DET curve is, along the curve. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

from avkd_cli.verification.figure import Figure, figure
from avkd_cli.verification.metrics import error_rates
from avkd_cli.verification.statistics import Resampled, interval

BAND_POINTS = 60
RESOLVED = 10  # errors below which a rate says nothing, nor do draws of it


class Band(NamedTuple):
    """An interval of the miss rate at some false-alarm rates, shape (n_points,) each."""

    false_alarm: NDArray
    low: NDArray
    high: NDArray


def along(target: ArrayLike, nontarget: ArrayLike) -> list[Figure]:
    """Return the miss rates that a band is made of, evenly along the probit axis.

    Its ends are where fewer than `RESOLVED` trials are decided wrongly: so few say nothing.

    Args:
        target: scores of same-person trials, shape (n_target,).
        nontarget: scores of different-person trials, shape (n_nontarget,).
    """
    few = (RESOLVED / np.size(side) for side in (nontarget, target))
    first, least_miss = (min(0.5, one) for one in few)
    rates = error_rates(target, nontarget)
    last = rates.false_alarm[np.argmax(rates.miss >= least_miss)]
    ends = ndtri(np.clip([first, max(first, last)], None, 0.99))
    false_alarm = np.unique(ndtr(np.linspace(*ends, BAND_POINTS)))
    return [figure(f"fnmr_at_fmr_{one!r}") for one in false_alarm.tolist()]


def drawn_band(drawn: Resampled, wanted: Sequence[Figure], system: int = 0) -> Band:
    """Return the band of one of the systems drawn, of the miss rates of `along`."""
    low, high = np.transpose([interval(drawn, one.name, system)[1:] for one in wanted])
    return Band(np.array([one.at for one in wanted]), low, high)
