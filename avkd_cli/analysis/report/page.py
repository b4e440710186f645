"""The page, from its parts; nothing on it refers to anything outside it."""

import json
from collections.abc import Mapping, Sequence
from html import escape
from importlib.resources import files

from avkd_cli.analysis import printed
from avkd_cli.analysis.report.elements import (
    Cell,
    details,
    figure,
    items,
    paragraph,
    section,
    table,
)
from avkd_cli.analysis.systems import system, system_order
from avkd_cli.analysis.tables import P_TARGETS, best_by_list, by_cell, printed_lists

TITLE = "What a student keeps of two senses"
LEAD = (
    "Person verification by voice, by face and by both; and by students of one sense that were "
    "taught by both."
)


def page(content: Mapping) -> str:
    """Return the report as one HTML document.

    Args:
        content: arranged (of `tables.arrange`), sentences, figures (by name: svg, caption),
            venns (rows), correlation (a `pcc` result or None), runs, stores (described
            manifests), avkd (version).
    """
    arranged = content["arranged"]
    statement = paragraph(arranged["statement"] or "", "statement")
    parts = [
        section("words", "In words", items(content["sentences"])),
        section("tables", "Error rates", *_tables(arranged, content["figures"])),
        section("curves", "Curves", *_curves(arranged, content["figures"])),
        section("venn", "What distillation corrected", *_venns(content)),
        section("embeddings", "Embeddings", *_embeddings(content["correlation"])),
        section("runs", "What was run", *_runs(content)),
        section("signatures", "Signatures", _signatures(arranged)),
    ]
    return _document([statement, *filter(None, parts)], statement, content["avkd"])


def _document(parts: Sequence[str], statement: str, avkd: str) -> str:
    links = "".join(
        f'<a href="#{name}">{title}</a>' for name, title in NAVIGATION if _has(parts, name)
    )
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(TITLE)}</title>
<style>
{_shipped("page.css")}</style>
</head>
<body>
<header><h1>{escape(TITLE)}</h1>
{paragraph(LEAD, "lead")}{parts[0]}
<nav aria-label="Sections">{links}</nav></header>
<main>
{"".join(parts[1:])}
</main>
<footer>{statement}
<p>Made by avkd {escape(avkd)}. Beside our figures, in italics: {escape(printed.NOTE)}.
Source: {escape(printed.PAPER)}.</p></footer>
<script>
{_shipped("page.js")}</script>
</body>
</html>
"""


NAVIGATION = (
    ("words", "In words"),
    ("tables", "Error rates"),
    ("curves", "Curves"),
    ("venn", "Corrected"),
    ("embeddings", "Embeddings"),
    ("runs", "What was run"),
    ("signatures", "Signatures"),
)


def _has(parts: Sequence[str], name: str) -> bool:
    return any(f'<section id="{name}">' in part for part in parts)


def _shipped(name: str) -> str:
    return files("avkd_cli.analysis.report").joinpath(name).read_text(encoding="utf-8")


def _tables(arranged: Mapping, figures: Mapping) -> list[str]:
    parts = [_eer_table(arranged, one) for one in arranged["tables"]]
    if "eer" in figures:
        parts.append(figure(*figures["eer"]))
    return [*parts, "<h3>Detection cost</h3>", _dcf_table(arranged), _list_table(arranged)]


def _eer_table(arranged: Mapping, one: Mapping) -> str:
    """Return ours, the difference to the baseline, and the paper's figure, list by list."""
    with_printed = printed_lists(arranged, one)
    with_change = one["name"] in ("table-2", "table-3")
    head = [one["head"]]
    for each in arranged["lists"]:
        head += [each["label"]] + ["change"] * with_change
        head += ["printed"] * (each["list"] in with_printed)
    rows = [_eer_row(arranged, one, row, with_printed, with_change) for row in one["rows"]]
    note = "EER in %; the lowest of each column is bold."
    if with_change:
        note += " Change: percentage points from the baseline."
    if with_printed:
        note += f" In italics: {printed.NOTE}."
    return f"<h3>{escape(one['title'])}</h3>{table(head, rows)}{paragraph(note, 'note')}"


def _eer_row(
    arranged: Mapping, one: Mapping, row: Mapping, with_printed: set[str], with_change: bool
) -> list:
    cells, best = by_cell(arranged), best_by_list(arranged, one)
    line: list[object] = [row["label"]]
    for each in arranged["lists"]:
        name = each["list"]
        found = cells.get((row["system"], name))
        base = cells.get((one["rows"][0]["system"], name))
        line.append(_eer_cell(found, best.get(name)))
        if with_change:
            line.append(_change_cell(found, base if found is not base else None))
        if name in with_printed:
            value = found and found["printed_eer_percent"]
            line.append(None if value is None else Cell(f"{value:.3f}", value, "printed"))
    return line


