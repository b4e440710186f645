"""Which files of a work folder hold figures, and what they say (docs/formats.md).

Four kinds, told by the end of the name: score files `SYSTEM.LIST.scores`; one system's figures
`SYSTEM.ON.metrics.json`; several systems' `ON.systems.json`, as `analyze identify`, `classify`,
`strata`, `cosines` and `metrics` print with --json; and lines of any figures,
`NAME.figures.jsonl`.
"""

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from avkd_cli.errors import InputError, MissingInputError
from avkd_cli.papers.form import MEASURES
from avkd_cli.said import warn
from avkd_cli.storage.clutter import is_clutter

SCORES = (".scores", ".scores.gz")
METRICS, SYSTEMS, LINES = ".metrics.json", ".systems.json", ".figures.jsonl"
FIGURES = (METRICS, SYSTEMS, LINES)
PERCENT = "_percent"
WANTED = "wanted {system, on, measure, value} and perhaps low and high"


class ScoreFile(NamedTuple):
    """A score file and what its name says."""

    system: str
    list: str
    path: Path


class Files(NamedTuple):
    """The files that figures are read from."""

    scores: list[ScoreFile]
    figures: list[Path]


def named(path: Path) -> ScoreFile:
    """Return what a score file's name says: everything before the first point is the system.

    Raises:
        InputError: the name has no system or no list.
    """
    stem = path.name.removesuffix(".gz").removesuffix(".scores")
    system, _, trial_list = stem.partition(".")
    if not system or not trial_list:
        raise InputError(f"{path}: the name is not SYSTEM.LIST.scores, as audio.vox1-o.scores")
    return ScoreFile(system, trial_list, path)


def sorted_out(paths: Iterable[Path]) -> Files:
    """Return the score files, and the files of further figures; others are passed over.

    The metrics that `avkd score` left beside a score file are not further figures.

    Raises:
        InputError: a score file's name is not SYSTEM.LIST.scores.
    """
    paths = list(paths)
    scores = [named(path) for path in paths if path.name.endswith(SCORES)]
    known = {(one.path.parent, f"{one.system}.{one.list}{METRICS}") for one in scores}
    figures = [
        path
        for path in paths
        if path.name.endswith(FIGURES) and (path.parent, path.name) not in known
    ]
    return Files(scores, figures)


def result_files(sources: Iterable[str | Path]) -> Files:
    """Return the files of each source, folders looked through.

    Raises:
        MissingInputError: a source does not exist.
        InputError: a name is not SYSTEM.LIST.scores, or there is no file of figures at all.
    """
    sources = [Path(one) for one in sources]
    found = sorted_out(path for source in sources for path in _files(source))
    if not (found.scores or found.figures):
        raise InputError(f"{', '.join(map(str, sources))}: {NONE}")
    return found


NONE = "no file SYSTEM.LIST.scores, such as audio.vox1-o.scores, nor any other of figures"


def _files(source: Path) -> list[Path]:
    if source.is_dir():
        named = (path for path in source.rglob("*") if not is_clutter(path.name))
        return sorted(path for path in named if path.name.endswith(SCORES + FIGURES))
    if not source.exists():
        raise MissingInputError(f"{source}: no such file or folder")
    return [source]


def read_figures(paths: Iterable[Path]) -> list[dict]:
    """Return all figures of files: each with system, on, measure, value, and the file's name.

    Raises:
        InputError: a file is no JSON of its kind, or a figure in it is no finite number.
    """
    return [one | {"file": path.name} for path in paths for one in _read(path)]


def _read(path: Path) -> Iterator[dict]:
    if path.name.endswith(LINES):
        yield from _lines(path)
    elif path.name.endswith(SYSTEMS):
        yield from _systems(path)
    else:
        yield from _metrics(path)


def _lines(path: Path) -> Iterator[dict]:
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        if not line.strip():
            continue
        where = f"{path}:{number}"
        record = _object(line, where)
        words = [record.get(key) for key in ("system", "on", "measure")]
        if not all(isinstance(one, str) and one for one in words) or "value" not in record:
            raise InputError(f"{where}: {line.strip()[:80].decode()}: {WANTED}")
        yield _figure(*words, record, where)


