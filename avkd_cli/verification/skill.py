"""Where a calibration is worth something: its Cllr by how much speech, and how clean, a trial has.

A band in which calibrated ratios cost one bit or more says no more than the prior does; whoever
decides there had better not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from avkd_cli.verification.metrics import cllr

EDGES: Mapping[str, tuple[float, ...]] = {
    "speech_s": (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0),
    "snr_db": (5.0, 10.0, 15.0, 20.0, 30.0),
}
"""Where bands of each measure meet: seconds of speech, and dB, of a trial's worse side."""
NAMES = {"speech_s": "s of speech", "snr_db": "dB of SNR"}
LEAST = 20
"""Trials of either class that a band needs to say anything; a thinner one joins the next."""


@dataclass(frozen=True)
class SkillBand:
    """Skill among the trials whose worse side measures from `low` to `high`.

    Args:
        measure: one of `EDGES`.
        low, high: the least and the greatest that is in it; the last band is open above.
        n_target, n_nontarget: trials.
        cllr: of calibrated log-likelihood ratios, in bits; the prior alone has 1.
    """

    measure: str
    low: float
    high: float
    n_target: int
    n_nontarget: int
    cllr: float

    @property
    def has_skill(self) -> bool:
        """Whether the ratios say more than nothing."""
        return self.cllr < 1


def bands(
    measure: str, values: np.ndarray, ratios: np.ndarray, label: np.ndarray
) -> list[SkillBand]:
    """Return the skill in each band of a measure, lowest first; none where all trials are too few.

    Args:
        measure: one of `EDGES`.
        values: of each trial's worse side, shape (n_trials,).
        ratios: calibrated log-likelihood ratios in nats, shape (n_trials,).
        label: 1 target, 0 nontarget, shape (n_trials,).
    """
    place = np.searchsorted(EDGES[measure], values, side="right")
    groups: list[np.ndarray] = []
    waiting = np.zeros(len(values), bool)
    for number in range(len(EDGES[measure]) + 1):
        waiting |= place == number
        if _enough(waiting, label):
            groups.append(waiting)
            waiting = np.zeros(len(values), bool)
    if groups:
        groups[-1] |= waiting
    return [_band(measure, values[one], ratios[one], label[one]) for one in groups]


def _enough(chosen: np.ndarray, label: np.ndarray) -> bool:
    target = int(np.count_nonzero(label[chosen] == 1))
    return target >= LEAST and int(np.count_nonzero(chosen)) - target >= LEAST


def _band(measure: str, values: np.ndarray, ratios: np.ndarray, label: np.ndarray) -> SkillBand:
    target, nontarget = ratios[label == 1], ratios[label == 0]
    low, high = float(values.min()), float(values.max())
    return SkillBand(
        measure, low, high, len(target), len(nontarget), float(cllr(target, nontarget))
    )


def doubt(found: Sequence[SkillBand], measure: str, value: float) -> str:
    """Return why nothing can be told at this value of a measure; "" where something can.

    Args:
        found: bands of any measures, of one in rising order.
        value: of the worse side.
    """
    mine = [one for one in found if one.measure == measure]
    if not mine or np.isnan(value):
        return ""
    if value < mine[0].low:
        return (
            f"{value:.1f} {NAMES[measure]}, less than any development trial had ({mine[0].low:.1f})"
        )
    band = [one for one in mine if one.low <= value][-1]
    if band.has_skill:
        return ""
    return (
        f"{value:.1f} {NAMES[measure]}: from {band.low:.1f} to {band.high:.1f} the development "
        f"set shows no skill (Cllr {band.cllr:.2f})"
    )
