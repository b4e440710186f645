"""The pictures of the page, each made of the results alone."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from avkd_cli.analysis.figures import interval_panels
from avkd_cli.analysis.figures.style import BLUE, GREY, INK, house_style
from study.sentences import judged, says
from study.systems import TABLES, Table


def pictures(results: Mapping) -> dict[str, Figure]:
    """Return the pictures by stage, those of the stages that were run."""
    found = {
        table.stage: _compared(table, results["tables"][table.stage])
        for table in TABLES
        if table.stage != "noise" and results["tables"][table.stage]
    }
    if results["tables"]["noise"]:
        found["noise"] = _gain(results)
    return found


def _compared(table: Table, rows: Sequence[Mapping]) -> Figure:
    """Return the comparisons of a table; each says what it is against where that is not one."""
    several = len({row["against"] for row in rows}) > 1
    shown = []
    for row in rows:
        against = f", against {says(row['against'])}" if several else ""
        claimed = judged(row, table.stage) != "open"
        shown.append((says(row["system"]) + against, {**row, "claimed": claimed}))
    return interval_panels({table.title: shown})


def _gain(results: Mapping) -> Figure:
    """Return the gain over labels alone against the pairwise F of the teacher's clusters."""
    rows = list(results["tables"]["noise"])
    rows += [row for row in results["tables"]["primary"] if row["against"] == "alone"]
    points = sorted(
        (results["clusters"][row["system"]]["f"], row)
        for row in rows
        if row["system"] in results["clusters"]
    )
    with house_style():
        figure = Figure(figsize=(4.6, 3.0))
        axes = figure.subplots()
        axes.axhline(0, color=GREY, linewidth=0.9)
        for f, row in points:
            axes.plot([f, f], [-row["high"], -row["low"]], color=INK, linewidth=1.2)
        axes.plot([f for f, _ in points], [-row["value"] for _, row in points], "o-", color=BLUE)
        axes.set_xlabel("pairwise F of the teacher's clusters")
        axes.set_ylabel("gain over labels alone, points of EER")
        axes.grid(visible=True, axis="y")
        axes.set_axisbelow(True)
        return figure
