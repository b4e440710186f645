"""`avkd score`: how close the two sides of every trial are, as a score file and its summary."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np

from avkd_cli.config import ScoreConfig
from avkd_cli.errors import UsageError
from avkd_cli.steps import seen
from avkd_cli.steps.score_calibration import calibrate, refuse_calibrations
from avkd_cli.steps.score_fusion import fuse
from avkd_cli.steps.score_output import Facts, ScoreFiles, column_names, deliver, note
from avkd_cli.steps.score_sides import Sides, Stores, check_labels, find_sides, without_missing
from avkd_cli.steps.score_similarity import OtherPeople, check_cohort, compared
from avkd_cli.storage import durable
from avkd_cli.storage.store import EMBEDDINGS, open_store
from avkd_cli.verification.scores import Scores
from avkd_cli.verification.trials import Trials, read_trials

PLACE = "{list}"
"""Where the name of each of several trial lists stands in -o."""


def score_or_fuse(
    inputs: tuple[str, ...], settings: ScoreConfig, **given: object
) -> dict | list[dict]:
    """Score a trial list, or several, or fuse score files; return the summary, or one a list.

    Args:
        inputs: trial list and store, or two stores, of enrolments and of tests; with a rule in
            `settings.fuse` score files. Several lists where the output has a place for the name.
        given: fields of `ScoreFiles`.

    Raises:
        UsageError: impossible combinations of arguments.
        MissingInputError, InputError: an input is absent, damaged or does not fit another.
    """
    files = ScoreFiles(**given)  # type: ignore[arg-type]
    if settings.fuse != "none":
        for name in ("cohort", "sub_mean", "enrol_map"):
            if getattr(files, name):
                option = name.replace("_", "-")
                raise UsageError(f"--{option} is for embeddings, --fuse for score files")
        return fuse(inputs, settings, files)
    if files.trial_list is not None:
        raise UsageError("--trials is for --fuse; the list is the first argument here")
    if files.intersect:
        raise UsageError("--intersect is for --fuse; --skip-missing leaves out what STORE lacks")
    if several_asked(files.output):
        return [score(*one, settings, to) for *one, to in lists_of(inputs, files)]
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
    return score(trials, stores, settings, files)


def several_asked(output: Path | None) -> bool:
    """Return whether an output is a pattern, which has a place for the list's name."""
    return output is not None and PLACE in str(output)


def lists_of(
    inputs: tuple[str, ...], files: ScoreFiles
) -> Iterator[tuple[str, list[str], ScoreFiles]]:
    """Yield each list with its stores and the files that are made of it, in the lists' order.

    Args:
        inputs: trial lists, each a path or NAME=PATH, and behind them a store or two.
        files: output and metrics with {list} where the name stands.

    Raises:
        UsageError: no store, no list, two lists of one name, or summaries that have one name.
    """
    output, metrics = files.output, files.metrics
    if metrics is not None and not several_asked(metrics):
        raise UsageError(f"-o names a file for each list, --metrics {metrics} one; put {PLACE} in")
    stores = [one for one in inputs if Path(one).is_dir() or one == "-"]
    named = [_named(one) for one in inputs if one not in stores]
    if not stores or not named or list(inputs[-len(stores) :]) != stores:
        raise UsageError(f"{PLACE} in -o takes trial lists, each FILE or NAME=FILE, then a STORE")
    names = [name for name, _ in named]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise UsageError(f"two trial lists are called {twice}; name them, as in easy={named[0][1]}")
    for name, path in named:
        to = [one and Path(str(one).replace(PLACE, name)) for one in (output, metrics)]
        yield path, stores, replace(files, output=to[0], metrics=to[1])


def _named(given: str) -> tuple[str, str]:
    """Return the name and the path of a list."""
    name, equals, path = given.partition("=")
    if equals and not Path(given).exists():
        return name, path
    return Path(given).stem, given


