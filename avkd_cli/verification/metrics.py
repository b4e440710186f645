"""Error rates of verification: each metric has one definition, in one place, O(n log n).

A trial is accepted when its score is at least the threshold. Thresholds are the distinct
scores, so trials with equal scores are accepted or rejected together, and no result depends
on the order of a list.
"""

from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from avkd_cli.verification.folded import FOLDS, GridRates, fold_mean, grid_eer


class ErrorRates(NamedTuple):
    """Both error rates at every threshold, shape (n_distinct + 1,), thresholds rising.

    Args:
        miss: share of targets below the threshold, rises from 0 to 1.
        false_alarm: share of nontargets at or above it, falls from 1 to 0.
        threshold: the distinct scores, then +inf.
    """

    miss: np.ndarray
    false_alarm: np.ndarray
    threshold: np.ndarray


def error_rates(target: ArrayLike, nontarget: ArrayLike) -> ErrorRates:
    """Return miss and false-alarm rates at every distinct score and above all of them.

    Args:
        target: scores of same-person trials, shape (n_target,), higher is closer.
        nontarget: scores of different-person trials, shape (n_nontarget,).

    Raises:
        ValueError: if either side is empty, or any score is NaN.
    """
    target, nontarget = np.sort(checked(target, "target")), np.sort(checked(nontarget, "nontarget"))
    pooled = np.concatenate([target, nontarget])
    order = np.argsort(pooled, kind="stable")  # merges two sorted runs: linear
    score = pooled[order]
    last = np.append(np.flatnonzero(score[1:] != score[:-1]), len(score) - 1)  # of each tie
    targets = np.cumsum(order < len(target))[last]
    rejected_targets = np.concatenate([[0], targets])
    rejected_nontargets = np.concatenate([[0], last + 1 - targets])
    return ErrorRates(
        rejected_targets / len(target),
        (len(nontarget) - rejected_nontargets) / len(nontarget),
        np.append(score[last], np.inf),
    )


def checked(scores: ArrayLike, name: str) -> np.ndarray:
    """Return scores as a one-dimensional float64 array.

    Raises:
        ValueError: if there are none, or any is NaN.
    """
    array = np.asarray(scores, dtype=np.float64).ravel()
    if array.size == 0:
        raise ValueError(f"no {name} scores: error rates need both classes")
    if np.isnan(array).any():
        raise ValueError(f"{int(np.isnan(array).sum())} {name} scores are NaN")
    return array


def equal_error_rate(target: ArrayLike, nontarget: ArrayLike, mode: str = "interp") -> float:
    """Return the equal error rate, as a fraction (0.05, not 5).

    Args:
        target: scores of same-person trials, shape (n_target,), higher is closer.
        nontarget: scores of different-person trials, shape (n_nontarget,).
        mode: what it is where no threshold makes both rates equal, one of `EER_MODES`:
            interp: both rates are linear between neighbouring thresholds. Depends on the order
                of the scores only.
            nist: the same without grouping ties (targets first among equals), as
                WeSpeaker's copy of the SRE16 code.
            vgg: the larger rate where they are closest, as voxceleb_trainer, on the whole ROC.
            mean: their mean where they are closest, as SpeechBrain.
            fop: false-alarm rate where they are closest on a grid of squared distances, as FOP.
                Scores must be cosines.
            rocch: on the convex hull of the ROC, as BOSARIS and llreval; never above interp.

    Raises:
        ValueError: if either side is empty, any score is NaN, or the mode is unknown.

    Reference:
        A. Martin et al., "The DET curve in assessment of detection task performance",
        Eurospeech 1997; the modes are those of the named toolkits.
    """
    if mode not in EER_MODES:
        raise ValueError(f"unknown mode {mode!r}; one of {', '.join(EER_MODES)}")
    return EER_MODES[mode](target, nontarget)


def interpolated_eer(rates: ErrorRates) -> float:
    """Return the rate at which miss and false alarm cross, linear between thresholds."""
    return crossing(rates.miss, rates.false_alarm)


def crossing(miss: np.ndarray, false_alarm: np.ndarray) -> float:
    """Return where two rates cross, miss rising from 0 to 1 and false alarm falling from 1 to 0."""
    gap = miss - false_alarm  # rises from -1 to +1
    after = int(np.argmax(gap >= 0))
    before = after - 1
    weight = -gap[before] / (gap[after] - gap[before])
    return float(miss[before] + weight * (miss[after] - miss[before]))


Point = tuple[float, float]
"""Miss and false-alarm rate at a threshold."""


def _nist(target: ArrayLike, nontarget: ArrayLike) -> float:
    target, nontarget = checked(target, "target"), checked(nontarget, "nontarget")
    order = np.argsort(np.concatenate([target, nontarget]), kind="stable")
    is_target = order < len(target)
    miss = np.concatenate([[0], np.cumsum(is_target) / len(target)])
    accepted = len(nontarget) - np.cumsum(~is_target)
    return crossing(miss, np.concatenate([[len(nontarget)], accepted]) / len(nontarget))


