"""Closed-set identification and matching: rank-k, 1:N.

Where the right answer ties with others, the chance of picking it at random counts, so that
a system which says nothing scores at chance, whatever the order of the gallery.
"""

from collections.abc import Collection, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import comb

from avkd_cli.verification.resampling import drawn
from avkd_cli.verification.statistics import Resampled


class Places(NamedTuple):
    """Where the right candidate of each probe stands, shape (n_probes,) each.

    Args:
        above: how many others are more similar.
        tied: how many others are as similar.
        gallery: how many candidates there are, the right one among them.
    """

    above: np.ndarray
    tied: np.ndarray
    gallery: np.ndarray


def places(similarity: ArrayLike, correct: ArrayLike) -> Places:
    """Return where the right person stands among those of a gallery.

    Args:
        similarity: of each probe to each person of the gallery, shape (n_probes, n_gallery).
        correct: column of each probe's person, shape (n_probes,).

    Raises:
        ValueError: if shapes do not fit, or any similarity is NaN.
    """
    similarity, correct = np.asarray(similarity), np.asarray(correct)
    if similarity.ndim != 2 or correct.shape != similarity.shape[:1] or not similarity.size:
        raise ValueError(
            f"similarity {similarity.shape} and correct {correct.shape}: wanted (n, m), (n,)"
        )
    if np.isnan(similarity).any():
        raise ValueError("no similarity may be NaN")
    own = np.take_along_axis(similarity, correct[:, None], axis=1)
    above, same = np.sum(similarity > own, axis=1), np.sum(similarity == own, axis=1)
    return Places(above, same - 1, np.full(len(own), similarity.shape[1]))


def places_of_each(similarity: ArrayLike, own: ArrayLike) -> tuple[Places, np.ndarray]:
    """Return where each candidate of the probe's own person stands among the other persons'.

    A candidate is one recording, such as one face, and a person may have several: each of them in
    turn is the right one, among all candidates of other persons.

    Args:
        similarity: of each probe to each candidate, shape (n_probes, n_candidates).
        own: whether the candidate is of the probe's person, the same shape.

    Returns:
        Places of the pairs of a probe and an own candidate, and the probe of each pair, both in
        the order of the probes, shape (n_pairs,).

    Raises:
        ValueError: if shapes do not fit, or any similarity is NaN.
    """
    similarity, own = np.asarray(similarity), np.asarray(own, bool)
    if similarity.ndim != 2 or own.shape != similarity.shape:
        raise ValueError(
            f"similarity {similarity.shape} and own {own.shape}: wanted (n, m) of both"
        )
    if np.isnan(similarity).any():
        raise ValueError("no similarity may be NaN")
    above, tied, total = [], [], []
    for values, mine in zip(similarity, own, strict=True):
        others, right = np.sort(values[~mine]), -np.sort(-values[mine])  # the most similar first
        below, up_to = (np.searchsorted(others, right, side) for side in ("left", "right"))
        above.append(len(others) - up_to)
        tied.append(up_to - below)
        total.append(np.full(len(right), len(others) + 1))
    probe = np.repeat(np.arange(len(own)), own.sum(axis=1))
    return Places(*(np.concatenate([[], *one]).astype(int) for one in (above, tied, total))), probe


def rank_hits(found: Places, k: int) -> np.ndarray:
    """Return the chance that the right one is among the first `k`, shape (n_probes,).

    1 or 0 but for ties, among which the order is left to chance.

    Raises:
        ValueError: if k < 1.
    """
    if k < 1:
        raise ValueError(f"k must be at least 1, not {k}")
    return np.clip((k - found.above) / (found.tied + 1), 0, 1)


def matching_hits(found: Places, n: int) -> np.ndarray:
    """Return the chance of the right one to come first in 1:N matching, shape (n_probes,).

    Of all sets of it and n - 1 others of the gallery, the share in which it is the most similar:
    what drawing such sets for ever would give. Guessing gives 1 / n.

    Raises:
        ValueError: if n < 2, or a gallery has fewer candidates.
    """
    if n < 2 or n > found.gallery.min():
        raise ValueError(f"1:{n} matching with galleries of {found.gallery.min()} and more")
    below = found.gallery - 1 - found.above - found.tied
    # A tie is broken at random: so many of the tied ones stand below, each number as likely.
    # The sum of comb(below + u, n - 1) over u = 0 … tied:
    sets = comb(below + found.tied + 1, n) - comb(below, n)
    return sets / ((found.tied + 1) * comb(found.gallery - 1, n - 1))


def resample_hits(
    hits: Mapping[str, ArrayLike],
    person: ArrayLike,
    *,
    by_person: Collection[str] = (),
    n_resamples: int = 1000,
    seed: int = 0,
) -> Resampled:
    """Return rates of success on probes of persons drawn with replacement; galleries stay.

    Args:
        hits: by name of a rate, the chance of success of each system with each probe, shape
            (n_systems, n_probes).
        person: number of each probe's person, from 0 without gaps, shape (n_probes,).
        by_person: names of rates that are means over persons (unweighted accuracy), not probes.
        n_resamples: how often persons are drawn.
        seed: of the draws; draw k depends on (seed, k) only.
    """
    person = np.asarray(person)
    probes = np.bincount(person)
    draws = drawn(len(probes), n_resamples, seed)
    value, samples, noise = {}, {}, {}
    for name, found in hits.items():
        right = np.array([np.bincount(person, one) for one in np.asarray(found)]).T
        weight = probes.astype(float)
        if name in by_person:
            right, weight = right / probes[:, None], np.ones(len(probes))
        value[name] = right.sum(axis=0) / weight.sum()
        samples[name] = draws @ right / (draws @ weight)[:, None]
        noise[name] = np.zeros((1, len(value[name])))  # nothing is counted twice
    return Resampled(value, samples, noise, "person", len(probes))
