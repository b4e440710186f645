"""`avkd analyze identify`: how often the right person is found among many."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from avkd_cli.analysis.comparison import FEW_NOTE, FEW_PERSONS, LEVEL, verdict
from avkd_cli.errors import UsageError
from avkd_cli.steps.analyze.galleries import Found, from_scores, from_stores
from avkd_cli.storage import durable
from avkd_cli.storage.store import resolve_input
from avkd_cli.verification.identification import (
    Places,
    matching_hits,
    rank_hits,
    resample_hits,
)
from avkd_cli.verification.statistics import Resampled, difference, interval

UNWEIGHTED = "unweighted_accuracy"
MATCHING = range(2, 11)  # 1:N
LONGEST_CURVE = 100  # ranks of a CMC that are given


def identify(
    inputs: Sequence[str],
    *,
    gallery: str | None = None,
    enrol: Path | None = None,
    enrol_first: int | None = None,
    list_file: Path | None = None,
    trials: str | None = None,
    people: str | None = None,
    in_format: str | None = None,
    ranks: Sequence[int] = (1, 5, 10),
    resamples: int = 1000,
    seed: int = 0,
    plot: Path | None = None,
) -> dict:
    """Return identification rates of each system with intervals, and differences from the first.

    Args:
        inputs: embedding stores, or score files on one trial list; one a system.
        gallery: of stores: store of the gallery; None: each probe's own.
        enrol: of stores: list of the utterances that are enrolled.
        enrol_first: of stores: or so many first ones of each person; None: one.
        list_file: of stores: take only these as probes.
        trials: of score files: list to take labels from.
        people: of score files: list of utterances that says who is who.
        in_format: of score files: their format; None: guessed.
        ranks: k of the rank-k rates; those above the size of the smallest gallery are left out.
        resamples: how often persons are drawn; 0: no intervals.
        seed: of the draws.
        plot: picture of the CMC curves to draw.

    Raises:
        UsageError: stores and score files together, or an argument of the other kind.
        MissingInputError, InputError: as in `galleries.from_scores` and `galleries.from_stores`.
    """
    of_stores = {"gallery": gallery, "enrol": enrol, "enrol-first": enrol_first, "list": list_file}
    of_scores = {"trials": trials, "people": people, "in-format": in_format}
    inputs = [str(resolve_input(one)) for one in inputs]
    stores = [Path(one).is_dir() for one in inputs]
    if any(stores) != all(stores):
        raise UsageError("stores and score files together; name one kind")
    _refuse_others(of_scores if stores[0] else of_stores, "stores" if stores[0] else "score files")
    if enrol is not None and enrol_first is not None:
        raise UsageError("--enrol and --enrol-first cannot both be given")
    if stores[0]:
        found = from_stores(inputs, gallery, enrol, enrol_first or 1, list_file)
    else:
        found = from_scores(inputs, trials, people, in_format)
    result = described(found, ranks, resamples, seed)
    if plot is not None:
        from avkd_cli.analysis.figures import cmc_figure, save

        durable.write_bytes(plot, save(cmc_figure(result), plot.suffix))
    return result


def _refuse_others(options: Mapping[str, object], kind: str) -> None:
    for name, value in options.items():
        if value is not None:
            raise UsageError(f"--{name} says nothing of {kind}")


def described(found: Found, ranks: Sequence[int], resamples: int, seed: int) -> dict:
    """Return all rates of all systems with their intervals."""
    size = next(iter(found.places.values())).gallery
    hits = {
        name: np.array([of(one) for one in found.places.values()])
        for name, of in rates(ranks, int(size.min())).items()
    }
    drawn = resample_hits(
        hits, found.person, by_person=(UNWEIGHTED,), n_resamples=resamples, seed=seed
    )
    sure = resamples > 0 and drawn.n_units > 1
    systems = list(found.places)
    return {
        "format": "avkd.analysis.identify",
        "version": 1,
        "probes": len(found.person),
        "persons": drawn.n_units,
        "without_person_in_gallery": found.left_out,
        "enrolled_utterances": found.enrolled,
        "gallery": {"smallest": int(size.min()), "largest": int(size.max())},
        "chance_percent": float(100 * np.mean(1 / size)),
        "resamples": resamples,
        "seed": seed,
        "systems": [
            {
                "name": name,
                **{key: _figure(drawn, key, place, sure) for key in hits},
                "cmc_percent": cmc(one),
            }
            for place, (name, one) in enumerate(found.places.items())
        ],
        "differences": [
            _differences(drawn, systems, place, sure) for place in range(1, len(systems))
        ],
        "notes": notes(drawn, sure),
    }


def rates(ranks: Sequence[int], smallest: int) -> dict:
    """Return by name what gives each probe's chance of success, where the galleries allow it."""
    found = {f"rank_{k}": lambda one, k=k: rank_hits(one, k) for k in ranks if k <= smallest}
    found |= {UNWEIGHTED: lambda one: rank_hits(one, 1)}
    return found | {
        f"match_1_of_{n}": lambda one, n=n: matching_hits(one, n) for n in MATCHING if n <= smallest
    }


def cmc(found: Places) -> list[float]:
    """Return the rank-k rates in percent, k from 1 to the smallest gallery or `LONGEST_CURVE`."""
    most = min(int(found.gallery.min()), LONGEST_CURVE)
    return [float(100 * rank_hits(found, k).mean()) for k in range(1, most + 1)]


def _figure(drawn: Resampled, key: str, place: int, sure: bool) -> dict:
    """Return a rate in percent with the limits of its interval, None where there is none."""
    if not sure:
        return {"percent": float(100 * drawn.value[key][place]), "low": None, "high": None}
    value, low, high = interval(drawn, key, place, LEVEL)
    return {"percent": 100 * value, "low": 100 * low, "high": 100 * high}


def _differences(drawn: Resampled, systems: Sequence[str], place: int, sure: bool) -> dict:
    """Return each rate minus the first system's, in points."""
    row: dict = {"system": systems[place], "against": systems[0]}
    for key in drawn.value if sure else ():
        one = difference(drawn, key, 0, place, LEVEL)
        points = {name: 100 * getattr(one, name) for name in ("value", "low", "high")}
        row[key] = {**points, "p": one.p, "verdict": verdict(points, better=1)}
    return row


def notes(drawn: Resampled, sure: bool) -> list[str]:
    """Return what a reader must know to believe the figures."""
    found = ["ties count as the chance of picking the right one; 1:N is the mean over all sets of "
             "the right one and N - 1 others of the gallery"]  # fmt: skip
    if not sure:
        return found
    found.append("intervals are of 95 %, over the persons of the probes; the gallery stays")
    if drawn.n_units < FEW_PERSONS:
        found.append(FEW_NOTE)
    if any(one.std(axis=0).min() == 0 for one in drawn.samples.values()):
        found.append(
            f"a rate of 0 or 100 % has an interval of no width; with {drawn.n_units} persons about "
            f"{100 * min(1, 3 / drawn.n_units):.0f} % may still be otherwise (rule of three)"
        )
    return found
