"""Read from a store of vectors that has been opened: one an utterance, or a sequence of them."""

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from avkd_cli.errors import InputError
from avkd_cli.storage.heads import AAM, PERSON, StoredHead
from avkd_cli.storage.readers import RaggedStore, Store


class EmbeddingStore(Store):
    """One vector an utterance, and the head that they were trained with, if it is known."""

    @functools.cached_property
    def embedding(self) -> np.ndarray:
        """The vectors, (utterances, dimension) float32, as the model gave them."""
        found = self.column("embedding")
        if found.dtype != np.float32 or found.ndim != 2 or len(found) != len(self):
            raise InputError(
                f"{self.path}: embedding is {found.dtype} {found.shape}, wanted float32, "
                f"{len(self)} rows; make the store again"
            )
        return found

    @property
    def dimension(self) -> int:
        """Size of a vector."""
        return int(self._arrays["embedding"]["shape"][1])

    @property
    def label(self) -> str:
        """Which column of the list the classes are of."""
        return self.manifest.get("label", PERSON)

    @functools.cached_property
    def classes(self) -> list[str] | None:
        """Name of each row of the classifier, or None."""
        name = "classes" if self.manifest["version"] > 1 else "persons"
        return self.column(name) if self.has(name) else None

    @functools.cached_property
    def classifier(self) -> np.ndarray | None:
        """Rows of the head's W, (classes, dimension) float32, or None."""
        return self.column("classifier") if self.has("classifier") else None

    @functools.cached_property
    def head(self) -> StoredHead | None:
        """What the embeddings were trained with, or None where that is not known.

        Raises:
            InputError: its parts do not fit each other.
        """
        if self.classifier is None:
            return None
        bias = self.column("classifier_bias") if self.has("classifier_bias") else None
        try:
            kind, scale = self._said_of_head()
            head = StoredHead(kind, self.classes or [], self.classifier, scale, bias)
        except (ValueError, TypeError) as error:
            raise InputError(f"{self.path}: {error}; make the store again") from None
        if head.dimension != self.dimension:
            raise InputError(
                f"{self.path}: classifier is of {head.dimension} dimensions, embeddings of "
                f"{self.dimension}; make the store again"
            )
        return head

    def _said_of_head(self) -> tuple[str, float | None]:
        """Return kind and scale of the head."""
        if self.manifest["version"] == 1:
            return AAM, None
        said = self.manifest.get("head")
        if not isinstance(said, dict) or said.keys() < {"kind", "scale"}:
            raise ValueError("does not say what head it has")
        return said["kind"], said["scale"]

    @functools.cached_property
    def trained_on(self) -> list[str] | None:
        """Persons that the network was trained on, or None where that is not known."""
        if self.has("trained_on"):
            return self.column("trained_on")
        return self.classes if self.label == PERSON else None


class SequenceStore(RaggedStore):
    """Utterances as sequences of vectors: segments, frames, weights over time, posteriors.

    Attributes:
        dimension: size of a vector.
        level: what a piece is, such as segments or frames.
        fps: pieces a second, or None where they are not evenly spaced or have no time.
        piece_s: seconds that a piece is of, or None where it is of a moment.
        label: which column of the list the classes are of.
    """

    def __init__(self, path: Path, manifest: dict[str, Any]) -> None:
        super().__init__(path, manifest)
        self.dimension = self.row_shape[0]
        self.level: str = manifest["level"]
        self.fps: float | None = manifest["fps"]
        self.piece_s: float | None = manifest["piece_s"]
        self.label: str = manifest["label"]

    @functools.cached_property
    def classes(self) -> list[str] | None:
        """Names of the dimensions, where these are posteriors of classes; else None."""
        return self.column("classes") if self.has("classes") else None

    def times(self, rows: Sequence[int] | np.ndarray) -> list[np.ndarray]:
        """Return where the pieces of whole utterances begin, each (length,) float32.

        In seconds from the utterance's beginning; NaN for stills.
        """
        begin, length = self.item_start, self.lengths
        return [self.column("time_s")[begin[row] : begin[row] + length[row]] for row in rows]
