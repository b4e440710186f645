"""What one list's scores say for the report: how sure they are, what was corrected and broken."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from avkd_cli.analysis.bands import Band, along, drawn_band
from avkd_cli.analysis.comparison import USUAL, differences, intervals, verdict
from avkd_cli.analysis.venn import newly_right_of
from avkd_cli.errors import InputError
from avkd_cli.papers.form import Paper
from avkd_cli.steps.analyze import gains
from avkd_cli.steps.analyze.inputs import is_target, right_at_eer
from avkd_cli.steps.analyze.people import person_by_id, trial_persons
from avkd_cli.steps.analyze.venn import summary
from avkd_cli.storage.store import EMBEDDINGS, open_store
from avkd_cli.verification.scores import Scores
from avkd_cli.verification.statistics import resample_persons


def persons_of_stores(stores: Sequence[Path]) -> dict[str, str] | None:
    """Return the person of every utterance in embedding stores; None without stores."""
    found: dict[str, str] = {}
    for path in stores:
        store = open_store(path, EMBEDDINGS.kind)
        found |= zip(store.ids, store.persons, strict=True)
    return found or None


class Sure(NamedTuple):
    """How sure one list's figures are.

    Args:
        intervals: of each system's EER, in percent.
        differences: systems' EERs minus their baseline's, with intervals.
        bands: of the DET curves of those systems whose curves have one.
        reason: why there is nothing of this, or None.
    """

    intervals: dict[str, list[float]]
    differences: list[dict]
    bands: dict[str, Band]
    reason: str | None


def list_intervals(
    files: Mapping[str, Scores],
    trial_list: str,
    people: Mapping[str, str] | None,
    resamples: int,
    paper: Paper,
    banded: Collection[str] = (),
) -> Sure:
    """Return how sure one list's figures are.

    Args:
        files: scores of each system, in one order of trials.
        people: person of each id; None: the first part of the id.
        resamples: lists of persons drawn; 0 computes nothing.
        banded: systems whose DET curves shall have a band.
    """
    if not resamples:
        return Sure({}, [], {}, "no intervals were asked for")
    systems = list(files)
    first = files[systems[0]]
    lines = {name: along(files[name].target, files[name].nontarget) for name in banded}
    every = dict.fromkeys([*USUAL, *(one for line in lines.values() for one in line)])
    try:
        enrol, test = trial_persons(first, people)
        drawn = resample_persons(
            [one.score for one in files.values()],
            first.label,
            enrol,
            test,
            wanted=list(every),
            n_resamples=resamples,
        )
        found = {name: intervals(drawn, place)["eer_percent"] for place, name in enumerate(systems)}
        bands = {name: drawn_band(drawn, line, systems.index(name)) for name, line in lines.items()}
    except (InputError, ValueError) as error:  # persons unknown, or too few to draw from
        return Sure({}, [], {}, str(error))
    bases = {name: paper.baseline_of(name) for name in systems}
    rows = [
        _row(name, base, trial_list, differences(drawn, systems.index(base), systems.index(name)))
        for name, base in bases.items()
        if base in files
    ]
    limits = {name: [one["low"], one["high"]] for name, one in found.items()}
    return Sure(limits, rows, bands, None)


def _row(name: str, base: str, trial_list: str, found: Mapping) -> dict:
    eer = found["eer_percent"]
    return {
        "system": name,
        "against": base,
        "list": trial_list,
        "difference": eer["value"],
        "interval": [eer["low"], eer["high"]],
        "p": eer["p"],
        "verdict": verdict(eer),
    }


def venn_rows(
    files: Mapping[str, Scores], trial_list: str, people: Mapping[str, str] | None, paper: Paper
) -> list[dict]:
    """Return the regions of every system against its baseline, each at its own EER.

    Args:
        files: scores of each system, in one order of trials.
        people: person of each id; None: the first part of the id.
    """
    taught = [name for name in files if paper.baseline_of(name) in files]
    if not taught:
        return []
    first = files[taught[0]]
    right = {name: right_at_eer(one) for name, one in files.items()}
    try:
        person = person_by_id(first, people)
    except InputError:  # nobody is known: the page does without
        person = None
    rows = []
    for name in taught:
        base = paper.baseline_of(name)
        other = right.get(paper.system(name).other)
        both = {"a": right[base], "b": right[name]}
        row = _regions(both, other, is_target(first)) | {
            "system": name,
            "list": trial_list,
            "against": base,
            "list_label": paper.list_label(trial_list),
            "systems": {"a": {"name": base}, "b": {"name": name}},
            "persons": person and gains.summary(gains.counted(first, both, person)),
        }
        rows.append(row)
    return rows


def _regions(right: Mapping[str, np.ndarray], other: np.ndarray | None, target: np.ndarray) -> dict:
    """Return the regions, and how many of the corrected and of all errors the other sense has."""
    counts = summary(right, target)
    known = other is not None and counts["newly_right"] > 0
    also = newly_right_of(right["a"], right["b"], other) if known else 0
    return counts | {
        "other_share": also / counts["newly_right"] if known else None,
        "other_of_errors": float(other[~right["a"]].mean()) if known else None,
    }
