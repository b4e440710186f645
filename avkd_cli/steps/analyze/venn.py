"""`avkd analyze venn`: what one system corrected and broke against another, trial by trial."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from avkd_cli.analysis.operating_point import OperatingPoint, operating_point
from avkd_cli.analysis.venn import (
    REGIONS,
    decided_right,
    newly_right_of,
    region,
    regions,
    transition,
)
from avkd_cli.errors import InputError, UsageError
from avkd_cli.shown import AS_THEY_ARE, Picture, Reading
from avkd_cli.steps.analyze import gains
from avkd_cli.steps.analyze.inputs import display_names, finite, is_target, read_aligned
from avkd_cli.steps.analyze.people import known_people, person_by_id
from avkd_cli.steps.analyze.pictures import draw
from avkd_cli.verification.scores import Scores


def venn(
    systems: Mapping[str, str],
    *,
    thresholds: Mapping[str, float] | None = None,
    fmr: float | None = None,
    reading: Reading = AS_THEY_ARE,
    people: str | None = None,
    trials_out: Path | None = None,
    persons_out: Path | None = None,
    plot: Picture | None = None,
) -> dict:
    """Return all regions of two to four systems' decisions, and write what was asked for.

    Args:
        systems: score file of each letter, a and b first.
        thresholds: by letter; a system without one decides at `fmr`, or at its own EER.

    Raises:
        UsageError: a threshold belongs to no system.
        MissingInputError, InputError: as in `inputs.read_labelled` and `inputs.aligned`.
    """
    thresholds = thresholds or {}
    for letter in thresholds:
        if letter not in systems:
            raise UsageError(f"--threshold-{letter} is given without --{letter}")
    files = read_aligned(systems, reading)
    first = files["a"]
    scores = {letter: file.score for letter, file in files.items()}
    target = is_target(first)
    points = {
        letter: operating_point(
            score, target, thresholds.get(letter), None if letter in thresholds else fmr
        )
        for letter, score in scores.items()
    }
    right = {
        letter: decided_right(score, target, points[letter].threshold)
        for letter, score in scores.items()
    }
    result = summary(right, target) | {
        "systems": {
            letter: described(name, files[letter], points[letter])
            for letter, name in zip(systems, display_names(list(systems.values())), strict=True)
        }
    }
    if trials_out is not None:
        write_trials(trials_out, first, target, right, scores)
    result["persons"] = persons_of(first, right, people, persons_out)
    draw(plot, lambda figures: figures.venn_figure(result, plot.width))
    return result


def summary(right: Mapping[str, np.ndarray], target: np.ndarray) -> dict:
    """Return the counts: the four regions of a and b, the same by label, and all regions."""
    a, b = right["a"], right["b"]
    counts = transition(a, b)
    result = {
        "format": "avkd.analysis.venn",
        "version": 1,
        "trials": len(target),
        "targets": int(target.sum()),
        "nontargets": int((~target).sum()),
        **counts,
        "by_label": {
            "target": transition(a[target], b[target]),
            "nontarget": transition(a[~target], b[~target]),
        },
    }
    for letter in list(right)[2:]:
        also = newly_right_of(a, b, right[letter])
        share = also / counts["newly_right"] if counts["newly_right"] else None
        result[f"newly_right_that_{letter}_has_right"] = {"trials": also, "share": share}
    result["regions"] = [asdict(one) for one in regions(right)]
    return result


def described(name: str, file: Scores, point: OperatingPoint) -> dict:
    """Return what a reader must know of a system: its file, threshold and errors there."""
    return {
        "name": name,
        "digest": file.digest,
        **asdict(point),
        "threshold": finite(point.threshold),
        "errors": point.errors,
        "error_rate": point.error_rate,
    }


def write_trials(
    path: Path,
    file: Scores,
    target: np.ndarray,
    right: Mapping[str, np.ndarray],
    scores: Mapping[str, np.ndarray],
) -> None:
    """Write one line a trial: ids, label, region of a and b, then each system's score, verdict."""
    where = region(right["a"], right["b"]).tolist()
    columns: list[Sequence] = []
    for letter, score in scores.items():
        columns += [[f"{one:.9g}" for one in score.tolist()], right[letter].astype(int).tolist()]
    pairs = (file.enrol.tolist(), file.test.tolist(), target.tolist(), where)
    rows = (
        [file.ids[enrol], file.ids[test], "target" if same else "nontarget", REGIONS[code], *rest]
        for enrol, test, same, code, *rest in zip(*pairs, *columns, strict=True)
    )
    header = ["enrol", "test", "label", "region"]
    header += [f"{kind}_{letter}" for letter in scores for kind in ("score", "right")]
    gains.write_rows(path, header, rows)


def persons_of(
    file: Scores, right: Mapping[str, np.ndarray], people: str | None, path: Path | None
) -> dict | None:
    """Return who gains and loses, in short, and write all of them to `path`.

    None where nobody asked and the ids do not tell who is who.
    """
    try:
        person = person_by_id(file, known_people(people))
    except InputError:
        if people is not None or path is not None:
            raise
        return None
    found = gains.counted(file, right, person)
    if path is not None:
        gains.write(path, found)
    return gains.summary(found)
