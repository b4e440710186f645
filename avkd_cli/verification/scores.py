"""Scored trials: checked, and joined to a trial list by ids."""

from dataclasses import dataclass, replace

import numpy as np

from avkd_cli.errors import InputError, some
from avkd_cli.verification.content import content_digest
from avkd_cli.verification.extensions import rows_of, told
from avkd_cli.verification.trials import Trials, is_official, pair_warnings, part_of


@dataclass(frozen=True)
class Scores:
    """Scored trials in the order of their file, or of the list they were joined to; shape (n,).

    Args:
        ids: every id once; none where the file has no ids of both sides.
        enrol_index: index into `ids`, int32; read it as `enrol`.
        test_index: index into `ids`, int32; read it as `test`.
        score: float64, higher is closer.
        label: 1 target, 0 nontarget, int8; None where neither file nor list has labels.
        format: of the file, one of `FORMATS`.
        name: of the known list with these counts, else of the trial list or the file.
        digest: "sha256:…" of the text of the trial list, else of the file.
        source: the file, for messages.
        warnings: oddities that a person should hear of.
        keys: names of the trials, in format fame only.
        columns: what the file calls its columns, for messages.
    """

    ids: list[str]
    enrol_index: np.ndarray
    test_index: np.ndarray
    score: np.ndarray
    label: np.ndarray | None
    format: str
    name: str
    digest: str
    source: str = ""
    warnings: tuple[str, ...] = ()
    keys: list[str] | None = None
    columns: tuple[str, ...] = ()

    @property
    def enrol(self) -> np.ndarray:
        """Enrolment side of each trial, index into `ids`, int32.

        Raises:
            InputError: the file has no ids.
        """
        self.require_ids()
        return self.enrol_index

    @property
    def test(self) -> np.ndarray:
        """Test side of each trial, index into `ids`, int32.

        Raises:
            InputError: the file has no ids.
        """
        self.require_ids()
        return self.test_index

    def require_ids(self) -> None:
        """Raise InputError unless it is known which recordings each score compares."""
        if not self.ids:
            there = f" (columns there: {some(self.columns, 20)})" if self.columns else ""
            raise InputError(
                f"{self.source}: has no ids of enrolment and test{there}; "
                "this needs a file that has them, in columns 'enrol' and 'test'"
            )

    def __len__(self) -> int:
        return len(self.score)

    @property
    def content(self) -> str:
        """Digest of what was compared, one for all files on one list; the text's without ids."""
        if not self.ids:
            return self.digest
        return content_digest(self.ids, self.enrol_index, self.test_index, self.label)

    @property
    def target(self) -> np.ndarray:
        """Scores of same-person trials."""
        return self.score[self._labels() == 1]

    @property
    def nontarget(self) -> np.ndarray:
        """Scores of different-person trials."""
        return self.score[self._labels() == 0]

    def _labels(self) -> np.ndarray:
        if self.label is None:
            raise InputError(f"{self.source}: has no labels; give the trial list as well")
        return self.label

    def require_both_classes(self) -> None:
        """Raise InputError unless there are targets and nontargets."""
        for name, side in (("target", self.target), ("nontarget", self.nontarget)):
            if not len(side):
                raise InputError(f"{self.source}: has no {name} trials; EER needs both classes")


def as_trials(scores: Scores) -> Trials:
    """Return the trials that were scored, as a list to join others to."""
    return Trials(
        scores.ids,
        scores.enrol_index,
        scores.test_index,
        scores.label,
        scores.format,
        scores.name,
        scores.digest,
        keys=scores.keys,
    )


# One threshold takes so large a share, or number, of the trials: rates jump, and a lucky choice
# between them is worth as much. Five decimals tie many scores, but few at any one threshold.
MOST_TIED, FEWEST_TIED = 0.01, 4


def check(scores: Scores) -> tuple[str, ...]:
    """Return what is odd about scores: repeated pairs, ties, few trials, upside down.

    Raises:
        InputError: one pair has two scores or two labels.
    """
    found: list[str] = []
    if scores.ids and scores.keys is None:
        odd = pair_warnings(scores.source, scores.ids, scores.enrol, scores.test, scores.label)
        if any("duplicate_trial" in text for text in odd):
            _refuse_two_scores(scores)
        found += () if is_official(scores.name) else odd
    if len(scores) < 100:
        found.append(f"only {len(scores)} trials (few_trials)")
    value, times = np.unique(scores.score, return_counts=True)
    most = int(times.max())
    if len(scores) >= 100 and most > max(MOST_TIED * len(scores), FEWEST_TIED):
        found.append(
            f"{most:,} of {len(scores):,} scores are {value[times.argmax()]:g}: tied, as of too "
            "few decimals (coarse_scores)"
        )
    return tuple(found)


