"""`avkd score`: the cosine of every trial, as a score file and its summary."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from avkd_cli.config import ScoreConfig
from avkd_cli.errors import InputError, UsageError
from avkd_cli.steps.score_calibration import CalibrationFiles, calibrate
from avkd_cli.steps.score_fusion import fuse
from avkd_cli.steps.score_output import deliver, note
from avkd_cli.storage import durable
from avkd_cli.storage.store import EmbeddingStore, open_store
from avkd_cli.verification import normalization, scoring
from avkd_cli.verification.scores import Scores
from avkd_cli.verification.trials import Trials, read_trials

KIND = "avkd.embeddings"
NO_CALIBRATION = CalibrationFiles()


@dataclass(frozen=True)
class Sides:
    """Which rows a list of trials compares.

    Args:
        embedding: shape (n, d).
        enrol: row of each trial's enrolment side, -1 where it has none.
        test: row of each trial's test side, -1 where it has none.
        persons: of each row, "" where unknown.
    """

    embedding: np.ndarray
    enrol: np.ndarray
    test: np.ndarray
    persons: list[str]


def run(
    inputs: tuple[str, ...],
    settings: ScoreConfig,
    *,
    trial_list: str | None = None,
    calibrate: Path | None = None,
    train_calibration: Path | None = None,
    quality_store: str | None = None,
    **files: Any,
) -> dict:
    """Score a trial list, or fuse score files; return the summary.

    Args:
        inputs: trial list and store, or with a rule in `settings.fuse` score files.
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
    if len(inputs) != 2:
        raise UsageError(
            f"got {len(inputs)} inputs; wanted TRIALS and STORE, or with --fuse score files"
        )
    return score(*inputs, settings, calibration=calibration, **files)


def score(
    trials: str,
    store: str,
    settings: ScoreConfig,
    *,
    output: Path | None = None,
    metrics: Path | None = None,
    cohort: str | None = None,
    sub_mean: str | None = None,
    enrol_map: str | None = None,
    calibration: CalibrationFiles = NO_CALIBRATION,
    quiet: bool = False,
) -> dict:
    """Score trials by the cosine of stored embeddings; return the summary.

    Args:
        trials: trial list, or "-" for stdin.
        store: embedding store, or "-" for a manifest line on stdin.
        settings: of the step.
        output: score file; None: stdout.
        metrics: JSON file of the summary; None: only the lines on stderr.
        cohort: embeddings of other people, for normalisation.
        sub_mean: embeddings whose mean is subtracted from all.
        enrol_map: `model utterance …` lines; trials then name models.
        calibration: models to use or train, which turn scores into log-likelihood ratios.
        quiet: print no summary.

    Raises:
        UsageError: impossible combinations of arguments.
        MissingInputError, InputError: an input is absent, damaged or does not fit another.
    """
    _refuse_combinations(trials, store, settings, cohort, output)
    calibration.refuse_combinations(settings)
    opened = open_store(store, KIND)
    with ThreadPoolExecutor(1) as ahead:  # unpacking leaves Python free to read the list
        loading = ahead.submit(lambda: opened.embedding)
        listed = _trials(trials, settings, quiet)
        loading.result()
    others = open_store(cohort, KIND) if cohort else None
    background = open_store(sub_mean, KIND) if sub_mean else None
    sides = _sides(listed, opened, enrol_map, quiet)
    listed, sides, skipped = _without_missing(listed, sides, opened, settings.skip_missing)
    _check_labels(listed, sides, opened)
    shift = _mean(background) if background else np.float32(0)
    if background:
        sides = replace(sides, embedding=sides.embedding - shift)
    score = _cosines(listed, sides, opened)
    if others:
        cohort_means = scoring.person_means(others.embedding, others.persons) - shift
        score = _normalised(score, sides, cohort_means, settings)
    norm = _norm_name(settings) + ("+sub-mean" if background else "")
    facts = {
        "norm": norm,
        "score_type": _score_type(opened, norm),
        "embeddings": opened.fingerprint,
        "cohort": others and others.fingerprint,
        "sub_mean": background and background.fingerprint,
        "enrol_map": enrol_map and f"sha256:{durable.sha256_file(Path(enrol_map))}",
        "skipped": skipped,
    }
    scores = _scores(listed, score)
    if calibration.use or calibration.train:
        types = [facts["score_type"]]
        scores, found = calibrate(scores, score[:, None], types, calibration, settings)
        facts |= found
    return deliver(scores, settings, facts, output=output, metrics=metrics, quiet=quiet)