def _vgg(before: Point, after: Point) -> float:
    return float(max(after if after[0] - after[1] <= before[1] - before[0] else before))


def _mean(before: Point, after: Point) -> float:
    # Its thresholds are the scores and their midpoints, a score at the threshold is rejected:
    # every point of the ROC but "accept all".
    first = before != (0, 1) and before[1] - before[0] <= after[0] - after[1]
    return float(sum(before if first else after) / 2)


CLOSEST = {"vgg": _vgg, "mean": _mean}
"""Modes by both rates at the last threshold with miss < false alarm, and at the next."""


def _closest_eer(mode: str, target: ArrayLike, nontarget: ArrayLike) -> float:
    miss, false_alarm, _ = error_rates(target, nontarget)
    after = int(np.argmax(miss >= false_alarm))
    return CLOSEST[mode](*((miss[at], false_alarm[at]) for at in (after - 1, after)))


def _fop(target: ArrayLike, nontarget: ArrayLike) -> float:
    target, nontarget = checked(target, "target"), checked(nontarget, "nontarget")
    if max(np.abs(target).max(), np.abs(nontarget).max()) > 1 + 1e-6:
        raise ValueError("mode fop needs cosines, from -1 to 1")
    accept = fold_mean(np.array_split(2 - 2 * target, FOLDS))
    false_alarm = fold_mean(np.array_split(2 - 2 * nontarget, FOLDS))
    return grid_eer(GridRates(accept, false_alarm))


EER_MODES = {
    "interp": lambda target, nontarget: interpolated_eer(error_rates(target, nontarget)),
    "nist": _nist,
    **{mode: partial(_closest_eer, mode) for mode in CLOSEST},
    "fop": _fop,
    "rocch": lambda target, nontarget: crossing(*convex_hull(target, nontarget)),
}


