"""How sure a difference between systems is, in numbers and in words. Pure."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from avkd_cli.verification.figure import Figure, figure
from avkd_cli.verification.statistics import (
    Difference,
    Interval,
    Resampled,
    difference,
    interval,
)

USUAL = tuple(figure(name) for name in ("eer", "min_dcf_0.01", "min_dcf_0.05"))
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
UNRESOLVED_NOTE = (
    "the list has fewer nontargets than ten times one over this rate, so the miss rate hangs on a "
    "few scores and its interval is not to be relied on"
)
OUTSIDE_NOTE = (
    "a value lies outside its interval: a minimum that rests on few errors is lower in lists drawn "
    "from these persons, so this interval is too low and not to be relied on"
)
MCNEMAR_NOTE = (
    "McNemar's p is of decisions at each system's own EER threshold and takes trials for "
    "independent, so it is too small; it is here because others print it"
)


def intervals(found: Resampled, system: int, wanted: Sequence[Figure] = USUAL) -> dict[str, dict]:
    """Return each figure of one system with its interval, by `Figure.key`, which says the unit."""
    return {
        one.key: _scaled(one, interval(found, one.name, system, LEVEL, one.highest))
        for one in wanted
    }


def differences(
    found: Resampled, first: int, second: int, wanted: Sequence[Figure] = USUAL
) -> dict[str, dict]:
    """Return each figure's paired difference, second minus first, by key; rates in points."""
    return {
        one.key: _scaled(one, difference(found, one.name, first, second, LEVEL)) for one in wanted
    }


def _scaled(one: Figure, found: Interval | Difference) -> dict:
    scale = 100 if one.percent else 1
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


def verdict(one: Mapping, better: int = -1) -> str:
    """Return better, worse or open: what a difference with its interval allows to say."""
    if one["low"] <= 0 <= one["high"]:
        return "open"
    return "better" if one["value"] * better > 0 else "worse"


def claim(
    system: str, base: str, one: Mapping, persons: int | None, wanted: Figure = USUAL[0]
) -> str:
    """Return in words what may be claimed of a difference.

    Args:
        one: value, low, high, p, and p_holm where several systems were compared.
        persons: number of persons resampled; None when trials were.
    """
    form = ".2f" if wanted.percent else ".4f"
    unit = " points" if wanted.percent else ""
    size = f"{abs(one['value']):{form}}{unit} {'lower' if one['value'] < 0 else 'higher'}"
    limits = f"{one['low']:+{form}} to {one['high']:+{form}}"
    sure = f"95 % interval {limits}, p {p_text(one['p'])}"
    if one.get("p_holm") is not None:
        sure += f", corrected for several systems {p_text(one['p_holm'])}"
    whom = f"persons like these {persons}" if persons is not None else "these trials"
    found, name = verdict(one, wanted.better), wanted.label
    if one["value"] == one["low"] == one["high"] == 0:
        return (
            f"No difference may be claimed: {system} and {base} have the same {name} in "
            f"every draw of {whom}."
        )
    if found == "open":
        reach = (one["high"] - one["low"]) / 2
        return (
            f"No difference may be claimed: {system} has {_article(name)} {name} {size} than "
            f"{base} ({sure}). A difference below about {reach:{form}}{unit} cannot be told from "
            f"chance with {whom}."
        )
    if one.get("p_holm", 0) > 1 - LEVEL:
        return (
            f"{system} has {_article(name)} {name} {size} than {base} ({sure}): alone that would "
            "be a difference, as one of several compared it is not."
        )
    return f"{system} is {found} than {base}: its {name} is {size} ({sure}), for {whom}."


def _article(name: str) -> str:
    return "an" if name[0] in "AEF" else "a"  # an AUC, an EER, an FNMR


def p_text(p: float) -> str:
    """Return a p value with two digits, the smallest as a bound."""
    return "< 0.001" if p < 0.001 else f"{p:.2g}"
