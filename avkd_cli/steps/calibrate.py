"""`avkd calibrate`: from scores of a development list to log-likelihood ratios and a threshold."""

import json
import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from avkd_cli.config import CalibrateConfig
from avkd_cli.errors import InputError, OutputError, UsageError, blame
from avkd_cli.said import tell, warn
from avkd_cli.steps.decide.decision import plain_cosines
from avkd_cli.steps.score_calibration import (
    OTHER_SCORES,
    figures_of,
    of_worse_side,
    said_of,
    tell_of_training,
)
from avkd_cli.steps.score_output import write_scored
from avkd_cli.steps.seen import SEEN, of_summary, summary_beside
from avkd_cli.storage import durable
from avkd_cli.storage.store import open_store
from avkd_cli.verification import calibration
from avkd_cli.verification.calibration import Calibration
from avkd_cli.verification.scorefiles import read_scores
from avkd_cli.verification.scores import Scores
from avkd_cli.verification.skill import EDGES, SkillBand, bands
from avkd_cli.verification.trials import read_trials


@dataclass(frozen=True)
class Given:
    """One score file, and what the summary beside it says of it.

    Args:
        scores: with labels, of a development list with both classes.
        score_type: what the scores are.
        system: fingerprint of the run whose scores these are, "" where it is not known.
        summary: of `avkd score`; empty where there is none.
    """

    scores: Scores
    score_type: str
    system: str
    summary: dict[str, Any]


def calibrate(
    dev: str,
    test: str | None,
    settings: CalibrateConfig,
    *,
    output: Path | None = None,
    calibrated: Path | None = None,
    of: Path | None = None,
    audio: str | None = None,
    trials: str | None = None,
    overwrite: bool = False,
    strict: bool = False,
    quiet: bool = False,
) -> Calibration:
    """Train a calibration on the scores of one list, and apply it to those of another.

    Raises:
        UsageError: options that contradict each other.
        MissingInputError, InputError: a file is absent, damaged, has one class, or is of others.
        OutputError: another calibration, or other scores, are in the way.
    """
    if calibrated is not None and test is None:
        raise UsageError("--calibrated is for the ratios of TEST; name its scores")
    given = read_given(dev, settings, of, trials)
    model = trained(given, settings, audio)
    name = str(output or dev)
    tell_of_training(given.scores, model, name, new=True, strict=strict, command="calibrate")
    ratios = None if test is None else applied(model, test, settings, strict=strict)
    if output is not None:
        write_model(output, model, overwrite=overwrite)
    elif test is None and goes_somewhere("the calibration is", "-o FILE.json"):
        print(json.dumps(model.to_json(), ensure_ascii=False))
    for text in (*given.scores.warnings, *(ratios[0].warnings if ratios else ())):
        warn("calibrate", text)
    if not quiet:
        said(given.scores, model)
    if ratios is not None:
        deliver(ratios, calibrated, overwrite, quiet)
    return model


def read_given(
    path: str, settings: CalibrateConfig, of: Path | None, trials: str | None = None
) -> Given:
    """Read a score file, and whose scores they are."""
    listed = None if trials is None else read_trials(trials)
    format = None if settings.in_format == "auto" else settings.in_format
    scores = read_scores(path, listed, format)
    summary = summary_beside(path, len(scores))
    score_type = str(summary.get("score_type", settings.score_type))
    system = str(summary.get("inputs", {}).get("run") or "")
    if list_of := summary.get("trials"):  # the list, rather than the file of its scores
        scores = replace(scores, name=str(list_of["name"]), digest=str(list_of["digest"]))
    if of is not None:
        named = fingerprint_of(of)
        if system and system != named:
            raise InputError(f"{path}: is of another run than {of} (its summary says which)")
        system = named
        score_type = str(summary.get("score_type", plain_cosines(named)))
    return Given(scores, score_type, system, summary)


def fingerprint_of(path: Path) -> str:
    """Return the fingerprint of a run, or of the run whose embeddings a store holds."""
    if (path / "avkd.json").exists():
        run = open_store(path, "avkd.embeddings").manifest.get("inputs", {}).get("run")
        if run is None:
            raise InputError(f"{path}: holds embeddings that no run of avkd made; leave out --of")
        return run
    from avkd_cli.training.runs import read_description  # torch

    return read_description(path)["fingerprint"]


