"""Arranged results as Markdown. Pure."""

from collections.abc import Iterable, Sequence

from avkd_cli.analysis import printed
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


def to_markdown(arranged: dict) -> str:
    """Return all tables as Markdown, the corpus statement first and last."""
    statement = [f"**{arranged['statement']}**"] if arranged["statement"] else []
    parts = ["# Results", *statement]
    for names in list_groups(arranged).values():
        some = only_lists(arranged, names)
        parts += [eer_markdown(some, table) for table in arranged["tables"]]
    parts += [dcf_markdown(arranged), lists_markdown(arranged)]
    signatures = [
        f"- {list_label(name)} ({len(labels)} systems): `{text}`"
        for name, labels, text in shared_signatures(arranged)
    ]
    parts += ["## Signatures\n\n" + "\n".join(signatures), *statement]
    return "\n\n".join(parts) + "\n"


def eer_markdown(arranged: dict, table: dict) -> str:
    """Return one EER table: our lowest of a column bold, printed figures in brackets."""
    cells, with_printed = by_cell(arranged), printed_lists(arranged, table)
    lists = arranged["lists"]
    best = best_by_list(arranged, table)
    header = [table["head"]]
    for one in lists:
        header += [one["label"], *(["printed"] if one["list"] in with_printed else [])]
    rows = []
    for row in table["rows"]:
        line = [row["label"]]
        for one in lists:
            cell = cells.get((row["system"], one["list"]))
            line.append(_eer_text(cell, best.get(one["list"])))
            if one["list"] in with_printed:
                line.append(_printed_text(cell))
        rows.append(line)
    notes = "\n\nEER in %." + (f" *({printed.NOTE})*" if with_printed else "")
    return f"## {table['title']}\n\n" + markdown_table(header, rows) + notes


def _eer_text(cell: dict | None, lowest: float | None) -> str:
    if cell is None:
        return "–"
    text = f"{cell['eer_percent']:.3f}"
    return f"**{text}**" if cell["eer_percent"] == lowest else text


def _printed_text(cell: dict | None) -> str:
    value = cell and cell["printed_eer_percent"]
    return f"({value:.3f})" if value is not None else "–"


def dcf_markdown(arranged: dict) -> str:
    """Return the minimum detection costs of all systems."""
    cells = by_cell(arranged)
    header = ["system", *(f"{one['label']}, P={p}" for one in arranged["lists"] for p in P_TARGETS)]
    rows = []
    for name in dict.fromkeys(sorted((k[0] for k in cells), key=system_order)):
        line = [system(name).label]
        for one in arranged["lists"]:
            cell = cells.get((name, one["list"]))
            line += [f"{cell['min_dcf'][p]:.4f}" if cell else "–" for p in P_TARGETS]
        rows.append(line)
    return (
        "## minDCF\n\n"
        + markdown_table(header, rows)
        + "\n\nMinimum detection cost at a prior P of target trials, normalised, costs 1."
    )


def lists_markdown(arranged: dict) -> str:
    """Return how many trials each list has."""
    header = ["list", "trials", "target", "nontarget", "official VoxCeleb1 count"]
    rows = [
        [
            one["label"],
            f"{one['trials']:,}",
            f"{one['targets']:,}",
            f"{one['nontargets']:,}",
            "yes" if one["official"] else "no",
        ]
        for one in arranged["lists"]
    ]
    return "## Trials\n\n" + markdown_table(header, rows)


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table with columns of equal width, numbers to the right."""
    rows = [[cell.replace("|", "\\|") for cell in row] for row in (header, *rows)]
    widths = [max(3, *(len(row[i]) for row in rows)) for i in range(len(header))]
    lines = [
        "| " + " | ".join(_padded(row[i], width, i) for i, width in enumerate(widths)) + " |"
        for row in rows
    ]
    rule = "|".join("-" * (w + 1) + ("-" if i == 0 else ":") for i, w in enumerate(widths))
    return "\n".join([lines[0], f"|{rule}|", *lines[1:]])


def _padded(cell: str, width: int, column: int) -> str:
    return cell.ljust(width) if column == 0 else cell.rjust(width)
