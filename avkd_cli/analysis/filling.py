"""A paper's tables with our figures in them, beside the printed ones. Pure.

A figure of ours is known by (system, list or task, measure). What no table of the paper has a
place for goes into tables of its own: nothing that was found is dropped.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from avkd_cli.papers.form import (
    ANY,
    MEASURES,
    RELATIVE,
    Column,
    Layout,
    Measure,
    Paper,
    Row,
    matches,
)

Key = tuple[str, str, str]  # system, list or task, measure
OTHERS = Layout(
    "others", "Other systems", "system", (), (), by_list=(("", "eer_percent"),), more="*"
)


class Value(NamedTuple):
    """A figure of ours, with the limits of its interval where there is one."""

    value: float
    low: float | None = None
    high: float | None = None


class Filled(NamedTuple):
    """What stands in a cell, and which of our figures it was made of."""

    value: Value
    system: str
    made_of: tuple[Key, ...]


def fill(paper: Paper, values: Mapping[Key, Value]) -> tuple[list[dict], set[Key]]:
    """Return the paper's tables and that of other error rates, and what has a place in them.

    A table by list that has nothing of ours but its baseline is left out: it has no columns.
    """
    filled = [filled_table(paper, one, values) for one in paper.layouts]
    used = {key for one in filled for key in one.pop("made_of")}
    shown = [one for one in filled if one["ours"] or not one["by_list"]]
    left = {key: value for key, value in values.items() if key not in used}
    if rates := {key: value for key, value in left.items() if key[2] == "eer_percent"}:
        shown.append(filled_table(paper, OTHERS, rates))
        used |= shown[-1].pop("made_of")
    return shown, used


def filled_table(paper: Paper, layout: Layout, values: Mapping[Key, Value]) -> dict:
    """Return one table: columns, and rows of cells with ours, its interval, and the printed.

    Also `ours`, how many cells beyond the baseline's row have a figure of ours, and `made_of`, the
    keys of all figures in it.
    """
    rows = (*layout.rows, *more_rows(paper, layout, values))
    columns = columns_at_hand(paper, layout, rows, values)
    made_of: set[Key] = set()
    lines, ours = [], 0
    for row in rows:
        cells = []
        for place, column in columns:
            found = look_up(row, column, values)
            made_of |= set(found.made_of) if found else set()
            ours += found is not None and row.systems.get("") != (layout.baseline,)
            cells.append(_cell(found, row.printed[place] if place < len(row.printed) else ""))
        lines.append(_line(row, cells))
    lines, absent = _shown(layout, lines)
    return {
        "name": layout.name,
        "title": layout.title,
        "head": layout.head,
        "by_list": bool(layout.by_list),
        "baseline": layout.baseline,
        "columns": [
            {"label": c.label, "on": c.on, "measure": c.measure, "relative": bool(c.against)}
            for _, c in columns
        ],
        "rows": lines,
        "notes": [*layout.notes, *absent, *_where(paper, layout, columns)],
        "ours": ours,
        "made_of": made_of,
    }


def _shown(layout: Layout, lines: Sequence[dict]) -> tuple[list[dict], list[str]]:
    """Return the rows of a table that have anything, and what is said of the others.

    On lists that the paper prints nothing of, a table by list would be mostly dashes.
    """
    empty = {"value": None, "printed": None}
    bare = [row for row in lines if all(cell == empty for cell in row["cells"])]
    if not layout.by_list or not bare:
        return list(lines), []
    said = []
    if absent := [row["label"] for row in bare if not row["of_the_paper_alone"]]:
        said.append(f"No figure of ours, and none in print on these lists: {', '.join(absent)}.")
    printed = any(cell["printed"] for row in lines for cell in row["cells"])
    if any(row.printed for row in layout.rows) and not printed:
        said.append("The paper prints nothing on these lists.")
    return [row for row in lines if row not in bare], said


def _where(paper: Paper, layout: Layout, columns: Sequence[tuple[int, Column]]) -> list[str]:
    """Return on which list the columns of whatever list is at hand are."""
    placed = zip(layout.columns, columns, strict=False)
    found = dict.fromkeys(at.on for column, (_, at) in placed if column.on == ANY)
    return [f"EER of ours: on {paper.list_label(on)}." for on in found]


def _line(row: Row, cells: Sequence[dict]) -> dict:
    names = row.systems.get("")
    label = f"{row.group}: {row.label}" if row.group else row.label
    return {
        "system": names[0] if names else None,
        "label": label,
        "of_the_paper_alone": not row.systems,
        "cells": list(cells),
    }


def _cell(found: Filled | None, printed: str) -> dict:
    if found is None:
        return {"value": None, "printed": printed or None}
    value, low, high = found.value
    limits = {} if low is None else {"low": low, "high": high}
    return {"value": value, **limits, "system": found.system, "printed": printed or None}


def more_rows(paper: Paper, layout: Layout, values: Mapping[Key, Value]) -> list[Row]:
    """Return a row for each system at hand that belongs here but is not printed."""
    known = named_in(layout.rows)
    more = {name for name, _, _ in values if layout.more and matches(name, (layout.more,))} - known
    return [Row(paper.label(name), {"": (name,)}) for name in sorted(more, key=paper.order)]


def named_in(rows: Iterable[Row]) -> set[str]:
    """Return the names and patterns that rows take their figures from."""
    return {name for row in rows for names in row.systems.values() for name in names}


def columns_at_hand(
    paper: Paper, layout: Layout, rows: Sequence[Row], values: Mapping[Key, Value]
) -> list[tuple[int, Column]]:
    """Return (place among the printed columns, column) of a table.

    By list: each list that a system of the table has a figure on, in the paper's order; the
    paper's own lists where there is none. `ANY` is the first such list.
    """
    patterns, numbered = tuple(named_in(rows)), list(enumerate(layout.columns))
    if not layout.by_list:
        return [(n, _placed(paper, column, patterns, values)) for n, column in numbered]
    measures = {measure for _, measure in layout.by_list}
    lists = _lists(paper, measures, patterns, values)
    if not lists:
        return numbered
    printed = {(one.on, one.measure): n for n, one in numbered}
    return [
        (
            printed.get((on, measure), len(numbered)),
            Column(f"{paper.list_label(on)} {suffix}".strip(), on, measure),
        )
        for on in lists
        for suffix, measure in layout.by_list
    ]


def _lists(
    paper: Paper, measures: Collection[str], patterns: tuple[str, ...], values: Mapping[Key, Value]
) -> list[str]:
    """Return the lists that systems of a table have figures on, in the paper's order."""
    found = {on for name, on, what in values if what in measures and matches(name, patterns)}
    return sorted(found, key=paper.list_order)


