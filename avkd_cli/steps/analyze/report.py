"""`avkd analyze report`: one HTML page of everything found under a folder."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from avkd_cli.analysis import figures
from avkd_cli.analysis.operating_point import operating_point
from avkd_cli.analysis.report import page
from avkd_cli.analysis.report.words import OTHER, sentences
from avkd_cli.analysis.systems import (
    SENSES,
    baseline_of,
    list_label,
    list_order,
    students,
    system,
    system_order,
)
from avkd_cli.analysis.venn import decided_right, newly_right_of
from avkd_cli.errors import InputError
from avkd_cli.steps.analyze.findings import Findings, find
from avkd_cli.steps.analyze.inputs import aligned, avkd_version, is_target, read_labelled
from avkd_cli.steps.analyze.metrics import figures as figures_of
from avkd_cli.steps.analyze.table import arranged
from avkd_cli.steps.analyze.venn import summary
from avkd_cli.storage import durable
from avkd_cli.verification.scores import Scores

VENN_LIST = "vox1-e"  # the list of the paper's diagrams


def report(folder: Path, output: Path | None = None, corpus: str | None = None) -> dict:
    """Write the page; return where it is and what is on it.

    Args:
        folder: looked through for score files SYSTEM.LIST.scores, stores, runs and analyses.
        output: the page; None: report/index.html in `folder`.
        corpus: said first and last; None: what a manifest in `folder` says.

    Raises:
        MissingInputError: no such folder.
        InputError: no score files, or damaged ones.
    """
    found = find(folder)
    if not found.scores:
        raise InputError(f"{folder}: no file SYSTEM.LIST.scores, such as audio.vox1-o.scores")
    output = output or folder / "report" / "index.html"
    content = contents(found, corpus or found.corpus)
    durable.make_directory(output.parent)
    durable.write_text(output, page(content))
    return {
        "format": "avkd.analysis.report",
        "version": 1,
        "path": str(output),
        "results": len(content["arranged"]["results"]),
        "figures": sorted(content["figures"]),
        "statement": content["arranged"]["statement"],
        "words": content["sentences"],
    }


def contents(found: Findings, corpus: str | None) -> dict:
    """Return everything that the page shows; one list's scores are in memory at a time."""
    results, venns, drawn = [], [], {}
    names = sorted({one.list for one in found.scores}, key=list_order)
    venn_list = VENN_LIST if VENN_LIST in names else names[0]
    for name in names:
        files = by_system(found, name)
        results += [{"system": s, "list": name} | figures_of(one) for s, one in files.items()]
        rows = venn_rows(files, name)
        venns += rows
        drawn |= det_figures(files, name)
        if name == venn_list:
            drawn |= venn_figures(rows, name)
    table = arranged(results, corpus)
    drawn["eer"] = inlined("eer", figures.bars_figure(table), "EER of every system, list by list.")
    return {
        "arranged": table,
        "sentences": sentences(table, venns, venn_list=venn_list),
        "figures": drawn,
        "venns": venns,
        "correlation": found.correlation,
        "runs": found.runs,
        "stores": found.stores,
        "avkd": avkd_version(),
    }


def by_system(found: Findings, trial_list: str) -> dict[str, Scores]:
    """Return the scores of each system on one list, in one order of trials."""
    chosen = sorted(
        (one for one in found.scores if one.list == trial_list),
        key=lambda one: system_order(one.system),
    )
    files = aligned(read_labelled([one.path for one in chosen]))
    return {one.system: scores for one, scores in zip(chosen, files, strict=True)}


def inlined(name: str, figure: object, caption: str) -> tuple[str, str]:
    """Return (SVG element, caption) of a figure."""
    return figures.inline(figure, name, caption), caption


def det_figures(files: Mapping[str, Scores], trial_list: str) -> dict[str, tuple[str, str]]:
    """Return one DET figure a sense, with the fusion in each, and one of all other systems."""
    fusions = [name for name in files if name.startswith("fusion-")]
    groups = {sense: [s for s in (*fusions, *students(sense)) if s in files] for sense in SENSES}
    groups = {sense: names for sense, names in groups.items() if set(names) - set(fusions)}
    seen = {name for names in groups.values() for name in names}
    groups["others"] = [name for name in files if name not in seen]
    return {
        f"det-{trial_list}-{group}": _det(files, trial_list, group, names)
        for group, names in groups.items()
        if names
    }


def _det(
    files: Mapping[str, Scores], trial_list: str, group: str, names: Sequence[str]
) -> tuple[str, str]:
    scores = {name: (files[name].target, files[name].nontarget) for name in names}
    title = {"audio": "voice", "visual": "face"}.get(group, "other systems")
    figure = figures.det_figure(scores, f"{list_label(trial_list)}, {title}")
    caption = f"Detection error trade-off on {list_label(trial_list)}: {title}; probit axes."
    return inlined(safe(f"det-{trial_list}-{group}"), figure, caption)


def safe(name: str) -> str:
    """Return a name that can stand in an HTML id and a CSS url."""
    return "".join(c if c.isascii() and (c.isalnum() or c == "-") else "-" for c in name)


def venn_rows(files: Mapping[str, Scores], trial_list: str) -> list[dict]:
    """Return the regions of every student against its baseline, each at its own EER."""
    taught = [name for name in files if baseline_of(name) in files]
    if not taught:
        return []
    target = is_target(files[taught[0]])
    right = {name: _right(one, target) for name, one in files.items()}
    return [_venn_row(name, trial_list, right, target) for name in taught]


def _right(scores: Scores, target: np.ndarray) -> np.ndarray:
    return decided_right(scores.score, target, operating_point(scores.score, target).threshold)


def _venn_row(
    name: str, trial_list: str, right: Mapping[str, np.ndarray], target: np.ndarray
) -> dict:
    base = baseline_of(name)
    counts = summary({"a": right[base], "b": right[name]}, target)
    other = right.get(OTHER[base])
    known = other is not None and counts["newly_right"] > 0
    also = newly_right_of(right[base], right[name], other) if known else 0
    return counts | {
        "system": name,
        "list": trial_list,
        "list_label": list_label(trial_list),
        "systems": {"a": {"name": base}, "b": {"name": name}},
        "other_share": also / counts["newly_right"] if known else None,
        "other_of_errors": float(other[~right[base]].mean()) if known else None,
    }


def venn_figures(rows: Sequence[Mapping], trial_list: str) -> dict[str, tuple[str, str]]:
    """Return a figure of small diagrams for each sense that has students."""
    drawn = {}
    for sense in SENSES:
        of_sense = {
            system(one["system"]).loss_label: one
            for one in rows
            if system(one["system"]).sense == sense
        }
        if of_sense:
            caption = (
                f"{sense.capitalize()} students against their baseline on "
                f"{list_label(trial_list)}: trials decided wrongly by the baseline (solid outline) "
                "and by the student (dashed). Areas within a diagram are proportional to counts."
            )
            name = safe(f"venn-{trial_list}-{sense}")
            drawn[name] = inlined(name, figures.venn_panels(of_sense), caption)
    return drawn
