"""Error rates on the page: tables, bars, curves, signatures."""

from collections.abc import Mapping, Sequence
from html import escape

from avkd_cli.analysis import printed
from avkd_cli.analysis.report.elements import Cell, details, figure, paragraph, table
from avkd_cli.analysis.systems import list_label, system, system_order
from avkd_cli.analysis.tables import (
    P_TARGETS,
    best_by_list,
    by_cell,
    list_groups,
    only_lists,
    printed_lists,
    shared_signatures,
)


def error_rates(
    arranged: Mapping, figures: Mapping, differences: Sequence[Mapping], uncertainty: str
) -> list[str]:
    """Return tables and bars of the lists as they are, and of the cleaned ones on demand.

    Args:
        arranged: what `tables.arrange` returns.
        figures: (SVG element, caption) by name.
        differences: EERs of students minus their baseline's, with intervals.
        uncertainty: how the intervals came about, or why there are none.
    """
    parts = []
    beyond = {(one["system"], one["list"]) for one in differences if one["verdict"] != "open"}
    for group, names in list_groups(arranged).items():
        some = only_lists(arranged, names)
        inside = [_eer_table(some, one, beyond) for one in arranged["tables"]]
        inside += [figure(*figures[f"eer-{group}"])] if f"eer-{group}" in figures else []
        if group == "main":
            inside += [figure(*figures[name]) for name in figures if name.startswith("change-")]
            inside.append(paragraph(uncertainty, "note"))
        inside += ["<h3>Detection cost</h3>", _dcf_table(some)]
        shown = "\n".join(inside)
        parts.append(shown if group == "main" else details("The cleaned lists", shown))
    return [*parts, details("All intervals", _intervals(arranged, differences)),
            _list_table(arranged)]  # fmt: skip


def _intervals(arranged: Mapping, differences: Sequence[Mapping]) -> str:
    """Return a table of every EER and every difference with its interval."""
    changes = {(one["system"], one["list"]): one for one in differences}
    head = ["system", "list", "EER, %", "from", "to", "change", "from", "to", "p"]
    rows = []
    for one in arranged["results"]:
        if one.get("eer_interval"):
            low, high = one["eer_interval"]
            line = [
                one["label"],
                list_label(one["list"]),
                *map(_two, (one["eer_percent"], low, high)),
            ]
            change = changes.get((one["system"], one["list"]))
            rows.append([*line, *(_change_cells(change) if change else [None] * 4)])
    return table(head, rows) if rows else ""


def _two(value: float, sign: str = "") -> Cell:
    return Cell(f"{value:{sign}.2f}".replace("-", "−"), value)


def _change_cells(one: Mapping) -> list[Cell]:
    numbers = [_two(value, "+") for value in (one["difference"], *one["interval"])]
    return [*numbers, Cell(f"{one['p']:.3f}", one["p"])]


def _eer_table(arranged: Mapping, one: Mapping, beyond: set[tuple[str, str]]) -> str:
    """Return ours, the difference to the baseline, and the paper's figure, list by list."""
    with_printed = printed_lists(arranged, one)
    with_change = one["name"] in ("table-2", "table-3")
    head = [one["head"]]
    for each in arranged["lists"]:
        head += [each["label"]] + ["change"] * with_change
        head += ["printed"] * (each["list"] in with_printed)
    rows = [
        _eer_row(arranged, one, row, with_printed, beyond if with_change else None)
        for row in one["rows"]
    ]
    note = "EER in %; the lowest of each column is bold."
    if with_change:
        note += " Change: percentage points from the baseline"
        note += "; bold where its interval excludes 0." if beyond else "."
    if with_printed:
        note += f" In italics: {printed.NOTE}."
    return f"<h3>{escape(one['title'])}</h3>{table(head, rows)}{paragraph(note, 'note')}"


def _eer_row(
    arranged: Mapping,
    one: Mapping,
    row: Mapping,
    with_printed: set[str],
    beyond: set[tuple[str, str]] | None,
) -> list:
    """Return one row; with changes from the first row's system, unless `beyond` is None."""
    cells, best = by_cell(arranged), best_by_list(arranged, one)
    line: list[object] = [row["label"]]
    for each in arranged["lists"]:
        name = each["list"]
        found = cells.get((row["system"], name))
        base = cells.get((one["rows"][0]["system"], name))
        line.append(_eer_cell(found, best.get(name)))
        if beyond is not None:
            sure = (row["system"], name) in beyond
            line.append(_change_cell(found, base if found is not base else None, sure))
        if name in with_printed:
            value = found and found["printed_eer_percent"]
            line.append(None if value is None else Cell(f"{value:.3f}", value, "printed"))
    return line


def _eer_cell(found: Mapping | None, best: float | None) -> Cell | None:
    if found is None:
        return None
    value = found["eer_percent"]
    return Cell(f"{value:.2f}", value, "best" if value == best else "")


def _change_cell(found: Mapping | None, base: Mapping | None, sure: bool) -> Cell | None:
    if found is None or base is None:
        return None
    one = _two(found["eer_percent"] - base["eer_percent"], "+")
    return Cell(one.text, one.value, "best" if sure else "")


def _dcf_table(arranged: Mapping) -> str:
    cells = by_cell(arranged)
    head = ["system", *(f"{one['label']}, P={p}" for one in arranged["lists"] for p in P_TARGETS)]
    rows = []
    for name in sorted({key[0] for key in cells}, key=system_order):
        line: list[object] = [system(name).label]
        for one in arranged["lists"]:
            found = cells.get((name, one["list"]))
            line += [
                Cell(f"{found['min_dcf'][p]:.4f}", found["min_dcf"][p]) if found else None
                for p in P_TARGETS
            ]
        rows.append(line)
    note = "minDCF: least detection cost at a prior P of target trials, normalised, costs 1."
    return table(head, rows) + paragraph(note, "note")


def _list_table(arranged: Mapping) -> str:
    head = ["list", "trials", "target", "nontarget", "counts of the official VoxCeleb1 list"]
    rows = [
        [one["label"], one["trials"], one["targets"], one["nontargets"],
         "yes" if one["official"] else "no"]
        for one in arranged["lists"]
    ]  # fmt: skip
    return "<h3>Trials</h3>" + table(head, rows)


def curves(arranged: Mapping, figures: Mapping) -> list[str]:
    """Return the DET curves of each list: those of the first list open, others on demand."""
    parts = []
    for number, one in enumerate(arranged["lists"]):
        wanted = [f"det-{one['list']}-{group}" for group in ("audio", "visual", "others")]
        drawn = [figure(*figures[name]) for name in wanted if name in figures]
        inside = f'<div class="pair">{"".join(drawn)}</div>' if drawn else ""
        calibration = f"reliability-{one['list']}"
        inside += figure(*figures[calibration]) if calibration in figures else ""
        title = f"<h3>{escape(one['label'])}</h3>"
        parts.append(title + inside if number == 0 and inside else details(one["label"], inside))
    return parts


def signatures(arranged: Mapping) -> str:
    """Return the line that says how figures were computed, for each list and its systems."""
    rows = [
        [list_label(name), ", ".join(labels), Cell(text, style="code")]
        for name, labels, text in shared_signatures(arranged)
    ]
    note = "How figures were computed, in one line to paste under a table."
    return paragraph(note, "note") + table(["list", "systems", "signature"], rows)
