"""`avkd analyze report`: one HTML page, and tables and diagrams beside it, of a working folder."""

from collections.abc import Mapping
from itertools import chain
from pathlib import Path

from avkd_cli.analysis.report.page import page
from avkd_cli.analysis.report.words import glance, sentences
from avkd_cli.errors import InputError
from avkd_cli.papers.form import Paper
from avkd_cli.steps.analyze.correlation import against
from avkd_cli.steps.analyze.findings import Findings, find, paper_of_folder
from avkd_cli.steps.analyze.inputs import read_aligned
from avkd_cli.steps.analyze.report_beside import (
    embedding_plane,
    halves_figure,
    matching_figures,
    robustness_figures,
    training_figures,
)
from avkd_cli.steps.analyze.report_figures import (
    banded,
    bar_figures,
    change_figures,
    det_figures,
    inlined,
    reliability_figures,
    sweep_figures,
    venn_figures,
    venn_files,
)
from avkd_cli.steps.analyze.report_lists import list_intervals, persons_of_stores, venn_rows
from avkd_cli.steps.analyze.results import NONE, read_figures
from avkd_cli.steps.analyze.table import arranged, result, write_tables
from avkd_cli.storage import durable
from avkd_cli.storage.manifest import library_version


def report(
    folder: Path,
    output: Path | None = None,
    corpus: str | None = None,
    resamples: int = 500,
    paper: Paper | None = None,
) -> dict:
    """Write index.html, table.md, table.tex, table.json, venn-*.svg and, where there are stores
    of embeddings, pcc.json; return where the page is and what it says.

    Raises:
        MissingInputError: no such folder.
        InputError: no score files nor figures, or damaged ones; a paper that is not known.
    """
    page_file = _page_file(folder, output)
    found = find(folder, leave_out=page_file.parent)
    paper = paper or paper_of_folder(folder)
    if not (found.scores or found.figures):
        raise InputError(f"{folder}: {NONE}")
    content = contents(found, corpus or found.corpus, resamples, paper)
    content["figures"] |= beside(folder, found, content["arranged"], paper)
    write_tables(page_file.parent, content["arranged"])
    for name, picture in venn_files(content["venns"], content["venn_list"]).items():
        durable.write_bytes(page_file.parent / name, picture)
    if content["correlation"]:
        durable.write_json(page_file.parent / "pcc.json", content["correlation"])
    durable.write_text(page_file, page(content))
    return {
        "format": "avkd.analysis.report",
        "version": 1,
        "path": str(page_file),
        "results": len(content["arranged"]["results"]) + len(content["arranged"]["figures"]),
        "figures": sorted(content["figures"]),
        "statement": content["arranged"]["statement"],
        "words": content["sentences"],
    }


def _page_file(folder: Path, output: Path | None) -> Path:
    """Return the page's file: in the folder `output`, or that itself where it ends in .html."""
    if output is None:
        return folder / "report" / "index.html"
    return output if output.suffix == ".html" else output / "index.html"


def contents(found: Findings, corpus: str | None, resamples: int, paper: Paper) -> dict:
    """Return everything that the page shows; one list's scores are in memory at a time."""
    results, venns, differences, drawn = [], [], [], {}
    spaces = scored_spaces(found)
    people, unsure = persons_of_stores(list(found.embeddings.values())), None
    names = sorted({one.list for one in found.scores}, key=paper.list_order)
    venn_list = paper.venn_list if paper.venn_list in names else next(iter(names), None)
    for name in names:
        listed = {one.system: one for one in found.scores if one.list == name}
        systems = sorted(listed, key=paper.order)
        files = read_aligned({system: listed[system].path for system in systems})
        sure = list_intervals(files, name, people, resamples, paper, banded(files, paper))
        unsure, differences = unsure or sure.reason, differences + sure.differences
        results += [
            result(listed[system], one) | {"eer_interval": sure.intervals.get(system)}
            for system, one in files.items()
        ]
        venns += venn_rows(files, name, people, paper)
        drawn |= inlined(det_figures(files, name, sure.bands, paper))
        drawn |= inlined(reliability_figures(files, name, paper))
    table = arranged(results, corpus, paper, read_figures(found.figures))
    plane, far = embedding_plane(spaces, paper)
    of_all = (bar_figures(table), change_figures(table, differences), sweep_figures(table))
    drawn |= inlined(chain(*of_all, venn_figures(venns, venn_list, paper), plane))
    return {
        "arranged": table,
        "glance": glance(table, differences),
        "sentences": sentences(table, venns, differences, venn_list),
        "figures": drawn,
        "differences": differences,
        "uncertainty": uncertainty(resamples, unsure),
        "venns": venns,
        "venn_list": venn_list,
        "correlation": correlation(spaces, paper),
        "outliers": far,
        "runs": found.runs,
        "stores": found.stores,
        "avkd": library_version("avkd") or "0",
    }


def beside(
    folder: Path, found: Findings, table: Mapping, paper: Paper
) -> dict[str, tuple[str, str]]:
    """Return the figures that are not of scores."""
    trainings = training_figures(folder, [one.name for one in found.runs], paper)
    disturbed = robustness_figures(found.robustness, paper)
    return inlined(chain(matching_figures(table), trainings, disturbed)) | halves_figure(folder)


def scored_spaces(found: Findings) -> dict[str, Path]:
    """Return the stores of embeddings whose systems have scores here: others are of other work."""
    scored = {one.system for one in found.scores}
    return {name: path for name, path in found.embeddings.items() if name in scored}


def correlation(spaces: Mapping[str, Path], paper: Paper) -> dict | None:
    """Return how alike the embeddings are to the fused ones; None without both."""
    names = sorted(spaces, key=paper.order)
    teacher = next((name for name in names if paper.system(name).sense == "fusion"), None)
    if teacher is None or len(names) < 2:
        return None
    return against(teacher, {name: spaces[name] for name in names})


def uncertainty(resamples: int, reason: str | None) -> str:
    """Return how the intervals came about, or why there are none."""
    if reason is not None:
        return f"No intervals: {reason}."
    return (
        f"Intervals are of 95 %, from {resamples} lists of persons drawn with replacement; those "
        "of differences are paired. They hold for other persons of this kind, not for another "
        "seed of the training, and below 30 persons they tend to be too narrow."
    )
