"""`avkd analyze classify`: how often the class is told rightly, by fold and over all."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from avkd_cli.analysis.comparison import FEW_NOTE, FEW_PERSONS, LEVEL, verdict
from avkd_cli.errors import some
from avkd_cli.shown import Picture
from avkd_cli.steps.analyze.pictures import draw
from avkd_cli.steps.analyze.posteriors import Judged, read_systems
from avkd_cli.verification.classification import (
    FIGURES,
    UNWEIGHTED,
    confusion,
    confusions_of_persons,
    resample_confusions,
)
from avkd_cli.verification.statistics import Resampled, difference, interval


def classify(
    inputs: Sequence[str],
    *,
    list_file: Path | None = None,
    label: str | None = None,
    resamples: int = 1000,
    seed: int = 0,
    plot: Picture | None = None,
) -> dict:
    """Return the figures of each system with intervals, and differences from the first.

    Args:
        inputs: a store of posteriors, or a folder of such stores, one a fold; one a system.
        list_file: list that says what is true; None: persons, as the stores name them.
        label: its column of classes; None: what the stores say they are of.
        resamples: how often persons are drawn; 0: no intervals.
        seed: of the draws.
        plot: picture of the confusions to draw.

    Raises:
        MissingInputError, InputError: as `posteriors.read_systems`.
    """
    found = read_systems(inputs, list_file, label)
    result = described(found, resamples, seed)
    if plot is not None:
        from avkd_cli.analysis.figures import confusion_figure

        draw(plot, confusion_figure(result))
    return result


def described(found: Judged, resamples: int, seed: int) -> dict:
    """Return all figures of all systems with their intervals."""
    count = len(found.classes)
    each = [
        confusions_of_persons(found.truth, predicted, found.persons, count)
        for predicted in found.predicted.values()
    ]
    drawn = resample_confusions(each, n_resamples=resamples, seed=seed)
    sure = resamples > 0 and drawn.n_units > 1
    names = list(found.predicted)
    return {
        "format": "avkd.analysis.classify",
        "version": 1,
        "label": found.label,
        "classes": found.classes,
        "utterances": len(found.ids),
        "persons": drawn.n_units,
        "chance_percent": 100 / len(np.unique(found.truth)),
        "resamples": resamples,
        "seed": seed,
        "systems": [_system(found, name, drawn, place, sure) for place, name in enumerate(names)],
        "differences": [_differences(drawn, names, place, sure) for place in range(1, len(names))],
        "notes": list(notes(found, drawn, sure)),
    }


def _system(found: Judged, name: str, drawn: Resampled, place: int, sure: bool) -> dict:
    """Return a system's figures over all utterances, their means over folds, and each fold's."""
    count = len(found.classes)
    folds = [
        confusion(found.truth[one.rows], found.predicted[name][one.rows], count)
        for one in found.folds[name]
    ]
    by_fold = [
        {
            "name": one.name,
            "utterances": len(one.rows),
            **{key: 100 * float(figure(whole)) for key, figure in FIGURES.items()},
        }
        for one, whole in zip(found.folds[name], folds, strict=True)
    ]
    return {
        "name": name,
        **{key: _figure(drawn, key, place, sure) for key in FIGURES},
        "mean_over_folds": {key: float(np.mean([one[key] for one in by_fold])) for key in FIGURES},
        "folds": by_fold,
        "confusion": np.sum(folds, axis=0).tolist(),
    }


def _figure(drawn: Resampled, key: str, place: int, sure: bool) -> dict:
    """Return a figure in percent with the limits of its interval, None where there is none."""
    if not sure:
        return {"percent": float(100 * drawn.value[key][place]), "low": None, "high": None}
    value, low, high = interval(drawn, key, place, LEVEL)
    return {"percent": 100 * value, "low": 100 * low, "high": 100 * high}


def _differences(drawn: Resampled, names: Sequence[str], place: int, sure: bool) -> dict:
    """Return each figure minus the first system's, in points."""
    row: dict = {"system": names[place], "against": names[0]}
    for key in FIGURES if sure else ():
        one = difference(drawn, key, 0, place, LEVEL)
        points = {name: 100 * getattr(one, name) for name in ("value", "low", "high")}
        row[key] = {**points, "p": one.p, "verdict": verdict(points, better=1)}
    return row


def notes(found: Judged, drawn: Resampled, sure: bool) -> Iterator[str]:
    """Yield what a reader must know to believe the figures."""
    yield f"{UNWEIGHTED.replace('_', ' ')} is the recall averaged over the classes that are there"
    there = set(found.truth.tolist())
    if absent := [repr(name) for n, name in enumerate(found.classes) if n not in there]:
        of = "class" if len(absent) == 1 else "classes"
        yield f"no utterance is of {of} {some(absent)}; no figure but F1 knows of that"
    for system, folds in found.folds.items():
        for fold in folds:
            true = {found.classes[number] for number in found.truth[fold.rows].tolist()}
            if strange := sorted(true - set(fold.classes)):
                yield (
                    f"{system}, {fold.name}: the network does not know "
                    f"{some(map(repr, strange))}, which counts as wrong"
                )
    if sure:
        yield "intervals are of 95 %, over persons, whose utterances come and go together"
        if drawn.n_units < FEW_PERSONS:
            yield FEW_NOTE
