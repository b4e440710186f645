"""`avkd score --fuse`: several score files of one list become one; one file is converted."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from avkd_cli.config import ScoreConfig
from avkd_cli.errors import InputError, UsageError
from avkd_cli.steps.score_calibration import CalibrationFiles, calibrate
from avkd_cli.steps.score_output import Facts, column_names, deliver, note
from avkd_cli.steps.seen import Seen, of_scores, tell
from avkd_cli.verification.calibration import mean_fusion, z_sum_fusion
from avkd_cli.verification.scorefiles import read_scores
from avkd_cli.verification.scores import Scores, as_trials, join
from avkd_cli.verification.trials import read_trials


def fuse(
    paths: tuple[str, ...],
    settings: ScoreConfig,
    *,
    trials: str | None = None,
    intersect: bool = False,
    output: Path | None = None,
    metrics: Path | None = None,
    calibration: CalibrationFiles,
    overwrite: bool = False,
    strict: bool = False,
    quiet: bool = False,
) -> dict:
    """Fuse score files, matched by ids; return the summary.

    Args:
        paths: score files of the same trials, one of them may be "-".
        settings: of the step; `fuse` is the rule.
        trials: list that gives order and labels; None: the first file does.
        intersect: take the trials that the list and all files have.
        output: score file; None: stdout.
        metrics: JSON file of the summary.
        calibration: models to use or train.
        overwrite: replace other scores in `output`.
        strict: refuse scores of persons that a network was trained on, as far as the summary
            beside a file tells.
        quiet: print no summary.

    Raises:
        UsageError: impossible combinations of arguments.
        MissingInputError, InputError: a file is absent, damaged or of other trials.
    """
    calibration.refuse_combinations(settings)
    if paths.count("-") > 1 or trials in paths:
        raise UsageError("an input is named twice; give each once")
    types = settings.score_type.split(",")
    types = types * len(paths) if len(types) == 1 else types
    if len(types) != len(paths):
        raise UsageError(f"--score-type names {len(types)} types for {len(paths)} score files")
    files = _read(paths, settings, trials, intersect, quiet)
    met = max((of_scores(p, len(one)) for p, one in zip(paths, files, strict=True)), key=_persons)
    if met is not None and met.persons:
        tell("score", files[0].name, met.text, strict=strict)
    systems = np.column_stack([one.score for one in files])
    fused, types = _fused(files, systems, types, settings.fuse)
    norm = f"fused({settings.fuse})" if len(files) > 1 else "as-given"
    read = {"scores": [{"file": one.source, "digest": one.digest} for one in files]}
    facts = Facts(" ".join(types), norm, inputs=read, seen=met)
    if calibration.use or calibration.train:
        columns = systems if settings.fuse == "logistic" else fused.score[:, None]
        fused, facts = calibrate(fused, columns, types, calibration, settings, facts, strict=strict)
    return deliver(
        fused, settings, facts, output=output, metrics=metrics, overwrite=overwrite, quiet=quiet
    )


def _persons(found: Seen | None) -> int:
    return -1 if found is None else found.persons


def _read(
    paths: tuple[str, ...],
    settings: ScoreConfig,
    trials: str | None,
    intersect: bool,
    quiet: bool,
) -> list[Scores]:
    """Read the files in the order of the list, or of the first of them."""
    names = column_names(settings)
    listed = None if trials is None else read_trials(trials, names=names)
    format = None if settings.in_format == "auto" else settings.in_format
    found: list[Scores] = []
    for path in paths:
        scores = read_scores(path, listed, format, names, intersect=intersect)
        guessed = "" if format else " (guessed)"
        note(quiet, f"{scores.source}: {len(scores):,} scores, format {scores.format}{guessed}")
        for text in scores.warnings if found else ():  # the first one's are said at the end
            note(False, f"warning: {scores.source}: {text}")
        listed = as_trials(scores) if intersect or listed is None else listed
        found.append(scores)
    return [join(one, listed, intersect=True) if intersect else one for one in found]


def _fused(
    files: list[Scores], systems: np.ndarray, types: list[str], rule: str
) -> tuple[Scores, list[str]]:
    """Return the fused scores and their type; logistic fusion keeps the types of its parts."""
    try:
        score = z_sum_fusion(systems) if rule == "z-sum" else mean_fusion(systems)
    except ValueError as error:
        raise InputError(f"{files[0].source}: {error}; take --fuse mean") from None
    one = replace(files[0], score=score)
    if rule == "logistic" or len(files) == 1:
        return one, types
    return one, [f"{rule}({','.join(types)})"]
