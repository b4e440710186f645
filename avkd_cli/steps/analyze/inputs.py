"""Score files as every analysis wants them: with labels, two classes, and joined by ids."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avkd_cli.analysis.operating_point import operating_point
from avkd_cli.analysis.venn import decided_right
from avkd_cli.errors import InputError, UsageError
from avkd_cli.said import tell, warn
from avkd_cli.shown import AS_THEY_ARE, Named, Reading
from avkd_cli.steps.seen import tell_of_scores
from avkd_cli.storage.store import resolve_input
from avkd_cli.verification.scorefiles import read_scores
from avkd_cli.verification.scores import Scores, as_trials, join
from avkd_cli.verification.trials import read_trials

OURS = "avkd"
INVERTED = "the EER is above 50 %: are these distances? (inverted)"


def read_labelled(paths: Sequence[str | Path], reading: Reading = AS_THEY_ARE) -> list[Scores]:
    """Read score files; labels come from them, or from the trial list.

    A format of others that was guessed is said on stderr, and so are oddities, and persons that
    a network was trained on, where the summary beside a file tells of them.

    Raises:
        MissingInputError: a file does not exist.
        InputError: a file is damaged, has no labels or one class only, or misses a trial.
    """
    names, format = reading.columns, reading.format
    listed = read_trials(reading.path, names=names) if reading.path else None
    scores = [
        read_scores(path, listed, format, names=names, intersect=reading.intersect)
        for path in paths
    ]
    if format is None:
        for one in scores:
            if one.format != OURS:
                tell("analyze", f"{one.source}: format {one.format} (guessed)")
    for one in scores:
        if one.label is None:
            raise InputError(f"{one.source}: has no labels; name the trial list with --trials")
        one.require_both_classes()
        tell_of_scores("analyze", one.source, len(one), strict=False)
    warn_of(scores)
    return scores


def warn_of(scores: Sequence[Scores]) -> None:
    """Print each kind of oddity once on stderr, and how many files more have it."""
    kinds: dict[str, list[str]] = {}
    for one in scores:
        # Both rates are above a half somewhere exactly where the medians are the wrong way round.
        inverted = np.median(one.target) < np.median(one.nontarget)
        for text in (*one.warnings, *([INVERTED] if inverted else [])):
            kinds.setdefault(text.rpartition("(")[2], []).append(f"{one.source}: {text}")
    for first, *more in kinds.values():
        files = "file" if len(more) == 1 else "files"
        also = f", and {len(more)} more {files}" if more else ""
        warn("analyze", f"{first}{also}")


def read_named(paths: Sequence[str], reading: Reading) -> list[tuple[str, Scores]]:
    """Read score files, each with the name of its system; see `read_labelled`."""
    return list(zip(display_names(paths), read_labelled(paths, reading), strict=True))


def read_aligned(
    paths: Mapping[str, str | Path], reading: Reading = AS_THEY_ARE
) -> dict[str, Scores]:
    """Read the score files of systems, all in the order of the first one's trials."""
    found = aligned(read_labelled(list(paths.values()), reading), reading)
    return dict(zip(paths, found, strict=True))


def is_target(scores: Scores) -> NDArray[np.bool_]:
    """Return whether both sides of each trial are one person, shape (n_trials,)."""
    return np.asarray(scores.label) == 1


def right_at_eer(scores: Scores) -> NDArray[np.bool_]:
    """Return which trials a system decides rightly at its own EER, shape (n_trials,)."""
    target = is_target(scores)
    return decided_right(scores.score, target, operating_point(scores.score, target).threshold)


def finite(value: float) -> float | None:
    """Return a number, None for what JSON cannot say: no number, or an infinite one."""
    return value if math.isfinite(value) else None


def aligned(scores: Sequence[Scores], reading: Reading = AS_THEY_ARE) -> list[Scores]:
    """Return the score files in the order of the first one's trials, matched by ids.

    Raises:
        InputError: if the files do not hold the same trials, or label one differently.
    """
    for one in scores:
        if one.keys is None:
            one.require_ids()
    intersect, first = reading.intersect, scores[0]
    if intersect:
        for other in scores[1:]:
            first = _matched(first, other, intersect)
    found = [one if _same(first, one) else _matched(one, first, intersect) for one in scores]
    for before, after in zip(scores, found, strict=True):
        for text in after.warnings[len(before.warnings) :]:
            warn("analyze", f"{after.source}: {text}")
    return found


def _same(first: Scores, other: Scores) -> bool:
    arrays = ("enrol_index", "test_index", "label")
    return (first.ids, first.keys) == (other.ids, other.keys) and all(
        np.array_equal(getattr(first, name), getattr(other, name)) for name in arrays
    )


def _matched(other: Scores, first: Scores, intersect: bool) -> Scores:
    return join(other, replace(as_trials(first), name=first.source), intersect=intersect)


def display_names(
    paths: Sequence[str | Path], given: Sequence[str | Path] | None = None
) -> list[str]:
    """Return a name for each file or store: what it was given, else its stem, else its path.

    Args:
        paths: of files or stores; where two stems are equal, paths are the names.
        given: the same as a person gave them, with names where there are `Named` ones.

    Raises:
        UsageError: a file without a name is called as another one was named.
    """
    stems = [_stem(Path(path)) for path in paths]
    named = [one.name if isinstance(one, Named) else "" for one in given or paths]
    found = [
        name or (stem if stems.count(stem) == 1 else str(path))
        for name, stem, path in zip(named, stems, paths, strict=True)
    ]
    for name in filter(None, named):
        if found.count(name) > 1:
            raise UsageError(f"--name {name}: another file is called so; name that one, too")
    return found


def named_paths(sources: Sequence[str]) -> dict[str, Path]:
    """Return the path of each input by the name of its system; `-` is a line on stdin."""
    paths = [resolve_input(one) for one in sources]
    return dict(zip(display_names(paths, sources), paths, strict=True))


def _stem(path: Path) -> str:
    name = path.name.removesuffix(".gz")
    for ending in (".scores", ".score", ".zarr", ".txt", ".csv"):
        name = name.removesuffix(ending)
    return name or str(path)


def read_object(path: Path) -> dict:
    """Return a JSON object, or {} for what is none: a report describes what it can read."""
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
