"""`avkd analyze compare`: is the second system better, and how sure is that?"""

from collections.abc import Mapping, Sequence

import numpy as np

from avkd_cli.analysis import comparison
from avkd_cli.analysis.bands import along, drawn_band
from avkd_cli.analysis.comparison import USUAL
from avkd_cli.errors import GateError, UsageError, blame
from avkd_cli.shown import AS_THEY_ARE, Picture, Reading
from avkd_cli.steps.analyze.draws import by_persons, resolved
from avkd_cli.steps.analyze.inputs import aligned, display_names, read_labelled, right_at_eer
from avkd_cli.steps.analyze.metrics import COSINE_NOTE
from avkd_cli.steps.analyze.pictures import draw
from avkd_cli.verification.figure import Figure
from avkd_cli.verification.scores import Scores
from avkd_cli.verification.signature import signature
from avkd_cli.verification.statistics import Resampled, mcnemar, resample_trials


def compare(
    paths: Sequence[str],
    *,
    reading: Reading = AS_THEY_ARE,
    people: str | None = None,
    by: str = "person",
    resamples: int = 1000,
    seed: int = 0,
    plot: Picture | None = None,
    wanted: Sequence[Figure] = USUAL,
) -> dict:
    """Return every figure with its interval, and each difference from the first system.

    Args:
        wanted: figures; what may be claimed is said of the first.

    Raises:
        UsageError: fewer than two files.
        MissingInputError, InputError: files that cannot be read or joined; persons unknown, or
            too few to draw from.
    """
    if len(paths) < 2:
        raise UsageError("nothing to compare: name two score files or more")
    files = aligned(read_labelled(paths, reading), reading)
    names = display_names(paths)
    banded = files if plot is not None and by == "person" else []
    bands = [along(one.target, one.nontarget) for one in banded]
    every = list(dict.fromkeys([*wanted, *(one for band in bands for one in band)]))
    drawn, persons = resampled(files, people, by, every, resamples, seed)
    systems = [
        {"name": name, **comparison.intervals(drawn, place, wanted), **provenance(file, wanted)}
        for place, (name, file) in enumerate(zip(names, files, strict=True))
    ]
    result = {
        "format": "avkd.analysis.compare",
        "version": 1,
        "resampled": by,
        "persons": persons,
        "resamples": resamples,
        "seed": seed,
        "trials": len(files[0]),
        "targets": len(files[0].target),
        "nontargets": len(files[0].nontarget),
        "figures": [described(one) for one in wanted],
        "systems": systems,
        "differences": differences(names, files, drawn, persons, wanted),
        "notes": [*notes(by, persons, files, wanted), *outside(systems, wanted)],
    }
    sides = {name: (one.target, one.nontarget) for name, one in zip(names, files, strict=True)}
    shown = {names[n]: drawn_band(drawn, band, n) for n, band in enumerate(bands)}
    draw(plot, lambda figures: figures.comparison_figure(result, sides, shown, plot))
    return result


def described(one: Figure) -> dict:
    """Return what a reader of the result must know of a figure."""
    return {
        "name": one.name,
        "key": one.key,
        "label": one.label,
        "percent": one.percent,
        "better": "higher" if one.better > 0 else "lower",
    }


def provenance(file: Scores, wanted: Sequence[Figure] = USUAL) -> dict:
    """Return digest and signature of a score file."""
    costs = [one for one in wanted if one.kind in ("min_dcf", "act_dcf")]
    modes = [one.mode for one in wanted if one.kind == "eer"]
    return {
        "digest": file.digest,
        "signature": signature(
            file,
            list(dict.fromkeys(one.at for one in costs)),
            mode=",".join(dict.fromkeys(modes)) or "none",
            costs=(costs[0].c_miss, costs[0].c_fa) if costs else (1.0, 1.0),
        ),
    }


def resampled(
    files: Sequence[Scores],
    people: str | None,
    by: str,
    wanted: Sequence[Figure],
    resamples: int,
    seed: int,
) -> tuple[Resampled, int | None]:
    """Return all systems' figures on resamples, and how many persons there were."""
    if by == "person":
        return by_persons(files, people, wanted=wanted, resamples=resamples, seed=seed)
    scores, label = [file.score for file in files], files[0].label
    with blame(files[0].source):  # a mode may need cosines
        drawn = resample_trials(scores, label, wanted=wanted, n_resamples=resamples, seed=seed)
    return drawn, None


def differences(
    names: Sequence[str],
    files: Sequence[Scores],
    drawn: Resampled,
    persons: int | None,
    wanted: Sequence[Figure],
) -> list[dict]:
    """Return each later system's differences from the first, tests, and what may be claimed."""
    found = [comparison.differences(drawn, 0, place, wanted) for place in range(1, len(files))]
    if len(found) > 1:
        for key in (one.key for one in wanted):
            corrected = comparison.holm([one[key]["p"] for one in found])
            for one, p in zip(found, corrected.tolist(), strict=True):
                one[key]["p_holm"] = p
    base = right_at_eer(files[0])
    return [
        {
            "system": name,
            "against": names[0],
            **one,
            "verdict": {
                each.name: comparison.verdict(one[each.key], each.better) for each in wanted
            },
            "mcnemar": tested(base, right_at_eer(file)),
            "claim": comparison.claim(name, names[0], one[wanted[0].key], persons, wanted[0]),
        }
        for name, file, one in zip(names[1:], files[1:], found, strict=True)
    ]


def tested(base, other) -> dict:
    """Return McNemar's test of two systems' decisions."""
    found = mcnemar(base, other)
    return {"corrected": found.only_second, "broken": found.only_first, "p": found.p}


def notes(
    by: str, persons: int | None, files: Sequence[Scores], wanted: Sequence[Figure]
) -> list[str]:
    """Return what a reader must know to believe the intervals."""
    found = [comparison.TRIALS_NOTE] if by == "trial" else []
    if persons is not None and persons < comparison.FEW_PERSONS:
        found.append(comparison.FEW_NOTE)
    if any(one.ratios for one in wanted) and any(np.abs(one.score).max() <= 1 for one in files):
        found.append(COSINE_NOTE)
    for one in wanted:
        if one.kind == "fnmr_at_fmr" and not resolved(files[0], [one.at]):
            found.append(f"{one.label}: {comparison.UNRESOLVED_NOTE}")
    return [*found, comparison.MCNEMAR_NOTE]


def outside(systems: Sequence[Mapping], wanted: Sequence[Figure]) -> list[str]:
    """Return which figures have an interval that leaves out the figure itself."""
    return [
        f"{one.label}: {comparison.OUTSIDE_NOTE}"
        for one in wanted
        if any(
            not each["low"] <= each["value"] <= each["high"]
            for each in (system[one.key] for system in systems)
        )
    ]


def gate(result: dict, metric: str) -> None:
    """Stop with the gate's exit code if a system is worse beyond its interval.

    Raises:
        GateError: naming the first such system.
    """
    label, key = next(
        (one["label"], one["key"]) for one in result["figures"] if one["name"] == metric
    )
    for one in result["differences"]:
        if one["verdict"][metric] == "worse":
            found = one[key]
            raise GateError(
                f"{one['system']} is worse than {one['against']} in {label}: "
                f"{found['value']:+.4g} ({found['low']:+.4g} to {found['high']:+.4g})"
            )
