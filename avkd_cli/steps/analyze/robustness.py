"""`avkd analyze robustness`: EER against disturbance, and where one system is better."""

import math
from collections.abc import Mapping
from pathlib import Path

from avkd_cli.analysis import comparison
from avkd_cli.analysis.comparison import USUAL
from avkd_cli.analysis.robustness import FORM, Condition, harder, parse, words
from avkd_cli.errors import InputError, MissingInputError, UsageError
from avkd_cli.shown import AS_THEY_ARE, Picture, Reading
from avkd_cli.steps.analyze.draws import by_persons
from avkd_cli.steps.analyze.inputs import read_aligned
from avkd_cli.steps.analyze.pictures import draw
from avkd_cli.storage.clutter import is_clutter

EER = USUAL[:1]
Files = dict[Condition, dict[str, Path]]


def robustness(
    folder: str | Path,
    *,
    baseline: str | None = None,
    reading: Reading = AS_THEY_ARE,
    people: str | None = None,
    resamples: int = 1000,
    seed: int = 0,
    plot: Picture | None = None,
) -> dict:
    """Return the EER of every system under every condition, and differences from the baseline.

    Raises:
        UsageError: no system is the baseline.
        MissingInputError: no such folder, or no score file in it.
        InputError: a name of another form; files of one condition that do not fit each other.
    """
    files = score_files(Path(folder))
    systems = sorted({name for found in files.values() for name in found})
    base = systems[0] if baseline is None else baseline
    if base not in systems:
        raise UsageError(f"--baseline {base}: there are {', '.join(systems)} in {folder}")
    systems.sort(key=lambda name: (name != base, name))
    rows, persons = [], 0
    for condition in sorted(files, key=harder):
        paths = {name: files[condition][name] for name in systems if name in files[condition]}
        found = list(read_aligned(paths, reading).values())
        drawn, persons = by_persons(found, people, wanted=EER, resamples=resamples, seed=seed)
        rows.append(_row(condition, list(paths), base, drawn) | {"persons": persons})
    compared = [one for row in rows for one in row["differences"].values()]
    for one, p in zip(compared, comparison.holm([one["p"] for one in compared]), strict=True):
        one["p_holm"] = float(p)
    result = {
        "format": "avkd.analysis.robustness",
        "version": 1,
        "systems": systems,
        "baseline": base,
        "persons": persons,
        "resamples": resamples,
        "seed": seed,
        "comparisons": len(compared),
        "conditions": rows,
        "words": [said(name, base, rows, persons) for name in systems[1:]],
        "notes": [*notes(rows, systems, persons), *too_few(resamples, len(compared))],
    }
    draw(plot, lambda figures: figures.robustness_figure(result))
    return result


def score_files(folder: Path) -> Files:
    """Return the score files of a folder by condition and system.

    Raises:
        MissingInputError: no such folder, or no score file in it.
        InputError: a score file's name has another form.
    """
    if not folder.is_dir():
        raise MissingInputError(f"{folder}: no such folder; give one of {FORM}")
    found: Files = {}
    files = sorted([*folder.glob("*.scores"), *folder.glob("*.scores.gz")])
    for path in (one for one in files if not is_clutter(one.name)):
        named = parse(path.name)
        if named is None:
            raise InputError(f"{path}: its name says no condition; wanted {FORM}")
        system, condition = named
        if system in found.setdefault(condition, {}):
            other = found[condition][system].name
            raise InputError(f"{path}: {other} is of the same system and condition; keep one")
        found[condition][system] = path
    if not found:
        raise MissingInputError(f"{folder}: no score files; wanted {FORM}")
    return found


def _row(condition: Condition, names: list[str], base: str, drawn) -> dict:
    """Return one condition's figures by system, and differences from the baseline."""
    row = {"condition": str(condition), "kind": condition.kind, "level": condition.level}
    row["eer_percent"] = {
        name: comparison.intervals(drawn, place, EER)["eer_percent"]
        for place, name in enumerate(names)
    }
    row["differences"] = {
        name: comparison.differences(drawn, 0, place, EER)["eer_percent"]
        for place, name in enumerate(names)
        if names[0] == base and place
    }
    return row


def said(system: str, base: str, rows: list[Mapping], persons: int) -> str:
    """Return in words where a system is better."""
    if compared := differences_of(rows, system):
        return words(system, base, compared, persons)
    return f"{system} and {base} have no condition in common."


def differences_of(conditions: list[Mapping], system: str) -> list[dict]:
    """Return a system's difference from the baseline under each condition that has one."""
    return [
        {"condition": one["condition"], "difference": one["differences"][system]}
        for one in conditions
        if system in one["differences"]
    ]


def too_few(resamples: int, comparisons: int) -> list[str]:
    """Return that no difference could stay after the correction, if there are so few draws."""
    needed = math.ceil(2 * comparisons / (1 - comparison.LEVEL))  # the smallest p is 2 / draws
    if resamples >= needed:
        return []
    return [
        f"with {resamples} draws no difference can stay after correction for {comparisons} "
        f"comparisons; take --resamples {needed} or more"
    ]


def notes(rows: list[Mapping], systems: list[str], persons: int) -> list[str]:
    """Return what a reader must know to believe the table."""
    found = [
        f"no scores of {name} under {', '.join(lacking)}"
        for name in systems
        if (lacking := [one["condition"] for one in rows if name not in one["eer_percent"]])
    ]
    if len({one["persons"] for one in rows}) > 1:
        found.append("the conditions are of different persons, so rows cannot be compared")
    return found + ([comparison.FEW_NOTE] if persons < comparison.FEW_PERSONS else [])
