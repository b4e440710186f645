"""Never test on whom was trained on in silence: who of the trials the networks were trained on."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from avkd_cli.errors import InputError
from avkd_cli.said import warn
from avkd_cli.storage import names
from avkd_cli.storage.specs import EMBEDDINGS
from avkd_cli.storage.store import EmbeddingStore, open_store
from avkd_cli.verification.scorefiles import read_scores

SEEN = "seen_in_training"
"""The key of a summary, and of what a calibration was trained on."""
WHY = "its figures say nothing of strangers"


@dataclass(frozen=True)
class Seen:
    """How many of the persons and trials of a list a network was trained on.

    Args:
        of: persons in the trials, of those that are known.
        trials: with such a person on either side.
    """

    persons: int
    of: int
    trials: int
    of_trials: int

    def to_json(self) -> dict[str, int]:
        """Return it as a summary has it."""
        return asdict(self)

    @property
    def text(self) -> str:
        """What to say of it."""
        people = "person" if self.of == 1 else "persons"
        return (
            f"{self.persons:,} of {self.of:,} {people} of these trials ({self.trials:,} of "
            f"{self.of_trials:,} trials) are persons that the network was trained on"
        )


def seen(
    enrol: Sequence[str], test: Sequence[str], trained: Collection[str], also: Collection[str]
) -> Seen:
    """Return who of some trials was trained on.

    Args:
        enrol: person of each trial's enrolment, "" where unknown, shape (n_trials,).
        test: person of its test.
        trained: persons that the network of the enrolments was trained on, by name or digest.
        also: persons that the network of the tests was trained on.
    """
    sides = np.asarray(enrol, str), np.asarray(test, str)
    known = {*sides[0].tolist(), *sides[1].tolist()} - {""}
    hits = [
        np.isin(side, sorted(names.known(persons, known)))
        for side, persons in zip(sides, (trained, also), strict=True)
    ]
    met = {who for side, hit in zip(sides, hits, strict=True) for who in side[hit].tolist()}
    return Seen(len(met), len(known), int(np.count_nonzero(hits[0] | hits[1])), len(sides[0]))


def tell(command: str, where: str, text: str, *, strict: bool) -> None:
    """Say on stderr that a test is none; where it is strict, raise InputError."""
    if strict:
        raise InputError(f"{where}: {text}; --strict refuses that: test on other people")
    warn(command, f"{where}: {text}; {WHY}")


def of_summary(summary: Mapping[str, Any]) -> Seen | None:
    """Return what a summary of `avkd score` says of this; None where it says nothing."""
    found = summary.get(SEEN)
    parts = Seen.__dataclass_fields__
    if not isinstance(found, dict) or not all(isinstance(found.get(n), int) for n in parts):
        return None
    return Seen(**{name: found[name] for name in parts})


def of_scores(path: str | Path, n_trials: int) -> Seen | None:
    """Return what the summary beside a score file says of this; None where it says nothing."""
    return of_summary(summary_beside(path, n_trials))


def summary_beside(path: str | Path, n_trials: int) -> dict[str, Any]:
    """Return the summary beside a score file: NAME.metrics.json of NAME.scores.

    Empty where there is none, or where it is of another number of trials.
    """
    if str(path) == "-":
        return {}
    stem = Path(path).name.removesuffix(".gz").removesuffix(".scores")
    try:
        summary = json.loads(Path(path).with_name(f"{stem}.metrics.json").read_bytes())
        counted = summary["counts"]["trials"]
    except (OSError, ValueError, RecursionError, KeyError, TypeError):
        return {}
    return summary if counted == n_trials else {}


def tell_of_scores(command: str, path: str | Path, n_trials: int, *, strict: bool) -> None:
    """Say, or refuse as `tell` does, that scores are of persons that a network was trained on."""
    found = of_scores(path, n_trials)
    if found is not None and found.persons:
        tell(command, str(path), found.text, strict=strict)


def tell_of_stores(
    command: str,
    stores: Iterable[EmbeddingStore],
    persons: Collection[str] | None = None,
    *,
    strict: bool = False,
) -> None:
    """Say, or refuse as `tell` does, that some persons (None: all) were trained on."""
    for store in stores:
        tested = set(store.persons if persons is None else persons) - {""}
        if both := names.known(store.trained_on or (), tested):
            text = (
                f"{len(both):,} of {len(tested):,} persons that are tested are persons that the "
                "network was trained on"
            )
            tell(command, str(store.path), text, strict=strict)


def refuse(command: str, paths: Sequence[str | Path]) -> None:
    """Refuse score files, folders of them, or stores, of persons that were trained on: `--strict`.

    Raises:
        InputError: there are such.
    """
    for path in map(Path, paths):
        if path.is_dir() and not (path / "avkd.json").exists():
            refuse(command, sorted(path.rglob("*.scores")))
        elif path.is_dir():
            tell_of_stores(command, [open_store(path, EMBEDDINGS.kind)], strict=True)
        elif path.is_file():
            tell_of_scores(command, path, len(read_scores(path)), strict=True)
