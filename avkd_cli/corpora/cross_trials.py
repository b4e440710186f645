"""Trials of a voice and a face, drawn by seed: is this voice of that face?

The enrolment is heard, the test is seen. (a, b) and (b, a) are two trials, and a clip's voice may
meet its own face. All possible trials are numbered, and distinct numbers are drawn, so each list
is uniform and none repeats a trial.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from avkd_cli.corpora.trials import Trial, alternate, refuse_too_many
from avkd_cli.errors import InputError
from avkd_cli.verification.strata import NEEDED, Traits, alike

MANY = 20_000_000  # possible trials up to which all their numbers are shuffled


class PersonClip(NamedTuple):
    """One recording as a side of a trial.

    Args:
        heard, seen: whether it has a voice, a face.
        age: in years, NaN where unknown.
    """

    id: str
    person: str
    session: str
    heard: bool
    seen: bool
    sex: str = ""
    nationality: str = ""
    age: float = float("nan")


@dataclass(frozen=True)
class CrossRule:
    """Which voices and faces may meet.

    Args:
        stratum: what the two people of a nontarget have in common, one of `strata.NEEDED`.
        cross_session: a target's voice and face are of two sessions.
    """

    stratum: str = "random"
    cross_session: bool = False


class Possible:
    """All targets or all nontargets, numbered from 0 in the order of the voices.

    Clips that no rule tells apart are one unit: rules are tried on pairs of units.

    Args:
        clips: all of them.
        rule: which may meet.
        label: 1 targets, 0 nontargets.
    """

    def __init__(self, clips: Sequence[PersonClip], rule: CrossRule, label: int) -> None:
        self.clips, self.rule, self.label = clips, rule, label
        key = [(c.person, c.session * rule.cross_session, *c[5:7], str(c.age)) for c in clips]
        self.units = list(dict.fromkeys(key))
        number = {unit: n for n, unit in enumerate(self.units)}
        unit = np.array([number[one] for one in key], np.int64)
        self.voices = _members(unit, [c.heard for c in clips], len(self.units))
        self.faces = _members(unit, [c.seen for c in clips], len(self.units))
        self._person, self._session = (np.array([u[n] for u in self.units]) for n in (0, 1))
        self._traits = Traits(
            np.array([u[2] for u in self.units]),
            np.array([u[3] for u in self.units]),
            np.array([float(u[4]) for u in self.units]),
        )
        self._n_faces = np.array([len(one) for one in self.faces])
        found = [
            len(self.voices[n]) * self._n_faces[self.allowed(n)].sum()
            for n in range(len(self.units))
        ]
        self.ends = np.cumsum(found, dtype=np.int64)
        self.total = int(sum(found))

    def allowed(self, unit: int) -> NDArray[np.bool_]:
        """Return which units' faces the voices of a unit may meet."""
        same = self._person == self._person[unit]
        if self.label:
            other = self._session != self._session[unit]
            return same & other if self.rule.cross_session else same
        mine = self._traits.take(np.array([unit]))
        return ~same & alike(self.rule.stratum, mine, self._traits)

    def draw(self, wanted: int, rng: np.random.Generator) -> list[Trial]:
        """Return so many different ones, in the order drawn."""
        numbers = _distinct(self.total, wanted, rng)
        unit = np.searchsorted(self.ends, numbers, side="right")
        found: list[Trial | None] = [None] * wanted
        for one in np.unique(unit).tolist():
            faces = np.concatenate([self.faces[n] for n in np.flatnonzero(self.allowed(one))])
            first = self.ends[one - 1] if one else 0
            for place in np.flatnonzero(unit == one).tolist():
                voice, face = divmod(int(numbers[place] - first), len(faces))
                heard, seen = self.clips[self.voices[one][voice]], self.clips[faces[face]]
                found[place] = Trial(self.label, heard.id, seen.id)
        return [trial for trial in found if trial is not None]


def _members(unit: NDArray, chosen: Sequence[bool], n_units: int) -> list[NDArray[np.int64]]:
    """Return the chosen clips of each unit."""
    rows = np.flatnonzero(chosen)
    rows = rows[np.argsort(unit[rows], kind="stable")]
    ends = np.searchsorted(unit[rows], np.arange(n_units + 1))
    return [rows[ends[n] : ends[n + 1]] for n in range(n_units)]


def _distinct(total: int, wanted: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return different numbers below `total`, in the order drawn."""
    if total <= MANY or 2 * wanted > total:
        return rng.permutation(total)[:wanted]
    found = np.empty(0, np.int64)
    while len(found) < wanted:
        found = np.append(found, rng.integers(0, total, 2 * wanted))
        found = found[np.sort(np.unique(found, return_index=True)[1])]
    return found[:wanted]


def draw_cross_trials(
    possible: tuple[Possible, Possible], targets: int, nontargets: int, seed: int
) -> list[Trial]:
    """Return trials drawn without replacement, targets and nontargets alternating.

    Args:
        possible: all targets, all nontargets.

    Raises:
        InputError: fewer are possible than wanted.
    """
    totals, utterances = (possible[0].total, possible[1].total), len(possible[0].clips)
    what = "trials of a voice and a face"
    refuse_too_many((targets, nontargets), totals, utterances, what)
    rng = np.random.default_rng(seed)
    return list(alternate(possible[0].draw(targets, rng), possible[1].draw(nontargets, rng)))


def check_traits(clips: Sequence[PersonClip], stratum: str) -> None:
    """Refuse people of whom the stratum's traits are not known.

    Raises:
        InputError: names the first.
    """
    for name in NEEDED[stratum]:
        for clip in clips:
            value = getattr(clip, name)
            if value == "" or (name == "age" and math.isnan(value)):
                raise InputError(
                    f"{clip.id!r} has no {name}, which stratum {stratum} compares; complete the "
                    "list"
                )
