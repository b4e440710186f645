"""The tables of the paper, filled with our results, as data. Pure.

A result is a dict with system, list, trials, targets, nontargets, eer_percent, min_dcf (by
P_target as text) and signature; `arrange` adds labels and the paper's printed EER to each.
"""

from collections.abc import Iterable, Mapping, Sequence

from avkd_cli.analysis import printed
from avkd_cli.analysis.systems import (
    MODALITIES,
    list_label,
    list_order,
    students,
    system,
    system_order,
)

STANDIN = "stand-in corpus: synthetic people; no result here is a result on VoxCeleb"
P_TARGETS = ("0.01", "0.05")


def corpus_statement(corpus: str | None) -> str | None:
    """Return what must be said of a corpus at the top and bottom of a report.

    Args:
        corpus: a name; `stand-in` or `standin` is the synthetic one.
    """
    if corpus is None:
        return None
    if corpus.lower().replace("-", "").replace(" ", "") in ("standin", "standincorpus"):
        return STANDIN
    return f"corpus: {corpus}"


def arrange(results: Iterable[dict], corpus: str | None = None) -> dict:
    """Return all results with labels, printed values and the rows of each table.

    Raises:
        ValueError: if one system has two results on one list, or lists of one name differ.
    """
    results = sorted(
        (annotated(one) for one in results),
        key=lambda one: (list_order(one["list"]), system_order(one["system"])),
    )
    _check_unique(results)
    lists = [described_list(name, results) for name in dict.fromkeys(r["list"] for r in results)]
    return {
        "format": "avkd.analysis.table",
        "version": 1,
        "corpus": corpus,
        "statement": corpus_statement(corpus),
        "printed": {"note": printed.NOTE, "source": printed.PAPER},
        "lists": lists,
        "results": results,
        "tables": [t for t in arrangements(results) if t["rows"]],
    }


def annotated(result: dict) -> dict:
    """Return a result with names for a person and the paper's EER beside ours."""
    return result | {
        "label": system(result["system"]).label,
        "printed_eer_percent": printed.printed_eer(result["system"], result["list"]),
        "on_the_printed_list": printed.is_official(
            result["list"], result["targets"], result["nontargets"]
        ),
    }


def described_list(name: str, results: Sequence[dict]) -> dict:
    """Return a list's counts.

    Raises:
        ValueError: if two score files of this list have other counts.
    """
    counts = {(r["targets"], r["nontargets"]) for r in results if r["list"] == name}
    if len(counts) != 1:
        found = " and ".join(f"{t}+{n}" for t, n in sorted(counts))
        raise ValueError(f"score files of list {name!r} have different trials: {found}")
    targets, nontargets = counts.pop()
    return {
        "list": name,
        "label": list_label(name),
        "trials": targets + nontargets,
        "targets": targets,
        "nontargets": nontargets,
        "official": printed.is_official(name, targets, nontargets),
    }


def _check_unique(results: Sequence[dict]) -> None:
    seen = set()
    for result in results:
        key = (result["system"], result["list"])
        if key in seen:
            raise ValueError(f"two score files of system {key[0]!r} on list {key[1]!r}")
        seen.add(key)


def arrangements(results: Sequence[dict]) -> list[dict]:
    """Return tables 1 to 3 of the paper, then everything else, rows without a result left out."""
    present = dict.fromkeys(sorted((r["system"] for r in results), key=system_order))
    fusions = [name for name in present if name.startswith("fusion-")]
    one = [name for name in (*MODALITIES[:2], *fusions) if name in present]
    known = {*one, *students("visual"), *students("audio")}
    return [
        _table("table-1", "Modalities (table 1 of the paper)", "modality", one),
        _student_table("table-2", "Visual student (table 2 of the paper)", "visual", present),
        _student_table("table-3", "Audio student (table 3 of the paper)", "audio", present),
        _table("others", "Other systems", "system", [n for n in present if n not in known]),
    ]


def _table(name: str, title: str, head: str, systems: Sequence[str]) -> dict:
    rows = [{"system": one, "label": system(one).label} for one in systems]
    return {"name": name, "title": title, "head": head, "rows": rows}


def _student_table(name: str, title: str, sense: str, present: Iterable[str]) -> dict:
    """Return a table of students; a baseline without one is in table 1 already."""
    rows = [one for one in students(sense) if one in present]
    rows = [{"system": one, "label": system(one).loss_label} for one in rows]
    return {
        "name": name,
        "title": title,
        "head": "loss besides AAM",
        "rows": rows if len(rows) > 1 or (rows and rows[0]["label"] != "baseline") else [],
    }


def list_groups(arranged: dict) -> dict[str, list[str]]:
    """Return the lists that belong in one table: the cleaned ones apart from their originals."""
    names = [one["list"] for one in arranged["lists"]]
    cleaned = [
        name for name in names if name.removesuffix(CLEANED) in names and name.endswith(CLEANED)
    ]
    groups = {"main": [name for name in names if name not in cleaned], "cleaned": cleaned}
    return {group: members for group, members in groups.items() if members}


CLEANED = "-cleaned"


def only_lists(arranged: dict, names: Sequence[str]) -> dict:
    """Return the same with some of the lists only."""
    kept = {key: [one for one in arranged[key] if one["list"] in names]
            for key in ("lists", "results")}  # fmt: skip
    return arranged | kept


def by_cell(arranged: dict) -> dict[tuple[str, str], dict]:
    """Return each result by its (system, list)."""
    return {(one["system"], one["list"]): one for one in arranged["results"]}


def printed_lists(arranged: dict, table: dict) -> set[str]:
    """Return the lists for which a table has printed values to show."""
    rows = {row["system"] for row in table["rows"]}
    return {
        one["list"]
        for one in arranged["results"]
        if one["printed_eer_percent"] is not None and one["system"] in rows
    }


def best_by_list(arranged: dict, table: dict) -> dict[str, float]:
    """Return the lowest EER of each list in a table; none where there is nothing to compare."""
    rows = {row["system"] for row in table["rows"]}
    found: dict[str, list[float]] = {}
    for one in arranged["results"]:
        if one["system"] in rows:
            found.setdefault(one["list"], []).append(one["eer_percent"])
    return {name: min(values) for name, values in found.items() if len(values) > 1}


def shared_signatures(arranged: Mapping) -> list[tuple[str, list[str], str]]:
    """Return (list, labels of the systems, signature), once for all systems that share one."""
    shared: dict[tuple[str, str], list[str]] = {}
    for one in arranged["results"]:
        shared.setdefault((one["list"], one["signature"]), []).append(one["label"])
    return [(name, labels, text) for (name, text), labels in shared.items()]