def convex_hull(target: ArrayLike, nontarget: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return miss and false-alarm rates at the corners of the ROC's convex hull.

    Each edge pools the trials of one bin of the isotonic regression of the labels on the scores.

    Returns:
        miss rising from 0 to 1, false alarm falling from 1 to 0, both shape (n_corners,).

    Reference:
        N. Brümmer, E. de Villiers, "The BOSARIS Toolkit", arXiv 1304.2865, 2013, section 3.
    """
    miss, false_alarm, _ = error_rates(target, nontarget)
    targets = np.rint(np.diff(miss) * np.size(target))
    return hull_of(targets, np.rint(-np.diff(false_alarm) * np.size(nontarget)))


def hull_of(targets: np.ndarray, nontargets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the hull of `convex_hull` from how many trials of each kind lie between thresholds.

    Args:
        targets: counts or weights from each threshold to the next, thresholds rising, shape (n,).
        nontargets: the same of nontargets; no bin may be empty of both.
    """
    from scipy.optimize import isotonic_regression  # 0.2 s that an EER need not pay

    total = targets + nontargets
    corners = isotonic_regression(targets / total, weights=total).blocks
    missed, rejected = (np.append(0, np.cumsum(one))[corners] for one in (targets, nontargets))
    return missed / missed[-1], (rejected[-1] - rejected) / rejected[-1]


def eer_threshold(rates: ErrorRates) -> float:
    """Return the threshold at which the two error rates are closest.

    It lies midway between two neighbouring scores, so that rounding the scores in their
    last digits changes no decision.
    """
    gap = np.abs(rates.miss - rates.false_alarm)
    # The highest of thresholds as close; never the first, "accept all": the last is as close.
    at = len(gap) - 1 - int(np.argmin(gap[::-1]))
    below, above = rates.threshold[at - 1 : at + 1]
    if np.isinf(above):
        return float(np.nextafter(below, np.inf))
    return float((below + above) / 2 if np.isfinite(below) else above)


def threshold_at_fmr(rates: ErrorRates, fmr: float) -> float:
    """Return the lowest threshold whose false-alarm rate is at most `fmr`."""
    return float(rates.threshold[_first_at_fmr(rates, fmr)])


def min_dcf(rates: ErrorRates, p_target: float, c_miss: float = 1.0, c_fa: float = 1.0) -> float:
    """Return the lowest detection cost over all thresholds, normalised.

    1 is the cost of the better of accepting all and rejecting all. Not the raw cost that
    SpeechBrain prints, which cannot exceed `p_target`.

    Args:
        rates: as `error_rates` returns them.
        p_target: prior probability of a target; there is no default that all would share.
        c_miss: cost of a miss.
        c_fa: cost of a false alarm.

    Raises:
        ValueError: if a cost or the prior is no such.

    Reference:
        NIST 2016 Speaker Recognition Evaluation Plan, section 3.1.
    """
    return float(np.min(_costs(rates, p_target, c_miss, c_fa)))


def lowest_cost_at(
    rates: ErrorRates, p_target: float, c_miss: float = 1.0, c_fa: float = 1.0
) -> int:
    """Return the index of the lowest threshold at which the cost of the errors is least."""
    return int(np.argmin(_costs(rates, p_target, c_miss, c_fa)))


def _costs(rates: ErrorRates, p_target: float, c_miss: float, c_fa: float) -> np.ndarray:
    miss_cost, fa_cost = cost_weights(p_target, c_miss, c_fa)
    return miss_cost * rates.miss + fa_cost * rates.false_alarm


def act_dcf(
    target: ArrayLike,
    nontarget: ArrayLike,
    p_target: float,
    c_miss: float = 1.0,
    c_fa: float = 1.0,
) -> float:
    """Return the normalised cost of deciding by Bayes' rule, scores being log-likelihood ratios.

    Args:
        target: log-likelihood ratios of same-person trials in nats, shape (n_target,).
        nontarget: of different-person trials, shape (n_nontarget,).
        p_target, c_miss, c_fa: as in `min_dcf`.

    Raises:
        ValueError: if either side is empty, any score is NaN, or a cost or prior is no such.
    """
    target, nontarget = checked(target, "target"), checked(nontarget, "nontarget")
    miss_cost, fa_cost = cost_weights(p_target, c_miss, c_fa)
    threshold = np.log(fa_cost / miss_cost)
    return float(
        miss_cost * np.mean(target < threshold) + fa_cost * np.mean(nontarget >= threshold)
    )


def cost_weights(p_target: float, c_miss: float = 1.0, c_fa: float = 1.0) -> tuple[float, float]:
    """Return what miss and false-alarm rate weigh in a normalised cost; the smaller weighs 1."""
    if not (0 < p_target < 1 and c_miss > 0 and c_fa > 0):
        raise ValueError(
            f"p_target {p_target} must be in (0, 1), costs {c_miss}, {c_fa} above zero"
        )
    miss_cost, fa_cost = c_miss * p_target, c_fa * (1 - p_target)
    return miss_cost / min(miss_cost, fa_cost), fa_cost / min(miss_cost, fa_cost)


def area_under_roc(rates: ErrorRates) -> float:
    """Return the probability that a target outscores a nontarget, ties counting half."""
    miss, false_alarm, _ = rates
    return float(np.sum((1 - (miss[1:] + miss[:-1]) / 2) * -np.diff(false_alarm)))


def fnmr_at_fmr(rates: ErrorRates, fmr: float) -> float:
    """Return the lowest miss rate whose false-alarm rate is at most `fmr`.

    Below one over the number of nontargets this asks for no false alarm at all.

    Reference:
        ISO/IEC 19795-1:2021.
    """
    return float(rates.miss[_first_at_fmr(rates, fmr)])


def _first_at_fmr(rates: ErrorRates, fmr: float) -> int:
    if not 0 <= fmr <= 1:
        raise ValueError(f"a false-match rate is a fraction from 0 to 1, not {fmr}")
    return int(np.argmax(rates.false_alarm <= fmr))


def cllr(target: ArrayLike, nontarget: ArrayLike) -> float:
    """Return the cost of log-likelihood ratios, in bits; 1 tells nothing, 0 is perfect.

    Args:
        target: log-likelihood ratios of same-person trials in nats, shape (n_target,).
        nontarget: of different-person trials, shape (n_nontarget,).

    Reference:
        N. Brümmer, J. du Preez, "Application-independent evaluation of speaker detection",
        Computer Speech and Language 20, 2006, eq. 20.
    """
    target, nontarget = checked(target, "target"), checked(nontarget, "nontarget")
    cost = np.mean(np.logaddexp(0, -target)) + np.mean(np.logaddexp(0, nontarget))
    return float(cost / (2 * np.log(2)))


def min_cllr(target: ArrayLike, nontarget: ArrayLike) -> float:
    """Return the Cllr after the best increasing map of the scores (isotonic regression)."""
    return hull_cllr(*convex_hull(target, nontarget))


def hull_cllr(miss: np.ndarray, false_alarm: np.ndarray) -> float:
    """Return the least Cllr from the corners of the convex hull."""
    targets, nontargets = np.diff(miss), -np.diff(false_alarm)  # shares in each bin
    both = (targets > 0) & (nontargets > 0)  # a bin of one class costs nothing
    targets, nontargets = targets[both], nontargets[both]
    ratio = np.log(targets / nontargets)
    cost = targets @ np.logaddexp(0, -ratio) + nontargets @ np.logaddexp(0, ratio)
    return float(cost / (2 * np.log(2)))