def _systems(path: Path) -> Iterator[dict]:
    """Yield the figures of what an analysis prints with --json.

    By the member that it has: `systems` (identify, classify), `stores` (cosines) or `files`
    (strata, metrics), whose names are those of the score files, SYSTEM.LIST.
    """
    on = path.name.removesuffix(SYSTEMS)
    record = _object(path.read_bytes(), str(path))
    kind = next((one for one in ("systems", "stores", "files") if one in record), None)
    members = record[kind] if kind else None
    if not isinstance(members, list):
        raise InputError(f"{path}: no list 'systems' in it, as analyze prints with --json")
    for one in members:
        if not isinstance(one, dict) or not isinstance(one.get("name"), str):
            raise InputError(f"{path}: one of {kind!r} has no name")
        try:
            parts = list(_parts(one, on, kind))
        except (AttributeError, KeyError, IndexError, TypeError) as error:
            raise InputError(
                f"{path}: {one['name']!r} is not as analyze prints it: {error!r}"
            ) from None
        for system, where, found in parts:
            for measure, value in _measured(found):
                yield _figure(system, where, measure, value, str(path))


def _parts(one: Mapping, on: str, kind: str | None) -> Iterator[tuple[str, str, Mapping]]:
    """Yield (system, list or task, figures) of one member of an analysis."""
    if kind == "stores":
        yield one["name"], on, {COSINES[key]: one[key] for key in COSINES if _number(one.get(key))}
    elif kind == "systems":
        yield one["name"], on, one
    else:
        system, _, trials = one["name"].partition(".")
        yield from ((system, *part) for part in _strata(one, trials or on))


COSINES = {
    "within": "cosine_within",
    "between": "cosine_between",
    "absolute_between": "cosine_absolute_between",
}


def _strata(one: Mapping, trials: str) -> Iterator[tuple[str, Mapping]]:
    """Yield (list, figures) of a score file; a stratum G of list x is list x-g.

    All trials of the list, stratum random, are what its scores say already.
    """
    if "strata" not in one:
        yield trials, _with_limits(one)
    for part in one.get("strata", ()):
        if part["stratum"] != WHOLE:
            yield f"{trials}-{part['stratum'].lower()}", _with_limits(part)


WHOLE = "random"


def _with_limits(record: Mapping) -> dict:
    """Return a record whose `intervals` stand with their figures."""
    sure = record.get("intervals") or {}
    limited = {
        name: {"value": record[name], "low": sure[name][0], "high": sure[name][1]}
        for name in record
        if _number(record[name]) and sure.get(name)
    }
    return dict(record) | limited


def _metrics(path: Path) -> Iterator[dict]:
    system, _, on = path.name.removesuffix(METRICS).partition(".")
    if not system or not on:
        warn("analyze", f"{path}: passed over; the name is not SYSTEM.ON{METRICS}")
        return
    for measure, value in _measured(_object(path.read_bytes(), str(path))):
        yield _figure(system, on, measure, value, str(path))


def _object(text: str | bytes, where: str) -> dict:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where}: not JSON ({error}); write it again") from None
    if not isinstance(value, dict):
        raise InputError(f"{where}: wanted a JSON object, found {type(value).__name__}")
    return value


def _measured(record: Mapping) -> Iterator[tuple[str, Mapping]]:
    """Yield (measure, {value, low, high}) of the members of an object that are figures.

    Those are a number under the name of a known measure or one in percent, {value, low, high},
    {percent, low, high}, `min_dcf` by prior and `auc`; anything else says how they came about.
    """
    for name, member in record.items():
        if name == "min_dcf" and isinstance(member, dict):
            yield from ((f"min_dcf_{p}", {"value": cost}) for p, cost in member.items())
        elif name == "auc" and member is not None:
            yield "auc_percent", _in_percent(member)
        elif isinstance(member, dict) and "percent" in member:
            yield name.removesuffix(PERCENT) + PERCENT, member | {"value": member["percent"]}
        elif isinstance(member, dict) and "value" in member:
            yield name, member
        elif _number(member) and (name in MEASURES or name.endswith(PERCENT)):
            yield name, {"value": member}


def _in_percent(member: object) -> dict:
    """Return a fraction, with its limits if it has some, in percent."""
    found = member if isinstance(member, dict) else {"value": member}
    return {key: 100 * one if _number(one) else one for key, one in found.items()}


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _figure(system: str, on: str, measure: str, record: Mapping, where: str) -> dict:
    """Return a figure, its limits only where both are there."""
    if not (system and on):
        raise InputError(f"{where}: {measure!r} is of system {system!r} on {on!r}; name both")
    found = {key: record.get(key) for key in ("value", "low", "high")}
    limited = found["low"] is not None or found["high"] is not None
    for key, value in found.items():
        if (key == "value" or limited) and not (_number(value) and math.isfinite(value)):
            raise InputError(
                f"{where}: {key} of {measure!r} of {system!r} is {value!r}, which is "
                "no finite number"
            )
    if limited and not found["low"] <= found["high"]:
        raise InputError(f"{where}: low of {measure!r} of {system!r} is above high")
    kept = found if limited else {"value": found["value"]}
    return {"system": system, "on": on, "measure": measure, **kept}