def score(trials: str, stores: Sequence[str], settings: ScoreConfig, files: ScoreFiles) -> dict:
    """Score trials by comparing stored embeddings; return the summary.

    Args:
        stores: one, or two, of enrolments and of tests.

    Raises:
        UsageError, MissingInputError, InputError: as `score_or_fuse`.
    """
    _refuse_combinations(trials, stores, settings, files)
    refuse_calibrations(settings, files)
    opened = Stores.of([open_store(one, EMBEDDINGS.kind) for one in stores])
    beside = OtherPeople.of(files.cohort, files.sub_mean)
    listed = _read_while_unpacking(trials, opened, settings, files.quiet)
    sides = find_sides(listed, opened, files.enrol_map, files.quiet)
    sides, skipped = without_missing(sides, settings.skip_missing)
    check_labels(sides)
    met = _seen_in_training(sides, files.strict)
    if beside.cohort:
        check_cohort(sides, beside.cohort, files)
    found = compared(sides, beside, settings)
    norm = beside.norm(settings)
    score_type = f"{settings.metric} {norm} of {opened.models}"
    inputs = _inputs(opened, beside, files.enrol_map)
    facts = Facts(score_type, norm, settings.metric, inputs, skipped, met)
    scores = _scores(sides.trials, found)
    if files.calibrate or files.train_calibration:
        scores, facts = calibrate(scores, found[:, None], [score_type], files, settings, facts)
    return deliver(scores, settings, facts, files)


def _read_while_unpacking(
    trials: str, opened: Stores, settings: ScoreConfig, quiet: bool
) -> Trials:
    """Return the trials, read while a thread unpacks embeddings, which leaves Python free."""
    format, names = settings.trials_format, column_names(settings)
    known = None if format == "auto" else format
    with ThreadPoolExecutor(1) as ahead:
        loading = ahead.submit(lambda: (opened.enrol.embedding, opened.test.embedding))
        listed = read_trials(trials, known, crossed=opened.crossed, names=names)
        guessed = "" if known else " (guessed)"
        note(quiet, f"{listed.name}: {len(listed):,} trials, format {listed.format}{guessed}")
        loading.result()
    return listed


def _inputs(opened: Stores, beside: OtherPeople, enrol_map: str | None) -> dict[str, object]:
    """Return what scores are made from; None where there is none."""
    return {
        "embeddings": opened.fingerprint,
        "run": opened.run,
        "cohort": beside.cohort and beside.cohort.fingerprint,
        "sub_mean": beside.background and beside.background.fingerprint,
        "enrol_map": enrol_map and f"sha256:{durable.sha256_file(Path(enrol_map))}",
    }


def _refuse_combinations(
    trials: str, stores: Sequence[str], settings: ScoreConfig, files: ScoreFiles
) -> None:
    cohort, output = files.cohort, files.output
    if [trials, *stores].count("-") > 1:
        raise UsageError("trials and store cannot both come from stdin; give one as a path")
    if (settings.norm != "none") != (cohort is not None):
        have = f"--norm {settings.norm}" if cohort is None else "--cohort"
        lack = "--cohort" if cohort is None else "--norm"
        raise UsageError(f"{have} needs {lack}; give both or neither (--norm may be of --config)")
    if output is not None and trials != "-" and output.exists() and output.samefile(trials):
        raise UsageError(f"-o {output} is the trial list itself; choose another output")
    if len(stores) == 1 and settings.metric == "cosine":
        return
    why = "two STORES" if len(stores) > 1 else f"--metric {settings.metric}"
    for name, given in (("cohort", cohort), ("sub-mean", files.sub_mean)):
        if given:
            raise UsageError(f"--{name} is for cosines within one STORE, not for {why}; leave it")


def _seen_in_training(sides: Sides, strict: bool) -> seen.Seen | None:
    """Return who of the trials the networks were trained on, and say it; None: nobody knows."""
    stores = sides.stores
    trained = [one.trained_on for one in (stores.enrol, stores.test)]
    if trained == [None, None]:
        return None
    persons = np.array(sides.persons, str)
    found = seen.seen(persons[sides.enrol], persons[sides.test], trained[0] or (), trained[1] or ())
    if found.persons:
        seen.tell("score", sides.trials.name, f"{found.text} ({stores.names})", strict=strict)
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
