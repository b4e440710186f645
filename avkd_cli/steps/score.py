"""`avkd score`: how close the two sides of every trial are, as a score file and its summary."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypedDict, Unpack

import numpy as np

from avkd_cli.config import ScoreConfig
from avkd_cli.errors import UsageError
from avkd_cli.steps import seen
from avkd_cli.steps.score_calibration import CalibrationFiles, calibrate
from avkd_cli.steps.score_fusion import fuse
from avkd_cli.steps.score_lists import is_asked, score_lists
from avkd_cli.steps.score_output import Facts, column_names, deliver, note
from avkd_cli.steps.score_sides import Sides, Stores, check_labels, find_sides, without_missing
from avkd_cli.steps.score_similarity import KIND, OtherPeople, check_cohort, compared
from avkd_cli.storage import durable
from avkd_cli.storage.store import EmbeddingStore, open_store
from avkd_cli.verification.scores import Scores
from avkd_cli.verification.trials import Trials, read_trials


class ScoreFiles(TypedDict, total=False):
    """What `score` and `fuse` take beside inputs and settings; their docstrings say what it is."""

    output: Path | None
    metrics: Path | None
    cohort: str | None
    sub_mean: str | None
    enrol_map: str | None
    intersect: bool
    overwrite: bool
    strict: bool
    quiet: bool


NO_CALIBRATION = CalibrationFiles()


def score_or_fuse(
    inputs: tuple[str, ...],
    settings: ScoreConfig,
    *,
    trial_list: str | None = None,
    calibrate: Path | None = None,
    train_calibration: Path | None = None,
    quality_store: str | None = None,
    **files: Unpack[ScoreFiles],
) -> dict | list[dict]:
    """Score a trial list, or several, or fuse score files; return the summary, or one a list.

    Args:
        inputs: trial list and store, or two stores, of enrolments and of tests; with a rule in
            `settings.fuse` score files. Several lists where the output has a place for the name.
        settings: of the step.
        trial_list: order and labels of score files.
        calibrate: model that turns scores into log-likelihood ratios.
        train_calibration: where to save such a model, trained on these scores.
        quality_store: store of the quality measures that it uses.
        files: further arguments of `score` or `fuse`.

    Raises:
        UsageError: impossible combinations of arguments.
        MissingInputError, InputError: an input is absent, damaged or does not fit another.
    """
    calibration = CalibrationFiles(calibrate, train_calibration, quality_store)
    if settings.fuse != "none":
        for name in ("cohort", "sub_mean", "enrol_map"):
            if files.pop(name, None):
                option = name.replace("_", "-")
                raise UsageError(f"--{option} is for embeddings, --fuse for score files")
        return fuse(inputs, settings, trials=trial_list, calibration=calibration, **files)
    if trial_list is not None:
        raise UsageError("--trials is for --fuse; the list is the first argument here")
    if files.pop("intersect", False):
        raise UsageError("--intersect is for --fuse; --skip-missing leaves out what STORE lacks")
    if is_asked(files.get("output")):
        pattern = {name: files.pop(name, None) for name in ("output", "metrics")}
        once = partial(score, settings=settings, calibration=calibration, **files)
        return score_lists(inputs, once, **pattern)
    if len(inputs) not in (2, 3):
        raise UsageError(
            f"got {len(inputs)} inputs; wanted TRIALS and STORE, or TRIALS and two STORES of two "
            "senses, or with --fuse score files"
        )
    trials, *stores = inputs
    if Path(trials).is_dir() and (lists := [one for one in stores if Path(one).is_file()]):
        raise UsageError(
            f"{trials} is a folder, such as a store, and {lists[0]} a file: the trial list comes "
            f"first; avkd score {lists[0]} {trials}"
        )
    return score(trials, stores, settings, calibration=calibration, **files)


def score(
    trials: str,
    stores: Sequence[str],
    settings: ScoreConfig,
    *,
    output: Path | None = None,
    metrics: Path | None = None,
    cohort: str | None = None,
    sub_mean: str | None = None,
    enrol_map: str | None = None,
    calibration: CalibrationFiles = NO_CALIBRATION,
    overwrite: bool = False,
    strict: bool = False,
    quiet: bool = False,
) -> dict:
    """Score trials by comparing stored embeddings; return the summary.

    Args:
        trials: trial list, or "-" for stdin.
        stores: an embedding store, or two, of enrolments and of tests; "-" for a manifest line
            on stdin.
        settings: of the step.
        output: score file; None: stdout.
        metrics: JSON file of the summary; None: only the lines on stderr.
        cohort: embeddings of other people, for normalisation.
        sub_mean: embeddings whose mean is subtracted from all.
        enrol_map: `model utterance …` lines; trials then name models.
        calibration: models to use or train, which turn scores into log-likelihood ratios.
        overwrite: replace other scores in `output`.
        strict: refuse trials of persons that the network was trained on, and a cohort of persons
            of the trials.
        quiet: print no summary.

    Raises:
        UsageError: impossible combinations of arguments.
        MissingInputError, InputError: an input is absent, damaged or does not fit another.
    """
    _refuse_combinations(trials, stores, settings, cohort, output)
    _refuse_one_sense_only(stores, settings, cohort, sub_mean)
    calibration.refuse_combinations(settings)
    opened, beside = _opened(stores), OtherPeople.of(cohort, sub_mean)
    listed = _read_while_unpacking(trials, opened, settings, quiet)
    sides = find_sides(listed, opened, enrol_map, quiet)
    listed, sides, skipped = without_missing(listed, sides, opened, settings.skip_missing)
    check_labels(listed, sides, opened.names)
    met = _seen_in_training(listed, sides, opened, strict)
    if beside.cohort:
        check_cohort(listed, sides, beside.cohort, strict, quiet)
    score = compared(listed, sides, opened, beside, settings)
    facts = _facts(opened, beside, settings, enrol_map)
    facts = replace(facts, skipped=skipped, seen=met)
    scores = _scores(listed, score)
    if calibration.use or calibration.train:
        types = [facts.score_type]
        scores, facts = calibrate(
            scores, score[:, None], types, calibration, settings, facts, strict=strict
        )
    return deliver(
        scores, settings, facts, output=output, metrics=metrics, overwrite=overwrite, quiet=quiet
    )


def _read_while_unpacking(
    trials: str, opened: Stores, settings: ScoreConfig, quiet: bool
) -> Trials:
    """Return the trials, read while a thread unpacks embeddings, which leaves Python free."""
    with ThreadPoolExecutor(1) as ahead:
        loading = ahead.submit(lambda: (opened.enrol.embedding, opened.test.embedding))
        listed = _trials(trials, settings, quiet, opened.crossed)
        loading.result()
    return listed


def _facts(
    opened: Stores, beside: OtherPeople, settings: ScoreConfig, enrol_map: str | None
) -> Facts:
    """Return what the summary says of stores and metric."""
    norm = beside.norm(settings)
    inputs = {
        "embeddings": opened.fingerprint,
        "run": run_of(opened),
        "cohort": beside.cohort and beside.cohort.fingerprint,
        "sub_mean": beside.background and beside.background.fingerprint,
        "enrol_map": enrol_map and f"sha256:{durable.sha256_file(Path(enrol_map))}",
    }
    return Facts(_score_type(opened, settings.metric, norm), norm, settings.metric, inputs)


def _opened(stores: Sequence[str]) -> Stores:
    found = [open_store(one, KIND) for one in stores]
    both = Stores(found[0], found[-1])
    both.check()
    return both


def _trials(source: str, settings: ScoreConfig, quiet: bool, crossed: bool) -> Trials:
    format = None if settings.trials_format == "auto" else settings.trials_format
    listed = read_trials(source, format, crossed=crossed, names=column_names(settings))
    guessed = "" if format else " (guessed)"
    note(quiet, f"{listed.name}: {len(listed):,} trials, format {listed.format}{guessed}")
    return listed


def _refuse_combinations(
    trials: str,
    stores: Sequence[str],
    settings: ScoreConfig,
    cohort: str | None,
    output: Path | None,
) -> None:
    if [trials, *stores].count("-") > 1:
        raise UsageError("trials and store cannot both come from stdin; give one as a path")
    if (settings.norm != "none") != (cohort is not None):
        have = f"--norm {settings.norm}" if cohort is None else "--cohort"
        lack = "--cohort" if cohort is None else "--norm"
        raise UsageError(f"{have} needs {lack}; give both or neither (--norm may be of --config)")
    if output is not None and trials != "-" and output.exists() and output.samefile(trials):
        raise UsageError(f"-o {output} is the trial list itself; choose another output")


def _refuse_one_sense_only(
    stores: Sequence[str], settings: ScoreConfig, cohort: str | None, sub_mean: str | None
) -> None:
    """Refuse what is defined for cosines within one sense where these are none."""
    why = "two STORES" if len(stores) > 1 else f"--metric {settings.metric}"
    if len(stores) == 1 and settings.metric == "cosine":
        return
    for name, given in (("cohort", cohort), ("sub-mean", sub_mean)):
        if given:
            raise UsageError(f"--{name} is for cosines within one STORE, not for {why}; leave it")


def _seen_in_training(
    trials: Trials, sides: Sides, stores: Stores, strict: bool
) -> seen.Seen | None:
    """Return who of the trials the networks were trained on, and say it; None if that is unknown.

    Raises:
        InputError: somebody was, and `strict`.
    """
    trained = [one.trained_on for one in (stores.enrol, stores.test)]
    if trained == [None, None]:
        return None
    persons = np.array(sides.persons, str)
    found = seen.seen(persons[sides.enrol], persons[sides.test], trained[0] or (), trained[1] or ())
    if found.persons:
        seen.tell("score", trials.name, f"{found.text} ({stores.names})", strict=strict)
    return found


def _scores(trials: Trials, score: np.ndarray) -> Scores:
    return Scores(
        trials.ids,
        trials.enrol,
        trials.test,
        score,
        trials.label,
        "avkd",
        trials.name,
        trials.digest,
        trials.name,
        trials.warnings,
        trials.keys,
    )


def _score_type(stores: Stores, metric: str, norm: str) -> str:
    """Return what calibration is for: the metric, its normalisation, and whose embeddings."""
    models = dict.fromkeys(_model(one) for one in (stores.enrol, stores.test))
    return f"{metric} {norm} of {' and '.join(models)}"


def _model(store: EmbeddingStore) -> str:
    inputs = store.manifest.get("inputs", {})
    model = inputs.get("run") or inputs.get("source") or store.fingerprint
    return model.removeprefix("sha256:")[:12]


def run_of(stores: Stores) -> str | None:
    """Return the fingerprint of the one run that embedded both sides; None of several or none."""
    runs = {one.manifest.get("inputs", {}).get("run") for one in (stores.enrol, stores.test)}
    return runs.pop() if len(runs) == 1 else None
