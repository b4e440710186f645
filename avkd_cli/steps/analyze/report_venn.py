"""What every student corrected and broke, as rows of the report."""

from collections.abc import Mapping

import numpy as np

from avkd_cli.analysis.venn import newly_right_of
from avkd_cli.errors import InputError
from avkd_cli.papers import USUAL
from avkd_cli.papers.form import Paper
from avkd_cli.steps.analyze import gains
from avkd_cli.steps.analyze.inputs import is_target, right_at_eer
from avkd_cli.steps.analyze.people import person_by_id
from avkd_cli.steps.analyze.venn import summary
from avkd_cli.verification.scores import Scores


def venn_rows(
    files: Mapping[str, Scores],
    trial_list: str,
    people: Mapping[str, str] | None = None,
    paper: Paper = USUAL,
) -> list[dict]:
    """Return the regions of every system against its baseline, each at its own EER.

    Args:
        files: scores of each system, in one order of trials.
        people: person of each id; None: the first part of the id.
    """
    taught = [name for name in files if paper.baseline_of(name) in files]
    if not taught:
        return []
    first = files[taught[0]]
    right = {name: right_at_eer(one) for name, one in files.items()}
    try:
        person = person_by_id(first, people)
    except InputError:  # nobody is known: the page does without
        person = None
    rows = []
    for name in taught:
        base = paper.baseline_of(name)
        other = right.get(paper.system(name).other)
        both = {"a": right[base], "b": right[name]}
        row = _row(both, other, is_target(first)) | {
            "system": name,
            "list": trial_list,
            "against": base,
            "list_label": paper.list_label(trial_list),
            "systems": {"a": {"name": base}, "b": {"name": name}},
            "persons": person and gains.summary(gains.counted(first, both, person)),
        }
        rows.append(row)
    return rows


def _row(right: Mapping[str, np.ndarray], other: np.ndarray | None, target: np.ndarray) -> dict:
    """Return the regions, and how many of the corrected and of all errors the other sense has."""
    counts = summary(right, target)
    known = other is not None and counts["newly_right"] > 0
    also = newly_right_of(right["a"], right["b"], other) if known else 0
    return counts | {
        "other_share": also / counts["newly_right"] if known else None,
        "other_of_errors": float(other[~right["a"]].mean()) if known else None,
    }