def _eer_cell(found: Mapping | None, best: float | None) -> Cell | None:
    if found is None:
        return None
    value = found["eer_percent"]
    low, high = found.get("eer_interval") or (None, None)
    text = f"{value:.2f}" if low is None else f"{value:.2f}  ({low:.2f}–{high:.2f})"
    return Cell(text, value, "best" if value == best else "")


def _change_cell(found: Mapping | None, base: Mapping | None) -> Cell | None:
    if found is None or base is None:
        return None
    difference = found["eer_percent"] - base["eer_percent"]
    return Cell(f"{difference:+.2f}".replace("-", "−"), difference)


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


def _curves(arranged: Mapping, figures: Mapping) -> list[str]:
    """Return the DET curves of each list: those of the first list open, others on demand."""
    parts = []
    for number, one in enumerate(arranged["lists"]):
        drawn = [figure(*figures[n]) for n in figures if n.startswith(f"det-{one['list']}-")]
        inside = f'<div class="pair">{"".join(drawn)}</div>' if drawn else ""
        title = f"<h3>{escape(one['label'])}</h3>"
        parts.append(title + inside if number == 0 and inside else details(one["label"], inside))
    return parts


VENN_NOTE = (
    "Each system decides at the threshold of its own EER. Newly right: wrong for the baseline, "
    "right for the student. “Other sense” is the share of the newly right that the other sense's "
    "baseline has right; beside it the share of all the baseline's errors that it has right: only "
    "what exceeds that says that the student knows it from the other sense."
)


def _venns(content: Mapping) -> list[str]:
    if not content["venns"]:
        return []
    head = ["student", "list", "both right", "newly right", "newly wrong", "both wrong",
            "other sense", "of all errors"]  # fmt: skip
    rows = [
        [system(one["system"]).label, one["list_label"]]
        + [one[key] for key in ("both_right", "newly_right", "newly_wrong", "both_wrong")]
        + [_share(one["other_share"]), _share(one["other_of_errors"])]
        for one in content["venns"]
    ]
    figures = content["figures"]
    drawn = [figure(*figures[name]) for name in figures if name.startswith("venn-")]
    return [*drawn, table(head, rows), paragraph(VENN_NOTE, "note")]


def _share(value: float | None) -> Cell | None:
    return None if value is None else Cell(f"{100 * value:.1f} %", value)


PAIR_COLUMNS = {
    "pcc_per_segment": "PCC per segment",
    "pcc_pooled": "pooled",
    "pcc_per_dimension": "per dimension",
    "linear_cka": "linear CKA",
    "mean_cosine_distance": "mean cosine distance",
}
STORE_COLUMNS = {
    "alignment": "alignment",
    "uniformity": "uniformity",
    "within_person_variance": "variance within persons",
    "between_person_variance": "between persons",
}


def _embeddings(found: Mapping | None) -> list[str]:
    if found is None:
        return []
    pairs = [
        [f"{one['a']} – {one['b']}", one["segments"], *(_number(one[key]) for key in PAIR_COLUMNS)]
        for one in found["pairs"]
    ]
    stores = [
        [one["name"], one["segments"], one["persons"], one["dimensions"]]
        + [_number(one[key]) for key in STORE_COLUMNS]
        for one in found["stores"]
    ]
    head = ["store", "segments", "persons", "dimensions", *STORE_COLUMNS.values()]
    paper = "; ".join(
        f"{system(a).label.lower()} before fusion with audio-visual {value:g}"
        for (a, _), value in printed.PCC.items()
    )
    note = (
        f"Note: {found['note']}. Printed in the paper, on VoxCeleb, without a definition: {paper}."
    )
    return [
        "<h3>How alike two spaces are</h3>",
        table(["pair", "segments", *PAIR_COLUMNS.values()], pairs),
        paragraph(note, "note"),
        "<h3>How embeddings lie</h3>",
        table(head, stores),
        paragraph("Of embeddings at length one: alignment is the mean squared distance of two "
                  "recordings of a person; uniformity the logarithm of the mean Gaussian "
                  "potential of all pairs, lower is more even.", "note"),
    ]  # fmt: skip


def _number(value: float | None) -> Cell | None:
    return None if value is None else Cell(f"{value:.4f}", value)


def _runs(content: Mapping) -> list[str]:
    parts = []
    for title, kind in (("Training", "runs"), ("Stores", "stores")):
        described = content[kind]
        if described:
            head = list(dict.fromkeys(key for one in described for key in one["row"]))
            rows = [[one["row"].get(key) for key in head] for one in described]
            parts += [f"<h3>{title}</h3>", table(head, rows)]
            parts += [details(one["name"], _settings(one["settings"])) for one in described]
    return parts


def _settings(settings: object) -> str:
    text = json.dumps(settings, indent=1, ensure_ascii=False, sort_keys=True)
    return f"<pre><code>{escape(text)}</code></pre>" if settings else ""


def _signatures(arranged: Mapping) -> str:
    note = paragraph("One line for each figure, to paste under a table.", "note")
    return note + items((one["signature"] for one in arranged["results"]), code=True)
