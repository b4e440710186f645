"""`avkd analyze identify`: how often the right person is found among many."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from avkd_cli.errors import InputError, UsageError
from avkd_cli.shown import AS_THEY_ARE, Picture, Reading
from avkd_cli.steps.analyze.galleries import Found, from_scores, from_stores
from avkd_cli.steps.analyze.inputs import named_paths
from avkd_cli.steps.analyze.matching import from_lists, from_recordings
from avkd_cli.steps.analyze.pictures import draw
from avkd_cli.steps.analyze.rates import Rates
from avkd_cli.verification.identification import (
    Places,
    matching_hits,
    rank_hits,
    resample_hits,
)

UNWEIGHTED = "unweighted_accuracy"
MATCHING = range(2, 11)  # 1:N
LONGEST_CURVE = 100  # ranks of a CMC that are given


def identify(
    inputs: Sequence[str],
    *,
    galleries: Sequence[str] = (),
    candidates: str = "person",
    matching_lists: Sequence[str] = (),
    match: Sequence[int] | None = None,
    enrol: Path | None = None,
    enrol_first: int | None = None,
    list_file: Path | None = None,
    reading: Reading = AS_THEY_ARE,
    people: str | None = None,
    ranks: Sequence[int] = (1, 5, 10),
    resamples: int = 1000,
    seed: int = 0,
    plot: Picture | None = None,
    matching_plot: Picture | None = None,
) -> dict:
    """Return identification rates of each system with intervals, and differences from the first.

    Raises:
        UsageError: stores and score files together, or an argument of the other kind.
        InputError: an N of `match` is above the number of candidates.
        MissingInputError, InputError: as in `galleries.from_scores` and `galleries.from_stores`.
    """
    of_stores = {
        "gallery": galleries or None,
        "enrol": enrol,
        "enrol-first": enrol_first,
        "list": list_file,
        "matching-list": matching_lists or None,
        "candidates": None if candidates == "person" else candidates,
    }
    of_scores = {
        "trials": reading.path or reading.intersect or reading.columns or None,
        "people": people,
        "in-format": reading.format,
    }
    paths = named_paths(inputs)
    stores = _are_stores(paths, of_stores, of_scores)
    if enrol is not None and enrol_first is not None:
        raise UsageError("--enrol and --enrol-first cannot both be given")
    if matching_lists or candidates == "utterance":
        _refuse_enrolment(enrol, enrol_first, matching_lists, list_file, match)
    if matching_lists:
        result = of_lists(from_lists(paths, galleries, matching_lists), resamples, seed)
    else:
        if candidates == "utterance":
            found = from_recordings(paths, galleries, list_file)
        elif stores:
            found = from_stores(paths, galleries, enrol, enrol_first or 1, list_file)
        else:
            found = from_scores(paths, reading, people)
        result = described(found, ranks, resamples, seed, match)
    draw(plot, lambda figures: figures.cmc_figure(result))
    draw(matching_plot, lambda figures: figures.matching_figure(result))
    return result


def _are_stores(paths: Mapping[str, Path], of_stores: Mapping, of_scores: Mapping) -> bool:
    """Say whether stores are given, not score files; refuse both, and options of the other kind.

    Args:
        of_stores, of_scores: name and value of the options that say something of one kind only.
    """
    stores = {path.is_dir() for path in paths.values()}
    if len(stores) > 1:
        raise UsageError("stores and score files together; name one kind")
    (given,) = stores
    for name, value in (of_scores if given else of_stores).items():
        if value is not None:
            kind = "stores" if given else "score files"
            raise UsageError(f"--{name} says nothing of {kind}")
    return given


def _refuse_enrolment(
    enrol: Path | None,
    enrol_first: int | None,
    lists: Sequence[str],
    list_file: Path | None,
    match: Sequence[int] | None,
) -> None:
    """Refuse what says nothing where every utterance is a candidate, or where lists name them."""
    if enrol is not None or enrol_first is not None:
        raise UsageError("--enrol and --enrol-first make one candidate a person; leave them")
    if lists and (list_file is not None or match is not None):
        raise UsageError("--matching-list says who is compared and N; leave --list and --match")


def of_lists(lists: Sequence[tuple[int, Found]], resamples: int, seed: int) -> dict:
    """Return the rate of 1:N matching of every list, for all systems, in one result."""
    results = [described(found, (), resamples, seed, (n,)) for n, found in lists]
    sizes = [n for n, _ in lists]
    return results[-1] | {
        "probes": sum(one["probes"] for one in results),
        "persons": max(one["persons"] for one in results),
        "gallery": {"smallest": min(sizes), "largest": max(sizes)},
        "chance_percent": float(np.mean([one["chance_percent"] for one in results])),
        "systems": _beside_each_other([one["systems"] for one in results]),
        "differences": _beside_each_other([one["differences"] for one in results]),
    }


def _beside_each_other(parts: Sequence[Sequence[dict]]) -> list[dict]:
    """Return each system's rates of all lists, without those that are not of 1:N matching."""
    return [
        {
            key: value
            for row in rows
            for key, value in row.items()
            if key not in (UNWEIGHTED, "cmc_percent")
        }
        for rows in zip(*parts, strict=True)
    ]