def _trials(source: str, settings: ScoreConfig, quiet: bool) -> Trials:
    format = None if settings.trials_format == "auto" else settings.trials_format
    listed = read_trials(source, format)
    guessed = "" if format else " (guessed)"
    note(quiet, f"{listed.name}: {len(listed):,} trials, format {listed.format}{guessed}")
    return listed


def _refuse_combinations(
    trials: str, store: str, settings: ScoreConfig, cohort: str | None, output: Path | None
) -> None:
    if trials == store == "-":
        raise UsageError("trials and store cannot both come from stdin; give one as a path")
    if (settings.norm != "none") != (cohort is not None):
        have = f"--norm {settings.norm}" if cohort is None else "--cohort"
        lack = "--cohort" if cohort is None else "--norm"
        raise UsageError(f"{have} needs {lack}; give both or neither (--norm may be of --config)")
    if output is not None and trials != "-" and output.exists() and output.samefile(trials):
        raise UsageError(f"-o {output} is the trial list itself; choose another output")


def _sides(trials: Trials, store: EmbeddingStore, enrol_map: str | None, quiet: bool) -> Sides:
    """Find the rows of both sides; with a map, models are rows after those of the store."""
    row, stripped = scoring.rows_of(trials.ids, store.row_of)
    if stripped:
        note(quiet, f"{stripped:,} ids found without their extension")
    if enrol_map is None:
        embedding, persons = store.embedding, store.persons
        return Sides(embedding, row[trials.enrol], row[trials.test], persons)
    models = scoring.read_enrolment_map(enrol_map)
    means, persons = _models(models, store, enrol_map)
    model_row = {model: len(store) + number for number, model in enumerate(models)}
    enrol, _ = scoring.rows_of(trials.ids, model_row)
    embedding = np.concatenate([store.embedding, means])
    return Sides(embedding, enrol[trials.enrol], row[trials.test], store.persons + persons)


def _models(
    models: dict[str, list[str]], store: EmbeddingStore, enrol_map: str
) -> tuple[np.ndarray, list[str]]:
    """Return mean embedding and person of each model."""
    members = []
    for model, utterances in models.items():
        rows, _ = scoring.rows_of(utterances, store.row_of)
        if (rows < 0).any():
            missing = utterances[int(np.argmax(rows < 0))]
            raise InputError(
                f"{enrol_map}: no embedding of {missing!r}, of model {model!r}, in {store.path}; "
                "extract it or take it out of the map"
            )
        members.append(rows)
    persons = [{store.persons[row] for row in rows} for rows in members]
    names = [found.pop() if len(found) == 1 else "" for found in persons]
    return scoring.enrolment_means(store.embedding, members), names


def _without_missing(
    trials: Trials, sides: Sides, store: EmbeddingStore, skip: bool
) -> tuple[Trials, Sides, int]:
    """Drop trials without embedding and say how many, or refuse them."""
    found = (sides.enrol >= 0) & (sides.test >= 0)
    if found.all():
        return trials, sides, 0
    if not found.any():
        raise _strangers(trials, sides, store)
    if not skip:
        codes = np.concatenate([trials.enrol[sides.enrol < 0], trials.test[sides.test < 0]])
        ids = [trials.ids[code] for code in dict.fromkeys(codes.tolist())]
        scoring.refuse_missing(ids, str(store.path), int(np.sum(~found)), trials.name)
    kept = replace(
        trials,
        enrol=trials.enrol[found],
        test=trials.test[found],
        label=None if trials.label is None else trials.label[found],
        keys=trials.keys and [trials.keys[row] for row in np.flatnonzero(found).tolist()],
    )
    sides = replace(sides, enrol=sides.enrol[found], test=sides.test[found])
    return kept, sides, int(np.sum(~found))


