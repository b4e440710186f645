"""Who gains and who loses by another system: trials by region, person by person."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from avkd_cli.analysis.venn import REGIONS, region
from avkd_cli.storage import durable
from avkd_cli.verification.scores import Scores

SHOWN = 5  # persons on either end of a summary


class Gains(NamedTuple):
    """Persons, those who gain most first.

    Args:
        names: shape (n_persons,).
        counts: trials with the person on either side, by `REGIONS`, shape (n_persons, 4).
        gain: newly right minus newly wrong, shape (n_persons,).
    """

    names: list[str]
    counts: NDArray[np.int64]
    gain: NDArray[np.int64]


def counted(file: Scores, right: Mapping[str, NDArray], person: Sequence[str]) -> Gains:
    """Return what each person gains, from the person of each of `file.ids`."""
    names, code = np.unique(np.array(person), return_inverse=True)
    enrol, test = code[file.enrol], code[file.test]
    where = region(right["a"], right["b"])
    other = enrol != test  # a trial of one person counts once
    cell = np.concatenate([enrol, test[other]]) * len(REGIONS)
    cell += np.concatenate([where, where[other]])
    counts = np.bincount(cell, minlength=len(names) * len(REGIONS)).reshape(-1, len(REGIONS))
    gain = counts[:, REGIONS.index("newly_right")] - counts[:, REGIONS.index("newly_wrong")]
    order = np.argsort(-gain, kind="stable")
    return Gains(names[order].tolist(), counts[order], gain[order])


def summary(found: Gains) -> dict:
    """Return how many gain, lose and neither, and who most."""
    pairs = list(zip(found.names, found.gain.tolist(), strict=True))
    return {
        "total": len(pairs),
        "gaining": sum(gain > 0 for _, gain in pairs),
        "losing": sum(gain < 0 for _, gain in pairs),
        "most_gaining": [{"person": n, "gain": gain} for n, gain in pairs[:SHOWN] if gain > 0],
        "most_losing": [
            {"person": n, "gain": gain} for n, gain in pairs[: -SHOWN - 1 : -1] if gain < 0
        ],
    }


def write(path: Path, found: Gains) -> None:
    """Write one line a person: trials by region of a and b, tab separated."""
    rows = ([n, counts.sum(), *counts, gain] for n, counts, gain in zip(*found, strict=True))
    write_rows(path, ["person", "trials", *REGIONS, "gain"], rows)


def write_rows(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table with one line a row, tab separated."""
    with durable.text_output(path) as out:
        for row in chain([header], rows):
            out.write("\t".join(map(str, row)) + "\n")