def _refuse_two_scores(scores: Scores) -> None:
    pair = scores.enrol.astype(np.int64) * len(scores.ids) + scores.test
    if len(differ := _two_scores(pair, scores)):
        enrol, test = (scores.ids[side[differ[0, 0]]] for side in (scores.enrol, scores.test))
        raise InputError(
            f"{scores.source}: {len(differ)} pairs have two different scores, such as "
            f"{enrol!r} {test!r}; keep one"
        )


def _two_scores(pair: np.ndarray, scores: Scores) -> np.ndarray:
    """Return the rows of two scores of one pair that differ, (n, 2); `pair`: a number of each."""
    order = np.argsort(pair, kind="stable")
    one, other = order[:-1], order[1:]
    differ = (pair[one] == pair[other]) & (scores.score[one] != scores.score[other])
    return np.stack([one, other], axis=1)[differ]


def join(scores: Scores, trials: Trials, *, intersect: bool = False) -> Scores:
    """Return scores in the order of a trial list, with its labels; by ids, never by position.

    Args:
        scores: of the trials.
        trials: the list.
        intersect: take the trials that both have, and say how many each has besides.

    Raises:
        InputError: a trial has no score, a score no trial, or their labels differ.
    """
    if scores.keys is None:
        scores.require_ids()
    wanted, found, otherwise = _pairs(scores, trials)
    if otherwise:
        _refuse_two_spellings(scores, found)
    order = np.argsort(found, kind="stable")
    at = np.searchsorted(found[order], wanted)
    at = order[np.minimum(at, len(order) - 1)]
    missing = np.flatnonzero(found[at] != wanted)
    extra = np.flatnonzero(~np.isin(found, wanted))
    left = []
    if (len(missing) or len(extra)) and intersect and len(missing) < len(trials):
        left.append(
            f"{len(trials) - len(missing):,} trials are taken; {len(missing):,} of {trials.name} "
            f"have no score, {len(extra):,} scores no trial (intersect)"
        )
        kept = np.flatnonzero(found[at] == wanted)
        trials, at = part_of(trials, kept), at[kept]
    elif len(missing) or len(extra):
        raise InputError(_explain_mismatch(scores, trials, missing, extra))
    label = None if scores.label is None else scores.label[at]
    if trials.label is not None:
        if label is not None and (differ := int(np.count_nonzero(trials.label != label))):
            raise InputError(f"{scores.source}: {differ} labels differ from {trials.name}")
        label = trials.label
    return replace(
        scores,
        ids=trials.ids,
        enrol_index=trials.enrol,
        test_index=trials.test,
        score=scores.score[at],
        label=label,
        name=trials.name,
        digest=trials.digest,
        keys=trials.keys,
        warnings=(*scores.warnings, *([told(otherwise)] if otherwise else []), *left),
    )


def _refuse_two_spellings(scores: Scores, found: np.ndarray) -> None:
    """Refuse two scores of what is one trial of the list, spelled in two ways."""
    if len(differ := _two_scores(found, scores)):
        first, second = (_trial_of(scores, row) for row in differ[0])
        raise InputError(
            f"{scores.source}: {first!r} and {second!r} are one trial but for their extensions, "
            "and have two scores; keep one"
        )


def _trial_of(trials: Scores | Trials, row: int) -> str:
    """Return what a trial is called: its name, else both ids."""
    if trials.keys is not None:
        return trials.keys[row]
    return f"{trials.ids[trials.enrol[row]]} {trials.ids[trials.test[row]]}"


def _pairs(scores: Scores, trials: Trials) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Return one number for each trial and for each score, equal where they are the same pair.

    And the ids of scores that are spelled with another extension than in the list, or without.
    """
    if scores.keys is not None:
        if trials.keys is None:
            raise InputError(f"{trials.name}: has no trial names, {scores.source} has; need both")
        number = {key: n for n, key in enumerate(trials.keys)}
        found = [number.setdefault(key, len(number)) for key in scores.keys]
        return np.array([number[key] for key in trials.keys]), np.array(found), []
    renumber, otherwise = rows_of(scores.ids, {id: n for n, id in enumerate(trials.ids)})
    strangers = renumber < 0
    total = len(trials.ids) + int(np.count_nonzero(strangers))
    renumber[strangers] = np.arange(len(trials.ids), total)
    wanted = trials.enrol.astype(np.int64) * total + trials.test
    return wanted, renumber[scores.enrol] * total + renumber[scores.test], otherwise


def _explain_mismatch(
    scores: Scores, trials: Trials, missing: np.ndarray, extra: np.ndarray
) -> str:
    examples = []
    if len(missing):
        examples.append(f"no score for {_trial_of(trials, missing[0])!r}")
    if len(extra):
        examples.append(f"no trial of {_trial_of(scores, extra[0])!r}")
    also = ", or take what both have with --intersect" if len(missing) < len(trials) else ""
    return (
        f"{scores.source}: {len(missing)} of {len(trials)} trials in {trials.name} have no score, "
        f"{len(extra)} scores have no trial ({'; '.join(examples)}); score that list{also}"
    )
