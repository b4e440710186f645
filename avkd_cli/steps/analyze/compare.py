"""`avkd analyze compare`: is the second system better, and how sure is that?"""

from collections.abc import Sequence
from pathlib import Path

from avkd_cli.analysis import comparison
from avkd_cli.analysis.comparison import KEYS, METRICS, P_TARGETS
from avkd_cli.analysis.operating_point import operating_point
from avkd_cli.analysis.venn import decided_right
from avkd_cli.errors import GateError, UsageError
from avkd_cli.steps.analyze.draws import by_persons
from avkd_cli.steps.analyze.inputs import aligned, display_names, is_target, read_labelled
from avkd_cli.steps.analyze.metrics import measured
from avkd_cli.storage import durable
from avkd_cli.verification.scores import Scores
from avkd_cli.verification.statistics import Resampled, mcnemar, resample_trials


def compare(
    paths: Sequence[str],
    *,
    trials: str | None = None,
    people: str | None = None,
    by: str = "person",
    resamples: int = 1000,
    seed: int = 0,
    plot: Path | None = None,
) -> dict:
    """Return every metric with its interval, and each difference from the first system.

    Args:
        paths: score files on one trial list; the first is what the others are compared with.
        trials: list to take labels from.
        people: list of utterances that says who is who; None: the first part of each id.
        by: what is resampled, "person" or "trial".
        resamples: lists drawn with replacement.
        seed: of the draws.
        plot: picture of the differences to draw.

    Raises:
        UsageError: fewer than two files.
        MissingInputError, InputError: files that cannot be read or joined; persons unknown, or
            too few to draw from.
    """
    if len(paths) < 2:
        raise UsageError("nothing to compare: name two score files or more")
    files = aligned(read_labelled(paths, trials))
    names = display_names(paths)
    drawn, persons = resampled(files, people, by, resamples, seed)
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
        "systems": [
            {"name": name, **comparison.intervals(drawn, place), **provenance(file)}
            for place, (name, file) in enumerate(zip(names, files, strict=True))
        ],
        "differences": differences(names, files, drawn, persons),
        "notes": notes(by, persons),
    }
    if plot is not None:
        from avkd_cli.analysis.figures import differences_figure, save

        durable.write_bytes(plot, save(differences_figure(result), plot.suffix))
    return result


def provenance(file: Scores) -> dict:
    """Return digest and signature of a score file."""
    return {key: value for key, value in measured(file).items() if key in ("digest", "signature")}


def resampled(
    files: Sequence[Scores], people: str | None, by: str, resamples: int, seed: int
) -> tuple[Resampled, int | None]:
    """Return all systems' metrics on resamples, and how many persons there were.

    Raises:
        InputError: as in `draws.by_persons`.
    """
    if by == "person":
        return by_persons(files, people, p_targets=P_TARGETS, resamples=resamples, seed=seed)
    scores = [file.score for file in files]
    drawn = resample_trials(
        scores, files[0].label, p_targets=P_TARGETS, n_resamples=resamples, seed=seed
    )
    return drawn, None


def differences(
    names: Sequence[str], files: Sequence[Scores], drawn: Resampled, persons: int | None
) -> list[dict]:
    """Return each later system's differences from the first, tests, and what may be claimed."""
    found = [comparison.differences(drawn, 0, place) for place in range(1, len(files))]
    if len(found) > 1:
        for metric in KEYS.values():
            corrected = comparison.holm([one[metric]["p"] for one in found])
            for one, p in zip(found, corrected.tolist(), strict=True):
                one[metric]["p_holm"] = p
    base = right(files[0])
    return [
        {
            "system": name,
            "against": names[0],
            **one,
            "verdict": {name: comparison.verdict(one[KEYS[name]]) for name in METRICS},
            "mcnemar": tested(base, right(file)),
            "claim": comparison.claim(name, names[0], one["eer_percent"], persons),
        }
        for name, file, one in zip(names[1:], files[1:], found, strict=True)
    ]


def right(file: Scores):
    """Return which trials a system decides rightly at its own EER."""
    target = is_target(file)
    return decided_right(file.score, target, operating_point(file.score, target).threshold)


def tested(base, other) -> dict:
    """Return McNemar's test of two systems' decisions."""
    found = mcnemar(base, other)
    return {"corrected": found.only_second, "broken": found.only_first, "p": found.p}


def notes(by: str, persons: int | None) -> list[str]:
    """Return what a reader must know to believe the intervals."""
    found = [comparison.TRIALS_NOTE] if by == "trial" else []
    if persons is not None and persons < comparison.FEW_PERSONS:
        found.append(comparison.FEW_NOTE)
    return [*found, comparison.MCNEMAR_NOTE]


def gate(result: dict, metric: str) -> None:
    """Stop with the gate's exit code if a system is worse beyond its interval.

    Raises:
        GateError: naming the first such system.
    """
    for one in result["differences"]:
        if one["verdict"][metric] == "worse":
            found = one[KEYS[metric]]
            raise GateError(
                f"{one['system']} is worse than {one['against']} in {metric}: "
                f"{found['value']:+.4g} ({found['low']:+.4g} to {found['high']:+.4g})"
            )
