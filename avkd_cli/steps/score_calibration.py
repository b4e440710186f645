"""Calibration in `avkd score`: train a model on these scores, or turn them into ratios with one."""

from dataclasses import replace

import numpy as np

from avkd_cli.config import P_TARGETS, ScoreConfig
from avkd_cli.errors import InputError, UsageError, blame
from avkd_cli.steps.score_output import Facts, ScoreFiles
from avkd_cli.steps.seen import SEEN, of_summary, tell
from avkd_cli.storage import durable
from avkd_cli.storage.store import Store, open_store
from avkd_cli.verification import calibration
from avkd_cli.verification.extensions import rows_of
from avkd_cli.verification.metrics import act_dcf, cllr, equal_error_rate, min_cllr
from avkd_cli.verification.scores import Scores

OTHER_SCORES = "calibration needs other scores"


def refuse_calibrations(settings: ScoreConfig, files: ScoreFiles) -> None:
    """Raise UsageError for options that contradict each other."""
    if files.calibrate and files.train_calibration:
        raise UsageError("--calibration and --train-calibration exclude each other; give one")
    if files.calibrate or files.train_calibration:
        return
    if files.quality_store:
        raise UsageError("--quality-store is for --calibration or --train-calibration")
    if settings.fuse == "logistic":
        raise UsageError(
            "--fuse logistic needs weights: train them with --train-calibration MODEL.json on "
            "a development list, then give --calibration MODEL.json"
        )


def calibrate(
    scores: Scores,
    systems: np.ndarray,
    score_types: list[str],
    files: ScoreFiles,
    settings: ScoreConfig,
    facts: Facts,
) -> tuple[Scores, Facts]:
    """Return scores as log-likelihood ratios, and what is known of them.

    Args:
        systems: scores of the trials by each system, shape (n_trials, n_systems).
        score_types: what each system's score is.

    Raises:
        InputError: the model is for other scores, or no labels to train on; or it was trained on
            such trials, or on these, and --strict.
    """
    new, where = files.train_calibration, str(files.train_calibration or files.calibrate)
    if new:
        model = _trained(scores, systems, score_types, files, settings)
        model = replace(model, system=facts.inputs.get("run") or "")
        if facts.seen is not None:
            model = replace(model, trained_on={**model.trained_on, SEEN: facts.seen.to_json()})
    else:
        model = calibration.read(files.calibrate)
        model.require(score_types, where)
    tell_of_training(scores, model, where, new=bool(new), strict=files.strict)
    if new:
        durable.write_json(new, model.to_json())
    quality = _quality(scores, files, model.qualities)
    ratios = replace(scores, score=model.apply(systems, quality))
    used = {"calibration": {"model": where, "trained_on": dict(model.trained_on)}}
    calibrated = figures_of(ratios, scores)
    return ratios, replace(facts, inputs={**facts.inputs, **used}, calibrated=calibrated)


def tell_of_training(
    scores: Scores,
    model: calibration.Calibration,
    where: str,
    *,
    new: bool,
    strict: bool,
    command: str = "score",
) -> None:
    """Say, or refuse as `tell` does, what a model should not have been trained on."""
    met = of_summary(model.trained_on)
    if met is not None and met.persons:
        text = (
            f"the calibration is trained on trials of which {met.persons:,} of {met.of:,} persons "
            "are such that the network was trained on: its ratios are too sure of strangers"
        )
        tell(command, where, text, strict=strict)
    if not new and model.trained_on.get("digest") == scores.digest:
        text = "the calibration was trained on these very trials"
        tell(command, where, text, strict=strict)


def _trained(
    scores: Scores,
    systems: np.ndarray,
    score_types: list[str],
    files: ScoreFiles,
    settings: ScoreConfig,
) -> calibration.Calibration:
    scores.require_both_classes()
    names = settings.quality.split(",") if files.quality_store else []
    with blame(scores.source, OTHER_SCORES):
        return calibration.train(
            systems,
            scores.label,
            score_types,
            said_of(scores),
            quality=_quality(scores, files, tuple(names)),
            qualities=names,
            prior=settings.prior,
        )


def said_of(scores: Scores) -> dict[str, object]:
    """Return what a model says of the list that it was trained on."""
    target, nontarget = scores.target, scores.nontarget
    return {
        "name": scores.name,
        "digest": scores.digest,
        "target": len(target),
        "nontarget": len(nontarget),
        "eer": equal_error_rate(target, nontarget),
        "min_cllr": min_cllr(target, nontarget),
    }


def _quality(scores: Scores, files: ScoreFiles, names: tuple[str, ...]) -> np.ndarray | None:
    """Return each trial's quality measures: those of its worse side, shape (n_trials, n_names).

    Durations count by their logarithm.
    """
    if not names:
        return None
    if files.quality_store is None:
        raise UsageError(f"the model uses {', '.join(names)}; give their store: --quality-store")
    store = open_store(files.quality_store)
    columns = {name: np.asarray(store.column(name), np.float64) for name in names}
    if "duration_s" in columns:
        columns["duration_s"] = np.log(columns["duration_s"])
    return np.column_stack([of_worse_side(scores, store, one) for one in columns.values()])


def of_worse_side(scores: Scores, store: Store, values: np.ndarray) -> np.ndarray:
    """Return the lesser of what both sides of each trial measure, shape (n_trials,).

    Args:
        store: that the recordings were prepared in. values: of each of its rows.

    Raises:
        InputError: it does not have all of them.
    """
    rows, _ = rows_of(scores.ids, store.row_of)
    used = np.unique(np.concatenate([scores.enrol, scores.test]))
    missing = [scores.ids[code] for code in used[rows[used] < 0].tolist()]
    if missing:
        raise InputError(
            f"{store.path}: has no quality of {missing[0]!r} ({len(missing)} ids have none); "
            "give the store that these recordings were prepared in"
        )
    return np.minimum(values[rows[scores.enrol]], values[rows[scores.test]])


def figures_of(ratios: Scores, scores: Scores) -> dict | None:
    """Return Cllr and actual costs of the ratios, with the least that any calibration reaches."""
    if ratios.label is None or len(set(ratios.label.tolist())) < 2:
        return None
    target, nontarget = ratios.target, ratios.nontarget
    return {
        "cllr": cllr(target, nontarget),
        "min_cllr": min_cllr(target, nontarget),
        "act_dcf": {f"{p:g}": act_dcf(target, nontarget, p) for p in P_TARGETS},
        "eer_before_percent": 100 * equal_error_rate(scores.target, scores.nontarget),
    }