def _strangers(trials: Trials, sides: Sides, store: EmbeddingStore) -> InputError:
    """Return the error for a list that is of other recordings than the store, as by a mix-up."""
    enrol = sides.enrol[0] < 0
    wanted = trials.ids[(trials.enrol if enrol else trials.test)[0]]
    return InputError(
        f"{trials.name}: no trial has both its sides in {store.path}: the list names {wanted!r}, "
        f"ids there are like {store.ids[0]!r}; give list and store of the same recordings"
    )


def _check_labels(trials: Trials, sides: Sides, store: EmbeddingStore) -> None:
    """Refuse labels that contradict the persons of the store, where these are known."""
    if trials.label is None:
        return
    number: dict[str, int] = {"": 0}
    person = np.array([number.setdefault(name, len(number)) for name in sides.persons])
    enrol, test = person[sides.enrol], person[sides.test]
    wrong = np.flatnonzero((enrol > 0) & (test > 0) & ((enrol == test) != (trials.label == 1)))
    if len(wrong):
        row = int(wrong[0])
        ids = trials.ids[trials.enrol[row]], trials.ids[trials.test[row]]
        raise InputError(
            f"{trials.name}: {len(wrong)} labels contradict the persons in {store.path}, such as "
            f"{ids[0]!r} {ids[1]!r}, labelled {'target' if trials.label[row] else 'nontarget'}; "
            "correct the list or the store"
        )


def _cosines(trials: Trials, sides: Sides, store: EmbeddingStore) -> np.ndarray:
    norm = scoring.norms(sides.embedding)
    usable = np.isfinite(norm) & (norm > 0)
    bad = np.flatnonzero(~(usable[sides.enrol] & usable[sides.test]))
    if len(bad):
        codes = (trials.test if usable[sides.enrol[bad[0]]] else trials.enrol)[bad[0]]
        raise InputError(
            f"{store.path}: the embedding of {trials.ids[codes]!r} is zero or not finite "
            f"({len(bad)} trials have such); extract it again"
        )
    return scoring.cosine_scores(sides.embedding, sides.enrol, sides.test, norm)


def _mean(store: EmbeddingStore) -> np.ndarray:
    return store.embedding.mean(axis=0, dtype=np.float64).astype(np.float32)


def _normalised(
    score: np.ndarray, sides: Sides, cohort: np.ndarray, settings: ScoreConfig
) -> np.ndarray:
    top_n = settings.top_n if settings.norm == "as" else None
    try:
        enrol = None if settings.norm == "t" else _statistics(sides, sides.enrol, cohort, top_n)
        test = None if settings.norm == "z" else _statistics(sides, sides.test, cohort, top_n)
    except ValueError as error:
        raise InputError(f"--cohort: {error}; give a larger cohort or a smaller --top-n") from None
    return normalization.normalise(score, enrol, test)


def _statistics(
    sides: Sides, rows: np.ndarray, cohort: np.ndarray, top_n: int | None
) -> normalization.Statistics:
    """Return the cohort statistics of each trial's side, computed once a recording."""
    used, at = np.unique(rows, return_inverse=True)
    found = normalization.cohort_statistics(sides.embedding[used], cohort, top_n)
    return normalization.Statistics(found.mean[at], found.deviation[at])


def _scores(trials: Trials, score: np.ndarray) -> Scores:
    return Scores(
        trials.ids, trials.enrol, trials.test, score, trials.label, "avkd",
        trials.name, trials.digest, trials.name, trials.warnings, trials.keys,
    )  # fmt: skip


def _score_type(store: EmbeddingStore, norm: str) -> str:
    """Return what calibration is for: the cosine, its normalisation, and whose embeddings."""
    inputs = store.manifest.get("inputs", {})
    model = inputs.get("run") or inputs.get("source") or store.fingerprint
    return f"cosine {norm} of {model.removeprefix('sha256:')[:12]}"


def _norm_name(settings: ScoreConfig) -> str:
    return f"as({settings.top_n})" if settings.norm == "as" else settings.norm
