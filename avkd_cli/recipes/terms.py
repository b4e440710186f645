"""The terms and bridges that settings ask for."""

import dataclasses
from collections.abc import Callable
from typing import Any

from avkd_cli.config import DistillTerms
from avkd_cli.losses import TERMS
from avkd_cli.losses.terms import Taught, Term


def weights_of(settings: DistillTerms) -> dict[str, float]:
    """Return the terms that are on, by name, and what they count, in the order of the settings."""
    fields = dataclasses.fields(DistillTerms)
    weights = [f for f in fields if f.metadata["term"] and not f.metadata["parameter"]]
    named = {f.metadata["term"]: getattr(settings, f.name) for f in weights}
    return {name: weight for name, weight in named.items() if weight}


def parameters_of(name: str, settings: DistillTerms) -> dict[str, Any]:
    """Return the settings that are keywords of a term."""
    return {
        f.metadata["parameter"]: getattr(settings, f.name)
        for f in dataclasses.fields(DistillTerms)
        if f.metadata["term"] == name and f.metadata["parameter"]
    }


def make_terms(
    settings: DistillTerms,
    taught: Taught,
    wrap: Callable[[str, Term], Term] = lambda name, term: term,
) -> dict[str, Term]:
    """Return the terms that are on.

    Args:
        wrap: of its name and itself, what is put around each of them.
    """
    found: dict[str, Term] = {}
    for name, weight in weights_of(settings).items():
        term = TERMS[name](taught, **parameters_of(name, settings)).counting(weight)
        if settings.projection and term.compares_sizes:
            term.level = "projected"
        found[name] = wrap(name, term)
    return found


def needs(settings: DistillTerms, taught: Taught) -> tuple[bool, bool]:
    """Return whether a term that is on looks at the teacher's classifier, and compares sizes."""
    known = dataclasses.replace(taught, classifier=None)
    kinds = [TERMS[name](known, **parameters_of(name, settings)) for name in weights_of(settings)]
    return any(k.needs_classifier for k in kinds), any(k.compares_sizes for k in kinds)