def trained(given: Given, settings: CalibrateConfig, audio: str | None) -> Calibration:
    """Return the calibration of a development list, with its skill where sound was given."""
    scores = given.scores
    scores.require_both_classes()
    trained_on = said_of(scores)
    if given.summary.get("inputs", {}).get("enrol_map"):
        trained_on["enrol_map"] = True
    if (met := of_summary(given.summary)) is not None:
        trained_on[SEEN] = met.to_json()
    with blame(scores.source, OTHER_SCORES):
        model = calibration.train(
            scores.score[:, None],
            scores.label,
            [given.score_type],
            trained_on,
            prior=settings.prior,
            costs=(settings.cost_miss, settings.cost_false_alarm),
            system=given.system,
        )
    if model.weights[0] <= 0:
        raise InputError(
            f"{scores.source}: higher scores do not speak for one person here; are these "
            "distances, or labels of another list?"
        )
    return model if audio is None else replace(model, skill=skill_of(scores, model, audio))


def skill_of(scores: Scores, model: Calibration, audio: str) -> tuple[SkillBand, ...]:
    """Return the skill by seconds of speech and by SNR, from a store of the sound."""
    store = open_store(audio, "avkd.audio")
    speech = np.asarray(store.column("duration_s"), float) * store.column("speech_fraction")
    columns = {"speech_s": speech, "snr_db": np.asarray(store.column("snr_db"), float)}
    ratios = model.apply(scores.score[:, None])
    label = np.asarray(scores.label)
    return tuple(
        band
        for measure in EDGES
        for band in bands(measure, of_worse_side(scores, store, columns[measure]), ratios, label)
    )


Ratios = tuple[Scores, dict[str, Any] | None]
"""Calibrated scores, and the figures that they reach, None without labels."""


def applied(model: Calibration, test: str, settings: CalibrateConfig, *, strict: bool) -> Ratios:
    """Return the ratios of another score file of the same kind."""
    given = read_given(test, settings, None)
    if given.summary:
        model.require([given.score_type], test)
    tell_of_training(given.scores, model, test, new=False, strict=strict, command="calibrate")
    ratios = replace(given.scores, score=model.apply(given.scores.score[:, None]))
    return ratios, figures_of(ratios, given.scores)


def write_model(path: Path, model: Calibration, *, overwrite: bool) -> None:
    """Write a calibration; the same again is only given a new time, for make."""
    value = json.loads(json.dumps(model.to_json()))
    if overwrite or not path.exists():
        durable.write_json(path, value)
        return
    try:
        there = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        there = None
    if there != value:
        raise OutputError(
            f"{path}: is there and is not this calibration; choose another -o, or pass --overwrite"
        )
    os.utime(path)


def deliver(ratios: Ratios, output: Path | None, overwrite: bool, quiet: bool) -> None:
    """Write the ratios of a test as score lines, and say what they reach."""
    scores, figures = ratios
    if output or goes_somewhere(f"{len(scores):,} ratios are", "--calibrated FILE"):
        write_scored(output, scores, "avkd", overwrite, quiet)
    if not quiet and figures is not None:
        tell("calibrate", f"{scores.name}: {cllr_text(figures)}")


def goes_somewhere(what: str, option: str) -> bool:
    """Return whether stdout is none of a terminal's; say there how to have what is not printed."""
    if sys.stdout.isatty():
        tell("calibrate", f"{what} not printed on a terminal; give {option}, or a pipe")
    return not sys.stdout.isatty()


def said(scores: Scores, model: Calibration) -> None:
    """Say on stderr what was trained, on what, and what it decides."""
    figures = figures_of(replace(scores, score=model.apply(scores.score[:, None])), scores)
    counts = f"{len(scores.target):,} target, {len(scores.nontarget):,} nontarget"
    tell("calibrate", f"{scores.name}: {counts}; {cllr_text(figures or {})}")
    tell(
        "calibrate",
        f"log-likelihood ratios are natural-log (nats); same person from "
        f"{model.threshold:+.3f} on, for prior {model.prior:g} and costs "
        f"{model.costs[0]:g} (miss) and {model.costs[1]:g} (false alarm)",
    )
    for one in (band for band in model.skill if not band.has_skill):
        tell(
            "calibrate",
            f"no skill where {one.measure} of the worse side is {one.low:.1f} to {one.high:.1f} "
            f"(Cllr {one.cllr:.2f}, {one.n_target:,} target trials): avkd verify cannot tell there",
        )
    if not model.system:
        tell(
            "calibrate",
            "whose scores these are is not known, so avkd verify will not take this; say it by "
            "--of RUN, or keep what avkd score --metrics NAME.metrics.json writes beside",
        )


def cllr_text(figures: dict[str, Any]) -> str:
    """Return Cllr, its least, and the EER before, in words."""
    return (
        f"EER {figures['eer_before_percent']:.3f} %, Cllr {figures['cllr']:.4f} bit (at best "
        f"{figures['min_cllr']:.4f})"
    )
