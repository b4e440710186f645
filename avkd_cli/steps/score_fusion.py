"""`avkd score --fuse`: several score files of one list become one; one file is converted."""

from dataclasses import replace

import numpy as np

from avkd_cli.config import ScoreConfig
from avkd_cli.errors import UsageError, blame
from avkd_cli.said import warn
from avkd_cli.steps.score_calibration import calibrate, refuse_calibrations
from avkd_cli.steps.score_output import Facts, ScoreFiles, column_names, deliver, note
from avkd_cli.steps.seen import of_scores, tell
from avkd_cli.verification.calibration import z_sum_fusion
from avkd_cli.verification.scorefiles import read_scores
from avkd_cli.verification.scores import Scores, as_trials, join
from avkd_cli.verification.trials import read_trials


def fuse(paths: tuple[str, ...], settings: ScoreConfig, files: ScoreFiles) -> dict:
    """Fuse score files, matched by ids; return the summary.

    Raises:
        UsageError: impossible combinations of arguments.
        MissingInputError, InputError: a file is absent, damaged or of other trials.
    """
    refuse_calibrations(settings, files)
    if paths.count("-") > 1 or files.trial_list in paths:
        raise UsageError("an input is named twice; give each once")
    types = settings.score_type.split(",")
    types = types * len(paths) if len(types) == 1 else types
    if len(types) != len(paths):
        raise UsageError(f"--score-type names {len(types)} types for {len(paths)} score files")
    read = _read(paths, settings, files)
    seen = [of_scores(path, len(one)) for path, one in zip(paths, read, strict=True)]
    met = max(seen, key=lambda one: -1 if one is None else one.persons)
    if met is not None and met.persons:
        tell("score", read[0].name, met.text, strict=files.strict)
    systems = np.column_stack([one.score for one in read])
    fused, types = _fused(read, systems, types, settings.fuse)
    norm = f"fused({settings.fuse})" if len(read) > 1 else "as-given"
    inputs = {"scores": [{"file": one.source, "digest": one.digest} for one in read]}
    facts = Facts(" ".join(types), norm, inputs=inputs, seen=met)
    if files.calibrate or files.train_calibration:
        columns = systems if settings.fuse == "logistic" else fused.score[:, None]
        fused, facts = calibrate(fused, columns, types, files, settings, facts)
    return deliver(fused, settings, facts, files)


def _read(paths: tuple[str, ...], settings: ScoreConfig, files: ScoreFiles) -> list[Scores]:
    """Read the files in the order of the list, or of the first of them."""
    names, intersect = column_names(settings), files.intersect
    listed = None if files.trial_list is None else read_trials(files.trial_list, names=names)
    format = None if settings.in_format == "auto" else settings.in_format
    found: list[Scores] = []
    for path in paths:
        scores = read_scores(path, listed, format, names, intersect=intersect)
        guessed = "" if format else " (guessed)"
        told = f"{scores.source}: {len(scores):,} scores, format {scores.format}{guessed}"
        note(files.quiet, told)
        for text in scores.warnings if found else ():  # the first one's are said at the end
            warn("score", f"{scores.source}: {text}")
        listed = as_trials(scores) if intersect or listed is None else listed
        found.append(scores)
    return [join(one, listed, intersect=True) if intersect else one for one in found]


def _fused(
    files: list[Scores], systems: np.ndarray, types: list[str], rule: str
) -> tuple[Scores, list[str]]:
    """Return the fused scores and their type; logistic fusion keeps the types of its parts."""
    with blame(files[0].source, "take --fuse mean"):
        score = z_sum_fusion(systems) if rule == "z-sum" else systems.mean(axis=1)
    one = replace(files[0], score=score)
    if rule == "logistic" or len(files) == 1:
        return one, types
    return one, [f"{rule}({','.join(types)})"]
