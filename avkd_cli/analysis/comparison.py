"""How sure a difference between systems is, in numbers and in words. Pure."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from avkd_cli.verification.statistics import (
    Difference,
    Interval,
    Resampled,
    difference,
    interval,
)

P_TARGETS = (0.01, 0.05)
METRICS = ("eer", *(f"min_dcf_{p:g}" for p in P_TARGETS))
KEYS = {name: "eer_percent" if name == "eer" else name for name in METRICS}  # in a result
LEVEL = 0.95
FEW_PERSONS = 30

TRIALS_NOTE = (
    "trials were resampled as if they were independent, which those of one person are not: "
    "these intervals are too narrow, and serve only to compare with tools that do so"
)
FEW_NOTE = (
    "with fewer than 30 persons intervals of this kind tend to be too narrow: take them as the "
    "least of the uncertainty"
)
MCNEMAR_NOTE = (
    "McNemar's p is of decisions at each system's own EER threshold and takes trials for "
    "independent, so it is too small; it is here because others print it"
)


def intervals(found: Resampled, system: int) -> dict[str, dict]:
    """Return each metric of one system with its interval, by `KEYS`; EER in percent."""
    return {KEYS[name]: _scaled(name, interval(found, name, system, LEVEL)) for name in METRICS}


def differences(found: Resampled, first: int, second: int) -> dict[str, dict]:
    """Return each metric's paired difference, second minus first, by `KEYS`; EER in points."""
    paired = {name: difference(found, name, first, second, LEVEL) for name in METRICS}
    return {KEYS[name]: _scaled(name, one) for name, one in paired.items()}


def _scaled(name: str, found: Interval | Difference) -> dict:
    scale = 100 if name == "eer" else 1
    plain = {key: scale * getattr(found, key) for key in ("value", "low", "high")}
    return plain | ({"p": found.p} if isinstance(found, Difference) else {})


def holm(p: Sequence[float]) -> NDArray[np.float64]:
    """Return p values corrected for being several, shape (n,).

    Reference:
        S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian
        Journal of Statistics 6, 1979.
    """
    p = np.asarray(p, np.float64)
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    corrected = np.empty_like(p)
    corrected[order] = np.minimum(stepped, 1)
    return corrected


def verdict(one: Mapping) -> str:
    """Return better, worse or open: what a difference with its interval allows to say."""
    if one["high"] < 0:
        return "better"
    return "worse" if one["low"] > 0 else "open"


def claim(system: str, base: str, one: Mapping, persons: int | None) -> str:
    """Return in words what may be claimed of a difference of EERs in points.

    Args:
        system: what replaces `base`.
        base: what is replaced.
        one: value, low, high, p, and p_holm where several systems were compared.
        persons: number of persons resampled; None when trials were.
    """
    size = f"{abs(one['value']):.2f} points {'lower' if one['value'] < 0 else 'higher'}"
    sure = f"95 % interval {one['low']:+.2f} to {one['high']:+.2f}, p {p_text(one['p'])}"
    if one.get("p_holm") is not None:
        sure += f", corrected for several systems {p_text(one['p_holm'])}"
    whom = f"persons like these {persons}" if persons is not None else "these trials"
    if verdict(one) == "open":
        reach = (one["high"] - one["low"]) / 2
        return (
            f"No difference may be claimed: {system} has an EER {size} than {base} ({sure}). "
            f"A difference below about {reach:.2f} points cannot be told from chance with {whom}."
        )
    if one.get("p_holm", 0) > 1 - LEVEL:
        return (
            f"{system} has an EER {size} than {base} ({sure}): alone that would be a difference, "
            "as one of several compared it is not."
        )
    return f"{system} is {verdict(one)} than {base}: its EER is {size} ({sure}), for {whom}."


def p_text(p: float) -> str:
    """Return a p value with two digits, the smallest as a bound."""
    return "< 0.001" if p < 0.001 else f"{p:.2g}"