def _placed(
    paper: Paper, column: Column, patterns: tuple[str, ...], values: Mapping[Key, Value]
) -> Column:
    """Return a column with the list that it is of, the first at hand for `ANY`."""
    if column.on != ANY:
        return column
    lists = _lists(paper, {column.measure}, patterns, values)
    return replace(column, on=lists[0] if lists else next(iter(paper.lists), ""))


def look_up(row: Row, column: Column, values: Mapping[Key, Value]) -> Filled | None:
    """Return our figure of a cell, or None.

    Where a role names several systems, that with the best or worst figure is taken. A change is
    in percent of the figure that it is counted from, above 0 for the better.
    """
    taken = _taken(row.systems.get(column.role, ()), column, values)
    if not column.against or taken is None:
        return taken
    base = _taken(row.systems.get(column.against, ()), column, values)
    if base is None or base.value.value == 0:
        return None
    better = MEASURES[column.measure].better
    change = 100 * better * (taken.value.value - base.value.value) / base.value.value
    return Filled(Value(change), taken.system, (*taken.made_of, *base.made_of))


def _taken(patterns: Collection[str], column: Column, values: Mapping[Key, Value]) -> Filled | None:
    at_hand = {
        name: value
        for (name, on, measure), value in values.items()
        if (on, measure) == (column.on, column.measure) and matches(name, tuple(patterns))
    }
    if not at_hand:
        return None
    sign = MEASURES[column.measure].better * (1 if column.several == "best" else -1)
    name = max(at_hand, key=lambda one: sign * at_hand[one].value)
    return Filled(at_hand[name], name, tuple((one, column.on, column.measure) for one in at_hand))


def measure_of(column: Mapping) -> Measure | None:
    """Return what a column's figures are; None for words."""
    if column["relative"]:
        return RELATIVE
    return MEASURES[column["measure"]] if column["measure"] else None
