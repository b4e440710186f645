"""Arranged results as LaTeX tables (booktabs). Pure."""

from avkd_cli.analysis import printed
from avkd_cli.analysis.tables import best_by_list, by_cell, list_groups, only_lists


def to_latex(arranged: dict) -> str:
    """Return the EER tables for a paper (booktabs), the paper's figures in brackets."""
    statement = f"% {arranged['statement']}\n" if arranged["statement"] else ""
    parts = [
        latex_table(only_lists(arranged, names), table)
        for names in list_groups(arranged).values()
        for table in arranged["tables"]
    ]
    return statement + f"% in brackets: {printed.NOTE}\n\n" + "\n\n".join(parts) + "\n"


def latex_table(arranged: dict, table: dict) -> str:
    """Return one EER table as a tabular."""
    cells, best = by_cell(arranged), best_by_list(arranged, table)
    names = [one["list"] for one in arranged["lists"]]
    head = [table["head"], *(one["label"] for one in arranged["lists"])]
    lines = []
    for row in table["rows"]:
        found = [cells.get((row["system"], name)) for name in names]
        shown = [_latex_eer(cell, best.get(name)) for cell, name in zip(found, names, strict=True)]
        lines.append([_latex(row["label"]), *shown])
    body = " \\\\\n".join(" & ".join(line) for line in lines)
    return (
        f"% {table['title']}: EER in percent\n"
        f"\\begin{{tabular}}{{l{'r' * len(names)}}}\n\\toprule\n"
        f"{' & '.join(map(_latex, head))} \\\\\n\\midrule\n"
        f"{body} \\\\\n\\bottomrule\n\\end{{tabular}}"
    )


def _latex_eer(cell: dict | None, lowest: float | None) -> str:
    if cell is None:
        return "--"
    text = f"{cell['eer_percent']:.3f}"
    text = f"\\textbf{{{text}}}" if cell["eer_percent"] == lowest else text
    value = cell["printed_eer_percent"]
    return text if value is None else f"{text} ({value:.3f})"


def _latex(text: str) -> str:
    """Return text with the characters that LaTeX would act on escaped."""
    special = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    return "".join(special.get(c, f"\\{c}" if c in "&%$#_{}" else c) for c in text)
