"""Demographic strata of nontargets: two people of one sex, nationality, age, or all three."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

AGE_YEARS = 5  # two people are of one age when at most so many years apart

NEEDED: dict[str, tuple[str, ...]] = {
    "random": (),
    "G": ("sex",),
    "N": ("nationality",),
    "A": ("age",),
    "GNA": ("sex", "nationality", "age"),
    "GA": ("sex", "age"),
}
"""Stratum: what both people have in common; names as in FOP, table III, but for GA."""


class Traits(NamedTuple):
    """What is known of each recording's person, shape (n,) each.

    Args:
        sex: "" where unknown.
        nationality: "" where unknown.
        age: in years, NaN where unknown.
    """

    sex: NDArray[np.str_]
    nationality: NDArray[np.str_]
    age: NDArray[np.float64]

    def take(self, index: NDArray) -> "Traits":
        """Return those of some recordings."""
        return Traits(*(column[index] for column in self))

    def unknown(self, name: str) -> NDArray[np.bool_]:
        """Return of whom a trait is not known, shape (n,)."""
        column = getattr(self, name)
        return np.isnan(column) if name == "age" else column == ""


def alike(stratum: str, one: Traits, other: Traits) -> NDArray[np.bool_]:
    """Return which pairs agree in all that a stratum asks for; shapes broadcast.

    Args:
        stratum: one of `NEEDED`.
        one: traits of one side. other: of the other side.

    Reference:
        A. Nagrani, S. Albanie, A. Zisserman, "Learnable PINs: cross-modal embeddings for person
        identity", ECCV 2018, section 5.1. It does not say what one age is; here within 5 years.
    """
    shape = np.broadcast_shapes(one.age.shape, other.age.shape)
    found = np.ones(shape, bool)
    for name in NEEDED[stratum]:
        a, b = getattr(one, name), getattr(other, name)
        if name == "age":
            found &= np.abs(a - b) <= AGE_YEARS  # NaN is near nobody
        else:
            found &= (a == b) & (a != "")
    return found
