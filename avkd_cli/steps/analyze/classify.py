"""`avkd analyze classify`: how often the class is told rightly, by fold and over all."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from avkd_cli.errors import some
from avkd_cli.shown import Picture
from avkd_cli.steps.analyze.pictures import draw
from avkd_cli.steps.analyze.posteriors import Judged, read_systems
from avkd_cli.steps.analyze.rates import Rates
from avkd_cli.verification.classification import (
    FIGURES,
    UNWEIGHTED,
    confusion,
    confusions_of_persons,
    resample_confusions,
)


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

    Raises:
        MissingInputError, InputError: as `posteriors.read_systems`.
    """
    found = read_systems(inputs, list_file, label)
    result = described(found, resamples, seed)
    draw(plot, lambda figures: figures.confusion_figure(result))
    return result


def described(found: Judged, resamples: int, seed: int) -> dict:
    """Return all figures of all systems with their intervals."""
    count = len(found.classes)
    each = [
        confusions_of_persons(found.truth, predicted, found.persons, count)
        for predicted in found.predicted.values()
    ]
    drawn = resample_confusions(each, n_resamples=resamples, seed=seed)
    rates = Rates(drawn, list(found.predicted), resamples > 0 and drawn.n_units > 1)
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
        "systems": [
            {"name": name, **rates.of_system(place), **by_fold(found, name)}
            for place, name in enumerate(found.predicted)
        ],
        "differences": rates.differences(),
        "notes": list(notes(found, rates)),
    }


def by_fold(found: Judged, name: str) -> dict:
    """Return a system's figures of each fold in percent, their means, and its confusion."""
    confusions = [
        confusion(found.truth[one.rows], found.predicted[name][one.rows], len(found.classes))
        for one in found.folds[name]
    ]
    folds = [
        {
            "name": one.name,
            "utterances": len(one.rows),
            **{key: 100 * float(figure(whole)) for key, figure in FIGURES.items()},
        }
        for one, whole in zip(found.folds[name], confusions, strict=True)
    ]
    return {
        "mean_over_folds": {key: float(np.mean([one[key] for one in folds])) for key in FIGURES},
        "folds": folds,
        "confusion": np.sum(confusions, axis=0).tolist(),
    }


def notes(found: Judged, rates: Rates) -> Iterator[str]:
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
    if rates.sure:
        yield "intervals are of 95 %, over persons, whose utterances come and go together"
        yield from rates.few()
