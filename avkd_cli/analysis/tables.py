"""Results arranged as a paper arranges its own, as data. Pure.

A result is a dict with system, list, trials, targets, nontargets, eer_percent, min_dcf (by
P_target as text) and signature, and perhaps auc and eer_interval; a further figure one
with system, on, measure, value, and perhaps low and high.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import compress

from avkd_cli.analysis.filling import Key, Value, fill
from avkd_cli.papers import PAPERS, USUAL
from avkd_cli.papers.form import Paper
from avkd_cli.verification.trials import KNOWN_LISTS

STANDIN = "stand-in corpus: synthetic people; no result here is a result on VoxCeleb"
CLEANED = "-cleaned"


def corpus_statement(corpus: str | None) -> str | None:
    """Return what must be said of a corpus at the top and bottom of a report."""
    if corpus is None:
        return None
    if corpus.lower().replace("-", "").replace(" ", "") in ("standin", "standincorpus"):
        return STANDIN
    return f"corpus: {corpus}"


def arrange(
    results: Iterable[dict],
    corpus: str | None = None,
    paper: Paper = USUAL,
    figures: Sequence[Mapping] = (),
) -> dict:
    """Return all results with labels, printed values and the rows of each table.

    Raises:
        ValueError: if one system has two results on one list, or lists of one name differ.
    """
    results = sorted(
        (annotated(one, paper) for one in results),
        key=lambda one: (paper.list_order(one["list"]), paper.order(one["system"])),
    )
    names = dict.fromkeys(one["list"] for one in results)
    tables, placed = fill(paper, gathered(results, figures))
    return {
        "format": "avkd.analysis.table",
        "version": 1,
        "paper": paper.name,
        "corpus": corpus,
        "statement": corpus_statement(corpus),
        "printed": {"note": paper.note, "source": paper.source},
        "lists": [described_list(name, results, paper) for name in names],
        "results": results,
        "figures": [
            {**one, "placed": (one["system"], one["on"], one["measure"]) in placed}
            for one in figures
        ],
        "tables": tables,
    }


def gathered(results: Iterable[Mapping], figures: Iterable[Mapping]) -> dict[Key, Value]:
    """Return every figure by system, list or task, and measure.

    Raises:
        ValueError: there are two for one place.
    """
    found: dict[Key, Value] = {}
    source: dict[Key, str] = {}
    for key, value, file in [*_of_scores(results), *_of_figures(figures)]:
        if key in found:
            system, on, measure = key
            raise ValueError(
                f"two figures {measure} of system {system!r} on {on!r}: {source[key]} and {file}"
            )
        found[key], source[key] = value, file
    return found


Sourced = Iterator[tuple[Key, Value, str]]  # with the name of the file


def _of_scores(results: Iterable[Mapping]) -> Sourced:
    for one in results:
        system, on, file = one["system"], one["list"], one.get("file", "scores")
        eer = Value(one["eer_percent"], *(one.get("eer_interval") or ()))
        yield (system, on, "eer_percent"), eer, file
        for p, cost in one["min_dcf"].items():
            yield (system, on, f"min_dcf_{p}"), Value(cost), file
        if "auc" in one:
            yield (system, on, "auc_percent"), Value(100 * one["auc"]), file


def _of_figures(figures: Iterable[Mapping]) -> Sourced:
    for one in figures:
        value = Value(one["value"], one.get("low"), one.get("high"))
        yield (one["system"], one["on"], one["measure"]), value, one.get("file", "figures")


def annotated(result: dict, paper: Paper) -> dict:
    """Return a result with names for a person and the paper's EER beside ours."""
    printed = printed_figure(paper, result["system"], result["list"], "eer_percent")
    return result | {
        "label": paper.label(result["system"]),
        "printed_eer_percent": float(printed) if printed else None,
        "on_the_printed_list": is_official(result["list"], result["targets"], result["nontargets"]),
    }


def printed_figure(paper: Paper, system: str, on: str, measure: str) -> str:
    """Return what the paper prints of a system that has a row of its own, or ""."""
    for layout in paper.layouts:
        for row in layout.rows:
            if row.systems.get("") == (system,):
                for column, text in zip(layout.columns, row.printed, strict=False):
                    if text and (column.on, column.measure, column.role) == (on, measure, ""):
                        return text
    return ""


def is_official(trial_list: str, targets: int, nontargets: int) -> bool:
    """Return whether a list of this name has as many trials as the official one."""
    return KNOWN_LISTS.get(trial_list, ())[:2] == (targets, nontargets)


def described_list(name: str, results: Sequence[dict], paper: Paper) -> dict:
    """Return a list's counts."""
    counts = {(r["targets"], r["nontargets"]) for r in results if r["list"] == name}
    if len(counts) != 1:
        found = " and ".join(f"{t}+{n}" for t, n in sorted(counts))
        raise ValueError(f"score files of list {name!r} have different trials: {found}")
    targets, nontargets = counts.pop()
    return {
        "list": name,
        "label": paper.list_label(name),
        "trials": targets + nontargets,
        "targets": targets,
        "nontargets": nontargets,
        "official": is_official(name, targets, nontargets),
    }


def paper_of(arranged: Mapping) -> Paper:
    """Return the paper that results were arranged by."""
    return PAPERS[arranged["paper"]]


def list_groups(arranged: Mapping) -> dict[str, list[str]]:
    """Return the lists that belong in one table: the cleaned ones apart from their originals."""
    names = [one["list"] for one in arranged["lists"]]
    cleaned = [f"{name}{CLEANED}" for name in names]
    cleaned = [name for name in names if name in cleaned]
    groups = {"main": [name for name in names if name not in cleaned], "cleaned": cleaned}
    return {group: members for group, members in groups.items() if members}


def only_lists(arranged: Mapping, names: Sequence[str]) -> dict:
    """Return the same with some of the lists only, in `lists` and `results`."""
    kept = {
        key: [one for one in arranged[key] if one["list"] in names] for key in ("lists", "results")
    }
    return dict(arranged) | kept


def tables_on(arranged: Mapping, group: str) -> list[dict]:
    """Return the tables of one of `list_groups`; one with fixed columns is in the main one."""
    groups = list_groups(arranged)
    apart = [on for other, names in groups.items() if other != group for on in names]
    shown = []
    for one in arranged["tables"]:
        if not one["by_list"]:
            shown += [one] if group == "main" else []
        elif any(kept := [column["on"] not in apart for column in one["columns"]]):
            rows = [row | {"cells": list(compress(row["cells"], kept))} for row in one["rows"]]
            shown.append(one | {"columns": list(compress(one["columns"], kept)), "rows": rows})
    return shown


def paper_tables(arranged: Mapping) -> list[dict]:
    """Return the tables that are the paper's, not those of what has no place in them."""
    names = {one.name for one in paper_of(arranged).layouts}
    return [one for one in arranged["tables"] if one["name"] in names]


def by_cell(found: Iterable[Mapping]) -> dict[tuple[str, str], Mapping]:
    """Return each result, or difference, by its (system, list)."""
    return {(one["system"], one["list"]): one for one in found}


def shared_signatures(arranged: Mapping) -> list[tuple[str, list[str], str]]:
    """Return (list, labels of the systems, signature), once for all systems that share one."""
    shared: dict[tuple[str, str], list[str]] = {}
    for one in arranged["results"]:
        shared.setdefault((one["list"], one["signature"]), []).append(one["label"])
    return [(name, labels, text) for (name, text), labels in shared.items()]
