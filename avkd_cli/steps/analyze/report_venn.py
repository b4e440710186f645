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
        trial_list: its name.
        people: person of each id; None: the first part of the id.
        paper: which system is held against which.
    """
    taught = [name for name in files if paper.baseline_of(name) in files]
    if not taught:
        return []
    target = is_target(files[taught[0]])
    right = {name: right_at_eer(one) for name, one in files.items()}
    person = _persons(files[taught[0]], people)
    rows = [_row(paper, name, trial_list, right, target) for name in taught]
    for row, name in zip(rows, taught, strict=True):
        both = {"a": right[row["against"]], "b": right[name]}
        row["persons"] = person and gains.summary(gains.counted(files[name], both, person))
    return rows


def _persons(file: Scores, people: Mapping[str, str] | None) -> list[str] | None:
    try:
        return person_by_id(file, people)
    except InputError:  # nobody is known: the page does without
        return None


def _row(
    paper: Paper,
    name: str,
    trial_list: str,
    right: Mapping[str, np.ndarray],
    target: np.ndarray,
) -> dict:
    base = paper.baseline_of(name)
    counts = summary({"a": right[base], "b": right[name]}, target)
    other = right.get(paper.system(name).other)
    known = other is not None and counts["newly_right"] > 0
    also = newly_right_of(right[base], right[name], other) if known else 0
    return counts | {
        "system": name,
        "list": trial_list,
        "against": base,
        "list_label": paper.list_label(trial_list),
        "systems": {"a": {"name": base}, "b": {"name": name}},
        "other_share": also / counts["newly_right"] if known else None,
        "other_of_errors": float(other[~right[base]].mean()) if known else None,
    }
