"""What a figure of a measure against a number shows: our points, line by line. Pure."""

from collections.abc import Mapping
from typing import NamedTuple

from avkd_cli.analysis.filling import Key, Value
from avkd_cli.papers.form import ANY, Line, Paper, Sweep


class Point(NamedTuple):
    """A figure at a number."""

    at: float
    value: Value


def at_number(line: Line, system: str) -> float | None:
    """Return the number that a system's name says on a line, or None if it is not on it."""
    if system in line.at:
        return line.at[system]
    digits = system.removeprefix(line.prefix)
    on_line = system.startswith(line.prefix) and digits.isascii() and digits.isdigit()
    return int(digits) / 100 if on_line else None


def points(paper: Paper, sweep: Sweep, values: Mapping[Key, Value]) -> dict[str, list[Point]]:
    """Return the points of each line that has two or more, from left to right."""
    on = sweep.on if sweep.on != ANY else _first_list(paper, sweep, values)
    found = {line.label: _on_line(line, sweep.measure, on, values) for line in sweep.lines}
    return {label: line for label, line in found.items() if len(line) > 1}


def _on_line(line: Line, measure: str, on: str, values: Mapping[Key, Value]) -> list[Point]:
    found = [
        Point(at, value)
        for (system, where, what), value in values.items()
        if (where, what) == (on, measure) and (at := at_number(line, system)) is not None
    ]
    return sorted(found, key=lambda point: point.at)


def _first_list(paper: Paper, sweep: Sweep, values: Mapping[Key, Value]) -> str:
    lists = {
        where
        for system, where, what in values
        if what == sweep.measure
        and any(at_number(line, system) is not None for line in sweep.lines)
    }
    return min(lists, key=paper.list_order, default="")
