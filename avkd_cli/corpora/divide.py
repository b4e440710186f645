"""Who goes to which part: one rule for train and test, for folds, and inside each person.

What stays together (a person, a session) is a *group*; groups that are alike (of one sex, of one
person) are a *stratum*. Every stratum is dealt out in the same shares. The order in which it is
dealt is a hash of the seed and the group's name, so the list's order does not matter.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from fractions import Fraction

TRAIN, VALIDATION, TEST = "train", "validation", "test"


def deal(
    strata: Mapping[str, Hashable],
    shares: Sequence[float],
    seed: int | str,
    *,
    first_of_each: bool = False,
) -> dict[str, int]:
    """Return the part of each group.

    Args:
        strata: the stratum of each group; strata are dealt out in sorted order.
        shares: of each part, at least 0; they are scaled to a sum of 1.
        seed: which of the possible divisions.
        first_of_each: part 0 gets at least one group of every stratum.

    Raises:
        ValueError: a share is negative, or all are 0.
    """
    members = defaultdict(list)
    for group, stratum in strata.items():
        members[stratum].append(group)
    names = sorted(members)
    counts = apportion([len(members[name]) for name in names], shares, first_of_each=first_of_each)
    parts: dict[str, int] = {}
    for name, wanted in zip(names, counts, strict=True):
        slots = [part for part, count in enumerate(wanted) for _ in range(count)]
        parts |= dict(zip(sorted(members[name], key=lambda g: _order(seed, g)), slots, strict=True))
    return parts


def _order(seed: int | str, group: str) -> bytes:
    return hashlib.sha256(f"{seed}\0{group}".encode("utf-8", "surrogatepass")).digest()


def apportion(
    sizes: Sequence[int], shares: Sequence[float], *, first_of_each: bool = False
) -> list[list[int]]:
    """Return how many of each stratum go to each part.

    Whole numbers by largest remainder; what rounding gives or takes is carried on to the next
    stratum, so that the sums over all strata are as near to the shares as whole numbers can be.

    Args:
        sizes: of the strata.
        shares: of the parts, scaled to a sum of 1.
        first_of_each: part 0 gets at least one of every stratum that has any.

    Raises:
        ValueError: a share is negative, or all are 0.
    """
    exact = [Fraction(share).limit_denominator(10**6) for share in shares]
    if min(exact) < 0 or not sum(exact):
        raise ValueError(f"shares {list(shares)} must be at least 0, and one more than that")
    scaled = [share / sum(exact) for share in exact]
    carried = [Fraction(0)] * len(scaled)
    dealt = []
    for size in sizes:
        wanted = [size * share + rest for share, rest in zip(scaled, carried, strict=True)]
        counts = _whole(wanted, size, scaled)
        if first_of_each and size and not counts[0]:
            counts[max(range(len(counts)), key=lambda part: counts[part])] -= 1
            counts[0] = 1
        carried = [want - count for want, count in zip(wanted, counts, strict=True)]
        dealt.append(counts)
    return dealt


def _whole(wanted: list[Fraction], size: int, shares: list[Fraction]) -> list[int]:
    """Return whole numbers near `wanted`, none negative, whose sum is `size`."""
    counts = [max(0, int(want // 1)) for want in wanted]
    while sum(counts) > size:  # a part that was given too much before cannot give back
        able = [part for part, count in enumerate(counts) if count]
        counts[max(able, key=lambda part: counts[part] - wanted[part])] -= 1
    while sum(counts) < size:
        able = [part for part, share in enumerate(shares) if share]
        counts[max(able, key=lambda part: wanted[part] - counts[part])] += 1
    return counts


def folds(
    strata: Mapping[str, Hashable], count: int | None, seed: int, *, validation: float = 0.0
) -> list[dict[str, str]]:
    """Return, for each fold, whether a group is train, validation or test.

    Every group is test in one fold.

    Args:
        strata: the stratum of each group.
        count: of folds, 2 to the number of groups; None: one for each group, in sorted order.
        seed: which of the possible divisions.
        validation: share of those who are not test.

    Raises:
        ValueError: there are fewer groups than folds, or one fold.
    """
    count = len(strata) if count is None else count
    if not 2 <= count <= len(strata):
        raise ValueError(f"{count} folds of {len(strata)} groups")
    if count == len(strata):
        tested = {group: fold for fold, group in enumerate(sorted(strata, key=natural))}
    else:
        tested = deal(strata, [1 / count] * count, seed)
    return [_fold(strata, tested, fold, seed, validation) for fold in range(count)]


def _fold(strata, tested: dict[str, int], fold: int, seed: int, validation: float):
    rest = {group: stratum for group, stratum in strata.items() if tested[group] != fold}
    parts = deal(rest, (1 - validation, validation), f"{seed}/{fold}")
    return {
        group: (TRAIN, VALIDATION)[parts[group]] if group in parts else TEST for group in strata
    }


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """Return what sorts names as people do: p2 before p10."""
    pieces = filter(None, re.split(r"(\d+)", name))
    return tuple((0, int(piece), piece) if piece.isdecimal() else (1, 0, piece) for piece in pieces)
