"""The head that a network was trained with, as a store keeps it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from avkd_cli.storage import names

AAM = "aam-softmax"
SOFTMAX = "softmax"
PERSON = "person"
"""The column of the list that classes are of, unless another is said."""


@dataclass(frozen=True)
class StoredHead:
    """What gives the scores of classes from an embedding, and the names of the classes.

    The score of a class is scale · cos(embedding, its row) for "aam-softmax" (the margin is for
    training alone), and embedding · its row + its bias for "softmax".

    Args:
        kind: name of the head, such as "aam-softmax" or "softmax".
        classes: name of each row, or its digest (`storage.names`); none twice.
        weight: (classes, dimension) float32.
        scale: s of the AAM-softmax, 1 for a plain softmax; None where it is unknown.
        bias: (classes,) float32; None where there is none.

    Raises:
        ValueError: the parts do not fit each other, or are not finite.
    """

    kind: str
    classes: Sequence[str]
    weight: np.ndarray
    scale: float | None = None
    bias: np.ndarray | None = None

    def __post_init__(self) -> None:
        if fault := self._fault():
            raise ValueError(fault)

    def _fault(self) -> str:
        """Return what is wrong with it; "" if nothing is."""
        count = len(self.classes)
        if not isinstance(self.kind, str) or not self.kind:
            return f"the head's kind is {self.kind!r}, wanted a name"
        if self.weight.ndim != 2 or len(self.weight) != count:
            return f"classifier is {self.weight.shape} for {count} classes"
        if self.bias is not None and self.bias.shape != (count,):
            return f"classifier_bias is {self.bias.shape} for {count} classes"
        if self.scale is not None and not 0 < self.scale < float("inf"):
            return f"the head's scale is {self.scale}, wanted a positive number"
        if len(set(self.classes)) != count:
            return "a class has two rows in the classifier"
        return self._not_finite()

    def _not_finite(self) -> str:
        bad = ~np.isfinite(self.weight).all(axis=1)
        if self.bias is not None:
            bad |= ~np.isfinite(self.bias)
        if not bad.any():
            return ""
        first = self.classes[int(np.argmax(bad))]
        return f"the classifier is not finite in the row of class {first!r} ({bad.sum()} rows)"

    @property
    def dimension(self) -> int:
        """Size of the embeddings that it takes."""
        return int(self.weight.shape[1])

    def missing(self, classes: Sequence[str]) -> list[str]:
        """Return those of some classes that it has no row for, in their order."""
        known = names.known(self.classes, classes)
        return [name for name in classes if name not in known]

    def taking(self, classes: Sequence[str]) -> "StoredHead":
        """Return the head of some of its classes, in the order given.

        Raises:
            KeyError: it has no such class; see `missing`.
        """
        own = names.resolved(self.classes, classes)
        place = {name: row for row, name in enumerate(own)}
        rows = np.array([place[name] for name in classes], np.int64)
        bias = None if self.bias is None else self.bias[rows]
        return replace(self, classes=list(classes), weight=self.weight[rows], bias=bias)
