"""Rates of several systems on persons drawn, in percent, and what later systems gain."""

from collections.abc import Sequence
from typing import NamedTuple

from avkd_cli.analysis.comparison import FEW_NOTE, FEW_PERSONS, LEVEL, verdict
from avkd_cli.verification.statistics import Resampled, difference, interval


class Rates(NamedTuple):
    """Rates of systems, and whether there are intervals: draws, and two persons to draw from."""

    drawn: Resampled
    systems: Sequence[str]
    sure: bool

    def of_system(self, place: int) -> dict[str, dict]:
        """Return a system's rates with the limits of their intervals, None where there are none."""
        return {name: self._rate(name, place) for name in self.drawn.value}

    def _rate(self, name: str, place: int) -> dict:
        if not self.sure:
            value = float(100 * self.drawn.value[name][place])
            return {"percent": value, "low": None, "high": None}
        value, low, high = interval(self.drawn, name, place, LEVEL)
        return {"percent": 100 * value, "low": 100 * low, "high": 100 * high}

    def differences(self) -> list[dict]:
        """Return the rates of each later system minus the first one's, in points."""
        first, *later = self.systems
        return [
            {"system": system, "against": first}
            | {name: self._gain(name, place) for name in self.drawn.value if self.sure}
            for place, system in enumerate(later, 1)
        ]

    def _gain(self, name: str, place: int) -> dict:
        one = difference(self.drawn, name, 0, place, LEVEL)
        points = {key: 100 * getattr(one, key) for key in ("value", "low", "high")}
        return {**points, "p": one.p, "verdict": verdict(points, better=1)}

    def few(self) -> list[str]:
        """Return the note that the persons are few, where they are."""
        return [FEW_NOTE] if self.drawn.n_units < FEW_PERSONS else []