def described(
    found: Found,
    ranks: Sequence[int],
    resamples: int,
    seed: int,
    match: Sequence[int] | None = None,
) -> dict:
    """Return all rates of all systems with their intervals."""
    size = next(iter(found.places.values())).gallery
    if match is not None and max(match) > size.min():
        raise InputError(
            f"1:{max(match)} matching wants {max(match)} candidates, the smallest gallery has "
            f"{int(size.min())}; take a smaller N"
        )
    hits = {
        name: np.array([of(one) for one in found.places.values()])
        for name, of in rates(ranks, int(size.min()), match or MATCHING).items()
    }
    drawn = resample_hits(
        hits, found.person, by_person=(UNWEIGHTED,), n_resamples=resamples, seed=seed
    )
    sure = Rates(drawn, list(found.places), resamples > 0 and drawn.n_units > 1)
    return {
        "format": "avkd.analysis.identify",
        "version": 1,
        "probes": len(found.person) if found.probes is None else found.probes,
        "persons": drawn.n_units,
        "without_person_in_gallery": found.left_out,
        "enrolled_utterances": found.enrolled,
        "gallery": {"smallest": int(size.min()), "largest": int(size.max())},
        "chance_percent": float(100 * np.mean(1 / size)),
        "resamples": resamples,
        "seed": seed,
        "systems": [
            {"name": name, **sure.of_system(place), "cmc_percent": cmc(one)}
            for place, (name, one) in enumerate(found.places.items())
        ],
        "differences": sure.differences(),
        "notes": notes(sure),
    }


def rates(ranks: Sequence[int], smallest: int, match: Sequence[int] = MATCHING) -> dict:
    """Return by name what gives each probe's chance of success, where the galleries allow it."""
    found = {f"rank_{k}": lambda one, k=k: rank_hits(one, k) for k in ranks if k <= smallest}
    found |= {UNWEIGHTED: lambda one: rank_hits(one, 1)}
    return found | {
        f"match_1_of_{n}": lambda one, n=n: matching_hits(one, n) for n in match if n <= smallest
    }


def cmc(found: Places) -> list[float]:
    """Return the rank-k rates in percent, k from 1 to the smallest gallery or `LONGEST_CURVE`."""
    most = min(int(found.gallery.min()), LONGEST_CURVE)
    return [float(100 * rank_hits(found, k).mean()) for k in range(1, most + 1)]


def notes(found: Rates) -> list[str]:
    """Return what a reader must know to believe the figures."""
    said = [
        "ties count as the chance of picking the right one; 1:N is the mean over all sets of "
        "the right one and N - 1 others of the gallery"
    ]
    if not found.sure:
        return said
    persons = found.drawn.n_units
    said += ["intervals are of 95 %, over the persons of the probes; the gallery stays"]
    said += found.few()
    if any(one.std(axis=0).min() == 0 for one in found.drawn.samples.values()):
        said.append(
            f"a rate of 0 or 100 % has an interval of no width; with {persons} persons about "
            f"{100 * min(1, 3 / persons):.0f} % may still be otherwise (rule of three)"
        )
    return said
