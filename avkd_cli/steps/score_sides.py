"""Which rows of which stores a list of trials compares."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from avkd_cli.errors import InputError
from avkd_cli.steps.score_output import note
from avkd_cli.storage.store import EmbeddingStore
from avkd_cli.verification import scoring
from avkd_cli.verification.extensions import rows_of, told
from avkd_cli.verification.trials import Trials, part_of, read_enrolment_map


@dataclass(frozen=True)
class Stores:
    """Where the two sides of every trial are looked up; one store, or one of each sense, or two
    that one run embedded.

    Args:
        test: the same object as `enrol` where there is one store.
    """

    enrol: EmbeddingStore
    test: EmbeddingStore

    @classmethod
    def of(cls, opened: Sequence[EmbeddingStore]) -> "Stores":
        """Return one store, or two of two senses in one space, or of one network."""
        both = cls(opened[0], opened[-1])
        if both.crossed and not (both.run and both.enrol.fingerprint != both.test.fingerprint):
            both.refuse_apart()  # unless one run embedded both, say spoilt copies with the others
        return both

    @property
    def crossed(self) -> bool:
        """Whether they are two."""
        return self.enrol is not self.test

    @property
    def names(self) -> str:
        """Their paths, for messages."""
        return f"{self.enrol.path} and {self.test.path}" if self.crossed else str(self.enrol.path)

    @property
    def fingerprint(self) -> str | list[str]:
        """Of the one, or of both in their order."""
        found = [self.enrol.fingerprint, self.test.fingerprint]
        return found if self.crossed else found[0]

    @property
    def run(self) -> str | None:
        """Fingerprint of the one run that embedded both sides; None of several or none."""
        runs = {one.manifest.get("inputs", {}).get("run") for one in (self.enrol, self.test)}
        return runs.pop() if len(runs) == 1 else None

    @property
    def models(self) -> str:
        """Whose embeddings these are, which calibrations are for: runs, or imported files."""
        found = []
        for store in (self.enrol, self.test):
            inputs = store.manifest.get("inputs", {})
            model = inputs.get("run") or inputs.get("source") or store.fingerprint
            found.append(model.removeprefix("sha256:")[:12])
        return " and ".join(dict.fromkeys(found))

    def refuse_apart(self) -> None:
        """Raise InputError unless two stores are of two senses in one space."""
        senses = [one.manifest.get("modality") for one in (self.enrol, self.test)]
        if self.enrol.fingerprint == self.test.fingerprint or (senses[0] and len({*senses}) == 1):
            raise InputError(
                f"{self.names}: both are of one sense ({senses[0] or 'the same store'}); "
                "name one of each sense, two that one run embedded, or a single store"
            )
        if self.enrol.dimension != self.test.dimension:
            raise InputError(
                f"{self.enrol.path} has {self.enrol.dimension} dimensions, {self.test.path} "
                f"{self.test.dimension}: two senses are compared in one space; embed both with "
                "one `train-teacher --modality pair` run"
            )


@dataclass(frozen=True)
class Sides:
    """Which rows of which stores a list of trials compares.

    Args:
        embedding: of the stores and of models, shape (n, d).
        enrol: row of each trial's enrolment side, -1 where it has none.
        test: row of each trial's test side, -1 where it has none.
        persons: of each row, "" where unknown.
    """

    trials: Trials
    stores: Stores
    embedding: np.ndarray
    enrol: np.ndarray
    test: np.ndarray
    persons: list[str]


def find_sides(trials: Trials, stores: Stores, enrol_map: str | None, quiet: bool) -> Sides:
    """Find the rows of both sides; rows of the second store, then models, follow the first's.

    Raises:
        InputError: the sides are swapped; a model of the map has an utterance without embedding.
    """
    enrol, otherwise = rows_of(trials.ids, stores.enrol.row_of)
    test, embedding, persons = enrol, stores.enrol.embedding, stores.enrol.persons
    if stores.crossed:
        test, more = rows_of(trials.ids, stores.test.row_of)
        _refuse_swapped(trials, enrol >= 0, test >= 0, stores)
        otherwise = list(dict.fromkeys([*otherwise, *more]))
        test = np.where(test < 0, -1, test + len(stores.enrol))
        embedding = np.concatenate([embedding, stores.test.embedding])
        persons = persons + stores.test.persons
    if otherwise:
        note(quiet, f"{trials.name}: {told(otherwise)}")
    sides = Sides(trials, stores, embedding, enrol[trials.enrol], test[trials.test], persons)
    if enrol_map is None:
        return sides
    models = read_enrolment_map(enrol_map)
    means, owners = _models(models, stores.enrol, enrol_map)
    row_of = {model: len(persons) + number for number, model in enumerate(models)}
    enrol, _ = rows_of(trials.ids, row_of)
    embedding, persons = np.concatenate([embedding, means]), persons + owners
    return replace(sides, embedding=embedding, enrol=enrol[trials.enrol], persons=persons)


def _refuse_swapped(
    trials: Trials, in_first: np.ndarray, in_second: np.ndarray, stores: Stores
) -> None:
    """Raise InputError where the ids tell that enrolments and tests stand the other way round."""
    as_given = (in_first[trials.enrol] & in_second[trials.test]).sum()
    swapped = (in_second[trials.enrol] & in_first[trials.test]).sum()
    if as_given == 0 < swapped:
        ids = trials.ids[trials.enrol[0]], trials.ids[trials.test[0]]
        raise InputError(
            f"{trials.name}: enrolments such as {ids[0]!r} are in {stores.test.path}, tests such "
            f"as {ids[1]!r} in {stores.enrol.path}: the sides are swapped; name the stores in "
            "the other order"
        )


def _models(
    models: dict[str, list[str]], store: EmbeddingStore, enrol_map: str
) -> tuple[np.ndarray, list[str]]:
    """Return mean embedding and person of each model."""
    members = []
    for model, utterances in models.items():
        rows, _ = rows_of(utterances, store.row_of)
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


def without_missing(sides: Sides, skip: bool) -> tuple[Sides, int]:
    """Drop trials without embedding and say how many, or refuse them."""
    trials, stores = sides.trials, sides.stores
    found = (sides.enrol >= 0) & (sides.test >= 0)
    if found.all():
        return sides, 0
    if not found.any():
        raise _strangers(sides)
    if not skip:
        lost = [trials.enrol[sides.enrol < 0], trials.test[sides.test < 0]]
        where = stores.enrol if len(lost[0]) else stores.test
        codes = np.concatenate(lost) if not stores.crossed else lost[len(lost[0]) == 0]
        ids = [trials.ids[code] for code in dict.fromkeys(codes.tolist())]
        scoring.refuse_missing(ids, str(where.path), int(np.sum(~found)), trials.name)
    kept = replace(part_of(trials, np.flatnonzero(found)), name=trials.name)
    sides = replace(sides, trials=kept, enrol=sides.enrol[found], test=sides.test[found])
    return sides, int(np.sum(~found))


def _strangers(sides: Sides) -> InputError:
    """Return the error for a list that is of other recordings than the store, as by a mix-up."""
    trials, stores = sides.trials, sides.stores
    enrol = sides.enrol[0] < 0
    wanted = trials.ids[(trials.enrol if enrol else trials.test)[0]]
    store = stores.enrol if enrol else stores.test
    return InputError(
        f"{trials.name}: no trial has both its sides in {stores.names}: the list names {wanted!r}, "
        f"ids there are like {store.ids[0]!r}; give list and store of the same recordings"
    )


def check_labels(sides: Sides) -> None:
    """Refuse labels that contradict the persons of the stores, where these are known."""
    trials = sides.trials
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
            f"{trials.name}: {len(wrong)} labels contradict the persons in {sides.stores.names}, "
            f"such as {ids[0]!r} {ids[1]!r}, labelled "
            f"{'target' if trials.label[row] else 'nontarget'}; "
            "correct the list or the store"
        )
