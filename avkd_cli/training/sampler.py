"""Which utterances make up batch k: a function of (seed, k), whatever happened before.

Training reads one endless sequence of draws. Draw i of plain shuffling belongs to epoch i // n
and takes the next row of that epoch's permutation, so each row comes exactly once an epoch.
"""

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np

from avkd_cli import keyed


@dataclass(frozen=True)
class Draws:
    """The rows of one batch, or of one rank's share of it.

    Attributes:
        rows: indices into the training set, shape (batch,), int64.
        numbers: the draw number of each, the key to its randomness, shape (batch,), int64.
    """

    rows: np.ndarray
    numbers: np.ndarray

    def share(self, rank: int, world: int) -> "Draws":
        """Return what one rank takes; ranks take turns, so that world only splits the batch."""
        return Draws(self.rows[rank::world], self.numbers[rank::world])


class ShuffleSampler:
    """One permutation an epoch; batches run over the epoch's end, so all have one size.

    Args:
        n_rows: size of the training set.
        batch_size: rows a batch, over all ranks.
    """

    def __init__(self, n_rows: int, batch_size: int, seed: int) -> None:
        self.n_rows, self.batch_size, self.seed = n_rows, batch_size, seed
        self.order = lru_cache(maxsize=2)(
            lambda epoch: keyed.permutation(seed, f"epoch {epoch}", n_rows)
        )

    def batch(self, k: int) -> Draws:
        """Return batch k."""
        numbers = np.arange(k * self.batch_size, (k + 1) * self.batch_size)
        epochs, places = np.divmod(numbers, self.n_rows)
        rows = np.empty_like(numbers)
        for epoch in np.unique(epochs):
            here = epochs == epoch
            rows[here] = self.order(int(epoch))[places[here]]
        return Draws(rows, numbers)


class Groups:
    """Rows by whose they are, of which one is drawn of each.

    Args:
        owners: of each row, 0 .. n - 1, shape (rows,), all of them there.
    """

    def __init__(self, owners: np.ndarray) -> None:
        self.order = np.argsort(owners, kind="stable")
        self.starts = np.searchsorted(owners[self.order], np.arange(owners.max() + 2))

    def draw(self, of: np.ndarray, seed: int, purpose: str, numbers: np.ndarray) -> np.ndarray:
        """Return a row of each of these owners, drawn for a purpose by its number: (of,)."""
        first, after = self.starts[of], self.starts[of + 1]
        return self.order[first + keyed.whole(seed, purpose, numbers, after - first)]


class PersonSampler:
    """P persons times K utterances a batch (P = batch_size / K).

    Persons come in permutations, so each comes once before any comes again; their K utterances
    are drawn without replacement where a person has as many.

    Args:
        labels: person of each row, shape (n_rows,), 0 .. C-1, every class present.
        batch_size: rows a batch, a multiple of per_person.
        per_person: K.
    """

    def __init__(self, labels: np.ndarray, batch_size: int, per_person: int, seed: int) -> None:
        if batch_size % per_person:
            raise ValueError(f"batch size {batch_size} is not a multiple of {per_person}")
        people = Groups(labels)
        self.rows_of = [people.order[a:b] for a, b in pairwise(people.starts)]
        self.persons = ShuffleSampler(len(self.rows_of), batch_size // per_person, seed)
        self.batch_size, self.per_person, self.seed = batch_size, per_person, seed

    def batch(self, k: int) -> Draws:
        """Return batch k."""
        persons = self.persons.batch(k)
        rows = [
            self.utterances(self.rows_of[person], number)
            for person, number in zip(persons.rows, persons.numbers, strict=True)
        ]
        # Persons take turns, as ranks and micro-batches do: a share of them has its persons whole.
        return Draws(
            np.stack(rows, axis=1).ravel(),
            np.arange(k * self.batch_size, (k + 1) * self.batch_size),
        )

    def utterances(self, rows: np.ndarray, number: int) -> np.ndarray:
        """Return K of a person's rows, by the number of the person's draw."""
        repeated = np.tile(rows, -(-self.per_person // len(rows)))
        return repeated[keyed.permutation(self.seed, f"person {number}", len(repeated))][
            : self.per_person
        ]
