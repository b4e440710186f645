"""Trial lists drawn from a list of utterances, by seed.

A trial is a pair of different utterances; (a, b) and (b, a) are one trial, and no trial is drawn
twice. Numbers of possible trials are counted exactly, so asking for too many is said at once.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import NamedTuple

import numpy as np

from avkd_cli.errors import InputError


class Candidate(NamedTuple):
    """One side of a trial."""

    id: str
    person: str
    session: str
    sex: str


class Trial(NamedTuple):
    """label 1: one person; 0: two people."""

    label: int
    enrol: str
    test: str


@dataclass(frozen=True)
class Rule:
    """Which pairs may be trials.

    Args:
        same_sex: nontargets are of one sex, as in VoxCeleb1-H.
        cross_session: targets are of two sessions, as in VoxCeleb1's lists.
    """

    same_sex: bool = False
    cross_session: bool = False

    def label(self, enrol: Candidate, test: Candidate) -> int | None:
        """Return 1 for a target, 0 for a nontarget, None for a pair that may not be a trial."""
        if enrol.person == test.person:
            return None if self.cross_session and enrol.session == test.session else 1
        return None if self.same_sex and enrol.sex != test.sex else 0


def count_trials(candidates: Sequence[Candidate], rule: Rule) -> tuple[int, int]:
    """Return how many targets and nontargets are possible."""
    persons = Counter(candidate.person for candidate in candidates)
    sessions = Counter((candidate.person, candidate.session) for candidate in candidates)
    sexes = Counter(candidate.sex for candidate in candidates)
    within = sum(comb(count, 2) for count in persons.values())
    within_session = sum(comb(count, 2) for count in sessions.values())
    pairs = sum(comb(n, 2) for n in sexes.values()) if rule.same_sex else comb(len(candidates), 2)
    return within - within_session * rule.cross_session, pairs - within


def draw_trials(
    candidates: Sequence[Candidate], rule: Rule, targets: int, nontargets: int, seed: int
) -> list[Trial]:
    """Return trials drawn without replacement, targets and nontargets alternating.

    Raises:
        InputError: fewer are possible than wanted, or a sex is unknown that the rule needs.
    """
    check_sexes(candidates, rule)
    refuse_too_many((targets, nontargets), count_trials(candidates, rule), len(candidates))
    rng = np.random.default_rng(seed)
    drawn = [
        _draw(candidates, rule, label, wanted, rng)
        for label, wanted in ((1, targets), (0, nontargets))
    ]
    return list(alternate(*drawn))


def refuse_too_many(
    wanted: tuple[int, int], possible: tuple[int, int], utterances: int, what: str = "trials"
) -> None:
    """Refuse more targets or nontargets than are possible among so many utterances."""
    for number, there, kind in zip(wanted, possible, ("target", "nontarget"), strict=True):
        if number > there:
            raise InputError(
                f"{number} {kind} {what} wanted, {there} possible among {utterances} utterances; "
                "ask for fewer, or loosen the rule"
            )


def check_sexes(candidates: Sequence[Candidate], rule: Rule) -> None:
    """Refuse people without a sex, or with two, where the rule compares sexes."""
    if not rule.same_sex:
        return
    of_person = defaultdict(set)
    for candidate in candidates:
        of_person[candidate.person].add(candidate.sex)
    for person, sexes in of_person.items():
        if len(sexes) > 1 or not all(sexes):
            raise InputError(
                f"person {person!r} has sex {sorted(sexes)}, one was wanted for --same-sex; "
                "complete the list"
            )


def _draw(candidates, rule: Rule, label: int, wanted: int, rng) -> list[Trial]:
    """Draw from all pairs when most are wanted, else draw and throw back what does not fit."""
    if 2 * wanted > count_trials(candidates, rule)[1 - label]:
        pairs = _all_pairs(candidates, rule, label)
        chosen = [pairs[index] for index in rng.permutation(len(pairs))[:wanted]]
    else:
        chosen = _sample(candidates, rule, label, wanted, rng)
    swap = rng.random(len(chosen)) < 0.5  # else the list's order would decide who enrols
    return [
        Trial(label, *(candidates[i].id for i in (pair[::-1] if turn else pair)))
        for pair, turn in zip(chosen, swap, strict=True)
    ]


def _all_pairs(candidates, rule: Rule, label: int) -> list[tuple[int, int]]:
    groups = _by_person(candidates) if label else [range(len(candidates))]
    return [
        pair
        for group in groups
        for pair in combinations(group, 2)
        if rule.label(candidates[pair[0]], candidates[pair[1]]) == label
    ]


def _sample(candidates, rule: Rule, label: int, wanted: int, rng) -> list[tuple[int, int]]:
    """Draw pairs uniformly: a group by its number of pairs, then two of it."""
    groups = _by_person(candidates) if label else [np.arange(len(candidates))]
    weights = np.array([comb(len(group), 2) for group in groups], float)
    found: dict[tuple[int, int], None] = {}
    while len(found) < wanted:
        size = max(1024, 2 * (wanted - len(found)))
        for group in rng.choice(len(groups), size, p=weights / weights.sum()):
            first, second = sorted(rng.integers(0, len(groups[group]), 2))
            pair = int(groups[group][first]), int(groups[group][second])
            if first != second and rule.label(candidates[pair[0]], candidates[pair[1]]) == label:
                found.setdefault(pair)
            if len(found) == wanted:
                break
    return list(found)


def _by_person(candidates: Sequence[Candidate]) -> list[list[int]]:
    groups = defaultdict(list)
    for index, candidate in enumerate(candidates):
        groups[candidate.person].append(index)
    return list(groups.values())


def alternate(targets: list[Trial], nontargets: list[Trial]) -> Iterator[Trial]:
    """Yield both in turn, the longer list's rest spread evenly among them."""
    ranks = [
        ((index + 0.5) / len(kind), trial)
        for kind in (targets, nontargets)
        for index, trial in enumerate(kind)
    ]
    yield from (trial for _, trial in sorted(ranks, key=lambda item: item[0]))
