"""What every kind of input is: stores that are read, in training by draws and whole afterwards."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import Any, ClassVar

import numpy as np

from avkd_cli.errors import InputError, UsageError
from avkd_cli.inputs.passing import Passage
from avkd_cli.losses.heads import Head
from avkd_cli.storage.store import Store, open_store

Row = tuple[np.ndarray, np.ndarray]
"""Vectors of one utterance, (pieces, d) float32, and when each begins, (pieces,) in s."""


class Input(ABC):
    """One kind of thing that is read, such as sound.

    Attributes:
        modality: of the networks that take it. kinds: of its stores, in their order.
        sense: of embeddings made from it, where that is not the modality.
        names: of its stores in the plan of a run, where they are several.
        side_levels: levels that a side of its networks has, such as one sense of a pair; none
            where they have no sides.
        compared: levels of the enrolment and of the test in a trial, which validation scores.
        stores: open.
        head: of the network that is embedded with, for what looks at class probabilities.
    """

    modality: ClassVar[str]
    kinds: ClassVar[tuple[str, ...]]
    sense: ClassVar[str] = ""
    names: ClassVar[tuple[str, ...]] = ()
    side_levels: ClassVar[tuple[str, ...]] = ()
    compared: ClassVar[tuple[str, str]] = ("embedding", "embedding")
    stores: Sequence[Store]

    @classmethod
    def opened(cls, paths: Sequence[str]) -> "Input":
        """Return the input over the stores at these paths; errors as `open_stores`."""
        return cls(open_stores(cls.modality, paths, cls.kinds))

    @classmethod
    def opened_side(cls, sense: str, paths: Sequence[str], encoded: bool) -> "Input":
        """Return the input of one side of these networks.

        Args:
            sense: audio or visual. paths: of one store.
            encoded: whether the networks have encoders of their own.

        Raises:
            UsageError: these networks have no sides, or there is more than one store.
            InputError: a store of another kind than that side takes, or of the other sense.
        """
        raise UsageError(
            f"--side is for a pair, or a joint network that lacks a sense, not --modality "
            f"{cls.modality}"
        )

    def __init__(self, stores: Sequence[Store]) -> None:
        self.stores = list(stores)
        self.head: Head | None = None

    @abstractmethod
    def held(self) -> dict[str, Any]:
        """Return what a network must have been trained with to take what the stores hold.

        The names are keywords of the network, or of its front end.
        """

    def senses(self) -> "dict[str | None, Input]":
        """Return what is held against which encoder: itself, or each sense of several."""
        return {None: self}

    def pieces(self, passage: Passage, ids: list[str]) -> Iterator[Row]:
        """Yield the several vectors of each utterance that a level has, and when each begins in s.

        Raises:
            InputError: as `piece`.
        """
        self.check_level(passage.level)
        yield from ()

    def piece(self, passage: Passage) -> tuple[int, float | None]:
        """Return the width of a level's vectors, and the s to the next, None where not even.

        Raises:
            InputError: networks of this input have no such level.
        """
        self.check_level(passage.level)
        raise NotImplementedError

    def check_level(self, level: str, *there: str) -> None:
        """Raise InputError for a level that networks of this input do not have."""
        if level not in there:
            known = " and ".join(("embedding", "posteriors", *there))
            raise InputError(
                f"a network of modality {self.modality} has no {level}; it has {known}"
            )

    @abstractmethod
    def embed(self, passage: Passage, ids: list[str]) -> np.ndarray:
        """Return a level of whole utterances, (ids, d) float32, on the network's device."""

    def rows(self, store: Store, ids: list[str]) -> np.ndarray:
        """Return the row of a store for each id, int64."""
        return np.fromiter(map(store.row_of.__getitem__, ids), np.int64, len(ids))

    def fingerprints(self) -> dict[str, str]:
        """Return name and fingerprint of each store, for the plan of a run."""
        named = zip(self.names or (self.modality,), self.stores, strict=True)
        return {name: store.fingerprint for name, store in sorted(named, key=itemgetter(0))}


def open_stores(modality: str, paths: Sequence[str], kinds: Sequence[str]) -> list[Store]:
    """Return the stores, checked to be as many and of the kinds that the modality takes.

    Raises:
        UsageError: more or fewer than it takes. MissingInputError, InputError: as `open_store`.
    """
    if len(paths) != len(kinds):
        named = " and ".join(dict.fromkeys(kinds))
        raise UsageError(
            f"--modality {modality} takes {len(kinds)} store{'s' * (len(kinds) > 1)} of "
            f"{named}, {len(paths)} given"
        )
    return [open_store(path, kind) for path, kind in zip(paths, kinds, strict=True)]


def by_sense(stores: Sequence[Store]) -> tuple[Store, Store]:
    """Return (visual, audio), by what the stores say of themselves or, unsaid, by order.

    Raises:
        InputError: both are of one sense.
    """
    senses = [store.manifest.get("modality") for store in stores]
    if senses[0] == senses[1] and senses[0] is not None:
        raise InputError(
            f"{stores[0].path} and {stores[1].path} both hold {senses[0]} embeddings; "
            "give one of each sense"
        )
    if senses[0] == "visual" or senses[1] == "audio":
        return stores[0], stores[1]
    return stores[1], stores[0]
